#include "loadtest/request_text.h"

#include "api/shared_key.h"
#include "model/base64.h"

#include <array>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace windlass::loadtest {

namespace {

constexpr std::string_view kVersion = "api-version=2022-10-01.16.0";
constexpr std::string_view kJson = "application/json; odata=minimalmetadata; charset=utf-8";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) {
    throw std::runtime_error(std::string(name) + " is not set: eval \"$(windlass env)\" first");
  }
  return value;
}

// Formatted once a second.
const std::string& date() {
  thread_local std::time_t formatted = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now == formatted) return text;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> buffer{};
  text.assign(buffer.data(),
              std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  formatted = now;
  return text;
}

}  // namespace

Target target_from_environment() {
  Target target;
  target.account = environment("AZURE_BATCH_ACCOUNT");
  const auto key = base64_decoded(environment("AZURE_BATCH_ACCESS_KEY"));
  if (!key) throw std::runtime_error("AZURE_BATCH_ACCESS_KEY is not base64");
  target.key = *key;
  std::string url = environment("AZURE_BATCH_ENDPOINT");
  if (!url.starts_with("http://")) {
    throw std::runtime_error("AZURE_BATCH_ENDPOINT is " + url + ": only http:// is measured");
  }
  url.erase(0, 7);
  while (url.ends_with('/')) url.pop_back();
  const std::size_t colon = url.find(':');
  target.host = url.substr(0, colon);
  target.port = colon == std::string::npos
                    ? std::uint16_t{80}
                    : static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1)));
  return target;
}

std::string request_text(const Target& target, std::string_view verb, std::string_view path,
                         std::string_view body) {
  std::string where(path);
  where += path.find('?') == std::string_view::npos ? '?' : '&';
  where += kVersion;
  const bool has_body = verb != "GET" && verb != "HEAD" && verb != "DELETE";
  const std::string length = std::to_string(body.size());
  const std::array<api::HeaderField, 3> headers = {
      {{"ocp-date", date()}, {"Content-Length", length}, {"Content-Type", kJson}}};
  const std::span<const api::HeaderField> sent(headers.data(), has_body ? 3u : 1u);
  const std::string signature = api::signature_of(
      target.key, api::string_to_sign(api::RequestToSign{verb, where, sent}, target.account));
  std::string text;
  text.reserve(512 + where.size() + body.size());
  text.append(verb).append(" ").append(where).append(" HTTP/1.1\r\nHost: ").append(target.host);
  for (const api::HeaderField& header : sent) {
    text.append("\r\n").append(header.name).append(": ").append(header.value);
  }
  text.append("\r\nAuthorization: SharedKey ").append(target.account).append(":").append(signature);
  text.append("\r\n\r\n").append(body);
  return text;
}

}  // namespace windlass::loadtest
