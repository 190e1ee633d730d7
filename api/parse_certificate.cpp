#include "api/parse_certificate.h"

#include "api/certificate_content.h"
#include "api/json_in.h"
#include "model/base64.h"
#include "model/words.h"

#include <algorithm>

namespace windlass {

template <>
struct WordsOf<api::CertificateFormat> {
  static constexpr std::array<std::string_view, 2> kWords = {"pfx", "cer"};
};

}  // namespace windlass

namespace windlass::api {

namespace {

struct GivenCertificate {
  std::string thumbprint;
  std::string algorithm;
  std::string data;
  std::optional<CertificateFormat> format;
  std::optional<std::string> password;
};

// As Value::read, but what is refused is not shown.
void read_secret(const Value& value, std::string& out) {
  if (!value.given()) return;
  if (const auto text = value.as_string()) {
    out = *text;
  } else {
    value.problem().set(property_error(ErrorCode::invalid_property_value, value.place(), "",
                                       "The value must be a string."));
  }
}

Error wrong(std::string_view property, std::string_view reason) {
  return property_error(ErrorCode::invalid_property_value, property, "", reason);
}

}  // namespace

std::optional<std::string> parse_thumbprint(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    const bool is_digit =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!is_digit && c != ' ') return std::nullopt;
    if (is_digit) digits += c;
    if (digits.size() > kThumbprintDigits) return std::nullopt;
  }
  if (digits.size() != kThumbprintDigits) return std::nullopt;
  return digits;
}

Result<AddCertificate> parse_add_certificate(std::string_view text) {
  GivenCertificate given;
  ParsedBody body(text);
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "thumbprint") {
      std::string digits;
      if (!value.read(digits)) return true;
      if (auto thumbprint = parse_thumbprint(digits))
        given.thumbprint = std::move(*thumbprint);
      else
        value.refuse("A thumbprint is 40 hexadecimal digits.");
    } else if (name == "thumbprintAlgorithm") {
      if (value.read(given.algorithm) && !same_word(given.algorithm, "sha1"))
        value.refuse("The algorithm must be sha1.");
    } else if (name == "data") {
      read_secret(value, given.data);
    } else if (name == "certificateFormat") {
      if (value.given()) value.read_word(given.format.emplace());
    } else if (name == "password") {
      if (value.given()) read_secret(value, given.password.emplace());
    } else {
      return name == "odata.metadata";
    }
    return true;
  });
  if (!body.failed()) {
    body.value().require(!given.thumbprint.empty(), "thumbprint");
    body.value().require(!given.algorithm.empty(), "thumbprintAlgorithm");
    body.value().require(!given.data.empty(), "data");
  }
  if (body.failed()) return body.error();
  const CertificateFormat format =
      given.format.value_or(given.password ? CertificateFormat::pfx : CertificateFormat::cer);
  if (format == CertificateFormat::pfx)
    body.value().require(given.password.has_value(), "password");
  if (body.failed()) return body.error();
  if (format == CertificateFormat::cer && given.password)
    return wrong("password", "A cer file has none");
  if (given.data.size() > kCertificateDataMax)
    return wrong("data", "It may have at most 10 KB in base64");
  const auto content = base64_decoded(given.data);
  if (!content || content->empty()) return wrong("data", "It must be base64");
  auto der = certificate_with_thumbprint(given.thumbprint, format, *content,
                                         given.password.value_or(std::string()));
  if (!der) return der.error();
  return AddCertificate{std::move(given.thumbprint), std::move(*der)};
}

}  // namespace windlass::api
