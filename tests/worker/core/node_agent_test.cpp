#include "tests/worker/core/agent_harness.h"

namespace windlass::worker {
namespace {

BOOST_AUTO_TEST_SUITE(worker_core_node_agent)

BOOST_AUTO_TEST_CASE(an_open_session_begins_with_resync_offers_and_a_lease) {
  AgentHarness h(3);
  h.open();
  BOOST_TEST(h.one_said<Resync>().nodes.empty());
  const auto offers = h.one_said<OffersFree>();
  BOOST_REQUIRE_EQUAL(offers.classes.size(), 1u);
  BOOST_TEST(offers.classes[0].free == 3);
  // Also without a node: a shard that hears no renewal takes the worker and its offers for gone.
  h.advance(Duration::zero());
  BOOST_TEST(h.take_said<RenewLease>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_claim_is_saved_before_it_is_answered_and_answered_the_same_again) {
  AgentHarness h(3);
  h.open();
  h.take_said<OffersFree>();
  const ClaimNodes claim{1, "small", 2, AgentHarness::plan()};
  h.agent->handle(0, claim, h.now, h.effects);
  BOOST_TEST(h.effects.grants_changed);
  h.step();
  const auto first = h.one_said<ClaimAnswered>();
  BOOST_REQUIRE_EQUAL(first.nodes.size(), 2u);
  BOOST_TEST(first.nodes[0].node_id.starts_with("tvmps_"));
  BOOST_TEST(first.nodes[0].node_id.ends_with("_d"));
  BOOST_TEST(first.nodes[0].node_id.size() == 6u + 32u + 2u);
  BOOST_TEST(h.one_said<OffersFree>().classes[0].free == 1);
  h.say(0, claim);
  BOOST_TEST((h.one_said<ClaimAnswered>() == first));
  h.restart();
  h.open();
  h.say(0, claim);
  BOOST_TEST((h.one_said<ClaimAnswered>() == first));
  BOOST_TEST(h.one_said<OffersFree>().classes[0].free == 1);
}

// Found by seed 534 of the simulator: a worker that died between its grants and its answer comes
// back with nodes that are ready, and says so before the shard has heard of them.
BOOST_AUTO_TEST_CASE(a_repeated_answer_is_followed_by_how_its_nodes_are) {
  AgentHarness h(1);
  h.open();
  const std::string node = h.ready_node();
  h.restart();
  h.open();
  h.take_said<NodeStatus>();
  h.say(0, ClaimNodes{h.claims, "small", 1, AgentHarness::plan()});
  const auto answer = h.one_said<ClaimAnswered>();
  const auto status = h.take_said<NodeStatus>();
  BOOST_REQUIRE_EQUAL(status.size(), 1u);
  BOOST_TEST(answer.nodes.at(0).node_id == node);
  BOOST_TEST(status[0].node_id == node);
  BOOST_TEST((status[0].state == NodeState::idle));
}

BOOST_AUTO_TEST_CASE(a_grant_may_be_partial_or_empty_and_stays_what_it_was) {
  AgentHarness h(1);
  h.open();
  h.say(0, ClaimNodes{1, "small", 3, AgentHarness::plan()});
  BOOST_TEST(h.one_said<ClaimAnswered>().nodes.size() == 1u);
  h.say(0, ClaimNodes{2, "small", 3, AgentHarness::plan()});
  BOOST_TEST(h.one_said<ClaimAnswered>().nodes.empty());
  NodePlan spot = AgentHarness::plan();
  spot.dedicated = false;
  h.say(0, ClaimNodes{3, "small", 1, spot});
  BOOST_TEST(h.one_said<ClaimAnswered>().nodes.empty());
  h.say(1, ClaimNodes{1, "small", 1, AgentHarness::plan()});
  BOOST_TEST(h.take_said<ClaimAnswered>(1).empty());  // no session: resync and a repeat settle it
}

BOOST_AUTO_TEST_CASE(an_offer_of_the_very_name_goes_before_the_star) {
  Offers offers({{"*", true, 1}, {"Standard_A1", true, 1}});
  BOOST_TEST(*offers.take("standard_a1", true) == "standard_a1");
  BOOST_TEST(*offers.take("standard_a1", true) == "*");
  BOOST_TEST(offers.take("standard_a1", true) == nullptr);
  offers.give_back("*", true);
  BOOST_TEST(*offers.take("other", true) == "*");
}

BOOST_AUTO_TEST_CASE(a_task_runs_and_is_reported_once) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  const Assignment a = h.assignment(node, 1);
  h.say(0, a);
  const auto stage = h.one_work<StageIn>();
  BOOST_TEST(stage.folder == "workitems/job/job-1/t1");
  h.say(0, a);  // twice
  BOOST_TEST(h.take_work<StageIn>().empty());
  h.staged(stage.run);
  const auto start = h.one_work<StartProcess>();
  BOOST_TEST(start.arguments == std::vector<std::string>{"/bin/true"});
  h.ended(stage.run, 3);
  const auto report = h.one_said<AttemptEnded>();
  BOOST_TEST((report.id == a.id));
  BOOST_TEST((report.end == AttemptEnd::exited));
  BOOST_TEST(*report.exit_code == 3);
  BOOST_TEST(!report.failure.has_value());
  BOOST_TEST(h.one_work<ForgetProcess>().run == stage.run);
  h.ended(stage.run, 3);
  h.say(0, a);
  BOOST_TEST(h.take_said<AttemptEnded>().empty());
  BOOST_TEST(h.agent->idle());
  h.agent->report_acknowledged(a.id, h.effects);
  h.step();
  BOOST_TEST(read_spool(h.spool).unreported.empty());
}

struct EndCase {
  const char* name;
  const char* document;
  std::int32_t exit_code;
  StopCause cause;
  bool upload_fails;
  AttemptEnd expected;
};
const EndCase kEndCases[] = {
    {"exit", "/bin/true", 0, StopCause::none, false, AttemptEnd::exited},
    {"exit with upload", "out:/bin/true", 1, StopCause::none, false, AttemptEnd::exited},
    {"upload fails", "out:/bin/true", 0, StopCause::none, true, AttemptEnd::upload_failed},
    {"wall clock", "/bin/true", 143, StopCause::wall_clock, false, AttemptEnd::wall_clock},
    {"wall clock, then uploads", "out:/bin/true", 143, StopCause::wall_clock, false,
     AttemptEnd::wall_clock},
    {"wall clock counts more than its uploads", "out:/bin/true", 143, StopCause::wall_clock, true,
     AttemptEnd::wall_clock},
    {"lost has no uploads", "out:/bin/true", 0, StopCause::lost, false, AttemptEnd::lost},
};

BOOST_AUTO_TEST_CASE(the_end_is_called_by_its_name) {
  for (const EndCase& c : kEndCases) {
    BOOST_TEST_CONTEXT(c.name) {
      AgentHarness h;
      h.open();
      const std::string node = h.ready_node();
      const RunId run = h.run_of(h.assignment(node, 1, 1, c.document));
      h.ended(run, c.exit_code, c.cause);
      const bool uploads = std::string_view(c.document).starts_with("out:");
      for (const auto& upload : h.take_work<UploadOutputs>()) {
        BOOST_TEST((uploads && c.cause != StopCause::lost));
        BOOST_TEST(h.take_said<AttemptEnded>().empty());  // not before its files are there
        std::optional<FailureInfo> failure;
        if (c.upload_fails)
          failure = FailureInfo{ErrorCategory::usererror, "FileUploadMiscError", "x", {}};
        h.agent->uploaded(upload.run, failure, h.now, h.effects);
        h.step();
      }
      const auto report = h.one_said<AttemptEnded>();
      BOOST_TEST((report.end == c.expected));
      BOOST_TEST(report.exit_code.has_value() == (c.expected != AttemptEnd::lost));
      BOOST_TEST(report.failure.has_value() ==
                 (c.expected == AttemptEnd::upload_failed || c.expected == AttemptEnd::wall_clock));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_fails_before_the_process_begins_is_not_started) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  h.say(0, h.assignment(node, 1));
  h.staged(h.one_work<StageIn>().run,
           FailureInfo{ErrorCategory::usererror, "BlobNotFound", "x", {}});
  auto report = h.one_said<AttemptEnded>();
  BOOST_TEST((report.end == AttemptEnd::not_started));
  BOOST_TEST(report.failure->code == "BlobNotFound");
  BOOST_TEST(!report.exit_code.has_value());

  h.say(0, h.assignment(node, 2, 1, "'open quote"));
  h.staged(h.one_work<StageIn>().run);
  BOOST_TEST(h.one_said<AttemptEnded>().failure->code == "CommandLaunchFailed");

  h.say(0, h.assignment(node, 3, 1, "rotten"));
  BOOST_TEST(h.one_said<AttemptEnded>().failure->code == "Unknown");

  const RunId run = h.run_of(h.assignment(node, 4));
  h.agent->start_failed(run,
                        FailureInfo{ErrorCategory::usererror, "CommandProgramNotFound", "x", {}},
                        h.now, h.effects);
  h.step();
  BOOST_TEST(h.one_said<AttemptEnded>().failure->code == "CommandProgramNotFound");
  BOOST_TEST(h.agent->idle());
}

// No fault of the task's: it comes back, but not at once, or both would ask each other for ever.
BOOST_AUTO_TEST_CASE(what_a_host_is_too_short_to_begin_is_lost_after_a_rest) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node(8);
  h.say(0, h.assignment(node, 1));
  h.agent->staging_refused(h.one_work<StageIn>().run, h.now, h.effects);
  h.step();
  const RunId launched = h.run_of(h.assignment(node, 2));
  h.agent->start_failed(launched, std::nullopt, h.now, h.effects);
  h.step();
  BOOST_TEST(h.one_work<ForgetProcess>().run == launched);
  h.agent->process_ended(launched, ProcessEnd{}, h.now, h.effects);  // what was forgotten is over
  h.step();
  BOOST_TEST(h.take_said<AttemptEnded>().empty());

  h.advance(std::chrono::milliseconds(999));
  BOOST_TEST(h.take_said<AttemptEnded>().empty());
  BOOST_TEST((*h.agent->next_deadline(h.now) == std::chrono::milliseconds(1)));
  h.advance(std::chrono::milliseconds(1));
  const auto reports = h.take_said<AttemptEnded>();
  BOOST_TEST(reports.size() == 2u);
  for (const AttemptEnded& report : reports) {
    BOOST_TEST((report.end == AttemptEnd::lost));
    BOOST_TEST(!report.failure.has_value());
  }
  BOOST_TEST(h.agent->idle());

  // One that is asked to end meanwhile ends at once.
  h.say(0, h.assignment(node, 3));
  h.agent->staging_refused(h.one_work<StageIn>().run, h.now, h.effects);
  h.step();
  h.say(0, EndAttempt{h.assignment(node, 3).id, false});
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::stopped));
  BOOST_TEST(h.agent->idle());
}

