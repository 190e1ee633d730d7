#include "api/parse_job.h"

#include "tests/api/body_cases.h"

#include <boost/test/data/test_case.hpp>

namespace bdata = boost::unit_test::data;
using namespace windlass;
using namespace windlass::api;
using namespace std::chrono_literals;

namespace {

#define JOB R"({"id":"j1","poolInfo":{"poolId":"p1"})"
#define AUTO R"({"id":"j1","poolInfo":{"autoPoolSpecification":{)"
#define POOL R"("vmSize":"s","cloudServiceConfiguration":{"osFamily":"4"})"

const RefusedBody kRefused[] = {
    {"no id", R"({"poolInfo":{"poolId":"p1"}})", "MissingRequiredProperty", "id"},
    {"no pool", R"({"id":"j1"})", "MissingRequiredProperty", "poolInfo"},
    {"neither pool", R"({"id":"j1","poolInfo":{}})", "InvalidPropertyValue", "poolInfo"},
    {"both pools",
     R"({"id":"j1","poolInfo":{"poolId":"p","autoPoolSpecification":{"poolLifetimeOption":"job"}}})",
     "InvalidPropertyValue", "poolInfo"},
    {"auto pool without a pool",
     R"({"id":"j1","poolInfo":{"autoPoolSpecification":{"poolLifetimeOption":"job"}}})",
     "MissingRequiredProperty", "poolInfo.autoPoolSpecification.pool"},
    {"auto pool without a lifetime", AUTO R"("pool":{)" POOL "}}}}", "MissingRequiredProperty",
     "poolInfo.autoPoolSpecification.poolLifetimeOption"},
    {"auto pool for a schedule", AUTO R"("poolLifetimeOption":"jobSchedule","pool":{)" POOL "}}}}",
     "InvalidPropertyValue", "poolInfo.autoPoolSpecification.poolLifetimeOption"},
    {"auto pool with a long prefix",
     AUTO R"("autoPoolIdPrefix":"a23456789012345678901","poolLifetimeOption":"job","pool":{)" POOL
          "}}}}",
     "InvalidPropertyValue", "poolInfo.autoPoolSpecification.autoPoolIdPrefix"},
    {"auto pool with an id", AUTO R"("poolLifetimeOption":"job","pool":{"id":"p",)" POOL "}}}}",
     "UnsupportedProperty", "poolInfo.autoPoolSpecification.pool.id"},
    {"auto pool with what is read of pools only",
     AUTO R"("poolLifetimeOption":"job","pool":{"state":"active",)" POOL "}}}}",
     "UnsupportedProperty", "poolInfo.autoPoolSpecification.pool.state"},
    {"auto pool without a size",
     AUTO R"("poolLifetimeOption":"job","pool":{"cloudServiceConfiguration":{"osFamily":"4"}}}}})",
     "MissingRequiredProperty", "poolInfo.autoPoolSpecification.pool.vmSize"},
    {"auto pool that scales",
     AUTO R"("poolLifetimeOption":"job","pool":{"enableAutoScale":true,)" POOL "}}}}",
     "NotImplemented", "poolInfo.autoPoolSpecification.pool.enableAutoScale"},
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
    {"preemption by word", JOB R"(,"allowTaskPreemption":"yes"})", "InvalidPropertyValue",
     "allowTaskPreemption"},
    {"manager without id", JOB R"(,"jobManagerTask":{"commandLine":"x"}})",
     "MissingRequiredProperty", "jobManagerTask.id"},
    {"manager without command", JOB R"(,"jobManagerTask":{"id":"m"}})", "MissingRequiredProperty",
     "jobManagerTask.commandLine"},
    {"manager that depends",
     JOB R"(,"jobManagerTask":{"id":"m","commandLine":"x","dependsOn":{"taskIds":["a"]}}})",
     "UnsupportedProperty", "jobManagerTask.dependsOn"},
    {"manager in a container",
     JOB R"(,"jobManagerTask":{"id":"m","commandLine":"x","containerSettings":{"imageName":"i"}}})",
     "NotImplemented", "jobManagerTask.containerSettings"},
    {"manager with a token", JOB R"(,"jobManagerTask":{"id":"m","commandLine":"x",
            "authenticationTokenSettings":{"access":["pool"]}}})",
     "InvalidPropertyValue", "jobManagerTask.authenticationTokenSettings.access[0]"},
    {"preparation without command", JOB R"(,"jobPreparationTask":{"id":"x"}})",
     "MissingRequiredProperty", "jobPreparationTask.commandLine"},
    {"preparation with output files",
     JOB R"(,"jobPreparationTask":{"commandLine":"x","outputFiles":[]}})", "UnsupportedProperty",
     "jobPreparationTask.outputFiles"},
    {"release without preparation", JOB R"(,"jobReleaseTask":{"commandLine":"x"}})",
     "InvalidPropertyValue", "jobReleaseTask"},
    {"release that takes too long", JOB R"(,"jobPreparationTask":{"commandLine":"x"},
            "jobReleaseTask":{"commandLine":"x","maxWallClockTime":"PT15M1S"}})",
     "InvalidPropertyValue", "jobReleaseTask.maxWallClockTime"},
    {"release named as the preparation", JOB R"(,"jobPreparationTask":{"commandLine":"x","id":"A"},
            "jobReleaseTask":{"commandLine":"x","id":"a"}})",
     "InvalidPropertyValue", "jobReleaseTask.id"},
    {"manager named as the preparation", JOB R"(,"jobPreparationTask":{"commandLine":"x"},
            "jobManagerTask":{"commandLine":"x","id":"JobPreparation"}})",
     "TaskIdSameAsJobPreparationTask", "jobManagerTask.id"},
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
  const Result<ParsedJob> job = parse_add_job(JOB R"(,"allowTaskPreemption":false})");
  BOOST_REQUIRE(job.has_value());
  JobSpec expected;
  expected.id = "j1";
  expected.pool_id = "p1";
  BOOST_TEST((job->spec == expected));
}

