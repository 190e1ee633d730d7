#include "storage/core/shared_key.h"

#include "storage/core/dates.h"

#include <algorithm>

namespace windlass::storage {
namespace {

// Digits follow punctuation and precede letters, hyphens count only between equals.
bool word_order(std::string_view a, std::string_view b) {
  const auto without_hyphens = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '-') continue;
      out += c == '_' ? '!' : c;  // before the digits; in ASCII it stands between them and letters
    }
    return out;
  };
  const std::string left = without_hyphens(a);
  const std::string right = without_hyphens(b);
  return left != right ? left < right : a < b;
}

std::string resource(const BlobRequest& request) {
  std::string text = "/" + request.account + request.path;
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [name, value] : request.query.all()) values[name].push_back(value);
  for (auto& [name, list] : values) {
    std::sort(list.begin(), list.end());
    text += "\n" + name + ":";
    for (std::size_t i = 0; i < list.size(); ++i) text += (i == 0 ? "" : ",") + list[i];
  }
  return text;
}

}  // namespace

std::optional<SharedKeyHeader> parse_shared_key(std::string_view authorization) {
  static constexpr std::string_view kScheme = "SharedKey ";
  if (!authorization.starts_with(kScheme)) return std::nullopt;
  authorization.remove_prefix(kScheme.size());
  const auto colon = authorization.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return SharedKeyHeader{std::string(authorization.substr(0, colon)),
                         std::string(authorization.substr(colon + 1))};
}

Check check_date(const BlobRequest& request, WallTime now) {
  const std::string_view text =
      request.has_header("x-ms-date") ? request.header("x-ms-date") : request.header("date");
  const auto date = parse_http_date(text);
  if (!date) return refuse(BlobError::authentication_failed, "The request bears no valid date.");
  const Duration skew = *date > now ? *date - now : now - *date;
  if (skew > kClockSkewMax) {
    return refuse(BlobError::authentication_failed,
                  "The request's date differs from the server's clock (" + http_date(now) +
                      ") by more than 15 minutes.");
  }
  return allowed();
}

std::vector<std::string> strings_to_sign(const BlobRequest& request) {
  std::string head = request.method + "\n";
  for (const std::string_view name :
       {"content-encoding", "content-language", "content-length", "content-md5", "content-type",
        "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"}) {
    const std::string_view value = request.header(name);
    const bool empty_body = name == "content-length" && value == "0";
    if (!empty_body) head += value;
    head += "\n";
  }
  std::vector<std::pair<std::string_view, std::string_view>> lines;
  for (const auto& [name, value] : request.headers) {
    if (name.starts_with("x-ms-")) lines.emplace_back(name, value);
  }
  const std::string tail = resource(request);
  const auto whole = [&] {
    std::string text = head;
    for (const auto& [name, value] : lines)
      text.append(name).append(":").append(value).append("\n");
    return text + tail;
  };
  std::vector<std::string> texts{whole()};
  std::sort(lines.begin(), lines.end(),
            [](const auto& a, const auto& b) { return word_order(a.first, b.first); });
  if (std::string other = whole(); other != texts.front()) texts.push_back(std::move(other));
  return texts;
}

}  // namespace windlass::storage