BOOST_AUTO_TEST_CASE(ending_an_attempt_works_in_every_phase) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node(8);
  // while files transfer
  h.say(0, h.assignment(node, 1));
  const RunId staging = h.one_work<StageIn>().run;
  h.say(0, EndAttempt{h.assignment(node, 1).id, false});
  BOOST_TEST(h.one_work<CancelTransfers>().run == staging);
  BOOST_TEST(h.take_said<AttemptEnded>().empty());
  h.staged(staging, FailureInfo{ErrorCategory::usererror, "TaskEnded", "x", {}});
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::stopped));
  // while it runs
  const RunId running = h.run_of(h.assignment(node, 2));
  h.say(0, EndAttempt{h.assignment(node, 2).id, true});
  const auto stop = h.one_work<StopProcess>();
  BOOST_TEST((stop.grace == Duration(std::chrono::seconds(15))));
  h.ended(running, 143, StopCause::none);
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::stopped));
  BOOST_TEST(h.one_work<RemoveFolder>().folder == "workitems/job/job-1/t2");
  // while uploading
  const RunId uploading = h.run_of(h.assignment(node, 3, 1, "out:/bin/true"));
  h.ended(uploading, 0);
  h.one_work<UploadOutputs>();
  h.say(0, EndAttempt{h.assignment(node, 3).id, false});
  h.one_work<CancelTransfers>();
  h.agent->uploaded(uploading, FailureInfo{ErrorCategory::usererror, "TaskEnded", "x", {}}, h.now,
                    h.effects);
  h.step();
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::stopped));
  // over, but not acknowledged: its report is on its way
  h.say(0, EndAttempt{h.assignment(node, 3).id, true});
  BOOST_TEST(h.take_said<AttemptEnded>().empty());
  BOOST_TEST(h.one_work<RemoveFolder>().folder == "workitems/job/job-1/t3");
  // never heard of
  h.say(0, EndAttempt{h.assignment(node, 9).id, false});
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_lost_and_changes_nothing) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node(2);
  Assignment wide = h.assignment(node, 1);
  wide.required_slots = 3;
  Assignment old_boot = h.assignment(node, 2);
  old_boot.node_boot = 9;
  Assignment elsewhere = h.assignment("tvmps_other_d", 3);
  Assignment escape = h.assignment(node, 4);
  escape.task_id = "../x";
  for (const Assignment& a : {wide, old_boot, elsewhere, escape}) {
    h.say(0, a);
    BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  }
  BOOST_TEST(h.take_work<StageIn>().empty());
  BOOST_TEST(h.agent->counts().stale_messages == 4u);
}

