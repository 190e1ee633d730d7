// A request as the blob endpoint understands it, and the answer it gives: plain values, so that
// everything between the socket and the disk can be tested without either.
#pragma once

#include "model/time.h"
#include "storage/core/conditions.h"
#include "storage/core/refusal.h"
#include "storage/core/url.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windlass::storage {

// What the path names: /account, /account/container or /account/container/blob.
enum class Level { account, container, blob };

using Headers = std::map<std::string, std::string, std::less<>>;   // names in lower case
using Metadata = std::map<std::string, std::string, std::less<>>;  // case kept

struct BlobRequest {
  std::string method;
  std::string path;  // as sent, still encoded: signatures cover this spelling
  Query query;
  Headers headers;
  Metadata metadata;  // the x-ms-meta- headers without that prefix
  Level level = Level::account;
  std::string account;
  std::string container;
  std::string blob;  // decoded
  std::string peer_address;
  bool over_https = false;

  std::string_view header(std::string_view name) const;  // empty when absent
  bool has_header(std::string_view name) const { return headers.find(name) != headers.end(); }
  std::optional<std::uint64_t> content_length() const;  // nothing if absent or malformed
};

// Splits and decodes the target; checks nothing about the names. Headers sent twice are joined by
// commas, as HTTP has it.
Outcome<BlobRequest> make_request(std::string method, std::string_view target,
                                  std::vector<std::pair<std::string, std::string>> headers);

// Names are identifiers, and all together stay within 8 KiB.
Check check_metadata(const Metadata& metadata);

Outcome<Conditions> conditions_of(const BlobRequest& request);

struct BlobAnswer {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  void set(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
  }
};

// The protocol versions we know. Later ones are answered as the newest: clients send the version
// that they were built with, and refusing it helps nobody.
inline constexpr std::string_view kVersionOldest = "2015-02-21";
inline constexpr std::string_view kVersionNewest = "2025-07-05";
bool valid_version(std::string_view version);

// x-ms-version, else the signature's sv, else the newest.
std::string_view version_of(const BlobRequest& request);

// The XML body, x-ms-error-code and what else belongs to a refusal.
BlobAnswer answer_of(const Refusal& refusal, std::string_view request_id, WallTime now);

}  // namespace windlass::storage
