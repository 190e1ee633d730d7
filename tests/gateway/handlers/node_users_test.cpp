#include "tests/gateway/handlers/fixture.h"

using namespace windlass;
using namespace windlass::gateway;
using namespace windlass::gateway::tests;

namespace {

const std::string kUsers = "/pools/p/nodes/N/users";

// A node in this state, whose worker says this.
void prepare(Cluster& cluster, NodeState state, std::optional<Error> refusal = {}) {
  cluster.backend.answers = [state](ShardId, const Command& command) -> Answer {
    if (!std::holds_alternative<GetNode>(command.request)) return FilesFound{7, "N", ""};
    NodeView view;
    view.record.state = state;
    return view;
  };
  cluster.backend.files = [refusal](InstanceId, const FileRequest&) {
    FileReply reply;
    reply.error = refusal;
    return reply;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_handlers_node_users)

BOOST_AUTO_TEST_CASE(the_nodes_worker_is_asked) {
  Cluster cluster;
  prepare(cluster, NodeState::idle);
  const Got added = cluster.call(
      "POST", kUsers, R"({"name":"me","password":"p","expiryTime":"2030-01-01T00:00:00Z"})");
  BOOST_TEST(added.status == 201);
  BOOST_TEST(added.header("Location").ends_with(kUsers + "/me"));
  const FileRequest add = cluster.backend.files_asked.back();
  BOOST_TEST((add.action == FileAction::add_user));
  BOOST_TEST(add.node_id == "N");
  BOOST_TEST(add.user.name == "me");
  BOOST_TEST(add.user.password == "p");
  BOOST_TEST(!add.user.asked_by.empty());
  BOOST_TEST(cluster.call("PUT", kUsers + "/me", R"({"sshPublicKey":"k"})").status == 200);
  const FileRequest update = cluster.backend.files_asked.back();
  BOOST_TEST((update.action == FileAction::update_user));
  BOOST_TEST(update.user.name == "me");
  BOOST_TEST(update.user.ssh_public_key == "k");
  BOOST_TEST(update.user.asked_by != add.user.asked_by);
  BOOST_TEST(cluster.call("DELETE", kUsers + "/me").status == 200);
  BOOST_TEST((cluster.backend.files_asked.back().action == FileAction::delete_user));
  BOOST_TEST(cluster.backend.files_asked.back().user.name == "me");
}

BOOST_AUTO_TEST_CASE(only_idle_and_running_nodes_get_users) {
  for (const NodeState state : {NodeState::running, NodeState::offline, NodeState::rebooting}) {
    Cluster cluster;
    prepare(cluster, state);
    const Got got = cluster.call("POST", kUsers, R"({"name":"me"})");
    BOOST_TEST(got.status == (state == NodeState::running ? 201 : 409));
    BOOST_TEST(got.code == (state == NodeState::running ? "" : "NodeNotReady"));
  }
}

BOOST_AUTO_TEST_CASE(what_the_worker_refuses_is_refused) {
  Cluster cluster;
  prepare(cluster, NodeState::idle, Error{ErrorCode::node_user_exists, {}, {}});
  BOOST_TEST(cluster.call("POST", kUsers, R"({"name":"me"})").code == "NodeUserExists");
  BOOST_TEST(cluster.call("POST", kUsers, R"({"name":"No Name"})").code == "InvalidPropertyValue");
  prepare(cluster, NodeState::idle, Error{ErrorCode::node_user_not_found, {}, {}});
  BOOST_TEST(cluster.call("PUT", kUsers + "/me", "{}").code == "NodeUserNotFound");
  BOOST_TEST(cluster.call("DELETE", kUsers + "/me").code == "NodeUserNotFound");
}

BOOST_AUTO_TEST_SUITE_END()