BOOST_AUTO_TEST_CASE(a_later_attempt_drives_out_an_earlier_one) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  const RunId run = h.run_of(h.assignment(node, 1, 1));
  h.say(0, h.assignment(node, 1, 2));
  BOOST_TEST(h.one_work<StopProcess>().run == run);
  BOOST_TEST((h.one_said<AttemptEnded>().id == h.assignment(node, 1, 2).id));
  h.ended(run, 137);
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.run_of(h.assignment(node, 1, 3));
}

BOOST_AUTO_TEST_CASE(a_returned_node_is_emptied_wiped_and_free_again) {
  AgentHarness h(1);
  h.open();
  const std::string node = h.ready_node();
  const RunId run = h.run_of(h.assignment(node, 1));
  h.take_said<OffersFree>();
  h.say(0, ReturnNode{node});
  BOOST_TEST((h.one_work<StopProcess>().grace == Duration::zero()));
  BOOST_TEST(h.take_work<WipeNode>().empty());
  h.say(0, h.assignment(node, 2));
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.ended(run, 137);
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::stopped));
  h.one_work<WipeNode>();
  BOOST_TEST(h.take_said<NodeReturned>().empty());
  h.agent->node_wiped(node, h.now, h.effects);
  h.step();
  BOOST_TEST(h.one_said<NodeReturned>().node_id == node);
  BOOST_TEST(h.one_said<OffersFree>().classes[0].free == 1);
  h.say(0, ReturnNode{node});
  BOOST_TEST(h.one_said<NodeReturned>().node_id == node);
  h.ready_node();
}

