// Targets, percent-encoding, base64 and what else stands in URLs and headers of the gateway.
#include "gateway/core/byte_range.h"
#include "gateway/core/list_parameters.h"
#include "gateway/core/routes.h"
#include "gateway/core/skip_token.h"
#include "gateway/core/target.h"
#include "model/base64.h"
#include "model/percent_encoding.h"
#include "storage/core/url.h"
#include "storage/crypto.h"
#include "tests/fuzz/target.h"

namespace windlass::fuzz {
namespace {

void judge_encodings(std::string_view text) {
  WINDLASS_ASSERT(percent_decoded(percent_encoded(text)) == text);
  WINDLASS_ASSERT(percent_decoded(text).size() <= text.size());
  WINDLASS_ASSERT(storage::percent_decoded(storage::percent_encoded(text)) == text);
  if (const auto decoded = storage::percent_decoded(text))
    WINDLASS_ASSERT(*decoded == percent_decoded(text));

  WINDLASS_ASSERT(base64_decoded(base64_encoded(text)) == text);
  WINDLASS_ASSERT(storage::base64_encoded(text) == base64_encoded(text));
  const auto bytes = base64_decoded(text);
  if (const auto strict = storage::base64_decoded(text)) WINDLASS_ASSERT(strict == bytes);
  if (const auto plain = storage::hex_decoded(text))
    WINDLASS_ASSERT(storage::hex_decoded(storage::hex_encoded(*plain)) == plain);

  if (!text.empty() && text.size() < 4000)
    WINDLASS_ASSERT(gateway::parse_skip_token(gateway::skip_token(text)) == text);
  if (const auto key = gateway::parse_skip_token(text))
    WINDLASS_ASSERT(gateway::skip_token(*key) == text);
}

void judge_query(const gateway::Target& target) {
  const auto number = gateway::page_entries(target.query, 1000);
  WINDLASS_ASSERT(!number || (*number >= 1 && *number <= 1000));
  const auto timeout = gateway::request_timeout(target.query);
  WINDLASS_ASSERT(!timeout || (*timeout > Duration::zero() && *timeout <= gateway::kTimeoutMax));
  (void)gateway::flag_parameter(target.query, "recursive");
  const auto after = gateway::page_after(target.query);
  if (!after) return;
  // A nextLink leads to the place that it was made for, and keeps the rest of the query.
  const std::string link = gateway::next_link("http://h", target, gateway::skip_token("key"));
  const auto next = gateway::parse_target(link);
  WINDLASS_ASSERT(next.has_value());
  WINDLASS_ASSERT(next->path == target.path);
  const auto key = gateway::page_after(next->query);
  WINDLASS_ASSERT(key.has_value());
  WINDLASS_ASSERT(*key == "key");
  WINDLASS_ASSERT(next->query.find("$filter") == target.query.find("$filter"));
}

void judge_target(std::string_view text) {
  static const gateway::RouteTable routes;
  const auto target = gateway::parse_target(text);
  if (!target) return;
  WINDLASS_ASSERT(target->path.starts_with('/') && !target->path.starts_with("//"));
  WINDLASS_ASSERT(target->path.find_first_of("?#") == std::string_view::npos);
  for (const gateway::Method method :
       {gateway::Method::get, gateway::Method::post, gateway::Method::other}) {
    const gateway::RouteMatch match = routes.match(method, target->path);
    if (match.kind != gateway::RouteMatch::Kind::found) continue;
    WINDLASS_ASSERT(gateway::info_of(match.operation).method == method);
    for (std::size_t i = 0; i < match.values.size(); ++i)
      WINDLASS_ASSERT(!match.file_path(i).starts_with('/'));
  }
  judge_query(*target);
}

void run(std::string_view text) {
  judge_encodings(text);
  judge_target(text);
  if (const auto range = gateway::parse_byte_range(text)) {
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, std::uint64_t{UINT64_MAX}}) {
      const auto span = gateway::span_of(*range, size);
      if (!span) continue;
      WINDLASS_ASSERT(span->length >= 1);
      WINDLASS_ASSERT(span->offset < size && span->length <= size - span->offset);
    }
  }
  if (gateway::valid_authority(text))
    WINDLASS_ASSERT(text.find_first_of("/?#@\\ \r\n\"<") == std::string_view::npos);
}

std::vector<std::string> seeds() {
  return {"/pools?api-version=2022-10-01.16.0&maxresults=10&timeOut=5",
          "//jobs/a/tasks/b/files/wd%2Fx/y.txt?recursive=true#f",
          "http://host:1/jobs?$filter=a%20eq+'b'&%24skiptoken=kYQ&&x",
          "/certificates(thumbprintAlgorithm=sha1,thumbprint=ab)/delete",
          "/jobs/x/tasks/y/files//",
          "bytes=0-99",
          "bytes=5-",
          "BYTES=18446744073709551615-",
          "a%2fb+c%zz%",
          "YWJj",
          "YWI=",
          "kYWJj",
          "host.example:8443",
          "[::1]:1",
          "00ffAB"};
}

const Target kTarget("urls", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
