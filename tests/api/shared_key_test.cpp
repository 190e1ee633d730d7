#include "api/shared_key.h"

#include "model/base64.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace bdata = boost::unit_test::data;
using namespace windlass;
using namespace windlass::api;

namespace {

constexpr std::string_view kDate = "Tue, 03 Jan 2023 10:20:30 GMT";
constexpr std::string_view kJson = "application/json; charset=utf-8";

std::string test_key() {
  return base64_decoded("bXlhY2NvdW50LXRlc3Qta2V5LTAxMjM0NTY3ODk=").value();
}

struct Vector {
  std::string method;
  std::string target;
  std::vector<HeaderField> headers;
  std::string text;
  std::string signature;
};
std::ostream& operator<<(std::ostream& out, const Vector& v) {
  return out << v.method << " " << v.target;
}

// Made with the signer of the JavaScript SDK.
const std::vector<Vector> kVectors = {
    {"GET",
     "/jobs?api-version=2022-10-01.16.0&timeout=20",
     {{"ocp-date", kDate}},
     "GET\n\n\n\n\n\n\n\n\n\n\n\nocp-date:Tue, 03 Jan 2023 10:20:30 "
     "GMT\n/myaccount/jobs\napi-version:2022-10-01.16.0\ntimeout:20",
     "Xbsq/MGXfd6KxJsSOkLoe4hHMujOcCnfLyB+E2cxJcM="},
    {"GET",
     "/jobs/j1/"
     "tasks?api-version=2022-10-01.16.0&$filter=state%20eq%20%27completed%27&$select=id%2Cstate&"
     "maxresults=50",
     {{"Content-Type", kJson}, {"ocp-date", kDate}},
     "GET\n\n\n\n\napplication/json; charset=utf-8\n\n\n\n\n\n\nocp-date:Tue, 03 Jan 2023 10:20:30 "
     "GMT\n/myaccount/jobs/j1/tasks\n"
     "$filter:state eq 'completed'\n$select:id,state\napi-version:2022-10-01.16.0\nmaxresults:50",
     "RT/jLJWXGDWQA6d5BdVfcf8XSpKApDN1bDmTHjBeKro="},
    {"POST",
     "/jobs?api-version=2022-10-01.16.0",
     {{"Content-Type", "application/json; odata=minimalmetadata; charset=utf-8"},
      {"Content-Length", "38"},
      {"ocp-date", kDate}},
     "POST\n\n\n38\n\napplication/json; odata=minimalmetadata; charset=utf-8\n\n\n\n\n\n\n"
     "ocp-date:Tue, 03 Jan 2023 10:20:30 GMT\n/myaccount/jobs\napi-version:2022-10-01.16.0",
     "xcoXIq0CXzjFuxJGSHTpuzm7oNwaoamFHuw4LZ9uKlU="},
    {"GET",
     "/jobs/j1/tasks/t1/files/wd%2Fa%20b.txt?api-version=2022-10-01.16.0",
     {{"Content-Type", kJson}, {"OCP-Range", "bytes=0-10"}, {"ocp-date", kDate}},
     "GET\n\n\n\n\napplication/json; charset=utf-8\n\n\n\n\n\n\nocp-date:Tue, 03 Jan 2023 10:20:30 "
     "GMT\nocp-range:bytes=0-10\n"
     "/myaccount/jobs/j1/tasks/t1/files/wd%2Fa%20b.txt\napi-version:2022-10-01.16.0",
     "/dRS1wX+rs36v2w04gWmVrz2Qy/a/q6QYLMBQ7a4QGA="},
    {"DELETE",
     "/pools/p1?api-version=2022-10-01.16.0",
     {{"Content-Type", kJson}, {"If-Match", "\"0x8D4123BEF87D233\""}, {"ocp-date", kDate}},
     "DELETE\n\n\n\n\napplication/json; charset=utf-8\n\n\n\"0x8D4123BEF87D233\"\n\n\n\n"
     "ocp-date:Tue, 03 Jan 2023 10:20:30 GMT\n/myaccount/pools/p1\napi-version:2022-10-01.16.0",
     "P50G49rxx+trYOeJfnk8EOpsA9hcgZd8rIbW2BfHSH0="},
    {"POST",
     "/jobs/j1/enable?api-version=2022-10-01.16.0",
     {{"Content-Type", kJson}, {"Content-Length", "0"}, {"ocp-date", kDate}},
     "POST\n\n\n0\n\napplication/json; charset=utf-8\n\n\n\n\n\n\nocp-date:Tue, 03 Jan 2023 "
     "10:20:30 GMT\n"
     "/myaccount/jobs/j1/enable\napi-version:2022-10-01.16.0",
     "dGdyRAJnOBLOFapxmDSwb688ZJAI2jpINAG7/Fm7jzQ="},
};

const std::vector<HeaderField> kDated = {{"ocp-date", kDate}};

bool accepted(const RequestToSign& request, const std::string& account,
              const SignatureVariant& variant) {
  const std::vector<std::string> keys{"some other key", test_key()};
  const std::string signature = signature_of(test_key(), string_to_sign(request, account, variant));
  return signature_matches(request, SharedKeyHeader{account, signature}, keys);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(api_shared_key)

BOOST_DATA_TEST_CASE(vectors_are_signed_as_the_sdk_does, bdata::make(kVectors), v) {
  const RequestToSign request{v.method, v.target, v.headers};
  BOOST_TEST(string_to_sign(request, "myaccount") == v.text);
  BOOST_TEST(signature_of(test_key(), v.text) == v.signature);
  const std::vector<std::string> keys{test_key()};
  BOOST_TEST(signature_matches(request, {"myaccount", v.signature}, keys));
  const std::vector<std::string> wrong{"another key"};
  BOOST_TEST(!signature_matches(request, {"myaccount", v.signature}, wrong));
}

struct VariantCase {
  const char* name;
  const char* method;
  const char* target;
  std::vector<HeaderField> headers;
  const char* account;
  SignatureVariant variant;
};
std::ostream& operator<<(std::ostream& out, const VariantCase& c) {
  return out << c.name;
}
using Length = SignatureVariant::ContentLength;
const std::vector<VariantCase> kVariants = {
    {"Content-Length 0 signed but not sent",
     "DELETE",
     "/jobs/j?api-version=1",
     kDated,
     "a",
     {.content_length = Length::zero}},
    {"Content-Length 0 sent but not signed",
     "DELETE",
     "/jobs/j?api-version=1",
     {{"Content-Length", "0"}, {"ocp-date", kDate}},
     "a",
     {.content_length = Length::empty}},
    {"capital letters in query names",
     "GET",
     "/jobs?api-version=1&timeOut=30",
     kDated,
     "a",
     {.query_names_as_written = true}},
    {"empty values left out",
     "GET",
     "/jobs?api-version=1&$filter=",
     kDated,
     "a",
     {.empty_values_skipped = true}},
    {"first of repeated names",
     "GET",
     "/jobs?x=2&api-version=1&x=1",
     kDated,
     "a",
     {.first_value_only = true}},
    {"plus stays a plus",
     "GET",
     "/jobs?api-version=1&$filter=a+b",
     kDated,
     "a",
     {.plus_is_plus = true}},
    {"decoded twice",
     "GET",
     "/jobs?api-version=1&$filter=a%2520b",
     kDated,
     "a",
     {.values_decoded_twice = true}},
    {"account in lower case",
     "GET",
     "/jobs?api-version=1",
     kDated,
     "MyAccount",
     {.account_lower_cased = true}},
    {"leading slashes folded",
     "GET",
     "//jobs?api-version=1",
     kDated,
     "a",
     {.slashes_folded = true}},
    {"Date and ocp-date",
     "GET",
     "/jobs?api-version=1",
     {{"Date", "x"}, {"ocp-date", kDate}},
     "a",
     {.date_kept = true}},
    {"several at once",
     "POST",
     "//jobs?api-version=1&timeOut=30",
     kDated,
     "Acc",
     {.content_length = Length::zero,
      .query_names_as_written = true,
      .account_lower_cased = true,
      .slashes_folded = true}},
};
BOOST_DATA_TEST_CASE(known_deviations_of_clients_are_accepted, bdata::make(kVariants), c) {
  const RequestToSign request{c.method, c.target, c.headers};
  BOOST_TEST(string_to_sign(request, c.account) != string_to_sign(request, c.account, c.variant));
  BOOST_TEST(accepted(request, c.account, c.variant));
  BOOST_TEST(accepted(request, c.account, {}));
}

BOOST_AUTO_TEST_CASE(a_body_s_length_is_never_left_out) {
  const std::vector<HeaderField> headers{{"Content-Length", "5"}, {"ocp-date", kDate}};
  const RequestToSign request{"POST", "/jobs?api-version=1", headers};
  BOOST_TEST(!accepted(request, "a", {.content_length = Length::empty}));
  BOOST_TEST(!accepted(request, "a", {.content_length = Length::zero}));
}

BOOST_AUTO_TEST_CASE(any_change_of_the_request_is_refused) {
  const std::vector<HeaderField> headers{
      {"Content-Length", "5"}, {"ocp-date", kDate}, {"If-Match", "x"}};
  const RequestToSign request{"POST", "/jobs/j?api-version=1&x=1", headers};
  const std::vector<std::string> keys{test_key()};
  const SharedKeyHeader presented{"a", signature_of(test_key(), string_to_sign(request, "a"))};
  BOOST_TEST(signature_matches(request, presented, keys));
  BOOST_TEST(!signature_matches({"PUT", request.target, headers}, presented, keys));
  BOOST_TEST(!signature_matches({"POST", "/jobs/k?api-version=1&x=1", headers}, presented, keys));
  BOOST_TEST(!signature_matches({"POST", "/jobs/j?api-version=1&x=2", headers}, presented, keys));
  for (std::size_t i = 0; i < headers.size(); ++i) {
    auto changed = headers;
    changed[i].value = "6";
    BOOST_TEST(!signature_matches({"POST", request.target, changed}, presented, keys));
  }
  BOOST_TEST(!signature_matches(request, {"b", presented.signature}, keys));
  BOOST_TEST(!signature_matches(request, {"a", ""}, keys));
}

BOOST_AUTO_TEST_CASE(the_number_of_variants_is_bounded) {
  const std::vector<HeaderField> headers{{"Date", "x"}, {"ocp-date", kDate}};
  const RequestToSign request{"POST", "//jobs?A=1&a=2&b=&c=x+y&d=%2525", headers};
  BOOST_TEST(strings_to_sign(request, "Acc").size() <= 64u);
  BOOST_TEST(strings_to_sign(request, "Acc").size() > 10u);
  BOOST_TEST(strings_to_sign({"GET", "/jobs?api-version=1", kDated}, "a").size() == 2u);
}

BOOST_AUTO_TEST_CASE(headers_are_folded_trimmed_and_sorted) {
  const std::vector<HeaderField> headers{
      {"ocp-z", " a\r\n  b "}, {"OCP-A", "1"}, {"ocp-empty", "  "}};
  const std::string text = string_to_sign({"GET", "/x", headers}, "a");
  BOOST_TEST(text.ends_with("\nocp-a:1\nocp-z:a b\n/a/x"));
}

BOOST_AUTO_TEST_CASE(authorization_headers_are_read) {
  const auto good = parse_shared_key("SharedKey acc:c2ln");
  BOOST_REQUIRE(good.has_value());
  BOOST_TEST(good->account == "acc");
  BOOST_TEST(good->signature == "c2ln");
  for (const char* bad : {"", "SharedKey", "SharedKey acc", "SharedKey :x",
                          "SharedKey acc:", "Bearer x:y", "SharedKeyacc:x"}) {
    BOOST_TEST(!parse_shared_key(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()
