// Reads the head of a request and, where it is chunked, its body, with the parser of Boost.Beast.
// The head's text is kept here, so that the views given out do not move.
#pragma once

#include "gateway/http/message.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::gateway {

class HeadReader {
 public:
  HeadReader();
  ~HeadReader();
  HeadReader(const HeadReader&) = delete;
  HeadReader& operator=(const HeadReader&) = delete;

  // `head` is everything up to and with the empty line. False: `problem()` says why.
  bool read(std::string_view head);
  std::string_view problem() const { return problem_; }

  const HttpRequest& request() const { return request_; }
  HttpRequest& request() { return request_; }
  bool keep_alive() const { return keep_alive_; }
  bool chunked() const { return chunked_; }
  std::uint64_t content_length() const { return content_length_; }  // 0 without one
  bool expects_continue() const { return expects_continue_; }

  // Chunked bodies: takes bytes, appends their content to `body` (unless that would pass
  // `body_bytes_max`: then body_too_large is set and the content dropped). Returns how many were
  // used.
  struct Taken {
    std::size_t bytes = 0;
    bool done = false;
    bool failed = false;
  };
  Taken read_chunks(std::string_view bytes, std::string& body, std::size_t body_bytes_max);

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  std::string head_;
  std::vector<HeaderLine> headers_;
  HttpRequest request_;
  std::string_view problem_;
  bool keep_alive_ = false;
  bool chunked_ = false;
  bool expects_continue_ = false;
  std::uint64_t content_length_ = 0;
};

}  // namespace windlass::gateway
