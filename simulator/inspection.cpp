#include "simulator/inspection.h"

#include <algorithm>

namespace windlass::simulator {

void Inspection::go_on(ClientProcess& client) {
  if (pool_ < history_.pools.size()) return look_at_pool(client, history_.pools[pool_++]);
  pool_ = 0;  // pools again after the next job: a resize may have ended short of its target
  std::vector<JobFact*> left;
  for (auto& [id, job] : history_.jobs) {
    const JobLook& look = looks_[id];
    if (!look.gone && !look.settled) left.push_back(&job);
  }
  if (left.empty()) {
    done_ = true;
    return;
  }
  look_at_job(client, *left[turn_++ % left.size()]);
}

void Inspection::look_at_pool(ClientProcess& client, PoolFact& pool) {
  client.ask(pool.shard, GetPool{pool.id, {}}, [&](const std::optional<Answer>& answer) {
    if (!answer) return;
    const auto* view = std::get_if<PoolView>(&*answer);
    if (view == nullptr) {
      if (pool.presence == Presence::present)
        world_.violated("S1", "pool " + pool.id + " was acknowledged and is not there");
      ++pool.asked;
      client.ask(pool.shard, workload_.add_pool(pool),
                 [&](const std::optional<Answer>& made) { history_.pool_added(pool, made); });
      return;
    }
    const bool enough = view->current_dedicated_nodes == pool.nodes &&
                        view->record.spec.target_dedicated_nodes == pool.nodes;
    if (enough || view->record.allocation_state != AllocationState::steady) return;
    ResizePool request;
    request.pool_id = pool.id;
    request.target_dedicated_nodes = pool.nodes;
    client.ask(pool.shard, request, [](const std::optional<Answer>&) {});
  });
}

void Inspection::look_at_job(ClientProcess& client, JobFact& job) {
  JobLook& look = looks_[job.id];
  const MonoTime asked_at = world_.timeline.now();
  client.ask(job.shard, GetJob{job.id, {}}, [&, asked_at](const std::optional<Answer>& answer) {
    if (!answer) return;
    history_.job_read(job, asked_at, answer);
    const auto* record = std::get_if<JobRecord>(&*answer);
    if (record == nullptr) {
      look.gone = true;
      return;
    }
    look.waits_for = "job state " + std::to_string(static_cast<int>(record->state));
    if (record->state == JobState::deleting || record->state == JobState::terminating) return;
    if (record->state == JobState::disabled || record->state == JobState::disabling) {
      client.ask(job.shard, EnableJob{job.id, {}}, [](const std::optional<Answer>&) {});
      return;
    }
    look.asked_at = asked_at;
    look.ended = record->state == JobState::completed;
    look.tasks.clear();
    look.next.reset();
    list(client, job, look);
  });
}

void Inspection::list(ClientProcess& client, JobFact& job, JobLook& look) {
  PageRequest page;
  page.after = look.next.value_or("");
  page.entries_max = 20;
  client.ask(job.shard, ListTasks{job.id, page}, [&](const std::optional<Answer>& answer) {
    if (!answer) return;
    const auto* found = std::get_if<Page<TaskView>>(&*answer);
    if (found == nullptr) return;
    for (const TaskView& view : found->entries) look.tasks.push_back(view.record);
    look.next = found->next;
    if (look.next)
      list(client, job, look);
    else
      judge(client, job, look);
  });
}

void Inspection::judge(ClientProcess& client, JobFact& job, JobLook& look) {
  const auto succeeded = [&](const std::string& id) {
    return std::any_of(look.tasks.begin(), look.tasks.end(), [&](const TaskRecord& task) {
      return task.id == id && task.result == ExecutionResult::success;
    });
  };
  look.waits_for.clear();
  for (const TaskRecord& task : look.tasks) {
    if (task.state == TaskState::completed) continue;
    // What had not begun when its job ended stays as it is.
    if (look.ended && task.state == TaskState::active) continue;
    const auto fact = job.tasks.find(task.id);
    const bool blocked = task.state == TaskState::active && fact != job.tasks.end() &&
                         !std::all_of(fact->second.wanted.depends_on_ids.begin(),
                                      fact->second.wanted.depends_on_ids.end(), succeeded);
    if (!blocked)
      look.waits_for += " " + task.id + " (state " + std::to_string(static_cast<int>(task.state)) +
                        ", attempt " + std::to_string(task.attempt) + ")";
  }
  if (!look.waits_for.empty()) return;
  client.ask(job.shard, GetTaskCounts{job.id}, [&](const std::optional<Answer>& answer) {
    if (!answer) return;
    const auto* counts = std::get_if<TaskCounts>(&*answer);
    if (counts == nullptr) return;
    history_.job_listed(job, look.asked_at, look.tasks, *counts);
    look.settled = true;
  });
}

std::string Inspection::unfinished() const {
  std::string text;
  for (const auto& [id, look] : looks_) {
    if (!look.gone && !look.settled) text += " " + id + ":" + look.waits_for + ";";
  }
  return text.empty() ? " no client was answered" : text;
}

}  // namespace windlass::simulator