BOOST_AUTO_TEST_CASE(every_member_arrives) {
  const Result<ParsedJob> job =
      parse_add_job(JOB R"(,"displayName":"Job","priority":"-5","allowTaskPreemption":true,
    "maxParallelTasks":-1,"usesTaskDependencies":true,"onAllTasksComplete":"TerminateJob",
    "onTaskFailure":"noAction","metadata":[{"name":"a","value":"b"}],
    "constraints":{"maxWallClockTime":"P10675199DT2H48M5.477581S","maxTaskRetryCount":3},
    "commonEnvironmentSettings":[{"name":"A","value":"1"}],
    "networkConfiguration":{"subnetId":"/s"}})");
  BOOST_REQUIRE(job.has_value());
  const JobSpec* spec = &job->spec;
  BOOST_TEST(spec->display_name.value() == "Job");
  BOOST_TEST(spec->priority == -5);
  BOOST_TEST(spec->allow_task_preemption);
  BOOST_TEST(spec->uses_task_dependencies);
  BOOST_TEST((spec->on_all_tasks_complete == OnAllTasksComplete::terminatejob));
  BOOST_TEST((spec->constraints == JobConstraints{kInfinite, 3}));
  BOOST_TEST(spec->common_environment_settings.size() == 1u);
  BOOST_TEST(spec->metadata.size() == 1u);
  BOOST_TEST(spec->kept_json == R"({"networkConfiguration":{"subnetId":"/s"}})");
}

