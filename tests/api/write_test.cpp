#include "api/json_writer.h"
#include "api/list_writer.h"
#include "api/parse_job.h"
#include "api/parse_pool.h"
#include "api/parse_task.h"
#include "api/supported_images.h"
#include "api/write_file.h"
#include "api/write_job.h"
#include "api/write_pool.h"
#include "api/write_task.h"
#include "model/kept_members.h"
#include "model/time_text.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace windlass;
using namespace windlass::api;
namespace json = boost::json;

namespace {

const Viewer kViewer{"https://h:1", {}};
const Viewer kOldViewer{"https://h:1", {2019, 8, 1}};
constexpr ShardId kShard = 1;

WallTime at(std::string_view text) {
  return parse_timestamp(text).value();
}

Select selected(std::string_view text, Entity entity) {
  return Select::parse(text, entity).value();
}

PoolView pool_view(std::string_view body) {
  PoolView pool;
  pool.record.spec = parse_add_pool(body).value();
  pool.record.version = {0xAB, at("2026-01-02T03:04:05.5Z")};
  pool.record.creation_time = pool.record.state_time = at("2026-01-01");
  pool.record.allocation_state_time = at("2026-01-01");
  return pool;
}

json::value written(const PoolView& pool, const Viewer& viewer, const Select& select = {}) {
  std::string out;
  write_pool(out, pool, kShard, viewer, select);
  return json::parse(out);
}

json::value written(const JobRecord& job, const Select& select = {}) {
  std::string out;
  write_job(out, job, kShard, kViewer, select);
  return json::parse(out);
}

json::value written(const TaskRecord& task, const TaskDocument* document,
                    const Select& select = {}) {
  std::string out;
  write_task(out, task, document, "j1", kShard, kViewer, select);
  return json::parse(out);
}

constexpr std::string_view kLeastPool =
    R"({"id":"P1","vmSize":"s","cloudServiceConfiguration":{"osFamily":"4"}})";

TaskRecord new_task() {
  TaskRecord task;
  task.id = "t1";
  task.version = {1, at("2026-01-01")};
  task.creation_time = task.state_time = at("2026-01-01");
  return task;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(api_write)

BOOST_AUTO_TEST_CASE(pool_shows_defaults_and_leaves_out_what_is_unset) {
  BOOST_TEST(written(pool_view(kLeastPool), kViewer) == json::parse(R"({
    "id":"P1","url":"https://h:1/pools/P1","eTag":"0x0010000000000AB",
    "lastModified":"2026-01-02T03:04:05.5000000Z","creationTime":"2026-01-01T00:00:00.0000000Z",
    "state":"active","stateTransitionTime":"2026-01-01T00:00:00.0000000Z",
    "allocationState":"steady","allocationStateTransitionTime":"2026-01-01T00:00:00.0000000Z",
    "vmSize":"s","resizeTimeout":"PT15M","currentDedicatedNodes":0,"currentLowPriorityNodes":0,
    "targetDedicatedNodes":0,"targetLowPriorityNodes":0,"enableAutoScale":false,
    "enableInterNodeCommunication":false,"taskSlotsPerNode":1,
    "taskSchedulingPolicy":{"nodeFillType":"spread"},"currentNodeCommunicationMode":"simplified",
    "cloudServiceConfiguration":{"osFamily":"4"}})"));
}

BOOST_AUTO_TEST_CASE(pool_members_come_back_as_they_were_given) {
  const json::value given = json::parse(R"({"id":"P1","vmSize":"s","displayName":"d\u0001\"é",
    "virtualMachineConfiguration":{"imageReference":{"publisher":"{,}"},"nodeAgentSKUId":"a,b:\"}"},
    "networkConfiguration":{"subnetId":"/s"},"resourceTags":{"a":"b"},
    "metadata":[{"name":"a","value":"b"}],"taskSlotsPerNode":3,"targetDedicatedNodes":2,
    "targetNodeCommunicationMode":"classic","taskSchedulingPolicy":{"nodeFillType":"pack"},
    "startTask":{"commandLine":"x","maxTaskRetryCount":1,"waitForSuccess":true,
      "userIdentity":{"autoUser":{"scope":"pool","elevationLevel":"nonadmin"}},
      "environmentSettings":[{"name":"A","value":""}],
      "resourceFiles":[{"httpUrl":"http://h/x","filePath":"y","fileMode":"0644"}]}})");
  const json::value shown = written(pool_view(json::serialize(given)), kViewer);
  for (const auto& member : given.as_object()) {
    BOOST_TEST_CONTEXT(member.key()) {
      BOOST_TEST(shown.as_object().contains(member.key()));
      BOOST_TEST(shown.as_object().at(member.key()) == member.value());
    }
  }
}

BOOST_AUTO_TEST_CASE(resize_errors_are_shown_only_when_there_are_some) {
  PoolView pool = pool_view(kLeastPool);
  pool.record.resize_errors.push_back({"AllocationTimedout", "no room", {}});
  BOOST_TEST(written(pool, kViewer).at("resizeErrors") ==
             json::parse(R"([{"code":"AllocationTimedout","message":"no room"}])"));
}

BOOST_AUTO_TEST_CASE(old_versions_see_the_old_name_of_slots) {
  const json::value shown = written(pool_view(kLeastPool), kOldViewer);
  BOOST_TEST(shown.at("maxTasksPerNode") == 1);
  BOOST_TEST(!shown.as_object().contains("taskSlotsPerNode"));
}

BOOST_AUTO_TEST_CASE(only_selected_members_are_shown) {
  const Select select = selected("id,state, cloudServiceConfiguration", Entity::pool);
  BOOST_TEST(
      written(pool_view(kLeastPool), kViewer, select) ==
      json::parse(R"({"id":"P1","state":"active","cloudServiceConfiguration":{"osFamily":"4"}})"));
  BOOST_TEST(written(pool_view(kLeastPool), kViewer, selected("startTask", Entity::pool)) ==
             json::object());
}

BOOST_AUTO_TEST_CASE(node_is_shown) {
  NodeView node;
  node.pool_id = "P1";
  node.vm_size = "s";
  node.record.id = "tvmps_01_d";
  node.record.state = NodeState::starttaskfailed;
  node.record.state_time = node.record.allocation_time = node.record.last_boot_time =
      at("2026-01-01");
  node.record.errors.push_back({"StartTaskFailed", "m", {{"a", "b"}}});
  node.record.start_task_info =
      StartTaskInfo{StartTaskState::completed, at("2026-01-01"), {}, 1, FailureInfo{}, 2, {},
                    ExecutionResult::failure};
  std::string out;
  write_node(out, node, kViewer);
  BOOST_TEST(json::parse(out) == json::parse(R"({
    "id":"tvmps_01_d","url":"https://h:1/pools/P1/nodes/tvmps_01_d","state":"starttaskfailed",
    "schedulingState":"enabled","stateTransitionTime":"2026-01-01T00:00:00.0000000Z",
    "lastBootTime":"2026-01-01T00:00:00.0000000Z","allocationTime":"2026-01-01T00:00:00.0000000Z",
    "affinityId":"TVM:tvmps_01_d","vmSize":"s","totalTasksRun":0,"runningTasksCount":0,
    "runningTaskSlotsCount":0,"totalTasksSucceeded":0,"isDedicated":true,
    "startTaskInfo":{"state":"completed","startTime":"2026-01-01T00:00:00.0000000Z","exitCode":1,
      "failureInfo":{"category":"usererror","details":[]},"retryCount":2,"result":"failure"},
    "errors":[{"code":"StartTaskFailed","message":"m","errorDetails":[{"name":"a","value":"b"}]}]})"));
}

BOOST_AUTO_TEST_CASE(node_counts_name_every_state) {
  PoolNodeCounts counts;
  counts.pool_id = "p";
  counts.dedicated.by_state[static_cast<int>(NodeState::waitingforstarttask)] = 2;
  counts.spot.by_state[static_cast<int>(NodeState::preempted)] = 1;
  counts.dedicated.total = 2;
  std::string out;
  write_node_counts(out, counts);
  const json::value shown = json::parse(out);
  BOOST_TEST(shown.at("dedicated").as_object().size() == 16u);
  BOOST_TEST(shown.at("dedicated").at("waitingForStartTask") == 2);
  BOOST_TEST(shown.at("dedicated").at("total") == 2);
  BOOST_TEST(shown.at("lowPriority").at("preempted") == 1);
}

BOOST_AUTO_TEST_CASE(a_job_shows_its_automatic_pool) {
  JobRecord job;
  job.spec = parse_add_job(R"({"id":"j1","poolInfo":{"autoPoolSpecification":{
    "autoPoolIdPrefix":"a","poolLifetimeOption":"job","pool":{"vmSize":"s","metadata":[],
    "cloudServiceConfiguration":{"osFamily":"4"},"targetDedicatedNodes":2}}}})")
                 .value()
                 .spec;
  job.spec.pool_id = "a_1";
  const json::value shown = written(job);
  BOOST_TEST(shown.at("executionInfo").at("poolId") == "a_1");
  BOOST_TEST(shown.at("poolInfo") == json::parse(R"({"autoPoolSpecification":{
    "autoPoolIdPrefix":"a","poolLifetimeOption":"job","keepAlive":false,"pool":{
    "vmSize":"s","resizeTimeout":"PT15M","targetDedicatedNodes":2,"targetLowPriorityNodes":0,
    "enableAutoScale":false,"enableInterNodeCommunication":false,"taskSlotsPerNode":1,
    "taskSchedulingPolicy":{"nodeFillType":"spread"},
    "cloudServiceConfiguration":{"osFamily":"4"}}}})"));
}

