#include "tests/worker/core/agent_harness.h"

namespace windlass::worker {
namespace {

BOOST_AUTO_TEST_SUITE(worker_core_sessions)

BOOST_AUTO_TEST_CASE(a_later_generation_empties_the_book_and_an_earlier_one_is_refused) {
  GrantBook book;
  book.worker_id = 3;
  BOOST_CHECK(enter_generation(book, 2) == GenerationMet::same);  // the first
  book.grants["n"].node_id = "n";
  book.claims.emplace_back();
  book = decode_grant_book(encode_grant_book(book)).value();
  BOOST_TEST(book.generation == 2u);
  BOOST_CHECK(enter_generation(book, 2) == GenerationMet::same);
  BOOST_CHECK(enter_generation(book, 1) == GenerationMet::earlier);
  BOOST_TEST(book.generation == 2u);
  BOOST_TEST(book.grants.size() == 1u);
  BOOST_CHECK(enter_generation(book, 3) == GenerationMet::later);
  BOOST_TEST(book.grants.empty());
  BOOST_TEST(book.claims.empty());
  BOOST_TEST(book.worker_id == 3u);
}

BOOST_AUTO_TEST_CASE(tasks_wait_for_the_first_lease_and_no_longer) {
  AgentHarness h;
  h.open();
  h.say(0, ClaimNodes{1, "small", 1, AgentHarness::plan()});
  const std::string node = h.one_said<ClaimAnswered>().nodes[0].node_id;
  h.agent->node_made(node, std::nullopt, h.now, h.effects);
  h.step();
  h.say(0, h.assignment(node, 1));
  BOOST_TEST(h.take_work<StageIn>().empty());
  h.advance(Duration(1));
  BOOST_TEST(h.take_said<RenewLease>().size() == 1u);
  h.lease();
  BOOST_TEST(h.take_work<ExtendLease>().size() == 1u);
  BOOST_TEST(h.take_work<StageIn>().size() == 1u);
}

// The shard gives a task to somebody else when the lease of the session is over that it was given
// in, whether the worker ever heard of that lease or not.
BOOST_AUTO_TEST_CASE(what_waited_through_the_end_of_its_session_begins_only_if_it_is_wanted) {
  for (const bool resumed : {false, true}) {
    AgentHarness h;
    h.open();
    h.say(0, ClaimNodes{1, "small", 1, AgentHarness::plan(2)});
    const std::string node = h.one_said<ClaimAnswered>().nodes[0].node_id;
    h.agent->node_made(node, std::nullopt, h.now, h.effects);
    h.step();
    const Assignment wanted = h.assignment(node, 1);
    const Assignment given_up = h.assignment(node, 2);
    h.say(0, given_up);
    h.say(0, wanted);
    h.agent->session_lost(0);
    h.take_said<Resync>();
    h.open(0, resumed);
    BOOST_TEST(h.one_said<Resync>().running.size() == 2u);
    h.lease();
    BOOST_TEST(h.take_work<StageIn>().size() == (resumed ? 2u : 0u));
    h.say(0, Resynced{{}, {given_up.id}, {}});
    BOOST_TEST(h.take_work<StageIn>().size() == (resumed ? 0u : 1u));
    if (!resumed) BOOST_TEST((h.one_said<AttemptEnded>().id == given_up.id));
  }
}

BOOST_AUTO_TEST_CASE(a_lease_is_renewed_every_third_of_it_from_the_sending) {
  AgentHarness h;
  h.open();
  h.ready_node();
  h.take_said<RenewLease>();
  h.advance(std::chrono::seconds(9));
  BOOST_TEST(h.take_said<RenewLease>().empty());
  h.advance(std::chrono::seconds(1));
  const auto renewal = h.one_said<RenewLease>();
  h.advance(std::chrono::seconds(5));
  h.work.clear();
  h.say(0, LeaseRenewed{renewal.sent_at, kLease});  // the answer is 5 s late
  const auto extended = h.one_work<ExtendLease>();
  BOOST_TEST((extended.deadline == MonoTime{renewal.sent_at} + kLease));
  h.say(0, LeaseRenewed{renewal.sent_at - 1, kLease});  // older than what we have
  BOOST_TEST(h.take_work<ExtendLease>().empty());
}

BOOST_AUTO_TEST_CASE(a_parting_lease_is_kept_and_does_not_slow_the_renewals) {
  AgentHarness h;
  h.open();
  h.ready_node();
  const auto next = h.agent->next_deadline(h.now);
  BOOST_REQUIRE(next.has_value());
  h.lease(0, std::chrono::minutes(10));
  h.advance(std::chrono::seconds(31));
  BOOST_TEST(!h.take_said<RenewLease>().empty());
  h.lease();
  BOOST_TEST(h.agent->counts().leases_expired == 0u);
  h.advance(std::chrono::minutes(9));
  BOOST_TEST(h.agent->counts().leases_expired == 0u);
  h.advance(std::chrono::minutes(1));
  BOOST_TEST(h.agent->counts().leases_expired == 1u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_lease_kills_what_it_covered_and_nothing_else) {
  AgentHarness h;
  h.open(0);
  h.open(1);
  const std::string node0 = h.ready_node(2, 0);
  const std::string node1 = h.ready_node(2, 1);
  const RunId run0 = h.run_of(h.assignment(node0, 1));
  h.run_of(h.assignment(node1, 1, 1, "/bin/true", 1));
  h.advance(std::chrono::seconds(20));
  h.lease(1);
  h.advance(std::chrono::seconds(10));
  const auto stop = h.one_work<StopProcess>();
  BOOST_TEST(stop.run == run0);
  BOOST_TEST((stop.grace == Duration::zero()));
  h.say(0, h.assignment(node0, 2));  // sent before the shard gave us up
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.ended(run0, 137, StopCause::lost);
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.lease(0);
  h.run_of(h.assignment(node0, 3));
}

BOOST_AUTO_TEST_CASE(a_worker_that_slept_past_its_lease_starts_nothing_old) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  h.now.mono = h.now.mono + std::chrono::seconds(31);  // no tick: it was frozen
  h.say(0, h.assignment(node, 1));
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.say(0, LeaseRenewed{h.now.mono.ticks - Duration(std::chrono::seconds(40)).count(), kLease});
  h.say(0, h.assignment(node, 1, 2));
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
}

BOOST_AUTO_TEST_CASE(resync_lists_what_runs_and_what_is_unreported) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node(4);
  h.run_of(h.assignment(node, 1));
  h.ended(h.run_of(h.assignment(node, 2)), 0);
  h.take_said<AttemptEnded>();
  h.take_said<Resync>();
  h.open(0, true, 7);  // resumed: the bus repeats the report by itself
  const auto sync = h.one_said<Resync>();
  BOOST_TEST(sync.epoch == 7u);  // whom it is said to
  BOOST_TEST((sync.running == std::vector<AttemptId>{h.assignment(node, 1).id}));
  BOOST_TEST((sync.unreported == std::vector<AttemptId>{h.assignment(node, 2).id}));
  BOOST_REQUIRE_EQUAL(sync.nodes.size(), 1u);
  BOOST_TEST((sync.nodes[0].state == NodeState::idle));
  BOOST_TEST(h.take_said<AttemptEnded>().empty());
  h.agent->session_lost(0);
  h.open(0, false);
  h.one_said<AttemptEnded>();
}

BOOST_AUTO_TEST_CASE(the_oldest_report_is_the_one_whose_attempt_ended_first) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node(4);
  BOOST_TEST(!h.agent->oldest_unreported().has_value());
  h.ended(h.run_of(h.assignment(node, 2)), 0);  // not in the order of their numbers
  const WallTime first = h.take_said<AttemptEnded>().at(0).end_time;
  h.advance(std::chrono::seconds(5));
  h.ended(h.run_of(h.assignment(node, 1)), 0);
  const WallTime second = h.take_said<AttemptEnded>().at(0).end_time;
  BOOST_TEST((first < second));
  BOOST_TEST((h.agent->oldest_unreported() == first));
  h.agent->report_acknowledged(h.assignment(node, 2).id, h.effects);
  BOOST_TEST((h.agent->oldest_unreported() == second));
}