BOOST_AUTO_TEST_CASE(tasks_of_the_job_have_the_defaults) {
  const Result<ParsedJob> job = parse_add_job(JOB R"(,
    "jobManagerTask":{"id":"m","commandLine":"manage"},
    "jobPreparationTask":{"commandLine":"prepare"},"jobReleaseTask":{"commandLine":"release"},
    "constraints":{"maxTaskRetryCount":4}})");
  BOOST_REQUIRE(job.has_value());
  JobManagerTask manager;
  manager.task.id = "m";
  BOOST_TEST((job->spec.manager_task == manager));
  JobPreparationTask preparation;
  preparation.constraints.retries_max = 4;
  BOOST_TEST((job->spec.preparation_task == preparation));
  BOOST_TEST((job->spec.release_task == JobReleaseTask{}));
  BOOST_TEST(job->documents.manager.value().command_line == "manage");
  BOOST_TEST(job->documents.preparation.value().command_line == "prepare");
  BOOST_TEST(job->documents.release.value().command_line == "release");
}

BOOST_AUTO_TEST_CASE(every_member_of_the_jobs_tasks_arrives) {
  const Result<ParsedJob> job = parse_add_job(JOB R"(,
    "jobManagerTask":{"id":"m","displayName":"M","commandLine":"x","requiredSlots":2,
      "killJobOnCompletion":false,"runExclusive":false,"allowLowPriorityNode":false,
      "constraints":{"maxTaskRetryCount":1,"maxWallClockTime":"PT1M","retentionTime":"PT2M"},
      "environmentSettings":[{"name":"A","value":"1"}],
      "resourceFiles":[{"httpUrl":"http://h/f","filePath":"f"}],
      "outputFiles":[{"filePattern":"*","destination":{"container":{"containerUrl":"http://h/c"}},
                      "uploadOptions":{"uploadCondition":"tasksuccess"}}],
      "authenticationTokenSettings":{"access":["Job"]},"applicationPackageReferences":[]},
    "jobPreparationTask":{"id":"p","commandLine":"x","waitForSuccess":false,
      "rerunOnNodeRebootAfterSuccess":false,"userIdentity":{"autoUser":{"scope":"pool"}},
      "constraints":{"maxTaskRetryCount":-1,"maxWallClockTime":"PT3M","retentionTime":"PT4M"}},
    "jobReleaseTask":{"id":"r","commandLine":"x","maxWallClockTime":"PT5M",
      "retentionTime":"PT6M"}})");
  BOOST_REQUIRE(job.has_value());
  using std::chrono::minutes;
  const JobManagerTask& manager = job->spec.manager_task.value();
  BOOST_TEST(manager.task.required_slots == 2);
  BOOST_TEST(!manager.kill_job_on_completion);
  BOOST_TEST(!manager.run_exclusive);
  BOOST_TEST(!manager.allow_spot_node);
  BOOST_TEST(manager.task.retries_max.value() == 1);
  BOOST_TEST((manager.task.max_wall_clock_time == Duration(minutes(1))));
  BOOST_TEST((manager.task.retention_time == Duration(minutes(2))));
  BOOST_TEST(job->documents.manager->output_files.size() == 1u);
  BOOST_TEST(job->documents.manager->display_name.value() == "M");
  BOOST_TEST(job->documents.manager->job_access);
  const JobPreparationTask expected{"p", {-1, minutes(3), minutes(4)}, false, false, {}};
  BOOST_TEST((job->spec.preparation_task == expected));
  BOOST_TEST((job->spec.release_task == JobReleaseTask{"r", minutes(5), minutes(6), {}}));
}

BOOST_AUTO_TEST_CASE(an_automatic_pool_arrives_whole) {
  const Result<ParsedJob> job =
      parse_add_job(AUTO R"("autoPoolIdPrefix":"auto","poolLifetimeOption":"Job","keepAlive":"true",
      "pool":{"targetDedicatedNodes":3,"displayName":"Mine",)" POOL "}}}}");
  BOOST_REQUIRE(job.has_value());
  const JobSpec* spec = &job->spec;
  BOOST_TEST(spec->pool_id == "");
  AutoPoolSpec expected{"auto", PoolLifetime::job, true, PoolSpec{}};
  expected.pool->vm_size = "s";
  expected.pool->display_name = "Mine";
  expected.pool->target_dedicated_nodes = 3;
  expected.pool->kept_json = R"({"cloudServiceConfiguration":{"osFamily":"4"}})";
  BOOST_TEST(spec->auto_pool->pool->kept_json == expected.pool->kept_json);
  BOOST_TEST((spec->auto_pool == expected));
}

