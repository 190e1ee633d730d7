#include "api/parse_job.h"

#include "tests/api/body_cases.h"

#include <boost/test/data/test_case.hpp>

namespace bdata = boost::unit_test::data;
using namespace windlass;
using namespace windlass::api;
using namespace std::chrono_literals;

namespace {

#define JOB R"({"id":"j1","poolInfo":{"poolId":"p1"})"

const RefusedBody kRefused[] = {
    {"no id", R"({"poolInfo":{"poolId":"p1"}})", "MissingRequiredProperty", "id"},
    {"no pool", R"({"id":"j1"})", "MissingRequiredProperty", "poolInfo"},
    {"neither pool", R"({"id":"j1","poolInfo":{}})", "InvalidPropertyValue", "poolInfo"},
    {"both pools", R"({"id":"j1","poolInfo":{"poolId":"p","autoPoolSpecification":{}}})",
     "InvalidPropertyValue", "poolInfo"},
    {"auto pool",
     R"({"id":"j1","poolInfo":{"autoPoolSpecification":{"poolLifetimeOption":"job"}}})",
     "NotImplemented", "poolInfo.autoPoolSpecification"},
    {"id with a colon", R"({"id":"s:job-1"})", "InvalidPropertyValue", "id"},
    {"low priority", JOB R"(,"priority":-1001})", "OutOfRangePriority", "priority"},
    {"high priority", JOB R"(,"priority":"1001"})", "OutOfRangePriority", "priority"},
    {"priority no number", JOB R"(,"priority":"high"})", "InvalidPropertyValue", "priority"},
    {"no parallel tasks", JOB R"(,"maxParallelTasks":0})", "InvalidPropertyValue",
     "maxParallelTasks"},
    {"retries", JOB R"(,"constraints":{"maxTaskRetryCount":-2}})", "InvalidConstraintValue",
     "constraints.maxTaskRetryCount"},
    {"no time at all", JOB R"(,"constraints":{"maxWallClockTime":"PT0S"}})",
     "InvalidConstraintValue", "constraints.maxWallClockTime"},
    {"time of bad form", JOB R"(,"constraints":{"maxWallClockTime":60}})", "InvalidPropertyValue",
     "constraints.maxWallClockTime"},
    {"preemption", JOB R"(,"allowTaskPreemption":true})", "NotImplemented", "allowTaskPreemption"},
    {"manager", JOB R"(,"jobManagerTask":{"id":"m","commandLine":"x"}})", "NotImplemented",
     "jobManagerTask"},
    {"preparation", JOB R"(,"jobPreparationTask":{"commandLine":"x"}})", "NotImplemented",
     "jobPreparationTask"},
    {"release", JOB R"(,"jobReleaseTask":{"commandLine":"x"}})", "NotImplemented",
     "jobReleaseTask"},
    {"failure action", JOB R"(,"onTaskFailure":"terminate"})", "InvalidPropertyValue",
     "onTaskFailure"},
    {"unknown word", JOB R"(,"onAllTasksComplete":"celebrate"})", "InvalidPropertyValue",
     "onAllTasksComplete"},
    {"variable without name", JOB R"(,"commonEnvironmentSettings":[{"value":"x"}]})",
     "MissingRequiredProperty", "commonEnvironmentSettings[0].name"},
    {"variable with =", JOB R"(,"commonEnvironmentSettings":[{"name":"a=b"}]})",
     "InvalidPropertyValue", "commonEnvironmentSettings[0].name"},
    {"unknown", JOB R"(,"whatever":{}})", "UnsupportedProperty", "whatever"},
    {"unknown in poolInfo", R"({"id":"j1","poolInfo":{"pool":"p"}})", "UnsupportedProperty",
     "poolInfo.pool"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(api_parse_job)

BOOST_DATA_TEST_CASE(bad_job_is_refused, bdata::make(kRefused), c) {
  check_refused(c, parse_add_job(c.body));
}

BOOST_AUTO_TEST_CASE(the_least_job_has_the_defaults) {
  const Result<JobSpec> spec = parse_add_job(JOB R"(,"allowTaskPreemption":false})");
  BOOST_REQUIRE(spec.has_value());
  JobSpec expected;
  expected.id = "j1";
  expected.pool_id = "p1";
  BOOST_TEST((*spec == expected));
}

BOOST_AUTO_TEST_CASE(every_member_arrives) {
  const Result<JobSpec> spec = parse_add_job(JOB R"(,"displayName":"Job","priority":"-5",
    "maxParallelTasks":-1,"usesTaskDependencies":true,"onAllTasksComplete":"TerminateJob",
    "onTaskFailure":"noAction","metadata":[{"name":"a","value":"b"}],
    "constraints":{"maxWallClockTime":"P10675199DT2H48M5.477581S","maxTaskRetryCount":3},
    "commonEnvironmentSettings":[{"name":"A","value":"1"}],
    "networkConfiguration":{"subnetId":"/s"}})");
  BOOST_REQUIRE(spec.has_value());
  BOOST_TEST(spec->display_name.value() == "Job");
  BOOST_TEST(spec->priority == -5);
  BOOST_TEST(spec->uses_task_dependencies);
  BOOST_TEST((spec->on_all_tasks_complete == OnAllTasksComplete::terminatejob));
  BOOST_TEST((spec->constraints == JobConstraints{kInfinite, 3}));
  BOOST_TEST(spec->common_environment_settings.size() == 1u);
  BOOST_TEST(spec->metadata.size() == 1u);
  BOOST_TEST(spec->kept_json == R"({"networkConfiguration":{"subnetId":"/s"}})");
}

BOOST_AUTO_TEST_CASE(patch_leaves_out_what_is_not_given) {
  const Result<ChangeJob> patch = parse_patch_job(R"({"priority":7,"metadata":null})");
  BOOST_REQUIRE(patch.has_value());
  BOOST_TEST(!patch->replace);
  JobChange expected;
  expected.priority = 7;
  BOOST_TEST((patch->change == expected));
}

BOOST_AUTO_TEST_CASE(patched_constraints_are_whole) {
  const Result<ChangeJob> patch = parse_patch_job(R"({"constraints":{"maxTaskRetryCount":2}})");
  BOOST_TEST((patch->change.constraints.value() == JobConstraints{kInfinite, 2}));
}

BOOST_AUTO_TEST_CASE(put_fills_every_member) {
  const Result<ChangeJob> put = parse_put_job(R"({"poolInfo":{"poolId":"p2"}})");
  BOOST_REQUIRE(put.has_value());
  BOOST_TEST(put->replace);
  const JobChange expected{
      0, -1, OnAllTasksComplete::noaction, JobConstraints{}, "p2", std::vector<MetadataItem>{}};
  BOOST_TEST((put->change == expected));
  check_refused({"", "", "MissingRequiredProperty", "poolInfo"}, parse_put_job("{}"));
}

BOOST_AUTO_TEST_CASE(put_takes_a_job_as_it_was_read) {
  const Result<ChangeJob> put = parse_put_job(R"({"id":"j","eTag":"0x1","state":"active",
    "poolInfo":{"poolId":"p"},"usesTaskDependencies":true,"onTaskFailure":"noaction",
    "commonEnvironmentSettings":[{"name":"A","value":"b"}],"executionInfo":{"poolId":"p"},
    "allowTaskPreemption":false,"onAllTasksComplete":"terminatejob","maxParallelTasks":-1,
    "networkConfiguration":{"subnetId":"s"},"priority":0})");
  BOOST_REQUIRE(put.has_value());
  BOOST_TEST((put->change.on_all_tasks_complete == OnAllTasksComplete::terminatejob));
  check_refused({"", "", "UnsupportedProperty", "nonsense"}, parse_put_job(R"({"nonsense":1})"));
}

BOOST_AUTO_TEST_CASE(disabling_needs_its_option) {
  BOOST_TEST(
      (parse_disable_job(R"({"disableTasks":"Wait"})")->disable_tasks == DisableTasks::wait));
  check_refused({"", "", "MissingRequiredProperty", "disableTasks"}, parse_disable_job("{}"));
  check_refused({"", "", "InvalidPropertyValue", "disableTasks"},
                parse_disable_job(R"({"disableTasks":"x"})"));
  check_refused({"", "", "InvalidRequestBody", ""}, parse_disable_job(""));
}

BOOST_AUTO_TEST_CASE(terminating_needs_no_body) {
  BOOST_TEST(parse_terminate_job("")->reason == "UserTerminate");
  BOOST_TEST(parse_terminate_job("\r\n")->reason == "UserTerminate");
  BOOST_TEST(parse_terminate_job("{}")->reason == "UserTerminate");
  BOOST_TEST(parse_terminate_job(R"({"terminateReason":"enough"})")->reason == "enough");
  check_refused({"", "", "InvalidRequestBody", ""}, parse_terminate_job("enough"));
  check_refused({"", "", "InvalidPropertyValue", "terminateReason"},
                parse_terminate_job(R"({"terminateReason":1})"));
}

BOOST_AUTO_TEST_SUITE_END()
