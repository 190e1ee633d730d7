// Requests as the blob endpoint reads and answers them, over a folder that is made anew for each
// input. What is signed with `s` in front gets a right signature, so that it comes to its
// operation.
#include "model/time_text.h"
#include "storage/core/sas.h"
#include "storage/core/shared_key.h"
#include "storage/core/xml.h"
#include "storage/crypto.h"
#include "storage/exchange.h"
#include "tests/fuzz/target.h"
#include "tests/runtime/temporary_folder.h"

#include <algorithm>

namespace windlass::fuzz {
namespace {

constexpr std::string_view kMethods[] = {"GET", "PUT", "HEAD", "DELETE", "POST"};
constexpr std::string_view kDate = "Tue, 24 Nov 2026 02:07:53 GMT";
constexpr std::size_t kRequestsMax = 5;
const std::string kKey = "0123456789abcdef";

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Sent {
  std::string method;
  std::string target;
  Headers headers;
  std::string body;
};

Sent take(Choices& choices) {
  Sent sent;
  const std::uint8_t how = choices.byte();
  sent.method = kMethods[how % std::size(kMethods)];
  sent.target = choices.text();
  for (std::size_t left = choices.below(6); left > 0; --left) {
    std::string name(choices.text());
    sent.headers.emplace_back(std::move(name), choices.text());
  }
  sent.body = choices.text();
  // As the server's parser lets them through.
  std::erase_if(sent.headers, [](const auto& header) {
    const auto word = [](char c) { return c > ' ' && c < 0x7F && c != ':'; };
    const auto text = [](char c) { return static_cast<std::uint8_t>(c) >= ' ' && c != 0x7F; };
    return header.first.empty() || !std::all_of(header.first.begin(), header.first.end(), word) ||
           !std::all_of(header.second.begin(), header.second.end(), text);
  });
  if (sent.target.find_first_of(std::string_view(" \r\n\0", 4)) != std::string::npos)
    sent.target = "/";
  if (how & 0x80) return sent;
  sent.headers.emplace_back("Content-Length", std::to_string(sent.body.size()));
  sent.headers.emplace_back("x-ms-date", kDate);
  if (const auto request = storage::make_request(sent.method, sent.target, sent.headers)) {
    const std::string text = storage::strings_to_sign(*request).front();
    sent.headers.emplace_back(
        "Authorization",
        "SharedKey devaccount:" + storage::base64_encoded(storage::hmac_sha256(kKey, text)));
  }
  return sent;
}

void judge_answer(storage::Exchange& exchange) {
  const storage::BlobAnswer& answer = exchange.answer();
  WINDLASS_ASSERT(answer.status >= 200 && answer.status < 600);
  bool has_code = false;
  for (const auto& [name, value] : answer.headers) {
    WINDLASS_ASSERT(name.find_first_of("\r\n: ") == std::string::npos);
    WINDLASS_ASSERT(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    has_code = has_code || name == "x-ms-error-code";
  }
  WINDLASS_ASSERT(has_code == (answer.status >= 300));
  WINDLASS_ASSERT(has_code == !exchange.error_code().empty());
  if (!answer.body.empty()) {
    WINDLASS_ASSERT(storage::valid_utf8(answer.body));
    WINDLASS_ASSERT(storage::xml_can_hold(answer.body));
  }
  if (!exchange.body_is_file()) return;
  std::byte bytes[300];
  std::uint64_t left = exchange.answer_length();
  while (const std::size_t read = exchange.read(bytes)) {
    WINDLASS_ASSERT(read <= left);
    left -= read;
  }
  WINDLASS_ASSERT(left == 0);
}

// What is said of a request before anybody looks whether it may be made.
void judge_words(const storage::BlobRequest& request) {
  WINDLASS_ASSERT(!storage::strings_to_sign(request).empty());
  (void)storage::sas_string_to_sign(request);
  (void)storage::conditions_of(request);
  if (const auto operation = storage::operation_of(request)) {
    WINDLASS_ASSERT(!storage::name_of(*operation).empty());
    (void)storage::check_sas(request, *operation, WallTime{});
  }
}

void serve(storage::BlobService& service, const Sent& sent) {
  auto request = storage::make_request(sent.method, sent.target, sent.headers);
  if (request) {
    request->peer_address = "127.0.0.1";
    judge_words(*request);
  }
  storage::Exchange exchange(service, std::move(request), "id");
  if (exchange.begin()) {
    const auto bytes = std::as_bytes(std::span(sent.body));
    if (bytes.empty() || exchange.take(bytes)) exchange.finish();
  }
  judge_answer(exchange);
}

void run(std::string_view input) {
  Choices choices(input);
  const test::TemporaryFolder folder;
  storage::BlobServiceOptions options;
  options.folder = folder.path();
  options.accounts = {{"devaccount", {storage::base64_encoded(kKey)}}};
  options.public_url = "http://h:1";
  options.free_bytes_min = 0;
  options.now = [] { return *parse_http_date(kDate); };
  storage::BlobService service(options);
  for (std::size_t i = 0; i < kRequestsMax && !choices.rest().empty(); ++i)
    serve(service, take(choices));
}

std::string piece(std::string_view text) {
  return chosen(text.size(), text);
}
std::string request(std::size_t method, std::string_view target,
                    const std::vector<std::pair<std::string_view, std::string_view>>& headers = {},
                    std::string_view body = {}) {
  std::string out = chosen(method, piece(target)) + static_cast<char>(headers.size());
  for (const auto& [name, value] : headers) out += piece(name) + piece(value);
  return out + piece(body);
}

std::vector<std::string> seeds() {
  constexpr std::size_t kGet = 0, kPut = 1, kHead = 2, kDelete = 3, kUnsigned = 0x80;
  const std::string make =
      request(kPut, "/devaccount/con?restype=container", {{"x-ms-meta-A", "b"}});
  const std::string put = request(
      kPut, "/devaccount/con/a/b.txt",
      {{"x-ms-blob-type", "BlockBlob"}, {"x-ms-blob-content-type", "text/plain"}, {"Range", "x"}},
      "content");
  return {
      make + request(kGet, "/devaccount?comp=list&prefix=c&maxresults=1"),
      make + put + request(kGet, "/devaccount/con/a/b.txt", {{"x-ms-range", "bytes=1-3"}}),
      make + put +
          request(kGet, "/devaccount/con?restype=container&comp=list&delimiter=/&include=metadata"),
      make + put + request(kHead, "/devaccount/con/a%2Fb.txt", {{"If-None-Match", "*"}}) +
          request(kDelete, "/devaccount/con/a/b.txt", {{"If-Match", "\"0x8D\""}}),
      make + request(kPut, "/devaccount/con/x?comp=block&blockid=YQ==", {}, "block") +
          request(kPut, "/devaccount/con/x?comp=blocklist", {},
                  "<BlockList><Latest>YQ==</Latest></BlockList>") +
          request(kGet, "/devaccount/con/x?comp=blocklist&blocklisttype=all"),
      make + put + request(kPut, "/devaccount/con/a/b.txt?comp=metadata", {{"x-ms-meta-b", ""}}) +
          request(kPut, "/devaccount/con/a/b.txt?comp=properties",
                  {{"x-ms-blob-cache-control", "no"}}),
      request(kUnsigned + 0,
              "/devaccount/con/b?sv=2021-08-06&sr=b&sp=r&se=2027-01-01&sig=YQ%3D%3D"
              "&rsct=text%2Fplain&sip=127.0.0.1-127.0.0.9&spr=https,http"),
      request(kUnsigned + 0,
              "/devaccount?sv=2021-08-06&ss=b&srt=sco&sp=rl&se=2027-01-01T00:00Z"
              "&comp=list&sig=YQ%3D%3D"),
      request(kUnsigned + 1, "/devaccount/con/b",
              {{"Authorization", "SharedKey devaccount:YQ=="}, {"Date", kDate}})};
}

const Target kTarget("blob_request", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
