#include "client/http_client.h"

#include "client/batch_client.h"
#include "tests/client/fake_batch.h"

#include <boost/test/unit_test.hpp>

using namespace windlass::client;
using windlass::test::FakeBatch;

namespace {

Account account_of(const FakeBatch& batch) {
  return {batch.endpoint(), FakeBatch::kAccount, FakeBatch::kKey, ""};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_library)

BOOST_AUTO_TEST_CASE(urls_are_read) {
  const auto url = parse_url("http://127.0.0.1:8440/base/?x=1#f").value();
  BOOST_TEST(url.scheme == "http");
  BOOST_TEST(url.host == "127.0.0.1");
  BOOST_TEST(url.port == 8440);
  BOOST_TEST(url.path == "/base");
  BOOST_TEST(url.query == "x=1");
  BOOST_TEST(url.host_and_port() == "127.0.0.1:8440");
  BOOST_TEST(parse_url("acc.region.batch.azure.com").value().scheme == "https");
  BOOST_TEST(parse_url("https://h/").value().host_and_port() == "h");
  BOOST_TEST(parse_url("http://[::1]:81").value().host_and_port() == "[::1]:81");
  for (const char* bad :
       {"", "ftp://x", "http://", "http://h:0", "http://h:99999", "http://h:x", "http://[::1"}) {
    BOOST_TEST(!parse_url(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(lists_follow_their_pages_and_stop_when_told) {
  const FakeBatch batch;
  BatchClient client(account_of(batch));
  client.post("/jobs", boost::json::object{{"id", "j"}});
  std::vector<boost::json::value> tasks;
  for (int i = 0; i < 250; ++i)
    tasks.push_back(boost::json::object{{"id", "t" + std::to_string(i)}, {"commandLine", "x"}});
  BOOST_TEST(client.add_tasks("j", std::move(tasks)).size() == 250u);
  std::size_t seen = 0;
  client.list("/jobs/j/tasks", {{"maxresults", "7"}},
              [&](boost::json::value&) { return ++seen > 0; });
  BOOST_TEST(seen == 250u);
  seen = 0;
  client.list("/jobs/j/tasks", {{"maxresults", "7"}},
              [&](boost::json::value&) { return ++seen < 10; });
  BOOST_TEST(seen == 10u);
}

BOOST_AUTO_TEST_CASE(large_tasks_are_sent_in_requests_the_service_takes) {
  const FakeBatch batch;
  BatchClient client(account_of(batch));
  client.post("/jobs", boost::json::object{{"id", "j"}});
  std::vector<boost::json::value> tasks;
  for (int i = 0; i < 100; ++i)
    tasks.push_back(boost::json::object{{"id", "t" + std::to_string(i)},
                                        {"commandLine", std::string(30'000, 'x')}});
  for (const AddedTask& added : client.add_tasks("j", std::move(tasks)))
    BOOST_TEST(added.error_code.empty());
  BOOST_TEST(batch.task_count("j") == 100u);
}

BOOST_AUTO_TEST_CASE(refusals_carry_status_and_code) {
  const FakeBatch batch;
  BatchClient client(account_of(batch));
  try {
    client.get("/jobs/none");
    BOOST_FAIL("found");
  } catch (const ServiceError& error) {
    BOOST_TEST(error.status == 404);
    BOOST_TEST(error.code == "JobNotFound");
    BOOST_TEST(std::string(error.what()) == "refused: JobNotFound");
  }
  BOOST_TEST(!client.exists("/pools/none"));
  BOOST_CHECK_THROW(BatchClient({"http://x", "a", "not base64!", ""}), std::invalid_argument);
  BOOST_CHECK_THROW(BatchClient({"gopher://x", "a", "AAAA", ""}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_that_the_server_closed_is_opened_anew) {
  auto first = std::make_unique<FakeBatch>();
  BatchClient client(account_of(*first));
  client.retry_for(std::chrono::milliseconds(0));
  BOOST_TEST(client.get("/pools").at("value").as_array().empty());
  first.reset();
  BOOST_CHECK_THROW(client.get("/pools"), Unreachable);
}

BOOST_AUTO_TEST_SUITE_END()