BOOST_AUTO_TEST_CASE(a_return_survives_a_restart) {
  AgentHarness h(1);
  h.open();
  const std::string node = h.ready_node();
  h.say(0, ReturnNode{node});
  h.one_work<WipeNode>();
  h.restart();
  h.one_work<WipeNode>();
  h.open();
  h.agent->node_wiped(node, h.now, h.effects);
  h.step();
  h.one_said<NodeReturned>();
}

BOOST_AUTO_TEST_CASE(retention_removes_folders_and_a_new_try_keeps_them) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  Assignment a = h.assignment(node, 1);
  a.retention_time = std::chrono::hours(1);
  h.ended(h.run_of(a), 1);
  a.id.attempt = 2;
  h.advance(std::chrono::minutes(1));
  h.lease();
  const RunId again = h.run_of(a);
  h.advance(std::chrono::seconds(1));
  BOOST_TEST(h.take_work<RemoveFolder>().empty());
  h.ended(again, 0);
  h.restart();
  h.open();
  h.advance(std::chrono::minutes(59));
  BOOST_TEST(h.take_work<RemoveFolder>().empty());
  h.advance(std::chrono::minutes(2));
  BOOST_TEST(h.one_work<RemoveFolder>().folder == "workitems/job/job-1/t1");
}

