// The images that pools may name. No shard is asked: the list is ours.

#include "gateway/handlers/handlers.h"

#include "api/list_writer.h"
#include "api/supported_images.h"
#include "gateway/handlers/replying.h"

#include <charconv>
#include <span>
#include <vector>

namespace windlass::gateway {

namespace {

// The list is ours and never changes: the key to go on behind is a place in it.
template <class Entry, class Write>
Reply listed(const Exchange& exchange, const ListRequest& list, std::string_view name,
             std::span<const Entry> entries, Write&& write) {
  std::size_t place = 0;
  const std::string& after = list.page.after;
  if (!after.empty()) {
    const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), place);
    if (error != std::errc{} || end != after.data() + after.size() || place > entries.size())
      return query_error(ErrorCode::invalid_query_parameter_value, "$skiptoken", "",
                         "It is not a token of this list");
  }
  std::string json;
  api::ListWriter writer(json, exchange.viewer.base_url, name);
  std::uint32_t shown = 0;
  for (; place < entries.size() && shown < list.page.entries_max; ++place) {
    if (write(json, entries[place])) ++shown;
  }
  std::optional<std::string> next;
  if (place < entries.size()) next = std::to_string(place);
  writer.finish(link_after(exchange, next));
  return success(exchange, std::move(json));
}

}  // namespace

Async<Reply> account_list_supported_images(Exchange& exchange) {
  auto list = list_request(exchange, query::image_filter_schema(), std::nullopt);
  if (!list) co_return std::move(list.error());
  co_return listed(exchange, *list, "supportedimages", api::supported_images(),
                   [&](std::string& json, const api::SupportedImage& image) {
                     if (!api::matches(list->filter, image)) return false;
                     api::write_supported_image(json, image);
                     return true;
                   });
}

Async<Reply> account_list_node_agent_skus(Exchange& exchange) {
  auto list = list_request(exchange, query::image_filter_schema(), std::nullopt);
  if (!list) co_return std::move(list.error());
  const std::vector<std::string_view> skus = api::node_agent_skus(list->filter);
  co_return listed(exchange, *list, "nodeagentskus", std::span<const std::string_view>(skus),
                   [](std::string& json, std::string_view sku) {
                     api::write_node_agent_sku(json, sku);
                     return true;
                   });
}

}  // namespace windlass::gateway
