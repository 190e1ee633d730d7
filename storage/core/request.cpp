#include "storage/core/request.h"

#include "model/ids.h"
#include "storage/core/dates.h"
#include "storage/core/xml.h"

#include <charconv>

namespace windlass::storage {
namespace {

Outcome<std::optional<WallTime>> date_header(const BlobRequest& request, std::string_view name) {
  const std::string_view text = request.header(name);
  if (text.empty()) return std::optional<WallTime>{};
  const auto time = parse_http_date(text);
  if (!time) return refuse(BlobError::invalid_header_value, std::string(name) + " is not a date.");
  return time;
}

constexpr std::string_view kMetadataPrefix = "x-ms-meta-";
constexpr std::size_t kMetadataBytesMax = 8192;

void join(std::map<std::string, std::string, std::less<>>& map, const std::string& name,
          std::string value) {
  const auto [at, inserted] = map.try_emplace(name, value);
  if (!inserted) at->second += "," + value;
}

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || !letter(name.front())) return false;
  for (const char c : name) {
    if (!letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

}  // namespace

Check check_metadata(const Metadata& metadata) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    if (!is_identifier(name)) return BlobError::invalid_metadata;
    bytes += name.size() + value.size();
  }
  if (bytes > kMetadataBytesMax) return BlobError::metadata_too_large;
  return allowed();
}

std::string_view BlobRequest::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

std::optional<std::uint64_t> BlobRequest::content_length() const {
  const std::string_view text = header("content-length");
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Outcome<BlobRequest> make_request(std::string method, std::string_view target,
                                  std::vector<std::pair<std::string, std::string>> headers) {
  BlobRequest request;
  request.method = std::move(method);
  for (auto& [name, value] : headers) {
    const std::string key = lower_cased(name);
    if (key.starts_with(kMetadataPrefix)) {
      join(request.metadata, name.substr(kMetadataPrefix.size()), value);
    }
    join(request.headers, key, std::move(value));
  }
  // Proxies and a few clients send the absolute form.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view{"/"} : target.substr(slash);
  }
  if (!target.starts_with('/')) return BlobError::invalid_uri;
  const auto question = target.find('?');
  request.path = std::string(target.substr(0, question));
  if (question != std::string_view::npos) {
    auto query = Query::parse(target.substr(question + 1));
    if (!query) return BlobError::invalid_uri;
    request.query = *std::move(query);
  }

  std::string_view rest = std::string_view{request.path}.substr(1);
  const auto next = [&rest] {
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    return percent_decoded(part);
  };
  auto account = next();
  auto container = next();
  auto blob = percent_decoded(rest);
  if (!account || !container || !blob) return BlobError::invalid_uri;
  request.account = *std::move(account);
  request.container = *std::move(container);
  request.blob = *std::move(blob);
  request.level = !request.blob.empty()        ? Level::blob
                  : !request.container.empty() ? Level::container
                                               : Level::account;
  return request;
}

Outcome<Conditions> conditions_of(const BlobRequest& request) {
  Conditions conditions;
  const auto tag = [&](std::string_view name, std::optional<std::string>& out) -> Check {
    const std::string_view text = request.header(name);
    if (text.empty()) return allowed();
    if (text.find(',') != std::string_view::npos) return BlobError::multiple_conditions;
    out = std::string(text);
    return allowed();
  };
  WINDLASS_REFUSE_IF(tag("if-match", conditions.if_match));
  WINDLASS_REFUSE_IF(tag("if-none-match", conditions.if_none_match));
  const auto modified = date_header(request, "if-modified-since");
  if (!modified) return modified.refusal();
  const auto unmodified = date_header(request, "if-unmodified-since");
  if (!unmodified) return unmodified.refusal();
  conditions.if_modified_since = *modified;
  conditions.if_unmodified_since = *unmodified;
  return conditions;
}

bool valid_version(std::string_view version) {
  return version.size() == 10 && parse_sas_time(version).has_value() && version >= kVersionOldest;
}

std::string_view version_of(const BlobRequest& request) {
  if (request.has_header("x-ms-version")) return request.header("x-ms-version");
  if (request.query.has("sv")) return request.query.get("sv");
  return kVersionNewest;
}

BlobAnswer answer_of(const Refusal& refusal, std::string_view request_id, WallTime now) {
  BlobAnswer answer;
  answer.status = status_of(refusal.error);
  answer.set("x-ms-error-code", std::string(code_of(refusal.error)));
  if (refusal.error == BlobError::no_authentication) {
    answer.set("WWW-Authenticate", "SharedKey");
  }
  if (refusal.error == BlobError::server_busy) answer.set("Retry-After", "5");
  if (answer.status == 304) return answer;  // has no body by HTTP
  std::string message(sentence_of(refusal.error));
  if (!refusal.detail.empty()) message += " " + refusal.detail;
  message += "\nRequestId:" + std::string(request_id) + "\nTime:" + iso_time(now);
  XmlWriter xml;
  xml.open("Error");
  xml.element("Code", code_of(refusal.error));
  xml.element("Message", message);
  xml.close("Error");
  answer.body = xml.take();
  answer.set("Content-Type", "application/xml");
  return answer;
}

}  // namespace windlass::storage