BOOST_AUTO_TEST_CASE(job_shows_defaults) {
  JobRecord job;
  job.spec = parse_add_job(R"({"id":"j1","poolInfo":{"poolId":"p"}})").value().spec;
  job.creation_time = job.state_time = job.version.last_modified = at("2026-01-01");
  BOOST_TEST(written(job) == json::parse(R"({
    "id":"j1","usesTaskDependencies":false,"url":"https://h:1/jobs/j1","eTag":"0x001000000000000",
    "lastModified":"2026-01-01T00:00:00.0000000Z","creationTime":"2026-01-01T00:00:00.0000000Z",
    "state":"active","stateTransitionTime":"2026-01-01T00:00:00.0000000Z","priority":0,
    "allowTaskPreemption":false,"maxParallelTasks":-1,
    "constraints":{"maxWallClockTime":"P10675199DT2H48M5.4775807S","maxTaskRetryCount":0},
    "poolInfo":{"poolId":"p"},"onAllTasksComplete":"noaction","onTaskFailure":"noaction",
    "executionInfo":{"startTime":"2026-01-01T00:00:00.0000000Z","poolId":"p"}})"));
  job.previous_state = JobState::terminating;
  job.previous_state_time = job.end_time = at("2026-01-02");
  job.terminate_reason = "UserTerminate";
  const json::value ended = written(job);
  BOOST_TEST(ended.at("previousState") == "terminating");
  BOOST_TEST(ended.at("executionInfo").at("endTime") == "2026-01-02T00:00:00.0000000Z");
  BOOST_TEST(ended.at("executionInfo").at("terminateReason") == "UserTerminate");
}

