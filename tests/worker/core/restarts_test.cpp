#include "tests/worker/core/agent_harness.h"
#include "worker/core/crc32c.h"

namespace windlass::worker {
namespace {

BeginRestart restart_of(const std::string& node, NodeRestart kind, std::uint64_t number = 1) {
  return {node, number, kind, false, AgentHarness::plan()};
}

struct Restarting : AgentHarness {
  Restarting() {
    open();
    node = ready_node();
    take_said<OffersFree>();
  }
  void made() {
    agent->node_made(node, std::nullopt, now, effects);
    step();
  }
  void wiped() {
    agent->node_wiped(node, now, effects);
    step();
  }
  std::vector<NodeState> states() {
    std::vector<NodeState> found;
    for (const NodeStatus& status : take_said<NodeStatus>()) found.push_back(status.state);
    return found;
  }
  // What is said after the worker was killed and has come back.
  NodeHeld held() {
    take_said<Resync>();
    open();
    return one_said<Resync>().nodes.at(0);
  }
  std::string node;
};

using States = std::vector<NodeState>;

BOOST_AUTO_TEST_SUITE(worker_core_restarts)

BOOST_AUTO_TEST_CASE(a_reboot_keeps_folders_and_begins_a_new_boot) {
  Restarting h;
  h.say(0, restart_of(h.node, NodeRestart::reboot));
  BOOST_CHECK((h.states() == States{NodeState::rebooting, NodeState::starting}));
  BOOST_TEST(h.take_work<WipeNode>().empty());
  h.one_work<MakeNode>();
  h.say(0, h.assignment(h.node, 1));  // of the boot before
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.made();
  const auto status = h.one_said<NodeStatus>();
  BOOST_TEST((status.state == NodeState::idle));
  BOOST_TEST(status.boot == 2u);
  BOOST_TEST(status.restarts == 1u);
  Assignment next = h.assignment(h.node, 2);
  next.node_boot = 2;
  h.run_of(next);
  h.say(0, restart_of(h.node, NodeRestart::reboot));  // said again: it has happened
  BOOST_TEST((h.one_said<NodeStatus>().state == NodeState::idle));
  BOOST_TEST(h.take_work<StopProcess>().empty());
}

BOOST_AUTO_TEST_CASE(what_still_runs_is_killed_first) {
  Restarting h;
  const RunId run = h.run_of(h.assignment(h.node, 1));
  h.say(0, restart_of(h.node, NodeRestart::reimage));
  BOOST_TEST((h.one_work<StopProcess>().grace == Duration::zero()));
  BOOST_TEST(h.take_work<WipeNode>().empty());
  h.ended(run, 137);
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::stopped));
  h.one_work<WipeNode>();
  BOOST_CHECK((h.states() == States{NodeState::reimaging}));
  h.wiped();
  h.one_work<MakeNode>();
  BOOST_CHECK((h.states() == States{NodeState::starting}));
  h.made();
  BOOST_CHECK((h.states() == States{NodeState::idle}));
  h.wiped();  // late
  BOOST_TEST(h.states().empty());
}

BOOST_AUTO_TEST_CASE(the_start_task_of_the_plan_runs_again) {
  Restarting h;
  BeginRestart restart = restart_of(h.node, NodeRestart::reboot);
  restart.plan.start_task = StartTask{};
  restart.plan.start_task->command_line = "/bin/new";
  restart.plan.task_slots_per_node = 99;  // not of a node that is there
  h.say(0, restart);
  h.take_work<MakeNode>();
  h.made();
  const RunId run = h.one_work<StageIn>().run;
  h.staged(run);
  BOOST_TEST(h.one_work<StartProcess>().arguments.at(0) == "/bin/new");
  h.take_said<NodeStatus>();
  // A second restart cuts it short, and it runs once more.
  restart.number = 2;
  h.say(0, restart);
  h.one_work<StopProcess>();
  BOOST_TEST(h.take_work<MakeNode>().empty());
  h.ended(run, 137);
  h.one_work<MakeNode>();
  h.made();
  h.staged(h.one_work<StageIn>().run);
  h.ended(h.one_work<StartProcess>().run, 0);
  const auto statuses = h.take_said<NodeStatus>();
  BOOST_TEST((statuses.back().state == NodeState::idle));
  BOOST_TEST(statuses.back().start_task_info->retry_count == 0);
  BOOST_TEST(statuses.back().boot == 3u);
}

BOOST_AUTO_TEST_CASE(a_restart_survives_kills_at_every_step) {
  for (const NodeRestart kind : {NodeRestart::reboot, NodeRestart::reimage}) {
    Restarting h;
    const RunId run = h.run_of(h.assignment(h.node, 1));
    h.say(0, restart_of(h.node, kind));
    h.restart();
    h.agent->guard_found({run}, h.now, h.effects);
    h.step();
    BOOST_TEST(!h.take_work<StopProcess>().empty());
    BOOST_TEST(h.take_work<WipeNode>().empty());
    BOOST_TEST((h.held().restarts == 1u));
    h.ended(run, 137);
    if (kind == NodeRestart::reimage) {
      h.one_work<WipeNode>();
      h.restart("boot-2");  // even the host: what was to be wiped still is
      h.one_work<WipeNode>();
      BOOST_TEST((h.held().state == NodeState::reimaging));
      h.wiped();
    }
    h.one_work<MakeNode>();
    h.restart("boot-2");
    h.one_work<MakeNode>();
    h.open();
    h.made();
    BOOST_TEST((h.held().state == NodeState::idle));
  }
}

