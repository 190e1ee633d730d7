// Operations, signatures and what they allow. That the texts to sign are right is shown by the
// conformance suites, where two SDKs sign; here are the rules around them.
#include "storage/core/dates.h"
#include "storage/core/sas.h"
#include "storage/core/shared_key.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::storage;
namespace bdata = boost::unit_test::data;

using HeaderList = std::vector<std::pair<std::string, std::string>>;

BlobRequest a_request(std::string method, std::string_view target, HeaderList headers = {}) {
  auto request = make_request(std::move(method), target, std::move(headers));
  BOOST_REQUIRE(static_cast<bool>(request));
  return *std::move(request);
}

BOOST_AUTO_TEST_SUITE(storage_core_authority)

BOOST_AUTO_TEST_CASE(targets_are_split_and_decoded) {
  const BlobRequest blob = a_request("GET", "/acct/cont/a%2Fb/c%20d?comp=x&Prefix=%C3%BC");
  BOOST_TEST(blob.account == "acct");
  BOOST_TEST(blob.container == "cont");
  BOOST_TEST(blob.blob == "a/b/c d");
  BOOST_TEST(blob.path == "/acct/cont/a%2Fb/c%20d");
  BOOST_TEST(blob.query.get("prefix") == "\xC3\xBC");
  BOOST_TEST((a_request("GET", "/acct/cont").level == Level::container));
  BOOST_TEST((a_request("GET", "/acct/cont/").level == Level::container));
  BOOST_TEST((a_request("GET", "/acct/").level == Level::account));
  BOOST_TEST(a_request("GET", "http://host:1/acct/cont/b").blob == "b");
  BOOST_TEST(a_request("GET", "/acct/cont/../x").blob == "../x");
  for (const auto* bad : {"", "acct", "/acct/cont/%zz", "/acct?x=%"}) {
    BOOST_TEST(!make_request("GET", bad, {}), bad);
  }
}

BOOST_AUTO_TEST_CASE(metadata_keeps_its_case_and_has_limits) {
  const BlobRequest request =
      a_request("PUT", "/acct/cont/b", {{"X-Ms-Meta-Frame", "1"}, {"x-ms-meta-Frame", "2"}});
  BOOST_TEST(request.metadata.at("Frame") == "1,2");
  BOOST_TEST(request.header("x-ms-meta-frame") == "1,2");
  BOOST_TEST(static_cast<bool>(check_metadata({{"a_1", "x"}})));
  BOOST_TEST(!check_metadata({{"a-1", "x"}}));
  BOOST_TEST(!check_metadata({{"1a", "x"}}));
  BOOST_TEST(!check_metadata({{"", "x"}}));
  BOOST_TEST(static_cast<bool>(check_metadata({{"a", std::string(8191, 'x')}})));
  BOOST_TEST(!check_metadata({{"a", std::string(8192, 'x')}}));
}

struct OperationCase {
  std::string_view method;
  std::string_view target;
  std::string_view expected;  // name or code
};
std::ostream& operator<<(std::ostream& out, const OperationCase& c) {
  return out << c.method << " " << c.target;
}

const OperationCase kOperations[] = {
    {"GET", "/acct/?comp=list", "List Containers"},
    {"PUT", "/acct/cont?restype=container", "Create Container"},
    {"HEAD", "/acct/cont?restype=container", "Get Container Properties"},
    {"GET", "/acct/cont?restype=container&comp=list", "List Blobs"},
    {"GET", "/acct/cont/b", "Get Blob"},
    {"HEAD", "/acct/cont/b", "Get Blob Properties"},
    {"PUT", "/acct/cont/b?comp=block&blockid=AA==", "Put Block"},
    {"PUT", "/acct/cont/b?comp=blocklist", "Put Block List"},
    {"DELETE", "/acct/cont/b", "Delete Blob"},
    {"PUT", "/acct/cont/b", "MissingRequiredHeader"},  // x-ms-blob-type
    {"POST", "/acct/cont/b", "UnsupportedHttpVerb"},
    {"PATCH", "/acct/cont?restype=container", "UnsupportedHttpVerb"},
    {"GET", "/acct/cont", "MissingRequiredQueryParameter"},
    {"GET", "/acct/cont/b?comp=nonsense", "InvalidQueryParameterValue"},
    {"PUT", "/acct/cont/b?comp=lease", "NotImplemented"},
    {"PUT", "/acct/cont/b?comp=snapshot", "NotImplemented"},
    {"GET", "/acct/cont/b?rsct=text%2Fplain", "Get Blob"},
    {"GET", "/acct/cont/b?rsct=a%0D%0AX-Made-Up:%20y", "InvalidQueryParameterValue"},
    {"GET", "/acct/cont/b?snapshot=2026", "NotImplemented"},
    {"GET", "/acct/cont/b?versionid=2026", "NotImplemented"},
    {"GET", "/acct/cont?restype=container&comp=acl", "NotImplemented"},
    {"GET", "/acct/?restype=service&comp=properties", "NotImplemented"},
};