BOOST_AUTO_TEST_CASE(task_counts_come_in_two_shapes) {
  const TaskCounts counts{{1, 2, 3, 4}, {5, 6, 7, 8}};
  std::string shown;
  write_task_counts(shown, counts, kViewer);
  BOOST_TEST(json::parse(shown) == json::parse(R"({
    "taskCounts":{"active":1,"running":2,"completed":7,"succeeded":3,"failed":4},
    "taskSlotCounts":{"active":5,"running":6,"completed":15,"succeeded":7,"failed":8}})"));
  std::string flat;
  write_task_counts(flat, counts, kOldViewer);
  BOOST_TEST(json::parse(flat) ==
             json::parse(R"({"active":1,"running":2,"completed":7,"succeeded":3,"failed":4})"));
}

BOOST_AUTO_TEST_CASE(new_task_shows_effective_constraints_and_counters) {
  const TaskDocument document = parse_add_task(R"({"id":"t1","commandLine":"x"})")->document;
  BOOST_TEST(written(new_task(), &document) == json::parse(R"({
    "id":"t1","url":"https://h:1/jobs/j1/tasks/t1","eTag":"0x001000000000001",
    "lastModified":"2026-01-01T00:00:00.0000000Z","creationTime":"2026-01-01T00:00:00.0000000Z",
    "state":"active","stateTransitionTime":"2026-01-01T00:00:00.0000000Z","commandLine":"x",
    "userIdentity":{"autoUser":{"scope":"pool","elevationLevel":"nonadmin"}},
    "constraints":{"maxWallClockTime":"P10675199DT2H48M5.4775807S","retentionTime":"P7D",
      "maxTaskRetryCount":0},
    "requiredSlots":1,"executionInfo":{"retryCount":0,"requeueCount":0}})"));
}

