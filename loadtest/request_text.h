// Signed requests as they go over the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace windlass::loadtest {

struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string account;
  std::string key;  // decoded
};

// From AZURE_BATCH_ENDPOINT, AZURE_BATCH_ACCOUNT and AZURE_BATCH_ACCESS_KEY; throws
// std::runtime_error that says which is missing. Plain HTTP only.
Target target_from_environment();

// `path` is encoded and may have a query; api-version is added.
std::string request_text(const Target& target, std::string_view verb, std::string_view path,
                         std::string_view body);

}  // namespace windlass::loadtest
