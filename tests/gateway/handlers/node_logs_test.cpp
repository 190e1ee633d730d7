#include "tests/gateway/handlers/fixture.h"

using namespace windlass;
using namespace windlass::gateway;
using namespace windlass::gateway::tests;

namespace {

constexpr const char* kPath = "/pools/p/nodes/n/uploadbatchservicelogs";
constexpr const char* kBody =
    R"({"containerUrl":"http://h/c?sig=x","startTime":"2030-01-01T00:00:00Z"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_handlers_node_logs)

BOOST_AUTO_TEST_CASE(the_nodes_worker_is_asked_each_time_for_another_folder) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return FilesFound{7, "N", ""}; };
  cluster.backend.files = [](InstanceId worker, const FileRequest& request) {
    BOOST_TEST(worker == 7u);
    BOOST_TEST((request.action == FileAction::upload_logs));
    BOOST_TEST(request.node_id == "N");
    BOOST_TEST(request.container_url == "http://h/c?sig=x");
    BOOST_TEST(!request.logs_until.has_value());
    FileReply reply;
    reply.files_total = 3;
    return reply;
  };
  const Got first = cluster.call("POST", kPath, kBody);
  const Got second = cluster.call("POST", kPath, kBody);
  BOOST_TEST(first.status == 200);
  BOOST_TEST(first.json.at("numberOfFilesUploaded").as_int64() == 3);
  const std::string folder(first.json.at("virtualDirectoryName").as_string());
  BOOST_TEST(folder.starts_with("p/N/"));
  BOOST_TEST(folder == cluster.backend.files_asked.front().path);
  BOOST_TEST(folder != second.json.at("virtualDirectoryName").as_string());
}

BOOST_AUTO_TEST_CASE(refusals_of_shard_and_worker_are_passed_on) {
  Cluster cluster;
  cluster.backend.answers = [](ShardId, const Command&) { return FilesFound{0, "N", ""}; };
  BOOST_TEST(cluster.call("POST", kPath, kBody).code == "NodeNotReady");
  cluster.backend.answers = [](ShardId, const Command&) -> Answer {
    return Error{ErrorCode::node_not_found, {}, {}};
  };
  BOOST_TEST(cluster.call("POST", kPath, kBody).code == "NodeNotFound");
  cluster.backend.answers = [](ShardId, const Command&) { return FilesFound{7, "N", ""}; };
  cluster.backend.files = [](InstanceId, const FileRequest&) {
    FileReply reply;
    reply.error = Error{ErrorCode::server_busy, {}, {}};
    return reply;
  };
  BOOST_TEST(cluster.call("POST", kPath, kBody).status == 503);
  BOOST_TEST(cluster.call("POST", kPath, "{}").code == "MissingRequiredProperty");
}

BOOST_AUTO_TEST_SUITE_END()