BOOST_AUTO_TEST_CASE(failed_task_says_where_and_why) {
  TaskRecord task = new_task();
  task.state = TaskState::completed;
  task.previous_state = TaskState::running;
  task.start_time = task.end_time = at("2026-01-01");
  task.exit_code = 7;
  task.failure = FailureInfo{ErrorCategory::usererror, "FailureExitCode", "It failed.", {}};
  task.result = ExecutionResult::failure;
  task.node = TaskNode{"p", "n", 1};
  const json::value shown = written(task, nullptr);
  BOOST_TEST(shown.at("previousState") == "running");
  BOOST_TEST(shown.at("executionInfo") == json::parse(R"({
    "startTime":"2026-01-01T00:00:00.0000000Z","endTime":"2026-01-01T00:00:00.0000000Z",
    "exitCode":7,"failureInfo":{"category":"usererror","code":"FailureExitCode",
      "message":"It failed.","details":[]},
    "retryCount":0,"requeueCount":0,"result":"failure"})"));
  BOOST_TEST(shown.at("nodeInfo") == json::parse(R"({
    "affinityId":"TVM:n","nodeUrl":"https://h:1/pools/p/nodes/n","poolId":"p","nodeId":"n",
    "taskRootDirectory":"workitems/j1/job-1/t1",
    "taskRootDirectoryUrl":"https://h:1/pools/p/nodes/n/files/workitems/j1/job-1/t1"})"));
  BOOST_TEST(!shown.as_object().contains("commandLine"));
}

BOOST_AUTO_TEST_CASE(task_documents_come_back_as_they_were_given) {
  const json::value given = json::parse(R"({"id":"t1","commandLine":"/bin/sh -c \"a\\nb\"",
    "displayName":"T","affinityInfo":{"affinityId":"TVM:n"},"dependsOn":{"taskIds":["a","b"]},
    "environmentSettings":[{"name":"A","value":"b"}],
    "userIdentity":{"autoUser":{"scope":"task","elevationLevel":"nonadmin"}},
    "resourceFiles":[{"storageContainerUrl":"http://h/c","blobPrefix":"p","filePath":"d"}],
    "exitConditions":{"default":{"jobAction":"none"}},
    "outputFiles":[{"filePattern":"*.txt","destination":{"container":{"containerUrl":"http://h/c",
      "path":"o","uploadHeaders":[{"name":"n","value":"v"}]}},
      "uploadOptions":{"uploadCondition":"tasksuccess"}}]})");
  const ParsedTask task = parse_add_task(json::serialize(given)).value();
  const json::value shown = written(new_task(), &task.document);
  for (const auto& member : given.as_object()) {
    BOOST_TEST_CONTEXT(member.key()) {
      BOOST_TEST(shown.as_object().contains(member.key()));
      BOOST_TEST(shown.as_object().at(member.key()) == member.value());
    }
  }
}

