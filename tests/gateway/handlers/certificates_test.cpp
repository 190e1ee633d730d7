#include "model/base64.h"
#include "tests/api/certificate_files.h"
#include "tests/gateway/handlers/fixture.h"

using namespace windlass;
using namespace windlass::gateway;
using namespace windlass::gateway::tests;
using windlass::test::kCer;
using windlass::test::kThumbprint;

namespace {

const std::string kPath =
    "/certificates(thumbprintAlgorithm=sha1,thumbprint=" + std::string(kThumbprint) + ")";
const std::string kUrl = "http://batch.test:1234" + kPath;

CertificateRecord a_certificate() {
  return {"alpha", kThumbprint, *base64_decoded(kCer), {5, WallTime{}}, WallTime{}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_handlers_certificates)

BOOST_AUTO_TEST_CASE(the_public_part_goes_to_the_shard_that_keeps_them_all) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return Done{{0xAB, WallTime{}}}; };
  const Got got = cluster.call("POST", "/certificates",
                               R"({"thumbprint":")" + std::string(kThumbprint) +
                                   R"(","thumbprintAlgorithm":"sha1","data":")" + kCer + "\"}");
  BOOST_TEST(got.status == 201);
  BOOST_TEST(got.header("Location") == kUrl);
  BOOST_TEST(cluster.backend.asked.front().first == kCertificatesShard);
  BOOST_TEST(cluster.last<AddCertificate>().thumbprint == kThumbprint);
  BOOST_TEST((cluster.last<AddCertificate>().public_data == *base64_decoded(kCer)));
}

BOOST_AUTO_TEST_CASE(one_is_found_by_its_key) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return a_certificate(); };
  const Got got = cluster.get(kPath);
  BOOST_TEST(got.status == 200);
  BOOST_TEST(cluster.last<GetCertificate>().thumbprint == kThumbprint);
  BOOST_TEST(got.json.at("thumbprint").as_string() == kThumbprint);
  BOOST_TEST(got.json.at("thumbprintAlgorithm").as_string() == "sha1");
  BOOST_TEST(got.json.at("url").as_string() == kUrl);
  BOOST_TEST(got.json.at("state").as_string() == "active");
  BOOST_TEST(got.json.at("publicData").as_string() == kCer);
  BOOST_TEST(got.header("ETag") == '"' + etag_text(kCertificatesShard, 5) + '"');
  const Got some = cluster.get(kPath + "?$select=state");
  BOOST_TEST(some.json.as_object().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_key_that_names_none_asks_nobody) {
  Cluster cluster;
  for (const std::string& key : {"thumbprintAlgorithm=md5,thumbprint=" + std::string(kThumbprint),
                                 std::string("thumbprintAlgorithm=sha1,thumbprint=ab")}) {
    const Got got = cluster.get("/certificates(" + key + ")");
    BOOST_TEST(got.status == 404);
    BOOST_TEST(got.code == "CertificateNotFound");
  }
  const Got got = cluster.get("/certificates(colour=red)");
  BOOST_TEST(got.status == 400);
  BOOST_TEST(got.code == "InvalidUri");
  BOOST_TEST(cluster.backend.asked.empty());
}

BOOST_AUTO_TEST_CASE(they_are_listed_deleted_and_not_brought_back) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command& command) -> Answer {
    if (std::holds_alternative<ListCertificates>(command.request))
      return Page<CertificateRecord>{{a_certificate()}, "more"};
    if (std::holds_alternative<DeleteCertificate>(command.request)) return Done{};
    return Error{ErrorCode::certificate_state_active, {}, {}};
  };
  const Got listed = cluster.get("/certificates?maxresults=1&$filter=state%20eq%20'active'");
  BOOST_TEST(listed.json.at("value").as_array().size() == 1u);
  BOOST_TEST(listed.json.at("odata.nextLink").as_string().find("$skiptoken=") != std::string::npos);
  BOOST_TEST(cluster.last<ListCertificates>().page.entries_max == 1u);
  BOOST_TEST(cluster.call("DELETE", kPath).status == 202);
  BOOST_TEST(cluster.last<DeleteCertificate>().thumbprint == kThumbprint);
  const Got cancelled = cluster.call("POST", kPath + "/canceldelete");
  BOOST_TEST(cancelled.status == 409);
  BOOST_TEST(cancelled.code == "CertificateStateActive");
}

BOOST_AUTO_TEST_SUITE_END()