BOOST_AUTO_TEST_CASE(a_deallocated_node_stays_so_until_it_is_started) {
  Restarting h;
  h.say(0, restart_of(h.node, NodeRestart::deallocate));
  h.one_work<WipeNode>();
  h.wiped();
  BOOST_CHECK((h.states() == States{NodeState::deallocating, NodeState::deallocated}));
  Assignment a = h.assignment(h.node, 1);
  a.node_boot = 2;
  h.say(0, a);
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.restart("boot-2");
  BOOST_TEST(h.take_work<MakeNode>().empty());
  BOOST_TEST((h.held().state == NodeState::deallocated));
  h.say(0, restart_of(h.node, NodeRestart::start, 2));
  h.one_work<MakeNode>();
  h.made();
  BOOST_TEST((h.held().state == NodeState::idle));
}

BOOST_AUTO_TEST_CASE(retained_data_is_waited_for) {
  for (const bool returns : {false, true}) {
    Restarting h;
    Assignment a = h.assignment(h.node, 1);
    a.retention_time = std::chrono::minutes(10);
    h.ended(h.run_of(a), 0);
    a = h.assignment(h.node, 2);
    a.retention_time = kInfinite;
    h.ended(h.run_of(a), 0);
    BeginRestart restart = restart_of(h.node, NodeRestart::reimage);
    restart.after_retention = true;
    if (returns)
      h.say(0, ReturnNode{h.node, true});
    else
      h.say(0, restart);
    h.restart();
    h.open();
    h.advance(std::chrono::minutes(11));
    h.one_work<RemoveFolder>();
    BOOST_TEST(h.take_work<WipeNode>().empty());  // the other is kept for ever
    h.say(0, DeleteTaskFolder{h.node, "job", "t2"});
    h.one_work<WipeNode>();
  }
}

BOOST_AUTO_TEST_CASE(who_is_told_again_waits_no_more) {
  Restarting h;
  h.ended(h.run_of(h.assignment(h.node, 1)), 0);
  h.say(0, ReturnNode{h.node, true});
  h.say(0, ReturnNode{h.node, true});
  BOOST_TEST(h.take_work<WipeNode>().empty());
  h.say(0, ReturnNode{h.node, false});
  h.one_work<WipeNode>();
  h.say(0, ReturnNode{h.node, true});  // an old one
  h.wiped();
  h.one_said<NodeReturned>();
}

BOOST_AUTO_TEST_CASE(a_node_that_goes_is_not_restarted) {
  Restarting h;
  h.say(0, ReturnNode{h.node});
  h.one_work<WipeNode>();
  h.say(0, restart_of(h.node, NodeRestart::reboot));
  BOOST_TEST(h.take_work<MakeNode>().empty());
  h.wiped();
  h.one_said<NodeReturned>();
  // And one that is wiped for a restart when it is to go is wiped once.
  h.node = h.ready_node();
  h.say(0, restart_of(h.node, NodeRestart::reimage));
  h.one_work<WipeNode>();
  h.say(0, ReturnNode{h.node});
  BOOST_TEST(h.take_work<WipeNode>().empty());
  h.wiped();
  h.one_said<NodeReturned>();
}

BOOST_AUTO_TEST_CASE(the_null_executor_restarts_at_once) {
  AgentHarness h(1, Executor::null);
  h.open();
  h.say(0, ClaimNodes{1, "any", 1, AgentHarness::plan()});
  const std::string node = h.one_said<ClaimAnswered>().nodes.at(0).node_id;
  for (const NodeRestart kind : {NodeRestart::reboot, NodeRestart::reimage}) {
    h.take_said<NodeStatus>();
    h.say(0, restart_of(node, kind, static_cast<std::uint64_t>(kind) + 1));
    BOOST_TEST((h.take_said<NodeStatus>().back().state == NodeState::idle));
  }
  BOOST_TEST(h.work.empty());
}

BOOST_AUTO_TEST_CASE(books_of_the_format_before_are_read) {
  GrantBook book;
  book.worker_id = 7;
  Grant grant;
  grant.node_id = "n";
  grant.boot = 3;
  book.grants.emplace("n", grant);
  // The same without what format 3 added: two numbers at the end of each grant, before the number
  // of claims.
  const std::string mark = "windlass grants 3\n";
  std::string payload = encode_grant_book(book).substr(mark.size() + 8);
  payload.erase(payload.size() - 24, 16);
  std::string crc;
  for (int i = 0; i < 8; ++i) crc += static_cast<char>(std::uint64_t{crc32c(payload)} >> (8 * i));
  const auto read = decode_grant_book("windlass grants 2\n" + crc + payload);
  BOOST_REQUIRE(read.has_value());
  BOOST_CHECK(read->grants.at("n") == grant);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