BOOST_AUTO_TEST_CASE(outcomes_of_a_collection_say_whose_fault) {
  const WallTime now = at("2026-01-01");
  std::string out = "[";
  const auto write = [&](const TaskOutcome& outcome) {
    write_task_outcome(out, "j1", "t1", outcome, kShard, kViewer, "r", now);
  };
  write({std::nullopt, {5, now}});
  write({Error{ErrorCode::task_exists, {}, {}}, {}});
  write({Error{ErrorCode::server_busy, {}, {}}, {}});
  write({not_implemented("containerSettings"), {}});
  const json::value shown = json::parse(out + "]");
  BOOST_TEST(shown.at(0) == json::parse(R"({"status":"success","taskId":"t1",
    "eTag":"0x001000000000005","lastModified":"2026-01-01T00:00:00.0000000Z",
    "location":"https://h:1/jobs/j1/tasks/t1"})"));
  BOOST_TEST(shown.at(1).at("status") == "clienterror");
  BOOST_TEST(shown.at(1).at("error").at("code") == "TaskExists");
  BOOST_TEST(shown.at(1).at("error").at("message").at("lang") == "en-US");
  BOOST_TEST(shown.at(2).at("status") == "servererror");
  BOOST_TEST(shown.at(3).at("status") == "clienterror");
}

BOOST_AUTO_TEST_CASE(lists_have_metadata_and_perhaps_a_next_link) {
  std::string empty;
  ListWriter(empty, "https://h:1", "pools").finish();
  BOOST_TEST(json::parse(empty) ==
             json::parse(R"({"odata.metadata":"https://h:1/$metadata#pools","value":[]})"));
  std::string two;
  ListWriter list(two, "https://h:1", "jobs");
  write_job(two, JobRecord{}, kShard, kViewer, selected("id", Entity::job));
  write_job(two, JobRecord{}, kShard, kViewer, selected("id", Entity::job));
  list.finish("https://h:1/jobs?a=b&c");
  const json::value shown = json::parse(two);
  BOOST_TEST(shown.at("value").as_array().size() == 2u);
  BOOST_TEST(shown.at("odata.nextLink") == "https://h:1/jobs?a=b&c");
}

BOOST_AUTO_TEST_CASE(files_are_shown) {
  std::string out = "[";
  write_file(out, {"wd/a b.txt", false, 5, at("2026-01-01"), std::nullopt, 0644},
             "https://h/files/");
  write_file(out, {"wd", true, 0, at("2026-01-01"), std::nullopt, 0755}, "https://h/files/");
  BOOST_TEST(json::parse(out + "]") == json::parse(R"([
    {"name":"wd/a b.txt","url":"https://h/files/wd/a%20b.txt","isDirectory":false,"properties":{
      "lastModified":"2026-01-01T00:00:00.0000000Z","contentLength":5,
      "contentType":"application/octet-stream","fileMode":"0o100644"}},
    {"name":"wd","url":"https://h/files/wd","isDirectory":true}])"));
}

BOOST_AUTO_TEST_CASE(images_can_be_filtered_and_hold_what_samples_look_for) {
  const auto filter = query::parse_filter("verificationType eq 'verified' and osType eq 'linux'",
                                          query::image_filter_schema());
  BOOST_REQUIRE(filter.has_value());
  const auto images = supported_images();
  const auto found = std::find_if(images.begin(), images.end(), [&](const SupportedImage& image) {
    return matches(*filter, image) && image.publisher == "canonical" &&
           image.offer == "ubuntuserver" && image.sku == "18.04-lts";
  });
  BOOST_REQUIRE((found != images.end()));
  std::string out;
  write_supported_image(out, *found);
  BOOST_TEST(json::parse(out) == json::parse(R"({"nodeAgentSKUId":"batch.node.ubuntu 18.04",
    "imageReference":{"publisher":"canonical","offer":"ubuntuserver","sku":"18.04-lts",
      "version":"latest"},"osType":"linux","verificationType":"verified"})"));
}

BOOST_AUTO_TEST_CASE(strings_are_always_valid_json) {
  std::string out;
  append_json_string(out, "a\"\\\n\t\r\x01\x7f é \xff \xed\xa0\x80 \xf0\x9f\x98\x80");
  BOOST_TEST(
      out ==
      "\"a\\\"\\\\\\n\\t\\r\\u0001\\u007f é \xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD "
      "\xf0\x9f\x98\x80\"");
}

BOOST_AUTO_TEST_CASE(broken_kept_members_end_the_walk) {
  for (const std::string_view text : {"", "{", "{}", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "[1]",
                                      "{\"a\":\"x", "null", "{\"a\":}"}) {
    KeptMembers members(text);
    BOOST_TEST_CONTEXT(text) BOOST_TEST(!members.next().has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
