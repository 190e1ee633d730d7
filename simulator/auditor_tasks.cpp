// What the auditor holds against a task: its dispatch, its ends, its instances, its parents.
#include "simulator/auditor.h"
#include "simulator/auditor_words.h"
#include "simulator/reference/exits.h"

#include <algorithm>

namespace windlass::simulator {

namespace {

bool on_a_node(const TaskRecord& task, std::size_t subtask) {
  return task.state == TaskState::running &&
         task.subtasks[subtask].state != SubtaskState::completed;
}

}  // namespace

void Auditor::see(ShardId shard, ShardView& view, const TasksWereAdded& added) {
  for (const AddedTask& task : added.tasks) {
    const TaskKey key = task.task.record.key;
    Task seen{task.task.record, {}, task.task.depends_on_ranges};
    for (const std::string& id : task.task.depends_on_ids) seen.parents.push_back(lower_cased(id));
    if (view.erased_tasks.contains(key) || !view.tasks.emplace(key, seen).second)
      world_.violated("S3", text(shard, key) + " is added twice");
    if (!view.jobs[key.job].tasks_by_id.emplace(lower_cased(task.task.record.id), key).second)
      world_.violated("S3", "task " + task.task.record.id + " is added again");
    world_.tell("shard-" + std::to_string(shard),
                text(shard, key) + " is added as " + task.task.record.id);
  }
}

void Auditor::see(ShardId shard, ShardView& view, const TaskPut& put) {
  const TaskKey key = put.task.key;
  const auto found = view.tasks.find(key);
  if (found == view.tasks.end()) {
    world_.violated("S10", text(shard, key) + " changes and is not there");
    return;
  }
  const TaskRecord before = std::exchange(found->second.record, put.task);
  const TaskRecord& after = put.task;
  const std::string who = "shard-" + std::to_string(shard);
  if (before.state == TaskState::running &&
      (after.state != before.state || after.attempt != before.attempt)) {
    view.let_go.insert({shard, key, before.attempt});
    view.let_go.insert({shard, coordination_key(key), before.attempt});
  }
  for (std::size_t i = 0; i < before.subtasks.size(); ++i) {
    const bool stays =
        after.attempt == before.attempt && i < after.subtasks.size() && on_a_node(after, i);
    if (on_a_node(before, i) && !stays)
      view.let_go.insert(
          {shard, instance_key(key, static_cast<std::int32_t>(i) + 1), before.attempt});
  }
  check_gang(shard, view, after);
  const bool again = before.state == TaskState::completed && after.state != before.state;
  if (again && !(before.result == ExecutionResult::failure && may_be_reactivated(view, after)))
    world_.violated("S4", text(shard, key) + " was completed and is not any more");
  if (after.attempt < before.attempt || after.attempt > before.attempt + 1)
    world_.violated("S4", text(shard, key) + " goes from attempt " +
                              std::to_string(before.attempt) + " to " +
                              std::to_string(after.attempt));
  const std::int32_t retries_max = after.constraints.retries_max;
  if (retries_max >= 0 && after.retry_count > std::max(retries_max, before.retry_count))
    world_.violated("S8", text(shard, key) + " is tried more often than it may be");
  if (after.retry_count > before.retry_count) check_retry(shard, before);
  if (again && after.retry_count != 0)
    world_.violated("S8", text(shard, key) + " is reactivated without all its retries");
  if (!again && after.retry_count < before.retry_count)
    world_.violated("S8", text(shard, key) + " forgets how often it was tried");
  if (before.state != TaskState::running && after.state == TaskState::running)
    check_prepared(shard, view, after);
  if (after.attempt > before.attempt) {
    world_.tell(who, text(shard, key) + " attempt " + std::to_string(after.attempt) + " goes to " +
                         (after.node ? after.node->node_id : "nowhere"));
    check_dispatch(shard, view, found->second);
  }
  if (after.state != before.state && after.state == TaskState::completed) {
    ++completed_;
    world_.tell(who, text(shard, key) + " is completed by attempt " +
                         std::to_string(after.attempt) + ": " +
                         (after.failure ? after.failure->code : "success"));
    note_end(shard, view, after);
    check_completion(shard, after);
  } else if (after.state != before.state && after.state == TaskState::active) {
    world_.tell(
        who, text(shard, key) + " is queued again after attempt " + std::to_string(after.attempt));
  }
}

// All instances, or none, each on a node of its own, in a pool for such tasks.
void Auditor::check_gang(ShardId shard, const ShardView& view, const TaskRecord& task) {
  if (task.instances == 0 || !is_on_node(task.state)) return;
  std::set<std::string> nodes{task.node ? task.node->node_id : ""};
  for (const Subtask& subtask : task.subtasks) nodes.insert(subtask.node.node_id);
  if (nodes.size() != static_cast<std::size_t>(task.instances) ||
      nodes.size() != task.subtasks.size() + 1)
    world_.violated("API", text(shard, task.key) + " has " + std::to_string(nodes.size()) +
                               " nodes, and wants " + std::to_string(task.instances));
  for (const auto& [seq, pool] : view.pools) {
    if (!task.node || pool.spec.id != task.node->pool_id) continue;
    if (!pool.spec.enable_inter_node_communication || pool.spec.task_slots_per_node != 1)
      world_.violated("API", text(shard, task.key) + " runs in a pool that is not for it");
  }
}

void Auditor::note_end(ShardId shard, ShardView& view, const TaskRecord& task) {
  Job& job = view.jobs[task.key.job];
  const bool satisfies = lets_dependents_start(task);
  if (satisfies != task.satisfies_dependents)
    world_.violated("S9", text(shard, task.key) + " ends and its dependents are judged wrongly");
  if (satisfies) {
    job.satisfied.insert(lower_cased(task.id));
    if (const auto number = number_named(task.id)) job.satisfied_numbers.insert(*number);
  }
  const JobRecord& record = job.record;
  if (task.failure && task.failure->code == "TaskDependencyFailed" &&
      !is_blocked(view, view.tasks.at(task.key)))
    world_.violated("S9", text(shard, task.key) + " fails because of a parent that did not");
  if (record.state == JobState::active &&
      record.spec.on_task_failure == OnTaskFailure::performexitoptionsjobaction &&
      wished_for_job(task) != JobAction::none)
    view.to_be_stopped[task.key.job] = text(shard, task.key) + " ends, which stops its job";
}

// Whether its job fails such tasks, and the parent that its failure names ended without satisfying.
bool Auditor::is_blocked(const ShardView& view, const Task& task) const {
  const TaskRecord& record = task.record;
  const JobRecord& job = view.jobs.at(record.key.job).record;
  const auto asks = [](const MetadataItem& item) {
    return item.name == "windlass.failBlockedDependents" && item.value == "true";
  };
  if (std::none_of(job.spec.metadata.begin(), job.spec.metadata.end(), asks)) return false;
  if (record.failure->details.size() != 1) return false;
  const std::string named = record.failure->details.front().value;
  return std::any_of(view.tasks.begin(), view.tasks.end(), [&](const auto& other) {
    const TaskRecord& parent = other.second.record;
    if (parent.key.job != record.key.job || parent.state != TaskState::completed) return false;
    if (lets_dependents_start(parent)) return false;
    if (std::count(task.parents.begin(), task.parents.end(), lower_cased(named)) != 0)
      return lower_cased(parent.id) == lower_cased(named);
    const auto number = number_named(parent.id);
    return number && std::to_string(*number) == named &&
           std::any_of(task.parent_ranges.begin(), task.parent_ranges.end(),
                       [&](auto range) { return range.start <= *number && *number <= range.end; });
  });
}

bool Auditor::may_be_reactivated(const ShardView& view, const TaskRecord& task) const {
  const auto job = view.jobs.find(task.key.job);
  if (job == view.jobs.end() || task.state != TaskState::active) return false;
  const JobRecord& record = job->second.record;
  return reactivations_.contains({{record.account, record.spec.id}, task.id});
}

void Auditor::check_dispatch(ShardId shard, const ShardView& view, const Task& task) {
  const TaskKey key = task.record.key;
  if (!is_on_node(task.record.state))
    world_.violated("S4", text(shard, key) + " has a new attempt and does not run");
  const auto job = view.jobs.find(key.job);
  if (job == view.jobs.end()) {
    world_.violated("S10", text(shard, key) + " starts and has no job");
    return;
  }
  const JobRecord& record = job->second.record;
  if (record.state != JobState::active)
    world_.violated("S10",
                    text(shard, key) + " starts and its job " + record.spec.id + " is not active");
  const auto stopped = stopped_jobs_.find({record.account, record.spec.id});
  if (stopped != stopped_jobs_.end() && job->second.made <= stopped->second)
    world_.violated("S10",
                    text(shard, key) + " starts after its job " + record.spec.id + " was stopped");
  const auto alive = alive_.find({shard, key});
  if (alive != alive_.end())
    world_.violated("S7", text(shard, key) + " attempt " + std::to_string(task.record.attempt) +
                              " is given away while a process of attempt " +
                              std::to_string(alive->second.attempt) + " lives");
  for (const auto& [other, attempt] : alive_) {
    if (other.first == shard && is_subtask(other.second) && task_of_instance(other.second) == key)
      world_.violated("S7", text(shard, key) + " attempt " + std::to_string(task.record.attempt) +
                                " is given away while an instance of attempt " +
                                std::to_string(attempt.attempt) + " lives");
  }
  const auto is_given = [&](const std::string& node) {
    if (task.record.node && node == task.record.node->node_id) return true;
    const auto& subtasks = task.record.subtasks;
    return std::any_of(subtasks.begin(), subtasks.end(),
                       [&](const Subtask& subtask) { return subtask.node.node_id == node; });
  };
  for (const auto& [seq, node] : view.nodes) {
    const bool takes_tasks = node.state == NodeState::idle || node.state == NodeState::running;
    if (is_given(node.id) && !takes_tasks)
      world_.violated("API", text(shard, key) + " is given to a node in state " +
                                 std::to_string(static_cast<int>(node.state)));
  }
  for (const std::string& id : task.parents) {
    if (!job->second.satisfied.contains(id))
      world_.violated("S9", text(shard, key) + " starts before its parent " + id + " succeeded");
  }
  for (const TaskIdRange& range : task.parent_ranges) {
    for (std::int64_t number = range.start; number <= range.end; ++number) {
      if (!job->second.satisfied_numbers.contains(number))
        world_.violated("S9", text(shard, key) + " starts before its parent " +
                                  std::to_string(number) + " succeeded");
    }
  }
}

// What is recorded has happened: the attempt's process ended, and ended so.
void Auditor::check_completion(ShardId shard, const TaskRecord& task) {
  if (!task.exit_code) {
    if (task.result == ExecutionResult::success)
      world_.violated("S4", text(shard, task.key) + " succeeded without an exit code");
    return;
  }
  const AttemptId id{shard, task.key, task.attempt};
  const auto run = ledger_.find(id);
  if (run == ledger_.end() || !run->second.exit_code)
    world_.violated("S5", text(id) + " is recorded as ended, and no process of it has ended");
  else if (*run->second.exit_code != *task.exit_code)
    world_.violated("S5", text(id) + " ended with " + std::to_string(*run->second.exit_code) +
                              ", and " + std::to_string(*task.exit_code) + " is recorded");
}

// Only what the task did by itself costs one of its retries.
void Auditor::check_retry(ShardId shard, const TaskRecord& task) {
  const AttemptId id{shard, task.key, task.attempt};
  const auto has_failed = [&](const TaskKey& key) {
    const auto run = ledger_.find({shard, key, task.attempt});
    return run != ledger_.end() && run->second.exit_code && *run->second.exit_code != 0 &&
           *run->second.exit_code != kKilled && *run->second.exit_code != kTerminated;
  };
  bool failed = has_failed(task.key) || has_failed(coordination_key(task.key));
  for (std::int32_t i = 1; i < task.instances; ++i)
    failed = failed || has_failed(instance_key(task.key, i));
  if (!failed)
    world_.violated("S8", text(id) + " counts as a try that failed, and no process of it did");
}

// What runs was committed before anybody was told of it.
void Auditor::check_start(const AttemptId& id) {
  const ShardView& view = shards_[id.shard];
  if (is_node_task(id.task)) {
    if (view.erased_jobs.contains(id.task.job)) return;
    const auto found = view.job_nodes.find({id.task.job, node_of_task(id.task)});
    const bool releases = kind_of_node_task(id.task) == NodeTask::release;
    const NodeTaskRun* run = nullptr;
    if (found != view.job_nodes.end() && !releases) run = &found->second.preparation;
    if (found != view.job_nodes.end() && releases && found->second.release)
      run = &*found->second.release;
    if (run == nullptr || run->attempt < id.attempt)
      world_.violated("S4", text(id) + " runs, and no shard has committed it");
    return;
  }
  if (view.erased_tasks.contains(task_of_instance(id.task))) return;
  const auto task = view.tasks.find(task_of_instance(id.task));
  if (task == view.tasks.end() || task->second.record.attempt < id.attempt)
    return world_.violated("S4", text(id) + " runs, and no shard has committed it");
  const TaskRecord& record = task->second.record;
  if (record.instances == 0 || is_subtask(id.task) || record.attempt != id.attempt) return;
  if (record.state != TaskState::running) return;  // it is over, and this process soon
  const bool all_ready =
      record.coordinated && std::all_of(record.subtasks.begin(), record.subtasks.end(),
                                        [](const Subtask& subtask) { return subtask.ready; });
  if (!all_ready)
    world_.violated("API", text(id) + " runs its command before all instances are ready");
}

// Where tasks have to wait for the preparation, it has really succeeded on their node.
void Auditor::check_prepared(ShardId shard, const ShardView& view, const TaskRecord& task) {
  for (const Subtask& subtask : task.subtasks) {
    TaskRecord instance = task;
    instance.node = subtask.node;
    instance.subtasks.clear();
    check_prepared(shard, view, instance);
  }
  const auto job = view.jobs.find(task.key.job);
  if (job == view.jobs.end() || !task.node) return;
  const auto& preparation = job->second.record.spec.preparation_task;
  if (!preparation || !preparation->wait_for_success) return;
  const auto node = std::find_if(view.nodes.begin(), view.nodes.end(), [&](const auto& entry) {
    return entry.second.id == task.node->node_id;
  });
  const auto record = node == view.nodes.end() ? view.job_nodes.end()
                                               : view.job_nodes.find({task.key.job, node->first});
  if (record == view.job_nodes.end())
    return world_.violated("API", text(shard, task.key) + " starts on a node never prepared");
  const NodeTaskRun& run = record->second.preparation;
  if (run.state != NodeTaskState::completed || run.result != ExecutionResult::success)
    world_.violated("API", text(shard, task.key) + " starts on a node that is not prepared");
  const bool same_boot = record->second.boot == node->second.boot;
  if (!same_boot && preparation->rerun_on_node_reboot_after_success)
    world_.violated("API", text(shard, task.key) + " starts on a node prepared before its boot");
}

void Auditor::check_node_task_end(const AttemptId& id, const NodeTaskRun& run) {
  if (run.state != NodeTaskState::completed || !run.judged || !run.exit_code) return;
  const auto process = ledger_.find(id);
  if (process == ledger_.end() || !process->second.exit_code)
    world_.violated("S5", text(id) + " is recorded as ended, and no process of it has ended");
  else if (*process->second.exit_code != *run.exit_code)
    world_.violated("S5", text(id) + " ended with " + std::to_string(*process->second.exit_code) +
                              ", and " + std::to_string(*run.exit_code) + " is recorded");
}

void Auditor::see(ShardId shard, ShardView& view, const TaskErased& erased) {
  const auto found = view.tasks.find(erased.key);
  if (found == view.tasks.end()) {
    world_.violated("S10", text(shard, erased.key) + " is erased and is not there");
    return;
  }
  const TaskRecord& record = found->second.record;
  if (record.state == TaskState::running) {
    view.let_go.insert({shard, erased.key, record.attempt});
    view.let_go.insert({shard, coordination_key(erased.key), record.attempt});
    for (std::size_t i = 0; i < record.subtasks.size(); ++i) {
      if (on_a_node(record, i))
        view.let_go.insert(
            {shard, instance_key(erased.key, static_cast<std::int32_t>(i) + 1), record.attempt});
    }
  }
  view.jobs[erased.key.job].tasks_by_id.erase(lower_cased(found->second.record.id));
  view.tasks.erase(found);
  view.erased_tasks.insert(erased.key);
  world_.tell("shard-" + std::to_string(shard), text(shard, erased.key) + " is erased");
}

}  // namespace windlass::simulator
