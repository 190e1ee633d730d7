// Values of the model with every field drawn at random: for properties such as "what is written is
// what is read". A seed gives the same values on every machine.
#pragma once

#include "model/session.h"
#include "model/shard_event.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace windlass::test {

class RandomModel {
 public:
  explicit RandomModel(std::uint64_t seed) : state_(seed) {}

  // splitmix64: the standard library's distributions differ between libraries.
  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t end) { return bits() % end; }
  bool flag() { return (bits() & 1) != 0; }

  // Small, huge or any: codings of numbers break at their ends.
  template <class Number>
  Number number() {
    switch (below(4)) {
      case 0:
        return static_cast<Number>(below(100));
      case 1:
        return std::numeric_limits<Number>::max();
      case 2:
        return std::numeric_limits<Number>::min();
      default:
        return static_cast<Number>(bits());
    }
  }
  template <class E>
  E one_of(E last) {
    return static_cast<E>(below(static_cast<std::uint64_t>(last) + 1));
  }
  std::string text(std::size_t bytes_max = 40) {
    std::string out(below(4) == 0 ? 0 : below(bytes_max + 1), '\0');
    for (char& c : out) c = static_cast<char>(' ' + below(95));
    return out;
  }
  std::string id() {
    std::string out = "Id-" + std::to_string(below(1000));
    if (flag()) out += "_" + std::to_string(bits());
    return out;
  }
  WallTime time() { return {number<std::int64_t>()}; }
  Duration duration() { return Duration{number<std::int64_t>()}; }
  template <class Make>
  auto maybe(Make make) -> std::optional<decltype(make())> {
    if (flag()) return std::nullopt;
    return make();
  }
  template <class Make>
  auto some(Make make, std::size_t count_max = 3) {
    std::vector<decltype(make())> out;
    for (std::uint64_t left = below(count_max + 1); left > 0; --left) out.push_back(make());
    return out;
  }

  // Small shapes.
  NameValue name_value() { return {text(), text()}; }
  std::vector<NameValue> name_values() {
    return some([&] { return name_value(); });
  }
  Version version() { return {number<EventNumber>(), time()}; }
  UserIdentity user_identity() {
    return {text(), one_of(AutoUserScope::pool), one_of(ElevationLevel::admin)};
  }
  ResourceFile resource_file() { return {text(), text(), text(), text(), text(), text()}; }
  FailureInfo failure() {
    return {one_of(ErrorCategory::servererror), text(), text(), name_values()};
  }
  StartTask start_task() {
    return {text(),
            some([&] { return resource_file(); }),
            name_values(),
            maybe([&] { return user_identity(); }),
            number<std::int32_t>(),
            flag()};
  }

  PoolSpec pool_spec() {
    PoolSpec spec;
    spec.id = id();
    spec.display_name = maybe([&] { return text(); });
    spec.vm_size = text();
    spec.resize_timeout = duration();
    spec.target_dedicated_nodes = number<std::int32_t>();
    spec.target_spot_nodes = number<std::int32_t>();
    spec.enable_inter_node_communication = flag();
    spec.task_slots_per_node = number<SlotCount>();
    spec.fill_type = one_of(NodeFillType::pack);
    spec.job_default_order = one_of(JobDefaultOrder::creationtime);
    spec.start_task = maybe([&] { return start_task(); });
    spec.metadata = name_values();
    spec.target_node_communication_mode = text();
    spec.kept_json = text(5000);
    return spec;
  }
  PoolRecord pool(PoolSeq seq) {
    PoolRecord pool;
    pool.account = text();
    pool.seq = seq;
    pool.spec = pool_spec();
    pool.version = version();
    pool.creation_time = time();
    pool.state = one_of(PoolState::deleting);
    pool.state_time = time();
    pool.allocation_state = one_of(AllocationState::stopping);
    pool.allocation_state_time = time();
    pool.resize_errors = some([&] { return ResizeError{text(), text(), name_values()}; });
    pool.resize_started = maybe([&] { return time(); });
    pool.resize_timeout_now = duration();
    pool.deallocation = one_of(NodeDeallocationOption::retaineddata);
    pool.delete_at = maybe([&] { return time(); });
    pool.node_time_ended = duration();
    return pool;
  }
  StartTaskInfo start_task_info() {
    StartTaskInfo info;
    info.state = one_of(StartTaskState::completed);
    info.start_time = time();
    info.end_time = maybe([&] { return time(); });
    info.exit_code = maybe([&] { return number<std::int32_t>(); });
    info.failure = maybe([&] { return failure(); });
    info.retry_count = number<std::int32_t>();
    info.last_retry_time = maybe([&] { return time(); });
    info.result = maybe([&] { return one_of(ExecutionResult::failure); });
    return info;
  }
  NodeRecord node(NodeSeq seq) {
    NodeRecord node;
    node.id = id();
    node.pool = number<PoolSeq>();
    node.seq = seq;
    node.worker = bits();
    node.boot = bits();
    node.claim = bits();
    node.dedicated = flag();
    node.ip_address = text();
    node.state = one_of(NodeState::preempted);
    node.state_time = time();
    node.scheduling_state = one_of(SchedulingState::disabled);
    node.draining = flag();
    node.allocation_time = time();
    node.last_boot_time = time();
    node.total_tasks_run = bits();
    node.total_tasks_succeeded = bits();
    node.start_task_info = maybe([&] { return start_task_info(); });
    node.errors = some([&] { return NodeError{text(), text(), name_values()}; });
    return node;
  }

  JobSpec job_spec() {
    JobSpec spec;
    spec.id = id();
    spec.display_name = maybe([&] { return text(); });
    spec.pool_id = id();
    spec.priority = number<std::int32_t>();
    spec.parallel_tasks_max = number<std::int32_t>();
    spec.allow_task_preemption = flag();
    spec.uses_task_dependencies = flag();
    spec.on_all_tasks_complete = one_of(OnAllTasksComplete::terminatejob);
    spec.on_task_failure = one_of(OnTaskFailure::performexitoptionsjobaction);
    spec.constraints = {duration(), number<std::int32_t>()};
    spec.common_environment_settings = name_values();
    spec.metadata = name_values();
    spec.kept_json = text();
    spec.manager_task = maybe([&] { return JobManagerTask{new_task(), flag(), flag(), flag()}; });
    spec.preparation_task = maybe([&] {
      return JobPreparationTask{
          id(), {number<std::int32_t>(), duration(), duration()}, flag(), flag(), text()};
    });
    spec.release_task = maybe([&] { return JobReleaseTask{id(), duration(), duration(), text()}; });
    spec.auto_pool = maybe([&] {
      return AutoPoolSpec{text(), one_of(PoolLifetime::job), flag(),
                          maybe([&] { return pool_spec(); })};
    });
    return spec;
  }
  NewTask new_task() {
    NewTask task;
    task.id = id();
    task.required_slots = number<SlotCount>();
    task.retries_max = maybe([&] { return number<std::int32_t>(); });
    task.max_wall_clock_time = maybe([&] { return duration(); });
    task.retention_time = maybe([&] { return duration(); });
    task.instances = flag() ? 0 : number<std::int32_t>();
    task.document = text();
    return task;
  }
  NodeTaskRun node_task_run() {
    return {one_of(NodeTaskState::completed),
            number<AttemptNumber>(),
            flag(),
            time(),
            maybe([&] { return time(); }),
            maybe([&] { return number<std::int32_t>(); }),
            maybe([&] { return failure(); }),
            number<std::int32_t>(),
            maybe([&] { return time(); }),
            maybe([&] { return one_of(ExecutionResult::failure); })};
  }
  JobNodeRecord job_node(JobSeq job, NodeSeq node) {
    return {
        job,   node, id(), id(), bits(), node_task_run(), maybe([&] { return node_task_run(); }),
        flag()};
  }
  StateCounts state_counts() {
    return {number<std::int64_t>(), number<std::int64_t>(), number<std::int64_t>(),
            number<std::int64_t>()};
  }
  JobRecord job(JobSeq seq) {
    JobRecord job;
    job.account = text();
    job.seq = seq;
    job.incarnation = bits();
    job.spec = job_spec();
    job.version = version();
    job.creation_time = time();
    job.state = one_of(JobState::deleting);
    job.state_time = time();
    job.previous_state = maybe([&] { return one_of(JobState::deleting); });
    job.previous_state_time = maybe([&] { return time(); });
    job.end_time = maybe([&] { return time(); });
    job.terminate_reason = text();
    job.disable_tasks = maybe([&] { return one_of(DisableTasks::wait); });
    job.next_task = bits();
    job.counts = {state_counts(), state_counts()};
    job.usage = work_usage();
    job.forced = flag();
    return job;
  }
  ResourceUsage resource_usage() {
    return {duration(), duration(), bits(), bits(), bits(), bits()};
  }
  WorkUsage work_usage() {
    return {resource_usage(), duration(), duration(), bits(), bits(), bits()};
  }

  JobScheduleRecord job_schedule(JobScheduleSeq seq) {
    JobScheduleRecord schedule;
    schedule.account = text();
    schedule.seq = seq;
    schedule.spec = {id(),
                     maybe([&] { return text(); }),
                     {maybe([&] { return time(); }), maybe([&] { return time(); }),
                      maybe([&] { return duration(); }), maybe([&] { return duration(); })},
                     job_spec(),
                     name_values()};
    schedule.version = version();
    schedule.creation_time = time();
    schedule.state = one_of(JobScheduleState::deleting);
    schedule.state_time = time();
    schedule.previous_state = maybe([&] { return one_of(JobScheduleState::deleting); });
    schedule.previous_state_time = maybe([&] { return time(); });
    schedule.end_time = maybe([&] { return time(); });
    schedule.next_run = maybe([&] { return time(); });
    schedule.last_run = maybe([&] { return time(); });
    schedule.jobs_made = bits();
    schedule.job_active = flag();
    schedule.job_told = flag();
    schedule.forced = flag();
    schedule.pool_id = text();
    schedule.pool_outdated = flag();
    schedule.jobs_deleted_through = id();
    return schedule;
  }

  CertificateRecord certificate(std::string account, std::string thumbprint) {
    return {std::move(account), std::move(thumbprint), text(2000), version(), time()};
  }

  TaskRecord task_record(const TaskKey& key) {
    TaskRecord task;
    task.id = id();
    task.key = key;
    task.version = version();
    task.creation_time = time();
    task.state = one_of(TaskState::completed);
    task.state_time = time();
    task.previous_state = maybe([&] { return one_of(TaskState::completed); });
    task.previous_state_time = maybe([&] { return time(); });
    task.required_slots = flag() ? 1 : number<SlotCount>();
    if (flag()) task.constraints = {number<std::int32_t>(), duration(), duration()};
    if (flag()) {
      task.attempt = number<AttemptNumber>();
      task.retry_count = number<std::int32_t>();
      task.requeue_count = number<std::int32_t>();
    }
    task.start_time = maybe([&] { return time(); });
    task.end_time = maybe([&] { return time(); });
    task.exit_code = maybe([&] { return number<std::int32_t>(); });
    task.failure = maybe([&] { return failure(); });
    task.result = maybe([&] { return one_of(ExecutionResult::failure); });
    task.last_retry_time = maybe([&] { return time(); });
    task.last_requeue_time = maybe([&] { return time(); });
    task.node = maybe([&] { return TaskNode{id(), id(), below(3)}; });
    task.exit_rules = some([&] { return exit_rule(); });
    task.satisfies_dependents = flag();
    if (flag()) task.usage = {resource_usage(), duration()};
    if (flag()) return task;
    task.instances = number<std::int32_t>();
    task.coordinated = flag();
    task.subtasks = some([&] { return subtask(); });
    return task;
  }
  Subtask subtask() {
    return {one_of(SubtaskState::completed),
            time(),
            maybe([&] { return one_of(SubtaskState::completed); }),
            maybe([&] { return time(); }),
            TaskNode{id(), id(), below(3)},
            flag(),
            maybe([&] { return time(); }),
            maybe([&] { return time(); }),
            maybe([&] { return number<std::int32_t>(); }),
            maybe([&] { return failure(); }),
            maybe([&] { return one_of(ExecutionResult::failure); })};
  }
  OpenTask open_task(const TaskKey& key) {
    return {task_record(key), some([&] { return id(); }), text(), some([&] {
              return TaskIdRange{number<std::int32_t>(), number<std::int32_t>()};
            })};
  }
  ExitRule exit_rule() {
    return {one_of(ExitCondition::otherwise), number<std::int32_t>(), number<std::int32_t>(),
            maybe([&] { return one_of(JobAction::terminate); }),
            maybe([&] { return one_of(DependencyAction::block); })};
  }
  TaskKey task_key() { return {number<JobSeq>(), number<TaskSeq>()}; }

  ShardCounters counters() {
    return {bits(),
            bits(),
            bits(),
            bits(),
            bits(),
            bits(),
            bits(),
            duration(),
            some([&] {
          return AccountUsage{text(), time(), work_usage(), duration()}; })};
  }
  ClaimRecord claim(ClaimId id) { return {id, bits(), bits(), number<std::int32_t>(), flag()}; }
  AttemptId attempt_id(ShardId shard) { return {shard, task_key(), number<AttemptNumber>()}; }
  LingeringAttempt lingering(const AttemptId& id_of_attempt) {
    return {id_of_attempt, bits(), number<SlotCount>(), id(), id(), flag()};
  }
  Reservation reservation(std::string account, std::string job_id) {
    return {std::move(account), std::move(job_id), bits(), one_of(ReservationState::held),
            number<ShardId>(),  {bits(), bits()}};
  }
  Error error() {
    Error error;
    error.code = ErrorCode::job_exists;
    error.message = text();
    error.values = some([&] { return ErrorValue{text(), text()}; });
    return error;
  }
  ShardMessage shard_message(std::uint64_t message_id) {
    ShardMessage message{number<ShardId>(), message_id, {}};
    switch (below(5)) {
      case 0:
        message.request = MakeJob{text(), bits(), job_spec()};
        break;
      case 1:
        message.request = JobMade{
            text(), id(), bits(), maybe([&] { return error(); }), number<ShardId>(), version()};
        break;
      case 2:
        message.request = EndJob{text(), id(), bits(), flag(), flag()};
        break;
      case 3:
        message.request = JobEnded{text(), id(), bits()};
        break;
      default:
        message.request = JobGone{text(), id(), bits()};
    }
    return message;
  }
  OutboxRow outbox(ShardId to, std::uint64_t message_id) { return {to, shard_message(message_id)}; }
  ShardProgress progress(ShardId shard) { return {shard, bits(), bits()}; }
  SessionState session(SessionId session_id) {
    SessionState session;
    session.id = session_id;
    session.kind = one_of(PeerKind::broker);
    session.instance = bits();
    session.worker = bits();
    session.inbox.acknowledged_through = bits();
    session.inbox.above = some([&] { return bits(); }, 50);
    return session;
  }

  ShardEvent event() {
    switch (below(std::variant_size_v<ShardEvent>)) {
      case 0:
        return PoolPut{pool(bits())};
      case 1:
        return PoolErased{bits()};
      case 2:
        return NodePut{node(bits())};
      case 3:
        return NodeErased{bits()};
      case 4:
        return JobPut{job(bits())};
      case 5:
        return JobErased{bits()};
      case 6: {
        TasksWereAdded added;
        added.job = bits();
        added.tasks = some([&] { return AddedTask{open_task(task_key()), text(5000)}; });
        return added;
      }
      case 7:
        return TaskPut{task_record(task_key())};
      case 8:
        return TaskErased{task_key(), id()};
      case 9:
        return ClaimPut{claim(bits())};
      case 10:
        return ClaimErased{bits()};
      case 11:
        return LingeringPut{lingering(attempt_id(number<ShardId>()))};
      case 12:
        return LingeringErased{attempt_id(number<ShardId>())};
      case 13:
        return ReservationPut{reservation(text(), id())};
      case 14:
        return ReservationErased{text(), id()};
      case 15:
        return OutboxPut{outbox(number<ShardId>(), bits())};
      case 16:
        return OutboxErased{number<ShardId>(), bits()};
      case 17:
        return ShardReceived{number<ShardId>(), bits()};
      case 18:
        return JobSchedulePut{job_schedule(bits())};
      case 19:
        return JobScheduleErased{bits()};
      case 20:
        return LeasesBounded{duration()};
      case 21:
        return CertificatePut{certificate(text(), id())};
      case 22:
        return CertificateErased{text(), id()};
      default:
        return JobNodePut{job_node(bits(), bits())};
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace windlass::test