BOOST_AUTO_TEST_CASE(a_change_of_an_automatic_pool_may_leave_out_the_pool) {
  const Result<ChangeJob> patch = parse_patch_job(
      R"({"poolInfo":{"autoPoolSpecification":{"poolLifetimeOption":"job","keepAlive":true}}})");
  BOOST_REQUIRE(patch.has_value());
  BOOST_TEST((patch->change.auto_pool == AutoPoolSpec{"", PoolLifetime::job, true, std::nullopt}));
  BOOST_TEST(!patch->change.pool_id.has_value());
}

BOOST_AUTO_TEST_CASE(patch_leaves_out_what_is_not_given) {
  const Result<ChangeJob> patch = parse_patch_job(R"({"priority":7,"metadata":null})");
  BOOST_REQUIRE(patch.has_value());
  BOOST_TEST(!patch->replace);
  JobChange expected;
  expected.priority = 7;
  BOOST_TEST((patch->change == expected));
}

BOOST_AUTO_TEST_CASE(patch_refuses_what_is_fixed_when_the_job_is_added) {
  for (const char* name :
       {"displayName", "usesTaskDependencies", "onTaskFailure", "commonEnvironmentSettings",
        "jobManagerTask", "jobPreparationTask", "jobReleaseTask"}) {
    const std::string body = std::string(R"({"priority":7,")") + name + R"(":null})";
    check_refused({"", "", "UnsupportedProperty", name}, parse_patch_job(body));
  }
  BOOST_TEST(parse_patch_job(R"({"id":"j","state":"active","url":"u"})").has_value());
}

BOOST_AUTO_TEST_CASE(patched_constraints_are_whole) {
  const Result<ChangeJob> patch = parse_patch_job(R"({"constraints":{"maxTaskRetryCount":2}})");
  BOOST_TEST((patch->change.constraints.value() == JobConstraints{kInfinite, 2}));
}

BOOST_AUTO_TEST_CASE(put_fills_every_member) {
  const Result<ChangeJob> put = parse_put_job(R"({"poolInfo":{"poolId":"p2"}})");
  BOOST_REQUIRE(put.has_value());
  BOOST_TEST(put->replace);
  const JobChange expected{0,
                           -1,
                           false,
                           OnAllTasksComplete::noaction,
                           JobConstraints{},
                           "p2",
                           std::vector<MetadataItem>{},
                           std::nullopt};
  BOOST_TEST((put->change == expected));
  check_refused({"", "", "MissingRequiredProperty", "poolInfo"}, parse_put_job("{}"));
}

BOOST_AUTO_TEST_CASE(put_takes_a_job_as_it_was_read) {
  const Result<ChangeJob> put = parse_put_job(R"({"id":"j","eTag":"0x1","state":"active",
    "poolInfo":{"poolId":"p"},"usesTaskDependencies":true,"onTaskFailure":"noaction",
    "commonEnvironmentSettings":[{"name":"A","value":"b"}],"executionInfo":{"poolId":"p"},
    "allowTaskPreemption":true,"onAllTasksComplete":"terminatejob","maxParallelTasks":-1,
    "networkConfiguration":{"subnetId":"s"},"priority":0})");
  BOOST_REQUIRE(put.has_value());
  BOOST_TEST((put->change.on_all_tasks_complete == OnAllTasksComplete::terminatejob));
  BOOST_TEST(put->change.allow_task_preemption.value());
  BOOST_TEST(!*parse_put_job(R"({"poolInfo":{"poolId":"p"}})")->change.allow_task_preemption);
  BOOST_TEST(!parse_patch_job("{}")->change.allow_task_preemption);
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
