#include "gateway/http/head_reader.h"

#include "gateway/core/target.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace windlass::gateway {

namespace http = boost::beast::http;
using boost::beast::error_code;

namespace {

// What one request may have; the bytes are bounded by ServerLimits.
constexpr std::size_t kHeaderLinesMax = 100;

// The end of a chunked body, "0\r\n\r\n": as long as it has not ended, so many bytes are to come.
// Beast (1.81, parse_chunk_header) asserts that it has them when it looks a second time at the last
// chunk's size; a client that sends "0\r\n" and later "\r" would end us.
constexpr std::size_t kChunkedEndBytes = 5;

std::string_view view_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

class HeadReader::Parser final : public http::basic_parser<true> {
 public:
  explicit Parser(HeadReader& owner) : owner_(owner) {
    header_limit(UINT32_MAX);  // the head is whole when we see it; its size was checked
    body_limit(boost::none);   // and so is the body's where it is read
  }

  std::string* body = nullptr;
  std::size_t body_bytes_max = 0;
  bool transfer_encoding_seen = false;

 private:
  void on_request_impl(http::verb, boost::beast::string_view method,
                       boost::beast::string_view target, int, error_code&) override {
    owner_.request_.method_text = view_of(method);
    owner_.request_.method = method_named(view_of(method));
    owner_.request_.target = view_of(target);
  }
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}

  void on_field_impl(http::field field, boost::beast::string_view name,
                     boost::beast::string_view value, error_code& error) override {
    if (in_trailer_) return;
    if (owner_.headers_.size() == kHeaderLinesMax) {
      error = http::error::header_limit;
      return;
    }
    // A folded value was put together in memory of the parser's that is gone when this returns: we
    // keep views. Servers may refuse folded lines (RFC 9112, 5.2).
    const std::string_view head = owner_.head_;
    if (!value.empty() &&
        (value.data() < head.data() || value.data() >= head.data() + head.size())) {
      error = http::error::bad_value;
      return;
    }
    if (field == http::field::transfer_encoding) transfer_encoding_seen = true;
    if (field == http::field::expect)
      owner_.expects_continue_ = equals_without_case(view_of(value), "100-continue");
    owner_.headers_.push_back({view_of(name), view_of(value)});
  }
  void on_header_impl(error_code&) override { in_trailer_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view part, error_code&) override {
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view part,
                                 error_code&) override {
    if (body->size() + part.size() > body_bytes_max) {
      owner_.request_.body_too_large = true;
      body->clear();
    }
    if (!owner_.request_.body_too_large) body->append(part.data(), part.size());
    return part.size();
  }
  void on_finish_impl(error_code&) override {}

  HeadReader& owner_;
  bool in_trailer_ = false;
};

HeadReader::HeadReader() = default;
HeadReader::~HeadReader() = default;

bool HeadReader::read(std::string_view head) {
  head_.assign(head);
  headers_.clear();
  request_ = HttpRequest{};
  problem_ = {};
  expects_continue_ = false;
  parser_ = std::make_unique<Parser>(*this);

  error_code error;
  const std::size_t used = parser_->put(boost::asio::buffer(head_), error);
  if (error) {
    problem_ = error == http::error::header_limit ? "it has too many header lines"
                                                  : "its head is malformed";
    return false;
  }
  if (!parser_->is_header_done() || used != head_.size()) {
    problem_ = "its head is malformed";
    return false;
  }
  // A coding that we do not know would leave us guessing where the request ends.
  chunked_ = parser_->chunked();
  if (parser_->transfer_encoding_seen && !chunked_) {
    problem_ = "its Transfer-Encoding is not chunked";
    return false;
  }
  const auto length = parser_->content_length();
  content_length_ = length ? *length : 0;
  request_.has_length = length.has_value() || chunked_;
  request_.headers = headers_;
  keep_alive_ = parser_->keep_alive();
  return true;
}

HeadReader::Taken HeadReader::read_chunks(std::string_view bytes, std::string& body,
                                          std::size_t body_bytes_max) {
  parser_->body = &body;
  parser_->body_bytes_max = body_bytes_max;
  Taken taken;
  while (bytes.size() - taken.bytes >= kChunkedEndBytes && !parser_->is_done()) {
    error_code error;
    const std::string_view rest = bytes.substr(taken.bytes);
    const std::size_t used = parser_->put(boost::asio::buffer(rest.data(), rest.size()), error);
    taken.bytes += used;
    if (error == http::error::need_more) break;
    if (error) {
      taken.failed = true;
      return taken;
    }
  }
  taken.done = parser_->is_done();
  return taken;
}

}  // namespace windlass::gateway