BOOST_DATA_TEST_CASE(operations_are_recognised, bdata::make(kOperations), c) {
  const auto operation = operation_of(a_request(std::string(c.method), c.target));
  const std::string_view found =
      operation ? name_of(*operation) : code_of(operation.refusal().error);
  BOOST_TEST(found == c.expected);
}

BOOST_AUTO_TEST_CASE(what_is_not_built_is_named) {
  const HeaderList block{{"x-ms-blob-type", "BlockBlob"}};
  BOOST_TEST(static_cast<bool>(operation_of(a_request("PUT", "/acct/cont/b", block))));
  const std::pair<const char*, const char*> kUnbuilt[] = {
      {"x-ms-copy-source", "http://x"}, {"x-ms-lease-id", "7"},         {"x-ms-tags", "a=b"},
      {"x-ms-access-tier", "Cool"},     {"x-ms-content-crc64", "AA=="}, {"x-ms-if-tags", "a"},
  };
  for (const auto& [name, value] : kUnbuilt) {
    HeaderList headers = block;
    headers.emplace_back(name, value);
    const auto operation = operation_of(a_request("PUT", "/acct/cont/b", headers));
    BOOST_REQUIRE(!operation);
    BOOST_TEST(status_of(operation.refusal().error) == 501u, name);
  }
  const auto page =
      operation_of(a_request("PUT", "/acct/cont/b", {{"x-ms-blob-type", "PageBlob"}}));
  BOOST_REQUIRE(!page);
  BOOST_TEST(page.refusal().detail.find("PageBlob") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(shared_key_covers_the_request) {
  const BlobRequest request = a_request("PUT", "/acct/cont/a%20b?comp=metadata&Timeout=30",
                                        {{"Content-Length", "0"},
                                         {"x-ms-version", "2021-12-02"},
                                         {"x-ms-date", "D"},
                                         {"Content-Type", "text/plain"},
                                         {"x-ms-meta-b", "2"},
                                         {"Host", "h"}});
  const auto texts = strings_to_sign(request);
  BOOST_REQUIRE(!texts.empty());
  BOOST_TEST(texts.front() ==
             "PUT\n\n\n\n\ntext/plain\n\n\n\n\n\n\nx-ms-date:D\nx-ms-meta-b:2\n"
             "x-ms-version:2021-12-02\n/acct/acct/cont/a%20b\ncomp:metadata\ntimeout:30");
  const BlobRequest odd =
      a_request("PUT", "/acct/cont/b", {{"x-ms-meta-a_b", "1"}, {"x-ms-meta-a1", "2"}});
  BOOST_TEST(strings_to_sign(odd).size() == 2u);  // '_' before or after '1'
  BOOST_TEST(!parse_shared_key("SharedKeyLite a:b").has_value());
  BOOST_TEST(!parse_shared_key("Bearer x").has_value());
}

const WallTime kNow = *parse_http_date("Tue, 24 Nov 2026 12:00:00 GMT");

BOOST_AUTO_TEST_CASE(dates_must_be_near) {
  const auto status = [](HeaderList headers) {
    const Check check = check_date(a_request("GET", "/a", std::move(headers)), kNow);
    return check ? 200 : status_of(check.refusal().error);
  };
  BOOST_TEST(status({{"x-ms-date", "Tue, 24 Nov 2026 11:50:00 GMT"}}) == 200u);
  BOOST_TEST(status({{"Date", "Tue, 24 Nov 2026 12:14:00 GMT"}}) == 200u);
  BOOST_TEST(status({{"x-ms-date", "Tue, 24 Nov 2026 11:44:00 GMT"}}) == 403u);
  BOOST_TEST(status({{"x-ms-date", "Tue, 24 Nov 2026 12:16:00 GMT"}}) == 403u);
  BOOST_TEST(status({}) == 403u);
  // x-ms-date goes before Date.
  BOOST_TEST(status({{"x-ms-date", "Tue, 24 Nov 2020 12:00:00 GMT"},
                     {"Date", "Tue, 24 Nov 2026 12:00:00 GMT"}}) == 403u);
}

struct SasCase {
  std::string_view name;
  std::string_view method;
  std::string_view target;  // a signature is assumed to be right
  std::string_view expected;
};
std::ostream& operator<<(std::ostream& out, const SasCase& c) {
  return out << c.name;
}

const SasCase kSas[] = {
    {"read", "GET", "/acct/cont/b?sr=b&sp=r&se=2026-11-24T12:01:00Z", "ok"},
    {"at its end", "GET", "/acct/cont/b?sr=b&sp=r&se=2026-11-24T12:00:00Z", "AuthenticationFailed"},
    {"no end", "GET", "/acct/cont/b?sr=b&sp=r", "AuthenticationFailed"},
    {"not yet", "GET", "/acct/cont/b?sr=b&sp=r&se=2027-01-01&st=2026-11-24T12:00:01Z",
     "AuthenticationFailed"},
    {"from now", "GET", "/acct/cont/b?sr=b&sp=r&se=2027-01-01&st=2026-11-24T12:00:00Z", "ok"},
    {"wrong letter", "GET", "/acct/cont/b?sr=b&sp=w&se=2027-01-01",
     "AuthorizationPermissionMismatch"},
    {"no letters", "GET", "/acct/cont/b?sr=b&se=2027-01-01", "AuthorizationPermissionMismatch"},
    {"list by blob", "GET", "/acct/cont?restype=container&comp=list&sr=b&sp=rl&se=2027-01-01",
     "AuthorizationFailure"},
    {"list by container", "GET", "/acct/cont?restype=container&comp=list&sr=c&sp=l&se=2027-01-01",
     "ok"},
    {"container needs more", "DELETE", "/acct/cont?restype=container&sr=c&sp=racwdl&se=2027-01-01",
     "AuthorizationFailure"},
    {"account may", "DELETE", "/acct/cont?restype=container&ss=b&srt=c&sp=d&se=2027-01-01", "ok"},
    {"account, other kind", "DELETE", "/acct/cont?restype=container&ss=b&srt=o&sp=d&se=2027-01-01",
     "AuthorizationResourceTypeMismatch"},
    {"account, other service", "GET", "/acct/cont/b?ss=fqt&srt=o&sp=r&se=2027-01-01",
     "AuthorizationServiceMismatch"},
    {"https only", "GET", "/acct/cont/b?sr=b&sp=r&se=2027-01-01&spr=https",
     "AuthorizationProtocolMismatch"},
    {"unknown protocol", "GET", "/acct/cont/b?sr=b&sp=r&se=2027-01-01&spr=gopher",
     "AuthenticationFailed"},
    {"right address", "GET", "/acct/cont/b?sr=b&sp=r&se=2027-01-01&sip=10.0.0.1-10.0.0.9", "ok"},
    {"wrong address", "GET", "/acct/cont/b?sr=b&sp=r&se=2027-01-01&sip=10.0.1.0",
     "AuthorizationSourceIPMismatch"},
};

BOOST_DATA_TEST_CASE(signatures_allow, bdata::make(kSas), c) {
  BlobRequest request = a_request(std::string(c.method), c.target);
  request.peer_address = "10.0.0.5";
  const auto operation = operation_of(request);
  BOOST_REQUIRE(static_cast<bool>(operation));
  const auto access = check_sas(request, *operation, kNow);
  BOOST_TEST((access ? "ok" : code_of(access.refusal().error)) == c.expected);
}

BOOST_AUTO_TEST_CASE(creating_is_not_overwriting) {
  const auto access = [](std::string_view letters) {
    const std::string target = "/acct/cont/b?sr=b&se=2027-01-01&sp=" + std::string(letters);
    return *check_sas(a_request("PUT", target), Operation::put_blob, kNow);
  };
  BOOST_TEST(!access("c").may_overwrite);
  BOOST_TEST(access("w").may_overwrite);
  BOOST_TEST(access("rcw").may_overwrite);
}

BOOST_AUTO_TEST_CASE(kinds_of_signature_that_are_not_built_say_so) {
  for (const auto* more : {"sr=b&si=policy", "sr=b&skoid=x", "sr=d&sdd=1", "sr=bs", "sr=b&ses=x"}) {
    const auto text = sas_string_to_sign(
        a_request("GET", "/acct/cont/b?sv=2022-11-02&sig=x&" + std::string(more)));
    BOOST_REQUIRE(!text);
    BOOST_TEST(status_of(text.refusal().error) == 501u, more);
  }
  for (const auto* version : {"", "2014-02-14", "nonsense", "2015-02-21"}) {
    const auto text =
        sas_string_to_sign(a_request("GET", "/acct/c/b?sig=x&sr=b&sv=" + std::string(version)));
    BOOST_REQUIRE(!text);
    BOOST_TEST(status_of(text.refusal().error) == 403u, version);
  }
}

BOOST_AUTO_TEST_CASE(addresses_are_compared_as_numbers) {
  BOOST_TEST(address_in_range("10.0.0.10", "10.0.0.9-10.0.0.11"));
  BOOST_TEST(address_in_range("10.0.0.10", "10.0.0.10"));
  BOOST_TEST(!address_in_range("10.0.0.10", "10.0.0.1"));
  for (const auto* bad :
       {"", "10.0.0", "10.0.0.256", "10.0.0.1.2", "::1", "10.0.0.1-", "a.b.c.d"}) {
    BOOST_TEST(!address_in_range("10.0.0.1", bad), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()
