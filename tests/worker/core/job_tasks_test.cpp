// Preparations and releases of jobs are assignments that hold no slot.
#include "tests/worker/core/agent_harness.h"

#include <algorithm>

namespace windlass::worker {

namespace {

std::string value_of(const std::vector<EnvironmentSetting>& environment, const std::string& name) {
  for (const EnvironmentSetting& setting : environment) {
    if (setting.name == name) return setting.value;
  }
  return "(none)";
}

Assignment node_task(const AgentHarness& harness, const std::string& node, NodeTask kind) {
  Assignment a = harness.assignment(node, 1);
  a.id.task = node_task_key(1, 5, kind);
  a.task_id = kind == NodeTask::preparation ? "prep" : "rel";
  a.required_slots = 0;
  if (kind == NodeTask::release) a.preparation_id = "prep";
  return a;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_core_job_tasks)

BOOST_AUTO_TEST_CASE(they_run_beside_tasks_on_a_full_node) {
  AgentHarness harness;
  harness.open();
  const std::string node = harness.ready_node(1);
  const RunId task = harness.run_of(harness.assignment(node, 1));
  const Assignment preparation = node_task(harness, node, NodeTask::preparation);
  const RunId run = harness.run_of(preparation);
  harness.ended(run, 0);
  const auto report = harness.one_said<AttemptEnded>();
  BOOST_TEST((report.id == preparation.id));
  BOOST_TEST(report.exit_code.value() == 0);
  harness.ended(task, 0);
  harness.run_of(harness.assignment(node, 2));
}

BOOST_AUTO_TEST_CASE(tasks_and_releases_know_where_the_preparation_was) {
  AgentHarness harness;
  harness.open();
  const std::string node = harness.ready_node(2);
  const auto environment_of = [&](const Assignment& assignment) {
    harness.say(0, assignment);
    harness.staged(harness.one_work<StageIn>().run);
    return harness.one_work<StartProcess>().environment;
  };
  Assignment task = harness.assignment(node, 1);
  task.preparation_id = "prep";
  const std::string folder = "/nodes/" + node + "/workitems/job/job-1/prep";
  for (const Assignment& assignment : {task, node_task(harness, node, NodeTask::release)}) {
    const auto environment = environment_of(assignment);
    BOOST_TEST(value_of(environment, "AZ_BATCH_JOB_PREP_DIR") == folder);
    BOOST_TEST(value_of(environment, "AZ_BATCH_JOB_PREP_WORKING_DIR") == folder + "/wd");
  }
  const auto own = environment_of(node_task(harness, node, NodeTask::preparation));
  BOOST_TEST(value_of(own, "AZ_BATCH_JOB_PREP_DIR") == "(none)");
  BOOST_TEST(value_of(own, "AZ_BATCH_TASK_DIR") == folder);
}

BOOST_AUTO_TEST_CASE(a_killed_worker_takes_them_up_again) {
  AgentHarness harness;
  harness.open();
  const std::string node = harness.ready_node(1);
  const Assignment release = node_task(harness, node, NodeTask::release);
  const RunId run = harness.run_of(release);
  harness.restart();
  harness.open();
  const auto resync = harness.one_said<Resync>();
  BOOST_TEST_REQUIRE(resync.running.size() == 1u);
  BOOST_TEST((resync.running.front() == release.id));
  harness.agent->guard_found({run}, harness.now, harness.effects);
  harness.step();
  harness.ended(run, 4);
  BOOST_TEST((harness.one_said<AttemptEnded>().id == release.id));
}

BOOST_AUTO_TEST_CASE(the_spool_keeps_where_the_preparation_was) {
  Run run;
  run.id = 9;
  run.assignment = Assignment{};
  run.assignment->preparation_id = "prep";
  std::string bytes;
  spool_run_begun(bytes, run);
  BOOST_TEST(read_spool(bytes).runs.at(9).assignment->preparation_id == "prep");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace windlass::worker
