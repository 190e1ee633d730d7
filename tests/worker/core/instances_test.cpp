#include "tests/worker/core/agent_harness.h"

namespace windlass::worker {

namespace {

using std::chrono::seconds;

std::optional<TaskDocument> decode_gang(std::string_view bytes) {
  TaskDocument document;
  document.token_secret = "sesame";
  document.command_line = std::string(bytes);
  document.resource_files.push_back({"http://host/own", "", "", "", "own", ""});
  document.multi_instance = MultiInstanceSettings{
      3, "/bin/coordinate now", {{"http://host/common", "", "", "", "common", ""}}};
  return document;
}

struct Instances : AgentHarness {
  Instances() {
    options.decode_document = decode_gang;
    options.task_token = [](const std::string& secret, const std::string& account,
                            const std::string& job_id, const std::string& task_id) {
      return secret + " " + account + " " + job_id + " " + task_id;
    };
    restart();
    open();
    node = ready_node(1);
  }

  Assignment instance(std::int32_t number, AttemptNumber attempt = 1) const {
    Assignment a = assignment(node, 4, attempt, "/bin/work hard");
    a.id.task = instance_key(a.id.task, number);
    a.task_id = "t4";
    a.instance = InstancePlace{number, {"10.0.0.1", "10.0.0.2", "10.0.0.3"}};
    return a;
  }
  void settled(RunId run) {
    agent->process_settled(run, now, effects);
    step();
  }
  // Through the coordination command; returns the name of that.
  RunId coordinated(const Assignment& a) {
    say(0, a);
    staged(one_work<StageIn>().run);
    const RunId run = one_work<StartProcess>().run;
    settled(run);
    one_said<InstanceReady>();
    return run;
  }
  static std::string value(const std::vector<EnvironmentSetting>& environment,
                           const std::string& name) {
    for (const auto& setting : environment)
      if (setting.name == name) return setting.value;
    return "(none)";
  }

