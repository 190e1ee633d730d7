// The parts that the answers of many operations share.
#pragma once

#include "api/select.h"
#include "gateway/exchange.h"
#include "query/filter.h"

#include <optional>
#include <string>

namespace windlass::gateway {

inline constexpr std::string_view kJson = "application/json;odata=minimalmetadata";
inline constexpr std::string_view kBytes = "application/octet-stream";

// What the route declares as its success, without a body.
HttpResponse success(const Exchange& exchange);
HttpResponse success(const Exchange& exchange, std::string json);

// ETag and Last-Modified.
void add_version(HttpResponse& response, ShardId shard, const Version& version);
// DataServiceId, and Location where something was created.
void add_location(const Exchange& exchange, HttpResponse& response, std::string url);

// If-Match and its kin, as far as the route reads them.
Result<Conditions> conditions_of(const Exchange& exchange);

// The id in the URL: 1 to 64 characters, as ids may be looked up (jobs of schedules have a colon).
Result<std::string> id_in_url(const Exchange& exchange, std::size_t index, ErrorCode not_found);

// The answer of a command: Done becomes the declared success with version and location.
Reply done(const Exchange& exchange, ShardId shard, Answer& answer, std::string url);

// Lists: what all of them take.
struct ListRequest {
  PageRequest page;
  query::Filter filter;
  api::Select select;
};
Result<ListRequest> list_request(const Exchange& exchange, const query::FilterSchema& schema,
                                 std::optional<api::Entity> entity);
// $select and $expand of a single entity.
Result<api::Select> select_of(const Exchange& exchange, api::Entity entity);

// The nextLink behind this key, if any.
std::optional<std::string> link_after(const Exchange& exchange,
                                      const std::optional<std::string>& next);

}  // namespace windlass::gateway
