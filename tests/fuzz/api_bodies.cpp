// The JSON bodies of the Batch API. What is accepted and shown can be sent again, and is then shown
// alike; what is refused can be worded.
#include "api/errors.h"
#include "api/parse_certificate.h"
#include "api/parse_job.h"
#include "api/parse_node.h"
#include "api/parse_pool.h"
#include "api/parse_task.h"
#include "api/write_job.h"
#include "api/write_pool.h"
#include "api/write_task.h"
#include "schema/codec/command.h"
#include "schema/codec/task_document.h"
#include "tests/fuzz/target.h"

#include <boost/json.hpp>

namespace windlass::fuzz {
namespace {

const api::Viewer kViewer{"https://h:1", {}};

void judge_refusal(const Error& error) {
  const std::string body = api::error_body(error, "https://h", "id", WallTime{});
  WINDLASS_ASSERT(boost::json::parse(body).as_object().contains("code"));
  const int status = api::face_of(error.code).status;
  WINDLASS_ASSERT(status == 400 || status == 413 || status == 501);
}

std::string shown(const PoolSpec& spec) {
  PoolView pool;
  pool.record.spec = spec;
  std::string out;
  api::write_pool(out, pool, 0, kViewer);
  return out;
}

std::string shown(const api::ParsedJob& parsed) {
  JobRecord job;
  job.spec = parsed.spec;
  std::string out;
  api::write_job(out, job, 0, kViewer, {}, parsed.documents);
  return out;
}

std::string shown(const api::ParsedTask& task) {
  TaskRecord record;
  record.id = task.facts.id;
  record.required_slots = task.facts.required_slots;
  const TaskConstraints usual;
  record.constraints = {task.facts.retries_max.value_or(usual.retries_max),
                        task.facts.max_wall_clock_time.value_or(usual.max_wall_clock_time),
                        task.facts.retention_time.value_or(usual.retention_time)};
  std::string out;
  api::write_task(out, record, &task.document, "job", 0, kViewer);
  return out;
}

template <class T>
void judge_shown(const T& value, Result<T> (*parse)(std::string_view)) {
  const std::string text = shown(value);
  const Result<T> again = parse(text);
  WINDLASS_ASSERT(again.has_value());
  WINDLASS_ASSERT(shown(*again) == text);
}

// What goes to a shard comes there as it is.
template <class Request>
void judge_sent(Request request) {
  const Command command{"account", std::move(request)};
  const auto back = decode_command(encode(command));
  WINDLASS_ASSERT(back.has_value());
  WINDLASS_ASSERT(*back == command);
}

void judge_task(const api::ParsedTask& task) {
  judge_shown(task, api::parse_add_task);
  const auto document = decode_task_document(encode_task_document(task.document));
  WINDLASS_ASSERT(document.has_value());
  WINDLASS_ASSERT(*document == task.document);
}

template <class T>
void judge_command(const Result<T>& parsed) {
  if (!parsed) return judge_refusal(parsed.error());
  judge_sent(*parsed);
}

// Both go into files of lines, and the name into a command line.
void judge_user(const Result<NodeUser>& parsed) {
  if (!parsed) return judge_refusal(parsed.error());
  WINDLASS_ASSERT(parsed->name.empty() || is_user_name(parsed->name));
  for (const std::string& line : {parsed->password, parsed->ssh_public_key})
    WINDLASS_ASSERT(line.find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos);
}

void run(std::string_view input) {
  Choices choices(input);
  const std::size_t choice = choices.below(19);
  const std::string_view body = choices.rest();
  switch (choice) {
    case 0: {
      const auto pool = api::parse_add_pool(body);
      if (!pool) return judge_refusal(pool.error());
      judge_shown(*pool, api::parse_add_pool);
      return judge_sent(AddPool{*pool});
    }
    case 1: {
      const auto job = api::parse_add_job(body);
      if (!job) return judge_refusal(job.error());
      judge_shown(*job, api::parse_add_job);
      return judge_sent(AddJob{job->spec});
    }
    case 2: {
      const auto task = api::parse_add_task(body);
      if (!task) return judge_refusal(task.error());
      return judge_task(*task);
    }
    case 3: {
      const auto items = api::parse_add_task_collection(body);
      if (!items) return judge_refusal(items.error());
      WINDLASS_ASSERT(!items->empty() && items->size() <= api::kCollectionTasksMax);
      for (const api::ParsedItem& item : *items)
        item.task ? judge_task(*item.task) : judge_refusal(item.task.error());
      return;
    }
    case 4:
      return judge_command(api::parse_patch_pool(body));
    case 5:
      return judge_command(api::parse_resize_pool(body));
    case 6:
      return judge_command(api::parse_patch_job(body));
    case 7:
      return judge_command(api::parse_put_job(body));
    case 8:
      return judge_command(api::parse_disable_job(body));
    case 9:
      return judge_command(api::parse_terminate_job(body));
    case 10:
      return judge_command(api::parse_disable_node_scheduling(body));
    case 11:
      return judge_command(api::parse_remove_nodes(body));
    case 12:
      return judge_command(api::parse_replace_pool_properties(body, true));
    case 13:
      return judge_command(api::parse_restart_node(body, NodeRestart::reboot));
    case 14:
      return judge_command(api::parse_add_certificate(body));
    case 15: {
      const auto wanted = api::parse_upload_logs(body);
      if (!wanted) judge_refusal(wanted.error());
      return;
    }
    case 16:
      return judge_user(api::parse_add_node_user(body, WallTime{}));
    case 17:
      return judge_user(api::parse_update_node_user(body, WallTime{}));
    default:
      return judge_command(api::parse_put_task(body));
  }
}

std::vector<std::string> seeds() {
  const std::string pool =
      R"({"id":"p","displayName":"P","vmSize":"S","virtualMachineConfiguration":{"imageReference":)"
      R"({"publisher":"c","offer":"u","sku":"22","version":"latest"},"nodeAgentSKUId":"batch.node.)"
      R"(ubuntu 22.04"},"resizeTimeout":"PT15M","targetDedicatedNodes":2,"targetLowPriorityNodes":)"
      R"("1","taskSlotsPerNode":4,"taskSchedulingPolicy":{"nodeFillType":"pack"},"startTask":{)"
      R"("commandLine":"/bin/sh -c 'true'","resourceFiles":[{"httpUrl":"http://h/f","filePath":"f")"
      R"(}],"environmentSettings":[{"name":"A","value":"1"}],"userIdentity":{"autoUser":{"scope":)"
      R"("pool","elevationLevel":"admin"}},"maxTaskRetryCount":1,"waitForSuccess":true},"metadata":)"
      R"([{"name":"m","value":"v"}],"networkConfiguration":{"endpointConfiguration":{)"
      R"("inboundNATPools":[{"name":"n","protocol":"tcp","backendPort":22,"frontendPortRangeStart":)"
      R"(15000,"frontendPortRangeEnd":15100}]}},"targetNodeCommunicationMode":"Simplified"})";
  const std::string job =
      R"({"id":"j","displayName":"J","priority":100,"maxParallelTasks":5,"constraints":{)"
      R"("maxWallClockTime":"PT1H","maxTaskRetryCount":-1},"poolInfo":{"poolId":"p"},)"
      R"("onAllTasksComplete":"terminatejob","onTaskFailure":"performexitoptionsjobaction",)"
      R"("usesTaskDependencies":true,"commonEnvironmentSettings":[{"name":"A","value":"1"}],)"
      R"("metadata":[{"name":"m","value":"v"}]})";
  const std::string task =
      R"({"id":"t","displayName":"T","commandLine":"echo \u00e4","resourceFiles":[{)"
      R"("storageContainerUrl":"http://h/c","blobPrefix":"b/","filePath":"in"}],"outputFiles":[{)"
      R"("filePattern":"../std*.txt","destination":{"container":{"containerUrl":"http://h/o?sig=x",)"
      R"("path":"p"}},"uploadOptions":{"uploadCondition":"taskcompletion"}}],)"
      R"("environmentSettings":[{"name":"A","value":""}],"affinityInfo":{"affinityId":"TVM:n"},)"
      R"("constraints":{"maxWallClockTime":"P1D","retentionTime":"PT0S","maxTaskRetryCount":3},)"
      R"("requiredSlots":2,"userIdentity":{"username":"u"},"exitConditions":{"exitCodes":[{"code":1,)"
      R"("exitOptions":{"dependencyAction":"satisfy"}}],"default":{"jobAction":"none"}},)"
      R"("dependsOn":{"taskIds":["a","b"]}})";
  return {
      chosen(0, pool),
      chosen(0, R"({"id":"P1","vmSize":"s","cloudServiceConfiguration":{"osFamily":"4"}})"),
      chosen(1, job),
      chosen(2, task),
      chosen(2, R"({"id":"t","commandLine":"true"})"),
      chosen(3, R"({"value":[{"id":"a","commandLine":"x"},)" + task + R"(,{"id":"bad id"},7]})"),
      chosen(4, R"({"startTask":{"commandLine":"x"},"metadata":[]})"),
      chosen(5, R"({"targetDedicatedNodes":1,"resizeTimeout":"PT5M","nodeDeallocationOption":)"
                R"("taskcompletion"})"),
      chosen(6, R"({"priority":-5,"poolInfo":{"poolId":"q"},"onAllTasksComplete":"noaction"})"),
      chosen(7, job),
      chosen(8, R"({"disableTasks":"requeue"})"),
      chosen(9, R"({"terminateReason":"done"})"),
      chosen(9, ""),
      chosen(10, R"({"nodeDisableSchedulingOption":"requeue"})"),
      chosen(11, R"({"nodeList":["a","b"],"nodeDeallocationOption":"terminate"})"),
      chosen(12, R"({"certificateReferences":[],"applicationPackageReferences":[],"metadata":[]})"),
      chosen(13, R"({"nodeRebootOption":"requeue"})"),
      chosen(14,
             R"({"thumbprint":"0123456789012345678901234567890123456789","data":"MIIB","password":)"
             R"("p","thumbprintAlgorithm":"sha1","certificateFormat":"pfx"})"),
      chosen(15, R"({"containerUrl":"http://h/c?sig=x","startTime":"2030-01-01T00:00:00Z"})"),
      chosen(16,
             R"({"name":"u","isAdmin":true,"expiryTime":"2030-01-01T00:00:00Z","password":"p"})"),
      chosen(17, R"({"sshPublicKey":"ssh-ed25519 A me"})"),
      chosen(18, R"({"constraints":{"maxTaskRetryCount":2}})")};
}

const Target kTarget("api_bodies", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
