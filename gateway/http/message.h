// A request as it came and an answer as it goes, and the seam between the server (which knows
// sockets) and what is served (which does not).
#pragma once

#include "gateway/core/operation.h"
#include "gateway/http/async.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::gateway {

struct HeaderLine {
  std::string_view name;
  std::string_view value;
};

// Views stay good until the request is answered.
struct HttpRequest {
  Method method = Method::other;
  std::string_view method_text;
  std::string_view target;
  std::span<const HeaderLine> headers;
  std::string_view body;
  bool has_length = false;      // Content-Length or chunked coding was there
  bool body_too_large = false;  // the body was read and thrown away
  bool secure = false;

  // Without case; the first of that name, empty when there is none.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
};

// A body that comes in pieces. Pulled: the next piece is asked for when the last one is on its way
// to the client, so a slow client holds back the source.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Nothing: the source failed; the connection is cut, so that the client sees a short body.
  virtual Async<std::optional<std::string>> next() = 0;
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string_view, std::string>> headers;  // names must be literals
  std::string body;
  std::string_view content_type;                // empty: no body, or none is declared
  std::optional<std::uint64_t> content_length;  // for HEAD and for `source`; else the body's
  std::unique_ptr<BodySource> source;           // instead of `body`
  bool close = false;
};

// Answers requests. Called on the server's thread; one call at a time for each connection, but for
// those that may be joined.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  virtual Async<HttpResponse> handle(const HttpRequest& request) = 0;

  // Whether it may be handled while others with its target are, of the same connection and before
  // it: their effects must come in the order of the calls once one of them has been answered well.
  // Asked when the head is there; the body is not.
  virtual bool may_be_joined(const HttpRequest&) const { return false; }

  // The answer to what could not be read as a request (400, 413, 431, 408, 503).
  virtual HttpResponse refuse(int status, std::string_view reason) = 0;
};

}  // namespace windlass::gateway
