#include "gateway/core/certificate_key.h"

#include "gateway/core/target.h"

namespace windlass::gateway {

namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '\'' && text.back() == '\'';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::optional<CertificateKey> parse_certificate_key(std::string_view text) {
  CertificateKey key;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    const std::string_view pair = text.substr(0, comma);
    if (more) text.remove_prefix(comma + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = trimmed(pair.substr(0, equals));
    const bool is_algorithm = equals_without_case(name, "thumbprintAlgorithm");
    if (!is_algorithm && !equals_without_case(name, "thumbprint")) return std::nullopt;
    std::string& value = is_algorithm ? key.algorithm : key.thumbprint;
    if (!value.empty()) return std::nullopt;
    value = unquoted(trimmed(pair.substr(equals + 1)));
    if (value.empty()) return std::nullopt;
  }
  if (key.algorithm.empty() || key.thumbprint.empty()) return std::nullopt;
  return key;
}

}  // namespace windlass::gateway