BOOST_AUTO_TEST_CASE(a_deleted_tasks_folder_goes_unless_it_runs_again) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  const RunId run = h.run_of(h.assignment(node, 1));
  h.say(0, DeleteTaskFolder{node, "job", "t1"});
  BOOST_TEST(h.take_work<RemoveFolder>().empty());
  h.ended(run, 0);
  h.say(0, DeleteTaskFolder{node, "job", "t1"});
  h.one_work<RemoveFolder>();
  h.say(0, DeleteTaskFolder{node, "..", "t1"});
  BOOST_TEST(h.take_work<RemoveFolder>().empty());
}

BOOST_AUTO_TEST_CASE(a_deleted_jobs_folder_goes_with_all_that_was_kept_there) {
  AgentHarness h(2);
  h.open();
  const std::string node = h.ready_node();
  h.ended(h.run_of(h.assignment(node, 1)), 0);
  const RunId still = h.run_of(h.assignment(node, 2));
  h.take_work<RemoveFolder>();
  h.say(0, DeleteTaskFolder{node, "jo", ""});  // another's
  BOOST_TEST(h.one_work<RemoveFolder>().folder == "workitems/jo/job-1");
  h.say(0, DeleteTaskFolder{node, "job", ""});
  BOOST_TEST(h.one_work<RemoveFolder>().folder == "workitems/job/job-1/t1");
  h.ended(still, 0);
  h.say(0, DeleteTaskFolder{node, "job", ""});
  BOOST_TEST(h.one_work<RemoveFolder>().folder == "workitems/job/job-1");
  h.restart();
  h.open();
  h.advance(std::chrono::hours(24 * 8));
  BOOST_TEST(h.take_work<RemoveFolder>().empty(), "nothing is kept any more");
  h.say(0, DeleteTaskFolder{node, "../..", ""});
  BOOST_TEST(h.take_work<RemoveFolder>().empty());
}

BOOST_AUTO_TEST_CASE(the_null_executor_ends_tasks_at_once_and_spools_nothing) {
  AgentHarness h(1000, Executor::null);
  h.open();
  h.say(0, ClaimNodes{1, "any", 1000, AgentHarness::plan()});
  const auto answer = h.one_said<ClaimAnswered>();
  BOOST_TEST(answer.nodes.size() == 1000u);
  BOOST_TEST(h.take_said<NodeStatus>().size() == 1000u);
  BOOST_TEST(h.work.empty());
  h.say(0, h.assignment(answer.nodes[5].node_id, 1));
  const auto report = h.one_said<AttemptEnded>();
  BOOST_TEST((report.end == AttemptEnd::exited));
  BOOST_TEST(*report.exit_code == 0);
  BOOST_TEST(h.spool.empty());
  BOOST_TEST(h.work.empty());
  h.say(0, ReturnNode{answer.nodes[5].node_id});
  h.one_said<NodeReturned>();
  h.say(0, h.assignment(answer.nodes[5].node_id, 2));
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
}

BOOST_AUTO_TEST_CASE(shutting_down_kills_and_reports_lost) {
  AgentHarness h;
  h.open();
  const std::string node = h.ready_node();
  const RunId run = h.run_of(h.assignment(node, 1));
  h.take_said<NodeStatus>();
  h.agent->shut_down(h.now, h.effects);
  h.step();
  BOOST_TEST((h.one_said<NodeStatus>().state == NodeState::offline));
  BOOST_TEST((h.one_work<StopProcess>().grace == Duration::zero()));
  BOOST_TEST(!h.agent->idle());
  h.ended(run, 137);
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  BOOST_TEST(h.agent->idle());
  h.say(0, h.assignment(node, 2));
  BOOST_TEST((h.one_said<AttemptEnded>().end == AttemptEnd::lost));
  h.take_said<Resync>();
  h.open();
  BOOST_TEST((h.one_said<Resync>().nodes.at(0).state == NodeState::offline));
  h.restart();
  h.open();
  BOOST_TEST((h.one_said<Resync>().nodes.at(0).state == NodeState::idle));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