  std::string node;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_core_instances)

BOOST_AUTO_TEST_CASE(a_subtask_coordinates_and_waits_for_its_end) {
  Instances one;
  const Assignment subtask = one.instance(2);
  one.say(0, subtask);
  const auto stage = one.one_work<StageIn>();
  BOOST_TEST(stage.folder == "workitems/job/job-1/t4/2");
  BOOST_TEST(stage.shared_folder == "workitems/job/job-1/t4/shared");
  BOOST_TEST_REQUIRE(stage.resource_files.size() == 1u);
  BOOST_TEST(stage.resource_files[0].file_path == "common");
  one.staged(stage.run);
  const auto start = one.one_work<StartProcess>();
  BOOST_TEST(start.keeps_children);
  BOOST_TEST(start.output_prefix == "");
  BOOST_TEST(start.folder == "workitems/job/job-1/t4/2");
  BOOST_TEST(start.arguments[0] == "/bin/coordinate");
  const auto& environment = start.environment;
  const std::string root = "/nodes/" + one.node;
  BOOST_TEST(Instances::value(environment, "AZ_BATCH_TASK_DIR") ==
             root + "/workitems/job/job-1/t4/2");
  BOOST_TEST(Instances::value(environment, "AZ_BATCH_TASK_SHARED_DIR") ==
             root + "/workitems/job/job-1/t4/shared");
  BOOST_TEST(Instances::value(environment, "AZ_BATCH_IS_CURRENT_NODE_MASTER") == "false");
  BOOST_TEST(Instances::value(environment, "AZ_BATCH_AUTHENTICATION_TOKEN") ==
             "sesame account job t4");
  BOOST_TEST(Instances::value(environment, "AZ_BATCH_MASTER_NODE") == "10.0.0.1:6000");
  BOOST_TEST(Instances::value(environment, "AZ_BATCH_NODE_LIST") == "10.0.0.1;10.0.0.2;10.0.0.3");
  BOOST_TEST(Instances::value(environment, "AZ_BATCH_HOST_LIST") == "10.0.0.1,10.0.0.2,10.0.0.3");
  BOOST_TEST(Instances::value(environment, "CCP_NODES") == "3 10.0.0.1 1 10.0.0.2 1 10.0.0.3 1");
  BOOST_TEST(one.take_said<InstanceReady>().empty());
  one.settled(start.run);
  BOOST_TEST((one.one_said<InstanceReady>().id == subtask.id));
  one.say(0, BeginCommand{subtask.id});  // that is the primary's
  BOOST_TEST(one.take_work<StageIn>().empty());

  one.say(0, EndAttempt{subtask.id, true});
  BOOST_TEST(one.one_work<StopProcess>().run == start.run);
  one.ended(start.run, 0, StopCause::lost);
  const auto report = one.one_said<AttemptEnded>();
  BOOST_TEST((report.end == AttemptEnd::stopped));
  BOOST_TEST(one.one_work<ForgetProcess>().run == start.run);
  BOOST_TEST(one.one_work<RemoveFolder>().folder == "workitems/job/job-1/t4");
}

BOOST_AUTO_TEST_CASE(a_primary_runs_the_command_and_takes_along_what_was_left) {
  Instances one;
  const Assignment primary = one.instance(0);
  one.say(0, primary);
  const auto stage = one.one_work<StageIn>();
  BOOST_TEST(stage.folder == "workitems/job/job-1/t4");
  one.staged(stage.run);
  const auto coordinate = one.one_work<StartProcess>();
  BOOST_TEST(coordinate.output_prefix == "coordination-");
  BOOST_TEST(coordinate.run != stage.run);
  one.settled(coordinate.run);
  BOOST_TEST(one.take_work<StageIn>().empty());
  one.say(0, BeginCommand{primary.id});
  one.say(0, BeginCommand{primary.id});  // said twice
  const auto own = one.one_work<StageIn>();
  BOOST_TEST(own.shared_folder == "");
  BOOST_TEST(own.resource_files[0].file_path == "own");
  one.staged(own.run);
  const auto start = one.one_work<StartProcess>();
  BOOST_TEST(!start.keeps_children);
  BOOST_TEST(start.arguments[0] == "/bin/work");
  BOOST_TEST(start.run == own.run);
  BOOST_TEST(Instances::value(start.environment, "AZ_BATCH_IS_CURRENT_NODE_MASTER") == "true");
  BOOST_TEST(Instances::value(start.environment, "AZ_BATCH_TASK_DIR") ==
             "/nodes/" + one.node + "/workitems/job/job-1/t4");

  one.ended(start.run, 6);
  BOOST_TEST(one.take_said<AttemptEnded>().empty());  // not while something of it lives
  BOOST_TEST(one.one_work<StopProcess>().run == coordinate.run);
  one.ended(coordinate.run, 0, StopCause::lost);
  const auto report = one.one_said<AttemptEnded>();
  BOOST_TEST((report.end == AttemptEnd::exited));
  BOOST_TEST(report.exit_code.value() == 6);
  BOOST_TEST(one.take_work<ForgetProcess>().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_coordination_command_that_fails_ends_the_attempt) {
  Instances one;
  const Assignment subtask = one.instance(1);
  one.say(0, subtask);
  one.staged(one.one_work<StageIn>().run);
  one.ended(one.one_work<StartProcess>().run, 9);
  const auto report = one.one_said<AttemptEnded>();
  BOOST_TEST((report.end == AttemptEnd::coordination_failed));
  BOOST_TEST(report.exit_code.value() == 9);

  const Assignment again = one.instance(1, 2);
  one.say(0, again);
  one.staged(one.one_work<StageIn>().run);
  const RunId run = one.one_work<StartProcess>().run;
  one.take_work<ForgetProcess>();
  one.agent->start_failed(run,
                          FailureInfo{ErrorCategory::usererror, "CommandProgramNotFound", "", {}},
                          one.now, one.effects);
  one.step();
  const auto failed = one.one_said<AttemptEnded>();
  BOOST_TEST((failed.end == AttemptEnd::not_started));
  BOOST_TEST(failed.failure->code == "CommandProgramNotFound");
  BOOST_TEST(one.one_work<ForgetProcess>().run == run);
}

BOOST_AUTO_TEST_CASE(whatever_ends_it_ends_both_commands) {
  Instances one;
  const Assignment primary = one.instance(0);
  const RunId coordination = one.coordinated(primary);
  one.say(0, BeginCommand{primary.id});
  const RunId run = one.one_work<StageIn>().run;
  one.staged(run);
  one.one_work<StartProcess>();
  one.say(0, EndAttempt{primary.id, false});
  BOOST_TEST(one.one_work<StopProcess>().run == run);
  one.ended(run, 143);
  BOOST_TEST(one.take_said<AttemptEnded>().empty());
  BOOST_TEST(one.one_work<StopProcess>().run == coordination);
  one.ended(coordination, 0, StopCause::lost);
  BOOST_TEST((one.one_said<AttemptEnded>().end == AttemptEnd::stopped));
}

BOOST_AUTO_TEST_CASE(a_lost_lease_and_a_dead_guard_are_no_end_of_the_users) {
  Instances one;
  const Assignment primary = one.instance(0);
  const RunId coordination = one.coordinated(primary);
  one.say(0, BeginCommand{primary.id});
  const RunId run = one.one_work<StageIn>().run;
  one.staged(run);
  one.one_work<StartProcess>();
  // The guard died and took both along.
  one.ended(coordination, 0, StopCause::lost);
  BOOST_TEST(one.one_work<StopProcess>().run == run);
  one.ended(run, 0, StopCause::lost);
  BOOST_TEST((one.one_said<AttemptEnded>().end == AttemptEnd::lost));

  const Assignment again = one.instance(0, 2);
  const RunId second = one.coordinated(again);
  one.take_work<StopProcess>();
  one.ended(second, 0, StopCause::wall_clock);
  BOOST_TEST((one.one_said<AttemptEnded>().end == AttemptEnd::wall_clock));
}

BOOST_AUTO_TEST_CASE(a_worker_that_starts_again_finds_its_instances_as_they_were) {
  Instances one;
  const Assignment subtask = one.instance(1);
  const RunId coordination = one.coordinated(subtask);
  one.restart();
  one.agent->guard_found({coordination}, one.now, one.effects);
  one.step();
  one.open();
  BOOST_TEST((one.one_said<Resync>().running == std::vector<AttemptId>{subtask.id}));
  BOOST_TEST(one.take_said<InstanceReady>().empty());  // not known yet
  one.settled(coordination);
  BOOST_TEST((one.one_said<InstanceReady>().id == subtask.id));
  one.open(0, false, 2);
  BOOST_TEST((one.one_said<InstanceReady>().id == subtask.id));  // after each resync
  one.say(0, EndAttempt{subtask.id, false});
  one.take_work<StopProcess>();
  one.ended(coordination, 0, StopCause::lost);
  BOOST_TEST((one.one_said<AttemptEnded>().end == AttemptEnd::stopped));
}

BOOST_AUTO_TEST_CASE(a_command_that_was_asked_for_before_the_guard_was_met_runs_once) {
  Instances one;
  const Assignment primary = one.instance(0);
  const RunId coordination = one.coordinated(primary);
  one.restart();
  one.open();
  one.lease();
  one.say(0, BeginCommand{primary.id});
  BOOST_TEST(one.take_work<StageIn>().empty());
  one.agent->guard_found({coordination}, one.now, one.effects);
  one.step();
  one.settled(coordination);
  const RunId run = one.one_work<StageIn>().run;
  one.staged(run);
  one.one_work<StartProcess>();
  one.restart();
  one.agent->guard_found({coordination, run}, one.now, one.effects);
  one.step();
  one.settled(coordination);
  one.open();
  one.lease();
  BOOST_TEST(one.one_said<InstanceReady>().id.task.task == primary.id.task.task);
  one.say(0, BeginCommand{primary.id});
  BOOST_TEST(one.take_work<StageIn>().empty());
  one.ended(run, 0);
  BOOST_TEST(one.one_work<StopProcess>().run == coordination);
  one.ended(coordination, 0, StopCause::lost);
  BOOST_TEST(one.one_said<AttemptEnded>().exit_code.value() == 0);
}

// Found by seed 5619674351341 of the simulator: it counted as a coordination command that failed.
BOOST_AUTO_TEST_CASE(a_worker_that_dies_while_it_clears_up_has_not_seen_the_command_fail) {
  Instances one;
  const Assignment primary = one.instance(0);
  const RunId coordination = one.coordinated(primary);
  one.say(0, BeginCommand{primary.id});
  const RunId run = one.one_work<StageIn>().run;
  one.staged(run, FailureInfo{ErrorCategory::servererror, "ResourceFileWriteFailed", "full", {}});
  BOOST_TEST(one.one_work<StopProcess>().run == coordination);
  one.restart();
  one.agent->guard_found({coordination}, one.now, one.effects);
  one.step();
  one.ended(coordination, 137);
  one.open();
  BOOST_TEST((one.one_said<AttemptEnded>().end == AttemptEnd::lost));
}

BOOST_AUTO_TEST_CASE(what_the_guard_has_lost_is_lost) {
  Instances one;
  const Assignment subtask = one.instance(1);
  one.coordinated(subtask);
  one.restart();
  one.agent->guard_found({}, one.now, one.effects);
  one.step();
  one.open();
  BOOST_TEST((one.one_said<Resync>().unreported == std::vector<AttemptId>{subtask.id}));
  BOOST_TEST((one.one_said<AttemptEnded>().end == AttemptEnd::lost));
}

BOOST_AUTO_TEST_CASE(each_node_has_an_address_of_its_own_where_there_are_several) {
  AgentHarness one(2);
  one.options.node_addresses = {"127.0.0.2", "127.0.0.3"};
  one.restart();
  one.open();
  const std::string first = one.ready_node();
  const std::string second = one.ready_node();
  const auto address = [&](const std::string& id) {
    return one.agent->book().grants.at(id).ip_address;
  };
  BOOST_TEST(address(first) == "127.0.0.2");
  BOOST_TEST(address(second) == "127.0.0.3");
  one.say(0, ReturnNode{first});
  one.take_work<WipeNode>();
  one.agent->node_wiped(first, one.now, one.effects);
  one.step();
  one.restart();
  one.open();
  BOOST_TEST(address(one.ready_node()) == "127.0.0.2");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::worker
