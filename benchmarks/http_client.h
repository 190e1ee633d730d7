// The smallest HTTP client that can measure: one blocking connection, signed requests, no parsing
// of JSON beyond finding a number. Not for use outside of benchmarks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace windlass::bench {

struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string account;
  std::string key;  // decoded
};

// From AZURE_BATCH_ENDPOINT, AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY; throws when one is
// missing.
Target target_from_environment();

class HttpConnection {
 public:
  explicit HttpConnection(const Target& target);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  struct Response {
    int status = 0;
    std::string body;
  };
  // Throws std::runtime_error when the connection breaks.
  Response request(std::string_view verb, const std::string& path, std::string_view body = {});
  // The same, and a complaint when the status is another.
  Response expect(int status, std::string_view verb, const std::string& path,
                  std::string_view body = {});

 private:
  Target target_;
  int fd_ = -1;
  std::string buffer_;
};

// The number behind `"name":` in a JSON text, from the first occurrence of `after` on; -1 if
// absent.
std::int64_t number_in(std::string_view json, std::string_view after, std::string_view name);

}  // namespace windlass::bench
