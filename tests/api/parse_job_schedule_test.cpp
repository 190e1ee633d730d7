#include "api/parse_job_schedule.h"

#include "api/write_job_schedule.h"
#include "model/time_text.h"
#include "tests/api/body_cases.h"

#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>

namespace bdata = boost::unit_test::data;
namespace json = boost::json;
using namespace windlass;
using namespace windlass::api;
using namespace std::chrono_literals;

namespace {

#define JOB R"("jobSpecification":{"poolInfo":{"poolId":"p"}})"
#define AT R"({"id":"s",)" JOB R"(,"schedule":)"

const RefusedBody kRefused[] = {
    {"no id", R"({"schedule":{},)" JOB "}", "MissingRequiredProperty", "id"},
    {"no schedule", R"({"id":"s",)" JOB "}", "MissingRequiredProperty", "schedule"},
    {"no job", R"({"id":"s","schedule":{}})", "MissingRequiredProperty", "jobSpecification"},
    {"no pool", R"({"id":"s","schedule":{},"jobSpecification":{}})", "MissingRequiredProperty",
     "jobSpecification.poolInfo"},
    {"a job with an id",
     R"({"id":"s","schedule":{},"jobSpecification":{"id":"j","poolInfo":{"poolId":"p"}}})",
     "UnsupportedProperty", "jobSpecification.id"},
    {"a job out of range",
     R"({"id":"s","schedule":{},"jobSpecification":{"priority":2000,"poolInfo":{"poolId":"p"}}})",
     "OutOfRangePriority", "jobSpecification.priority"},
    {"an id with a colon", R"({"id":"s:1"})", "InvalidPropertyValue", "id"},
    {"too often", AT R"({"recurrenceInterval":"PT59S"}})", "InvalidPropertyValue",
     "schedule.recurrenceInterval"},
    {"too short a window", AT R"({"startWindow":"PT0S"}})", "InvalidPropertyValue",
     "schedule.startWindow"},
    {"no time", AT R"({"doNotRunUntil":"tomorrow"}})", "InvalidPropertyValue",
     "schedule.doNotRunUntil"},
    {"a number for a time", AT R"({"doNotRunAfter":7}})", "InvalidPropertyValue",
     "schedule.doNotRunAfter"},
    {"after before until",
     AT R"({"doNotRunAfter":"2026-01-01T00:00:00Z","doNotRunUntil":"2026-01-01T00:00:00Z"}})",
     "InvalidPropertyValue", "schedule"},
    {"unknown", AT R"({},"colour":"red"})", "UnsupportedProperty", "colour"},
    {"unknown in schedule", AT R"({"cron":"* * * * *"}})", "UnsupportedProperty", "schedule.cron"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(api_parse_job_schedule)

BOOST_DATA_TEST_CASE(bad_schedule_is_refused, bdata::make(kRefused), c) {
  check_refused(c, parse_add_job_schedule(c.body));
}

BOOST_AUTO_TEST_CASE(every_member_arrives) {
  const Result<ParsedJobSchedule> parsed = parse_add_job_schedule(
      R"({"id":"s","displayName":"S","metadata":[{"name":"a","value":"b"}],
      "schedule":{"doNotRunUntil":"2026-01-01T00:00:00Z","doNotRunAfter":"2027-01-01",
        "startWindow":"PT1M","recurrenceInterval":"P1D"},
      "jobSpecification":{"displayName":"J","jobManagerTask":{"id":"m","commandLine":"manage"},"priority":3,"onAllTasksComplete":"terminateJob",
        "poolInfo":{"autoPoolSpecification":{"poolLifetimeOption":"jobSchedule",
          "pool":{"vmSize":"x","cloudServiceConfiguration":{"osFamily":"4"}}}}}})");
  BOOST_REQUIRE(parsed.has_value());
  const JobScheduleSpec* spec = &parsed->spec;
  const JobSpec& job = parsed->job.spec;
  BOOST_TEST(spec->display_name.value() == "S");
  BOOST_TEST(spec->metadata.size() == 1u);
  const Schedule expected{*parse_timestamp("2026-01-01"), *parse_timestamp("2027-01-01"), 1min,
                          24h};
  BOOST_TEST((spec->schedule == expected));
  BOOST_TEST(job.id == "");
  BOOST_TEST(job.display_name.value() == "J");
  BOOST_TEST(job.priority == 3);
  BOOST_TEST(job.manager_task.value().task.id == "m");
  BOOST_TEST(parsed->job.documents.manager.value().command_line == "manage");
  BOOST_TEST((job.auto_pool->lifetime == PoolLifetime::jobschedule));
}

BOOST_AUTO_TEST_CASE(patch_leaves_out_what_is_not_given) {
  const auto patch = parse_patch_job_schedule(R"({"schedule":{"recurrenceInterval":"PT2M"}})");
  BOOST_REQUIRE(patch.has_value());
  BOOST_TEST((patch->command.schedule == Schedule{{}, {}, {}, 2min}));
  BOOST_TEST(!patch->job.has_value());
  BOOST_TEST(!patch->command.metadata.has_value());
  check_refused({"", "", "UnsupportedProperty", "displayName"},
                parse_patch_job_schedule(R"({"displayName":"x"})"));
  check_refused({"", "", "UnsupportedProperty", "jobSpecification.state"},
                parse_patch_job_schedule(R"({"jobSpecification":{"state":"active"}})"));
}

BOOST_AUTO_TEST_CASE(put_needs_all_and_clears_metadata) {
  const auto put = parse_put_job_schedule(R"({"id":"s","eTag":"0x1","state":"active",
    "executionInfo":{},"schedule":{},)" JOB "}");
  BOOST_REQUIRE(put.has_value());
  BOOST_TEST(put->command.metadata.value().empty());
  check_refused({"", "", "MissingRequiredProperty", "schedule"},
                parse_put_job_schedule("{" JOB "}"));
  check_refused({"", "", "MissingRequiredProperty", "jobSpecification"},
                parse_put_job_schedule(R"({"schedule":{}})"));
}

BOOST_AUTO_TEST_CASE(a_schedule_is_shown) {
  JobScheduleRecord schedule;
  const ParsedJobSchedule parsed =
      parse_add_job_schedule(AT R"({"recurrenceInterval":"PT1M"}})").value();
  schedule.spec = parsed.spec;
  schedule.spec.job = parsed.job.spec;
  schedule.creation_time = schedule.state_time = schedule.version.last_modified =
      *parse_timestamp("2026-01-01");
  schedule.next_run = *parse_timestamp("2026-01-02");
  std::string text;
  const Viewer viewer{"https://h:1", {}};
  write_job_schedule(text, schedule, 1, viewer);
  const json::value shown = json::parse(text);
  BOOST_TEST(shown == json::parse(R"({"id":"s","url":"https://h:1/jobschedules/s",
    "eTag":"0x001000000000000","lastModified":"2026-01-01T00:00:00.0000000Z",
    "creationTime":"2026-01-01T00:00:00.0000000Z","state":"active",
    "stateTransitionTime":"2026-01-01T00:00:00.0000000Z",
    "schedule":{"recurrenceInterval":"PT1M"},
    "jobSpecification":{"usesTaskDependencies":false,"priority":0,"allowTaskPreemption":false,
      "maxParallelTasks":-1,"constraints":{
        "maxWallClockTime":"P10675199DT2H48M5.4775807S","maxTaskRetryCount":0},
      "poolInfo":{"poolId":"p"},"onAllTasksComplete":"noaction","onTaskFailure":"noaction"},
    "executionInfo":{"nextRunTime":"2026-01-02T00:00:00.0000000Z"}})"));

  schedule.jobs_made = 12;
  schedule.next_run.reset();
  schedule.state = JobScheduleState::completed;
  schedule.end_time = *parse_timestamp("2026-01-03");
  std::string ended;
  write_job_schedule(ended, schedule, 1, viewer,
                     Select::parse("executionInfo,state", Entity::job_schedule).value());
  BOOST_TEST(json::parse(ended) == json::parse(R"({"state":"completed","executionInfo":{
    "recentJob":{"id":"s:job-12","url":"https://h:1/jobs/s:job-12"},
    "endTime":"2026-01-03T00:00:00.0000000Z"}})"));
}

BOOST_AUTO_TEST_SUITE_END()
