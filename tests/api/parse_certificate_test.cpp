#include "api/parse_certificate.h"

#include "api/certificate_content.h"
#include "model/base64.h"
#include "tests/api/certificate_files.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace windlass;
using namespace windlass::api;
using namespace windlass::test;
namespace bdata = boost::unit_test::data;

namespace {

struct Given {
  std::string thumbprint = kThumbprint;
  std::string algorithm = "sha1";
  std::string data = kCer;
  std::string more;
};

std::string body_of(const Given& given) {
  return R"({"thumbprint":")" + given.thumbprint + R"(","thumbprintAlgorithm":")" +
         given.algorithm + R"(","data":")" + given.data + '"' + given.more + "}";
}

std::string value_of(const Error& error, std::string_view key) {
  for (const ErrorValue& value : error.values) {
    if (value.key == key) return value.value;
  }
  return {};
}

struct AcceptedCase {
  const char* name;
  Given given;
};
std::ostream& operator<<(std::ostream& out, const AcceptedCase& c) {
  return out << c.name;
}
const AcceptedCase kAccepted[] = {
    {"DER", {}},
    {"DER, said so", {.more = R"(,"certificateFormat":"cer")"}},
    {"DER, in another case", {.algorithm = "SHA1", .more = R"(,"certificateFormat":"Cer")"}},
    {"PEM", {.data = kPem}},
    {"PKCS #12", {.data = kPfx, .more = R"(,"certificateFormat":"pfx","password":"secret")"}},
    {"PKCS #12 by its password", {.data = kPfx, .more = R"(,"password":"secret")"}},
    {"PKCS #12 of old", {.data = kOldPfx, .more = R"(,"password":"secret")"}},
    {"PKCS #12, empty password", {.data = kPfxWithEmptyPassword, .more = R"(,"password":"")"}},
    {"null is absent", {.more = R"(,"password":null,"certificateFormat":null)"}},
};

struct RefusedCase {
  const char* name;
  Given given;
  ErrorCode code;
  const char* property;
};
std::ostream& operator<<(std::ostream& out, const RefusedCase& c) {
  return out << c.name;
}
constexpr ErrorCode kInvalid = ErrorCode::invalid_property_value;
constexpr ErrorCode kMissing = ErrorCode::missing_required_property;
const RefusedCase kRefused[] = {
    {"no digits", {.thumbprint = "nohex"}, kInvalid, "thumbprint"},
    {"39 digits", {.thumbprint = std::string(39, 'a')}, kInvalid, "thumbprint"},
    {"41 digits", {.thumbprint = std::string(41, 'a')}, kInvalid, "thumbprint"},
    {"of another certificate", {.thumbprint = kOtherThumbprint}, kInvalid, "thumbprint"},
    {"another algorithm", {.algorithm = "sha256"}, kInvalid, "thumbprintAlgorithm"},
    {"no data", {.data = ""}, kMissing, "data"},
    {"no base64", {.data = "#"}, kInvalid, "data"},
    {"no certificate", {.data = "AAAA"}, kInvalid, "data"},
    {"too much", {.data = std::string(kCertificateDataMax + 4, 'A')}, kInvalid, "data"},
    {"a number as data", {.more = R"(,"data":4711)"}, kInvalid, "data"},
    {"another format", {.more = R"(,"certificateFormat":"pem")"}, kInvalid, "certificateFormat"},
    {"pfx without password",
     {.data = kPfx, .more = R"(,"certificateFormat":"pfx")"},
     kMissing,
     "password"},
    {"cer with password",
     {.more = R"(,"certificateFormat":"cer","password":"secret")"},
     kInvalid,
     "password"},
    {"wrong password", {.data = kPfx, .more = R"(,"password":"Secret")"}, kInvalid, "password"},
    {"a number as password", {.data = kPfx, .more = R"(,"password":4711)"}, kInvalid, "password"},
    {"pfx that is a cer",
     {.more = R"(,"certificateFormat":"pfx","password":"x")"},
     kInvalid,
     "data"},
    {"cer that is a pfx",
     {.data = kPfx, .more = R"(,"certificateFormat":"cer")"},
     kInvalid,
     "data"},
    {"pfx without MAC",
     {.data = kPfxWithoutMac, .more = R"(,"password":"secret")"},
     kInvalid,
     "data"},
    {"too many rounds", {.data = kSlowPfx, .more = R"(,"password":"secret")"}, kInvalid, "data"},
    {"unknown member", {.more = R"(,"colour":"red")"}, ErrorCode::unsupported_property, "colour"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(api_parse_certificate)

BOOST_DATA_TEST_CASE(the_public_part_is_kept, bdata::make(kAccepted), c) {
  const auto command = parse_add_certificate(body_of(c.given));
  BOOST_TEST_REQUIRE(command.has_value());
  BOOST_TEST(command->thumbprint == kThumbprint);
  BOOST_TEST((command->public_data == *base64_decoded(kCer)));
}

BOOST_AUTO_TEST_CASE(of_several_that_with_the_thumbprint_is_meant) {
  const auto command = parse_add_certificate(
      body_of({.thumbprint = kOtherThumbprint, .data = kPfx, .more = R"(,"password":"secret")"}));
  BOOST_TEST_REQUIRE(command.has_value());
  BOOST_TEST((command->public_data != *base64_decoded(kCer)));
}

BOOST_AUTO_TEST_CASE(thumbprints_keep_their_case_and_lose_their_blanks) {
  std::string spaced;
  for (const char c : std::string(kThumbprint)) {
    spaced += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (spaced.size() % 3 == 2) spaced += ' ';
  }
  const auto command = parse_add_certificate(body_of({.thumbprint = spaced}));
  BOOST_TEST_REQUIRE(command.has_value());
  BOOST_TEST(command->thumbprint.size() == kThumbprintDigits);
  BOOST_TEST(lower_cased(command->thumbprint) == kThumbprint);
  BOOST_TEST(command->thumbprint != kThumbprint);
}

BOOST_DATA_TEST_CASE(what_is_wrong_is_named_and_secrets_are_not_shown, bdata::make(kRefused), c) {
  const auto command = parse_add_certificate(body_of(c.given));
  BOOST_TEST_REQUIRE(!command.has_value());
  BOOST_TEST((command.error().code == c.code));
  BOOST_TEST(value_of(command.error(), "PropertyName") == c.property);
  const bool is_secret =
      std::string_view(c.property) == "data" || std::string_view(c.property) == "password";
  if (is_secret) BOOST_TEST(value_of(command.error(), "PropertyValue").empty());
}

BOOST_AUTO_TEST_SUITE_END()