BOOST_AUTO_TEST_CASE(the_answer_to_resync_is_obeyed) {
  AgentHarness h(2);
  h.open();
  const std::string node = h.ready_node(4);
  const std::string other = h.ready_node(4);
  const RunId run = h.run_of(h.assignment(node, 1));
  h.ended(h.run_of(h.assignment(node, 2)), 0);
  h.take_said<AttemptEnded>();
  h.say(0, Resynced{{h.assignment(node, 2).id}, {h.assignment(node, 1).id}, {other}});
  BOOST_TEST(h.one_work<StopProcess>().run == run);
  BOOST_TEST(h.one_work<WipeNode>().node_id == other);
  BOOST_TEST(h.agent->unreported_total() == 0u);
  BOOST_TEST(read_spool(h.spool).unreported.empty());
}

BOOST_AUTO_TEST_CASE(running_tasks_are_found_again_after_a_kill_of_the_worker) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node(8);
  const RunId alive = h.run_of(h.assignment(node, 1, 1, "out:/bin/true"));
  const RunId over = h.run_of(h.assignment(node, 2));
  h.run_of(h.assignment(node, 3));  // the guard lost it
  h.ended(h.run_of(h.assignment(node, 4)), 5);
  h.take_said<AttemptEnded>();
  h.restart();
  h.agent->guard_found({alive, over, 12345}, h.now, h.effects);
  h.step();
  BOOST_TEST(h.one_work<StopProcess>().run == 12345u);
  h.open();
  const auto sync = h.one_said<Resync>();
  BOOST_TEST(sync.running.size() == 2u);
  auto reports = h.take_said<AttemptEnded>();
  BOOST_REQUIRE_EQUAL(reports.size(), 2u);
  BOOST_TEST((reports[0].end == AttemptEnd::lost));
  BOOST_TEST(*reports[1].exit_code == 5);
  h.ended(over, 6);
  BOOST_TEST(*h.one_said<AttemptEnded>().exit_code == 6);
  h.ended(alive, 7);
  const auto upload = h.one_work<UploadOutputs>();
  BOOST_TEST(!upload.environment.empty());
  h.agent->uploaded(alive, std::nullopt, h.now, h.effects);
  h.step();
  BOOST_TEST(*h.one_said<AttemptEnded>().exit_code == 7);
  h.ended(12345, 137);
  BOOST_TEST(h.take_work<ForgetProcess>().size() == 4u);  // also of the lost one: it does no harm
}

