// The head of a request and its chunked body, as the gateway's server hands them to its reader.
#include "gateway/core/target.h"
#include "gateway/http/head_reader.h"
#include "tests/fuzz/target.h"

namespace windlass::fuzz {
namespace {

constexpr std::size_t kBodyBytesMax = 1000;

void judge_head(const gateway::HeadReader& reader, std::string_view head) {
  const gateway::HttpRequest& request = reader.request();
  // What stands in the request stood in the head, and no line of it is two.
  const auto stood = [&](std::string_view text) {
    WINDLASS_ASSERT(head.find(text) != std::string_view::npos);
    WINDLASS_ASSERT(text.find('\n') == std::string_view::npos);
  };
  WINDLASS_ASSERT(!request.method_text.empty() && !request.target.empty());
  stood(request.method_text);
  stood(request.target);
  WINDLASS_ASSERT(request.headers.size() <= 100);
  for (const gateway::HeaderLine& line : request.headers) {
    WINDLASS_ASSERT(!line.name.empty());
    stood(line.name);
    stood(line.value);
    WINDLASS_ASSERT(line.value.empty() ||
                    (line.value.data() > request.method_text.data() &&
                     line.value.data() < request.method_text.data() + head.size()));
    WINDLASS_ASSERT(request.has_header(line.name));
  }
  WINDLASS_ASSERT(!reader.chunked() || reader.content_length() == 0);
  WINDLASS_ASSERT(request.has_length || reader.content_length() == 0);
}

// In pieces of `step` bytes: which pieces they come in makes no difference.
std::string chunks(gateway::HeadReader& reader, std::string_view bytes, std::size_t step,
                   std::string& body) {
  std::string_view waiting = bytes.substr(0, 0);
  std::size_t at = 0;
  for (;;) {
    const auto taken = reader.read_chunks(waiting, body, kBodyBytesMax);
    WINDLASS_ASSERT(taken.bytes <= waiting.size());
    WINDLASS_ASSERT(body.size() <= kBodyBytesMax);
    at += taken.bytes;
    if (taken.failed) return "failed";
    if (taken.done) return "done at " + std::to_string(at);
    const std::size_t held = waiting.size() - taken.bytes;
    if (at + held == bytes.size()) return "open";
    waiting = bytes.substr(at, held + step);
  }
}

void run(std::string_view input) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const auto end = input.find(kEnd);
  if (end == std::string_view::npos) return;
  const std::string_view head = input.substr(0, end + kEnd.size());
  gateway::HeadReader reader;
  if (!reader.read(head)) {
    WINDLASS_ASSERT(!reader.problem().empty());
    return;
  }
  judge_head(reader, head);
  if (!reader.chunked()) return;
  const std::string_view rest = input.substr(head.size());
  std::string body;
  const std::string outcome = chunks(reader, rest, rest.size() + 1, body);
  gateway::HeadReader again;
  WINDLASS_ASSERT(again.read(head));
  std::string body_again;
  WINDLASS_ASSERT(chunks(again, rest, 1, body_again) == outcome);
  WINDLASS_ASSERT(outcome != "done" || body == body_again);
  WINDLASS_ASSERT(reader.request().body_too_large == again.request().body_too_large);
}

std::vector<std::string> seeds() {
  return {"GET /pools?api-version=2022-10-01.16.0 HTTP/1.1\r\nHost: h:1\r\n\r\n",
          "POST /jobs HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
          "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r"
          "\n0\r\nTrailer: x\r\n\r\n",
          "POST /c HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3e8\r\n",
          "PUT /c HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\nContent-Length: 1\r\n"
          "\r\nx",
          "GET http://h/x HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
          "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"};
}

const Target kTarget("http_head", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
