#include "scheduler/core/answer.h"

#include "model/task_folder.h"
#include "scheduler/core/conditions.h"
#include "scheduler/core/listing.h"
#include "scheduler/core/tasks.h"
#include "scheduler/core/usage.h"

namespace windlass::scheduler {

namespace {

PoolView view_of(const State& state, const Pool& pool) {
  PoolView view{pool.record, 0, 0, node_time_of(state, pool)};
  for (const auto& [id, seq] : pool.nodes) {
    const Node* node = state.find_node(seq);
    (node->record.dedicated ? view.current_dedicated_nodes : view.current_spot_nodes) += 1;
  }
  return view;
}

NodeView view_of(const State& state, Rows& rows, const Pool& pool, const Node& node) {
  const PoolSpec& spec = pool.record.spec;
  NodeView view{node.record,        spec.id, spec.vm_size, spec.start_task, node.running,
                node.running_slots, {}};
  const auto& recent = node.record.recent_tasks;
  for (auto key = recent.rbegin(); key != recent.rend(); ++key) {
    const Job* job = state.find_job(key->job);
    if (job == nullptr) continue;
    const TaskKey task = task_of_instance(*key);
    const std::string& job_id = job->record.spec.id;
    const std::int32_t instance = instance_number(*key);
    if (const RunningTask* running = state.find_running(task)) {
      view.recent_tasks.push_back({job_id, running->record, instance});
    } else if (std::optional<OpenTask> open = rows.open_task(task)) {
      view.recent_tasks.push_back({job_id, std::move(open->record), instance});
    } else if (std::optional<TaskRecord> done = rows.done_task(task)) {
      view.recent_tasks.push_back({job_id, std::move(*done), instance});
    }
  }
  return view;
}

PoolNodeCounts node_counts(const State& state, const Pool& pool) {
  PoolNodeCounts counts;
  counts.pool_id = pool.record.spec.id;
  for (const auto& [id, seq] : pool.nodes) {
    const Node* node = state.find_node(seq);
    NodeCounts& kind = node->record.dedicated ? counts.dedicated : counts.spot;
    kind.by_state[static_cast<std::size_t>(node->record.state)] += 1;
    kind.total += 1;
  }
  return counts;
}

const Error kPoolNotFound{ErrorCode::pool_not_found, {}, {}};
const Error kNodeNotFound{ErrorCode::node_not_found, {}, {}};
const Error kTaskNotFound{ErrorCode::task_not_found, {}, {}};

}  // namespace

Answer answer(const State& state, Rows&, const Settings&, const std::string& account,
              const GetPool& question) {
  const Pool* pool = state.find_pool(account, question.pool_id);
  if (pool == nullptr) return kPoolNotFound;
  if (auto refused =
          refused_by_conditions(question.conditions, state.shard(), pool->record.version, true)) {
    return *refused;
  }
  return view_of(state, *pool);
}

Answer answer(const State& state, Rows&, const Settings& settings, const std::string& account,
              const ListPools& question) {
  return list<PoolView>(question.page, settings, query::pool_filter_schema(), state.pools_by_id,
                        account,
                        [&](PoolSeq seq) { return view_of(state, *state.find_pool(seq)); });
}

Answer answer(const State& state, Rows& rows, const Settings&, const std::string& account,
              const GetNode& question) {
  const Pool* pool = state.find_pool(account, question.pool_id);
  if (pool == nullptr) return kPoolNotFound;
  const Node* node = state.find_node(*pool, question.node_id);
  if (node == nullptr) return kNodeNotFound;
  return view_of(state, rows, *pool, *node);
}

Answer answer(const State& state, Rows& rows, const Settings& settings, const std::string& account,
              const ListNodes& question) {
  const Pool* pool = state.find_pool(account, question.pool_id);
  if (pool == nullptr) return kPoolNotFound;
  return list<NodeView>(
      question.page, settings, query::node_filter_schema(), pool->nodes,
      [&](NodeSeq seq) { return view_of(state, rows, *pool, *state.find_node(seq)); });
}

Answer answer(const State& state, Rows&, const Settings& settings, const std::string& account,
              const ListNodeCounts& question) {
  return list<PoolNodeCounts>(
      question.page, settings, query::node_counts_filter_schema(), state.pools_by_id, account,
      [&](PoolSeq seq) { return node_counts(state, *state.find_pool(seq)); });
}

Answer answer(const State& state, Rows&, const Settings&, const std::string& account,
              const FindJob& question) {
  const Reservation* found = state.find_reservation(account, question.job_id);
  if (found == nullptr || found->state != ReservationState::held) {
    return Error{ErrorCode::job_not_found, {}, {}};
  }
  return JobFound{found->target};
}

Answer answer(const State& state, Rows&, const Settings&, const std::string& account,
              const GetJob& question) {
  const Job* job = state.find_job(account, question.job_id);
  if (job == nullptr) return NotHere{};
  if (auto refused =
          refused_by_conditions(question.conditions, state.shard(), job->record.version, true)) {
    return *refused;
  }
  return job->record;
}

Answer answer(const State& state, Rows&, const Settings& settings, const std::string& account,
              const ListJobs& question) {
  const auto record_of = [&](JobSeq seq) { return state.find_job(seq)->record; };
  if (question.schedule_id.empty()) {
    return list<JobRecord>(question.page, settings, query::job_filter_schema(), state.jobs_by_id,
                           account, record_of);
  }
  // Those of a schedule stand beside each other: {schedule}:job-{n}.
  const std::string from = lower_cased(question.schedule_id) + ":";
  return list_between<JobRecord>(question.page, settings, query::schedule_job_filter_schema(),
                                 state.jobs_by_id, account, from,
                                 lower_cased(question.schedule_id) + ";", record_of);
}

Answer answer(const State& state, Rows&, const Settings&, const std::string& account,
              const GetJobSchedule& question) {
  const JobScheduleRecord* schedule = state.find_job_schedule(account, question.schedule_id);
  if (schedule == nullptr) return Error{ErrorCode::job_schedule_not_found, {}, {}};
  if (auto refused =
          refused_by_conditions(question.conditions, state.shard(), schedule->version, true)) {
    return *refused;
  }
  return *schedule;
}

Answer answer(const State& state, Rows&, const Settings& settings, const std::string& account,
              const ListJobSchedules& question) {
  return list<JobScheduleRecord>(question.page, settings, query::job_schedule_filter_schema(),
                                 state.job_schedules_by_id, account,
                                 [&](JobScheduleSeq seq) { return *state.find_job_schedule(seq); });
}

Answer answer(const State& state, Rows&, const Settings&, const std::string& account,
              const GetCertificate& question) {
  const CertificateRecord* found = state.find_certificate(account, question.thumbprint);
  if (found == nullptr) return Error{ErrorCode::certificate_not_found, {}, {}};
  return *found;
}

Answer answer(const State& state, Rows&, const Settings& settings, const std::string& account,
              const ListCertificates& question) {
  return list<CertificateRecord>(question.page, settings, query::certificate_filter_schema(),
                                 state.certificates, account,
                                 [](const CertificateRecord& certificate) { return certificate; });
}

Answer answer(const State& state, Rows& rows, const Settings&, const std::string& account,
              const GetTask& question) {
  const Job* job = state.find_job(account, question.job_id);
  if (job == nullptr) return NotHere{};
  std::optional<TaskRecord> task = find_task(state, rows, job->record.seq, question.task_id);
  if (!task) return kTaskNotFound;
  if (auto refused =
          refused_by_conditions(question.conditions, state.shard(), task->version, true)) {
    return *refused;
  }
  std::string document = rows.document(task->key);
  return TaskView{std::move(*task), std::move(document)};
}

Answer answer(const State& state, Rows& rows, const Settings& settings, const std::string& account,
              const ListTasks& question) {
  const Job* job = state.find_job(account, question.job_id);
  if (job == nullptr) return NotHere{};
  return list_tasks(state, rows, settings, *job, question.page);
}

Answer answer(const State& state, Rows&, const Settings&, const std::string& account,
              const GetTaskCounts& question) {
  const Job* job = state.find_job(account, question.job_id);
  if (job == nullptr) return NotHere{};
  return job->record.counts;
}

Answer answer(const State& state, Rows&, const Settings& settings, const std::string& account,
              const ListJobNodes& question) {
  const Job* job = state.find_job(account, question.job_id);
  if (job == nullptr) return NotHere{};
  const JobSpec& spec = job->record.spec;
  if (!spec.preparation_task) return Error{ErrorCode::job_preparation_task_not_specified, {}, {}};
  std::map<std::string, NodeSeq> by_id;
  for (const auto& [seq, record] : job->nodes) by_id.emplace(lower_cased(record.node_id), seq);
  return list<JobNodeView>(question.page, settings, query::job_node_filter_schema(), by_id,
                           [&](NodeSeq seq) {
                             return JobNodeView{job->nodes.at(seq), spec.preparation_task->id,
                                                spec.release_task ? spec.release_task->id : ""};
                           });
}

Answer answer(const State& state, Rows&, const Settings&, const std::string& account,
              const GetLifetimeStatistics&) {
  return lifetime_of(state, account);
}

Answer answer(const State& state, Rows& rows, const Settings&, const std::string& account,
              const FindTaskFiles& question) {
  const Job* job = state.find_job(account, question.job_id);
  if (job == nullptr) return NotHere{};
  const std::optional<TaskRecord> task = find_task(state, rows, job->record.seq, question.task_id);
  if (!task) return kTaskNotFound;
  if (!task->node) {
    return Error{ErrorCode::task_files_unavailable, "The task has not run on any node.", {}};
  }
  const auto worker = state.workers.find(task->node->worker);
  const InstanceId instance = worker == state.workers.end() ? 0 : worker->second.instance;
  return FilesFound{instance, task->node->node_id, task_folder(job->record.spec.id, task->id)};
}

Answer answer(const State& state, Rows&, const Settings&, const std::string& account,
              const FindNodeFiles& question) {
  const Pool* pool = state.find_pool(account, question.pool_id);
  if (pool == nullptr) return kPoolNotFound;
  const Node* node = state.find_node(*pool, question.node_id);
  if (node == nullptr) return kNodeNotFound;
  const auto worker = state.workers.find(node->record.worker);
  const InstanceId instance = worker == state.workers.end() ? 0 : worker->second.instance;
  return FilesFound{instance, node->record.id, ""};
}

}  // namespace windlass::scheduler