BOOST_AUTO_TEST_CASE(what_was_killed_for_its_lease_is_lost_also_for_the_next_process) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  const RunId run = h.run_of(h.assignment(node, 1));
  h.advance(kLease + std::chrono::seconds(1));
  BOOST_TEST(h.one_work<StopProcess>().run == run);
  h.restart();
  h.open();
  h.lease();
  h.agent->guard_found({run}, h.now, h.effects);
  h.step();
  h.ended(run, 137);  // the guard knows of no cause: it was told to
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
}

BOOST_AUTO_TEST_CASE(a_host_restart_starts_nodes_anew_with_the_next_boot) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  h.run_of(h.assignment(node, 1));
  h.restart("boot-2");
  h.one_work<MakeNode>();
  h.agent->guard_found({}, h.now, h.effects);
  h.step();
  h.open();
  const auto sync = h.one_said<Resync>();
  BOOST_REQUIRE_EQUAL(sync.nodes.size(), 1u);
  BOOST_TEST(sync.nodes[0].boot == 2u);
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.agent->node_made(node, std::nullopt, h.now, h.effects);
  h.step();
  h.lease();
  h.say(0, h.assignment(node, 2));  // for the old boot
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
}

// The guard may still hold a run that was to be forgotten when the worker was killed.
BOOST_AUTO_TEST_CASE(no_number_of_a_run_is_met_again_though_the_clock_is_set_back) {
  for (const bool compacted : {false, true}) {
    AgentHarness h;
    h.open();
    const std::string node = h.ready_node(4);
    const RunId alive = h.run_of(h.assignment(node, 1));
    const RunId over = h.run_of(h.assignment(node, 2));
    BOOST_TEST(over > alive);
    h.ended(over, 0);
    if (compacted) h.spool = h.agent->compacted_spool();
    h.now.wall = WallTime{1};
    h.restart();
    h.agent->guard_found({alive}, h.now, h.effects);
    h.step();
    h.open();
    h.lease();
    BOOST_TEST(h.run_of(h.assignment(node, 3)) > over);
  }
}

BOOST_AUTO_TEST_CASE(the_compacted_spool_says_the_same) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node(8);
  h.run_of(h.assignment(node, 1));
  for (TaskSeq task = 2; task < 6; ++task) h.ended(h.run_of(h.assignment(node, task)), 0);
  h.agent->report_acknowledged(h.assignment(node, 2).id, h.effects);
  h.step();
  const std::string compacted = h.agent->compacted_spool();
  BOOST_TEST(compacted.size() < h.spool.size());
  const SpoolContent a = read_spool(h.spool);
  const SpoolContent b = read_spool(compacted);
  BOOST_TEST(b.bytes_read == compacted.size());
  BOOST_TEST((a.unreported == b.unreported));
  BOOST_TEST((a.kept == b.kept));
  BOOST_TEST(a.runs.size() == b.runs.size());
  BOOST_TEST((a.runs.begin()->second.assignment == b.runs.begin()->second.assignment));
}

BOOST_AUTO_TEST_CASE(a_torn_tail_of_the_spool_is_left_out) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node(8);
  for (TaskSeq task = 1; task < 4; ++task) h.ended(h.run_of(h.assignment(node, task)), 0);
  const std::string whole = h.spool;
  std::size_t last = 0;
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const SpoolContent content = read_spool(std::string_view(whole).substr(0, cut));
    BOOST_REQUIRE_LE(content.bytes_read, cut);
    BOOST_REQUIRE_GE(content.bytes_read, last);
    last = content.bytes_read;
  }
  BOOST_TEST(last == whole.size());
  std::string rotten = whole;
  rotten[rotten.size() / 2] = static_cast<char>(rotten[rotten.size() / 2] ^ 0x40);
  BOOST_TEST(read_spool(rotten).bytes_read < whole.size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
