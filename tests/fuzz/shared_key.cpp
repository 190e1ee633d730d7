// The Authorization header of the Batch API and the texts that are signed.
#include "api/shared_key.h"
#include "model/base64.h"
#include "tests/fuzz/target.h"

#include <algorithm>

namespace windlass::fuzz {
namespace {

constexpr std::size_t kTextsMax = 64;

// method, target, then names and values of headers.
void run(std::string_view input) {
  Choices choices(input);
  const std::string_view authorization = choices.text();
  const std::string_view method = choices.text();
  const std::string_view target = choices.text();
  std::vector<api::HeaderField> headers;
  while (!choices.rest().empty()) {
    const std::string_view name = choices.text();
    headers.push_back({name, choices.text()});
  }
  const api::RequestToSign request{method, target, headers};
  const auto presented = api::parse_shared_key(authorization);
  if (presented) {
    WINDLASS_ASSERT(!presented->account.empty());
    WINDLASS_ASSERT(!presented->signature.empty());
    WINDLASS_ASSERT(presented->account.find(':') == std::string::npos);
  }
  const std::string account = presented ? presented->account : "alpha";
  const std::vector<std::string> texts = api::strings_to_sign(request, account);
  WINDLASS_ASSERT(!texts.empty() && texts.size() <= kTextsMax);
  WINDLASS_ASSERT(texts.front() == api::string_to_sign(request, account));

  const std::vector<std::string> keys = {"first key", "second key"};
  if (presented) WINDLASS_ASSERT(!api::signature_matches(request, *presented, keys));
  // Whichever way a client signs, it is recognised; another key's signature is not.
  const std::string& text = texts[texts.size() / 2];
  WINDLASS_ASSERT(
      api::signature_matches(request, {account, api::signature_of(keys[1], text)}, keys));
  WINDLASS_ASSERT(
      !api::signature_matches(request, {account, api::signature_of("third", text)}, keys));
}

std::string piece(std::string_view text) {
  return chosen(text.size(), text);
}

std::vector<std::string> seeds() {
  const std::string date = piece("ocp-date") + piece("Tue, 03 Jan 2023 10:20:30 GMT");
  return {piece("SharedKey Alpha:c2lnbmF0dXJl") + piece("GET") +
              piece("/pools?api-version=2022-10-01.16.0&timeOut=30&$filter=a+b%20c") + date,
          piece("sharedkey a:b") + piece("POST") + piece("//jobs?a&b=&a=1&A=2") +
              piece("Content-Length") + piece("12") + piece("Content-Type") +
              piece("application/json") + date + piece("Date") + piece("now"),
          piece("Bearer x") + piece("DELETE") + piece("/jobs/a%2525?x=%252B") + piece("If-Match") +
              piece("*") + piece("ocp-range") + piece(" bytes=0-1\r\n 2 "),
          piece("SharedKey :") + piece("PUT") + piece("") + piece("Content-Length") + piece("0")};
}

const Target kTarget("shared_key", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
