#include "simulator/inspection.h"

#include "schema/codec/task_document.h"
#include "simulator/reference/exits.h"

#include <algorithm>
#include <set>

namespace windlass::simulator {

void Inspection::go_on(ClientProcess& client) {
  if (pool_ < history_.pools.size()) return look_at_pool(client, history_.pools[pool_++]);
  std::vector<JobFact*> left;
  for (auto& [id, job] : history_.jobs) {
    const JobLook& look = looks_[id];
    if (!look.gone && !look.settled) left.push_back(&job);
  }
  if (left.empty()) {
    pool_ = 0;
    if (look_at_schedules(client) || list_certificates(client)) return;
    done_ = true;
    history_.all_listed();
    return;
  }
  if (turn_ < left.size()) return look_at_job(client, *left[turn_++]);
  // Once around. Pools again: a resize may have ended short of its target.
  turn_ = 0;
  pool_ = 0;
  go_on(client);
}

void Inspection::look_at_pool(ClientProcess& client, PoolFact& pool) {
  ask(client, pool, pool.shard, GetPool{pool.id, {}}, [&](const Answer& answer) {
    const auto* view = std::get_if<PoolView>(&answer);
    if (view == nullptr) return ask(client, pool, pool.shard, workload_.add_pool(pool), {});
    if (view->record.allocation_state != AllocationState::steady) return;
    look_at_nodes(client, pool, *view);
  });
}

// Nodes that take no tasks: by request (these are enabled, or started), and those whose start task
// or folders failed. The latter are given back, and others asked for.
void Inspection::look_at_nodes(ClientProcess& client, PoolFact& pool, const PoolView& view) {
  ask(client, pool, pool.shard, ListNodes{pool.id, {}}, [&, view](const Answer& answer) {
    const auto* page = std::get_if<Page<NodeView>>(&answer);
    if (page == nullptr) return;
    bool broken = false;
    for (const NodeView& node : page->entries) {
      const NodeState state = node.record.state;
      if (state == NodeState::starttaskfailed || state == NodeState::unusable) broken = true;
      if (state == NodeState::deallocated)
        ask(client, pool, pool.shard, RestartNode{pool.id, node.record.id, NodeRestart::start, {}},
            {});
      if (node.record.scheduling_state == SchedulingState::disabled)
        ask(client, pool, pool.shard, EnableNodeScheduling{pool.id, node.record.id}, {});
    }
    const PoolSpec& spec = view.record.spec;
    const bool enough = view.current_dedicated_nodes + view.current_spot_nodes == pool.nodes &&
                        spec.target_dedicated_nodes + spec.target_spot_nodes == pool.nodes;
    if (enough && !broken) return;
    ResizePool request;
    request.pool_id = pool.id;
    (world_.options.spot_nodes ? request.target_spot_nodes : request.target_dedicated_nodes) =
        broken ? 0 : pool.nodes;
    ask(client, pool, pool.shard, request, {});
  });
}

// They would go on for ever: each is deleted, and gone in the end, with all its jobs. False: none
// is left.
bool Inspection::look_at_schedules(ClientProcess& client) {
  bool some = false;
  for (auto& entry : history_.schedules) {
    const std::string name = entry.first;
    ScheduleFact& schedule = entry.second;
    if (schedules_gone_.contains(name)) continue;
    ask(client, schedule, schedule.shard, GetJobSchedule{schedule.id, {}},
        [&, name](const Answer& answer) {
          const auto* record = std::get_if<JobScheduleRecord>(&answer);
          if (record == nullptr) {
            schedules_gone_.insert(name);
          } else if (record->state != JobScheduleState::deleting) {
            ask(client, schedule, schedule.shard, DeleteJobSchedule{schedule.id, {}, false}, {});
          }
        });
    some = true;
  }
  return some;
}

// Of each account, once. False: of all of them.
bool Inspection::list_certificates(ClientProcess& client) {
  for (PoolFact& pool : history_.pools) {
    if (certificates_listed_.contains(pool.account)) continue;
    ask(client, pool, kCertificatesShard, ListCertificates{},
        [&](const Answer&) { certificates_listed_.insert(pool.account); });
    return true;
  }
  return false;
}

void Inspection::look_at_job(ClientProcess& client, JobFact& job) {
  JobLook& look = looks_[job.account + "/" + job.id];
  ask(client, job, job.shard, GetJob{job.id, {}}, [&](const Answer& answer) {
    const auto* record = std::get_if<JobRecord>(&answer);
    if (record == nullptr) {
      look.gone = true;
      return;
    }
    look.waits_for = " job state " + std::to_string(static_cast<int>(record->state));
    if (record->state == JobState::deleting || record->state == JobState::terminating) return;
    // Its pool may have nodes that others are waiting for.
    if (job.auto_pool && record->state != JobState::completed)
      return ask(client, job, job.shard, TerminateJob{job.id, {}, "over"}, {});
    if (record->state == JobState::disabled || record->state == JobState::disabling)
      return ask(client, job, job.shard, EnableJob{job.id, {}}, {});
    look.ended = record->state == JobState::completed;
    // The grace of a job that never had a task is of wall time, which may have been set back.
    const bool in_time = record->next_task > 1 || world_.options.clock_step_every == Duration{};
    look.ends_by_itself =
        in_time && record->spec.on_all_tasks_complete == OnAllTasksComplete::terminatejob;
    look.fails_blocked =
        std::any_of(record->spec.metadata.begin(), record->spec.metadata.end(),
                    [](const auto& item) { return item.name == "windlass.failBlockedDependents"; });
    look.tasks.clear();
    look.next.reset();
    const auto& preparation = record->spec.preparation_task;
    if (!look.ended && preparation && preparation->wait_for_success)
      return look_at_preparations(client, job, look);
    list(client, job, look);
  });
}

// Where preparations have failed, tasks may never find a node. Such a job is terminated.
void Inspection::look_at_preparations(ClientProcess& client, JobFact& job, JobLook& look) {
  ask(client, job, job.shard, ListJobNodes{job.id, {}}, [&](const Answer& answer) {
    const auto* page = std::get_if<Page<JobNodeView>>(&answer);
    if (page == nullptr) return;
    const bool some_failed =
        std::any_of(page->entries.begin(), page->entries.end(), [](const JobNodeView& view) {
          const NodeTaskRun& run = view.record.preparation;
          return run.judged && run.result == ExecutionResult::failure;
        });
    if (some_failed)
      ask(client, job, job.shard, TerminateJob{job.id, {}, "not to be prepared"}, {});
    else
      list(client, job, look);
  });
}

void Inspection::list(ClientProcess& client, JobFact& job, JobLook& look) {
  PageRequest page;
  page.after = look.next.value_or("");
  page.entries_max = 20;
  ask(client, job, job.shard, ListTasks{job.id, page}, [&](const Answer& answer) {
    const auto* found = std::get_if<Page<TaskView>>(&answer);
    if (found == nullptr) return;
    look.tasks.insert(look.tasks.end(), found->entries.begin(), found->entries.end());
    look.next = found->next;
    if (look.next)
      list(client, job, look);
    else
      judge(client, job, look);
  });
}

// Whether it waits for parents that will not succeed any more.
bool Inspection::is_blocked(const JobLook& look, const TaskView& task) {
  if (task.record.state != TaskState::active) return false;
  const auto document = decode_task_document(task.document);
  if (!document) return false;
  const auto succeeded = [&](const std::string& id) {
    return std::any_of(look.tasks.begin(), look.tasks.end(), [&](const TaskView& other) {
      return other.record.id == id && other.record.state == TaskState::completed &&
             lets_dependents_start(other.record);
    });
  };
  const auto numbered = [&](const TaskIdRange& range) {
    std::set<std::int64_t> numbers;
    for (const TaskView& other : look.tasks) {
      const auto number = number_named(other.record.id);
      if (number && other.record.state == TaskState::completed &&
          lets_dependents_start(other.record))
        numbers.insert(*number);
    }
    const auto first = numbers.lower_bound(range.start);
    const auto last = numbers.upper_bound(range.end);
    return std::distance(first, last) == std::int64_t{range.end} - range.start + 1;
  };
  return !std::all_of(document->depends_on_ids.begin(), document->depends_on_ids.end(),
                      succeeded) ||
         !std::all_of(document->depends_on_ranges.begin(), document->depends_on_ranges.end(),
                      numbered);
}

// Whether a parent that is there will not satisfy it any more.
bool Inspection::has_failed_parent(const JobLook& look, const TaskView& task) {
  const auto document = decode_task_document(task.document);
  return document && std::any_of(look.tasks.begin(), look.tasks.end(), [&](const TaskView& other) {
           const auto& ids = document->depends_on_ids;
           return other.record.state == TaskState::completed &&
                  !lets_dependents_start(other.record) &&
                  std::find(ids.begin(), ids.end(), other.record.id) != ids.end();
         });
}

void Inspection::judge(ClientProcess& client, JobFact& job, JobLook& look) {
  look.waits_for.clear();
  bool all_complete = true;
  std::vector<TaskRecord> records;
  for (const TaskView& task : look.tasks) {
    const TaskRecord& record = task.record;
    records.push_back(record);
    if (record.state == TaskState::completed) continue;
    all_complete = false;
    // What had not begun when its job ended stays as it is.
    if (look.ended && record.state == TaskState::active) continue;
    if (!is_blocked(look, task) || (look.fails_blocked && has_failed_parent(look, task)))
      look.waits_for += " " + record.id + " (state " +
                        std::to_string(static_cast<int>(record.state)) + ", attempt " +
                        std::to_string(record.attempt) + ")";
  }
  if (look.ends_by_itself && !look.ended && all_complete) look.waits_for += " its end";
  if (!look.waits_for.empty()) return;
  ask(client, job, job.shard, GetTaskCounts{job.id}, [&, records](const Answer& answer) {
    const auto* counts = std::get_if<TaskCounts>(&answer);
    if (counts == nullptr) return;
    history_.job_listed(job, records, *counts);
    look.settled = true;
  });
}

void Inspection::ask(ClientProcess& client, const Fact& of, ShardId shard, const Request& request,
                     std::function<void(const Answer&)> then) {
  history_.ask(client, of, shard, request,
               [then = std::move(then)](const std::optional<Answer>& answer) {
                 if (answer && then) then(*answer);
               });
}

std::string Inspection::unfinished() const {
  std::string text;
  for (const auto& [id, look] : looks_) {
    if (!look.gone && !look.settled) text += " " + id + ":" + look.waits_for + ";";
  }
  for (const auto& [key, schedule] : history_.schedules) {
    if (!schedules_gone_.contains(key)) text += " job schedule " + key + ";";
  }
  return text.empty() ? " no client was answered" : text;
}

}  // namespace windlass::simulator
