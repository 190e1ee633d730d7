#include "scheduler/core/job_nodes.h"

#include "model/assert.h"
#include "model/museum.h"
#include "scheduler/core/assignment.h"
#include "scheduler/core/attempts.h"
#include "scheduler/core/gangs.h"
#include "scheduler/core/retry.h"

#include <utility>
#include <vector>

namespace windlass::scheduler {

namespace {

const JobNodeRecord* find_record(const Job& job, NodeSeq node) {
  const auto found = job.nodes.find(node);
  return found == job.nodes.end() ? nullptr : &found->second;
}

// A preparation counts for the boot in which it ran; for later ones, too, where the job says so, as
// long as its files are there.
bool counts_now(const Job& job, const JobNodeRecord& record, const Node& node) {
  if (!record.preparation.judged || record.boot < node.record.boot_wiped) return false;
  return record.boot == node.record.boot ||
         !job.record.spec.preparation_task->rerun_on_node_reboot_after_success;
}

bool runs(const NodeTaskRun& run) {
  return run.state == NodeTaskState::running;
}

NodeTask kind_under_way(const JobNodeRecord& record) {
  WINDLASS_ASSERT(runs(record.preparation) || (record.release && runs(*record.release)));
  return runs(record.preparation) ? NodeTask::preparation : NodeTask::release;
}

NodeTaskRun& run_under_way(JobNodeRecord& record) {
  return kind_under_way(record) == NodeTask::preparation ? record.preparation : *record.release;
}

Assignment node_task_assignment(const State& state, const Job& job, const JobNodeRecord& record,
                                NodeTask kind) {
  const Node* node = state.find_node(record.node);
  WINDLASS_ASSERT(node != nullptr);
  const JobSpec& spec = job.record.spec;
  Assignment assignment = assignment_to(state, job, *node);
  assignment.required_slots = 0;
  if (kind == NodeTask::preparation) {
    const JobPreparationTask& task = *spec.preparation_task;
    assignment.id.attempt = record.preparation.attempt;
    assignment.task_id = task.id;
    assignment.max_wall_clock_time = task.constraints.max_wall_clock_time;
    assignment.retention_time = task.constraints.retention_time;
    assignment.document = task.document;
    assignment.preparation_id.clear();
  } else {
    const JobReleaseTask& task = *spec.release_task;
    assignment.id.attempt = record.release->attempt;
    assignment.task_id = task.id;
    assignment.max_wall_clock_time = task.max_wall_clock_time;
    assignment.retention_time = task.retention_time;
    assignment.document = task.document;
  }
  assignment.id.task = node_task_key(record.job, record.node, kind);
  return assignment;
}

// One more run, after those that `before` counts; the retries go on unless it is judged.
NodeTaskRun next_run(const NodeTaskRun& before, WallTime now) {
  NodeTaskRun run;
  run.attempt = before.attempt + 1;
  run.start_time = now;
  if (before.judged) return run;
  run.retry_count = before.retry_count;
  run.last_retry_time = before.last_retry_time;
  return run;
}

void begin(Step& step, JobNodeRecord record, NodeTask kind) {
  const JobSeq job = record.job;
  const NodeSeq node = record.node;
  step.emit(JobNodePut{std::move(record)});
  const Job& of = *step.state().find_job(job);
  step.tell_worker(step.state().find_node(node)->record.worker,
                   node_task_assignment(step.state(), of, of.nodes.at(node), kind));
}

void complete(NodeTaskRun& run, WallTime now, ExecutionResult result, bool judged) {
  run.state = NodeTaskState::completed;
  run.judged = judged;
  run.end_time = now;
  run.result = result;
}

FailureInfo failure_exit_code() {
  return {ErrorCategory::usererror,
          "FailureExitCode",
          "The task exited with an exit code representing a failure",
          {}};
}

FailureInfo interrupted() {
  return {ErrorCategory::servererror,
          "NodeUnavailable",
          "The node could not run the task to its end",
          {}};
}

// A node that will not run anything any more, as far as anybody knows.
bool is_lost(const Node& node) {
  switch (node.record.state) {
    case NodeState::unknown:
    case NodeState::unusable:
    case NodeState::starttaskfailed:
    case NodeState::leavingpool:
    case NodeState::preempted:
    case NodeState::deallocating:
    case NodeState::deallocated:
      return true;
    default:
      return false;
  }
}

// The first attempt of the job among those that hold slots of the node, running or lingering.
bool job_holds_slots(const State& state, const Node& node, JobSeq job) {
  const auto first = node.slots.held().lower_bound(AttemptId{state.shard(), {job, 0}, 0});
  return first != node.slots.held().end() && first->first.task.job == job;
}

// Tasks that wait on the node for the job's preparation there.
std::vector<RunningTask> waiting_tasks(const State& state, const Node& node, JobSeq job) {
  std::vector<RunningTask> waiting;
  const auto& held = node.slots.held();
  for (auto it = held.lower_bound(AttemptId{state.shard(), {job, 0}, 0});
       it != held.end() && it->first.task.job == job; ++it) {
    const RunningTask* task = state.find_running_instance(it->first.task);
    if (task != nullptr && task->record.state == TaskState::preparing) waiting.push_back(*task);
  }
  return waiting;
}

void start_waiting(Step& step, JobSeq job, NodeSeq seq) {
  const Node* node = step.state().find_node(seq);
  // Of a worker whose resync is to come, what it runs is not known yet.
  const bool can_start = takes_assignments(step.state(), *node);
  for (const RunningTask& waiting : waiting_tasks(step.state(), *node, job)) {
    if (waiting.record.instances > 0) {
      if (waits_for_preparations(step.state(), *step.state().find_job(job), waiting.record))
        continue;
      if (can_tell_all(step.state(), waiting.record))
        start_prepared_gang(step, waiting.record);
      else
        requeue_lost(step, waiting);
      continue;
    }
    if (!can_start) {
      requeue_lost(step, waiting);
      continue;
    }
    TaskRecord task = waiting.record;
    enter(task, TaskState::running, step.now.wall);
    task.start_time = step.now.wall;
    task.version = step.next_version();
    step.emit(TaskPut{task});
    const Job& of = *step.state().find_job(job);
    step.tell_worker(node->record.worker, task_assignment(step, of, task, *node));
  }
}

void requeue_waiting(Step& step, JobSeq job, NodeSeq node) {
  const std::vector<RunningTask> waiting =
      waiting_tasks(step.state(), *step.state().find_node(node), job);
  for (const RunningTask& task : waiting) requeue_lost(step, task);
}

void skip_release(Step& step, JobNodeRecord record) {
  record.release_skipped = true;
  step.soft().jobs_to_settle.insert(record.job);
  step.emit(JobNodePut{std::move(record)});
}

// Its process is gone, and nobody will say how it ended.
void lose(Step& step, JobSeq job, NodeSeq node) {
  JobNodeRecord record = step.state().find_job(job)->nodes.at(node);
  const bool prepares = kind_under_way(record) == NodeTask::preparation;
  NodeTaskRun& run = run_under_way(record);
  complete(run, step.now.wall, ExecutionResult::failure, false);
  run.failure = interrupted();
  step.emit(JobNodePut{std::move(record)});
  if (prepares) requeue_waiting(step, job, node);
  step.soft().jobs_to_settle.insert(job);
}

void take_end(NodeTaskRun& run, const AttemptEnded& report, Verdict verdict, WallTime now) {
  complete(run, report.end_time, ExecutionResult::success, true);
  if (report.start_time) run.start_time = *report.start_time;
  run.exit_code = report.exit_code;
  if (verdict == Verdict::succeed) return;
  run.result = ExecutionResult::failure;
  run.failure = report.failure ? *report.failure : failure_exit_code();
  if (verdict != Verdict::retry) return;
  run.judged = false;  // and so it begins again, with one more retry on its count
  run.retry_count += 1;
  run.last_retry_time = now;
}

}  // namespace

bool takes_assignments(const State& state, const Node& node) {
  const auto worker = state.workers.find(node.record.worker);
  if (worker == state.workers.end() || !worker->second.synced || worker->second.instance == 0)
    return false;
  return node.record.state == NodeState::idle || node.record.state == NodeState::running ||
         node.record.state == NodeState::offline;
}

bool may_run_on(const Job& job, const Node& node) {
  if (!job.nodes_refused.contains(node.record.seq)) return true;
  if (WINDLASS_PLANTED(failed_preparation_ignored)) return true;
  return !counts_now(job, job.nodes.at(node.record.seq), node);
}

bool waits_for_preparation(const Job& job, const Node& node) {
  const auto& preparation = job.record.spec.preparation_task;
  if (!preparation || !preparation->wait_for_success) return false;
  const JobNodeRecord* record = find_record(job, node.record.seq);
  if (record == nullptr || runs(record->preparation)) return true;
  return !counts_now(job, *record, node);  // where it failed, no task comes: may_run_on()
}

void prepare_node(Step& step, JobSeq seq, NodeSeq node_seq) {
  const Job& job = *step.state().find_job(seq);
  const Node& node = *step.state().find_node(node_seq);
  if (!job.record.spec.preparation_task) return;
  const JobNodeRecord* known = find_record(job, node_seq);
  if (known != nullptr && (runs(known->preparation) || counts_now(job, *known, node))) return;
  JobNodeRecord record =
      known != nullptr ? *known
                       : JobNodeRecord{seq,
                                       node_seq,
                                       step.state().find_pool(node.record.pool)->record.spec.id,
                                       node.record.id,
                                       0,
                                       {},
                                       {},
                                       false};
  record.preparation = next_run(record.preparation, step.now.wall);
  record.boot = node.record.boot;
  begin(step, std::move(record), NodeTask::preparation);
}

AttemptId node_task_attempt(const State& state, JobSeq job, NodeSeq node) {
  const JobNodeRecord& record = state.find_job(job)->nodes.at(node);
  const NodeTask kind = kind_under_way(record);
  const AttemptNumber attempt =
      kind == NodeTask::preparation ? record.preparation.attempt : record.release->attempt;
  return {state.shard(), node_task_key(job, node, kind), attempt};
}

bool knows_node_task(const State& state, const AttemptId& id) {
  const Node* node = state.find_node(node_of_task(id.task));
  if (node == nullptr || !node->node_tasks.contains(id.task.job)) return false;
  return node_task_attempt(state, id.task.job, node->record.seq) == id;
}

bool take_node_task_report(Step& step, const AttemptEnded& report) {
  if (!knows_node_task(step.state(), report.id)) return false;
  const JobSeq seq = report.id.task.job;
  const NodeSeq node = node_of_task(report.id.task);
  const Job& job = *step.state().find_job(seq);
  const bool prepares = kind_of_node_task(report.id.task) == NodeTask::preparation;
  const bool ends = is_ending(job.record);
  JobNodeRecord record = job.nodes.at(node);
  NodeTaskRun& run = run_under_way(record);
  const std::int32_t retries_max =
      prepares && !ends ? job.record.spec.preparation_task->constraints.retries_max : 0;
  const Verdict verdict = judge_end(report, run.retry_count, retries_max);
  if (verdict == Verdict::run_again && !(prepares && ends)) {
    lose(step, seq, node);
    return true;
  }
  take_end(run, report, verdict, step.now.wall);
  if (verdict == Verdict::run_again) run.failure = task_ended("The job of the task has ended");
  const bool succeeded = run.result == ExecutionResult::success;
  step.emit(JobNodePut{std::move(record)});
  step.soft().jobs_to_settle.insert(seq);
  if (!prepares) return true;
  const bool again =
      verdict == Verdict::retry && takes_assignments(step.state(), *step.state().find_node(node));
  if (again)
    prepare_node(step, seq, node);
  else if (succeeded)
    start_waiting(step, seq, node);
  else if (job.record.spec.preparation_task->wait_for_success)
    requeue_waiting(step, seq, node);
  return true;
}

void lose_node_tasks(Step& step, NodeSeq node) {
  const std::set<JobSeq> jobs = step.state().find_node(node)->node_tasks;
  for (const JobSeq job : jobs) lose(step, job, node);
}

void leave_node(Step& step, NodeSeq node) {
  lose_node_tasks(step, node);
  const std::set<JobSeq> due = step.state().find_node(node)->releases_due;
  for (const JobSeq job : due) skip_release(step, step.state().find_job(job)->nodes.at(node));
}

void end_preparations(Step& step, JobSeq seq) {
  const Job& job = *step.state().find_job(seq);
  for (const NodeSeq node : job.nodes_busy) {
    if (!runs(job.nodes.at(node).preparation)) continue;
    step.tell_worker(step.state().find_node(node)->record.worker,
                     EndAttempt{node_task_attempt(step.state(), seq, node), false});
  }
}

void repeat_node_task_ends(Step& step, NodeSeq seq) {
  const Node& node = *step.state().find_node(seq);
  for (const JobSeq job : node.node_tasks) {
    const Job& of = *step.state().find_job(job);
    if (!is_ending(of.record) || !runs(of.nodes.at(seq).preparation)) continue;
    step.tell_worker(node.record.worker,
                     EndAttempt{node_task_attempt(step.state(), job, seq), false});
  }
}

bool awaits_node_tasks(const Job& job) {
  return !job.nodes_busy.empty() || !job.releases_due.empty();
}

std::optional<WallTime> release_deadline(const JobRecord& job) {
  if (!releases_nodes(job)) return std::nullopt;
  return job.state_time + job.spec.release_task->max_wall_clock_time;
}

void pursue_releases(Step& step) {
  const std::set<JobSeq> waiting = step.state().jobs_releasing;
  for (const JobSeq seq : waiting) {
    const Job& job = *step.state().find_job(seq);
    if (*release_deadline(job.record) > step.now.wall) continue;
    const std::set<NodeSeq> due = job.releases_due;
    for (const NodeSeq node : due) skip_release(step, job.nodes.at(node));
  }
  std::size_t begun = 0;
  std::set<NodeSeq>& nodes = step.soft().nodes_to_release;
  while (!nodes.empty() && begun < step.settings.releases_per_batch_max) {
    const NodeSeq seq = *nodes.begin();
    nodes.erase(nodes.begin());
    const Node* node = step.state().find_node(seq);
    if (node == nullptr) continue;
    const std::set<JobSeq> due = node->releases_due;
    for (const JobSeq job : due) {
      JobNodeRecord record = step.state().find_job(job)->nodes.at(seq);
      if (is_lost(*node)) {
        skip_release(step, std::move(record));
        continue;
      }
      if (!takes_assignments(step.state(), *node)) continue;
      if (job_holds_slots(step.state(), *node, job)) continue;
      record.release = next_run(record.release.value_or(NodeTaskRun{}), step.now.wall);
      begin(step, std::move(record), NodeTask::release);
      ++begun;
    }
  }
}

}  // namespace windlass::scheduler
