#include "simulator/workload.h"

#include "schema/codec/task_document.h"

#include <algorithm>

namespace windlass::simulator {

namespace {

constexpr const char* kAccount = "acct";

// A name that hashes to the shard.
std::string id_on(ShardId shard, ShardId shards, const std::string& prefix) {
  for (int i = 0;; ++i) {
    std::string id = prefix + std::to_string(i);
    if (shard_of(kAccount, id, shards) == shard) return id;
  }
}

}  // namespace

Workload::Workload(World& world, History& history)
    : world_(world), history_(history), random_(world.random.fork()) {
  const Options& options = world.options;
  const auto shards = static_cast<ShardId>(options.shards);
  const int offers = options.workers * options.offers;
  // Each pool can have its nodes, whatever the others have.
  const int pools = std::min(options.shards, offers);
  for (int i = 0; i < pools; ++i) {
    PoolFact pool;
    pool.shard = static_cast<ShardId>(i);
    pool.id = id_on(pool.shard, shards, "pool-");
    pool.nodes = offers / pools;
    history.pools.push_back(pool);
  }
  const int acts = 8 + pools + options.jobs * 3 + options.tasks * 2;
  pause_ = options.safety_phase * options.clients / acts;
}

void Workload::act(ClientProcess& client) {
  for (PoolFact& pool : history_.pools) {
    if (pool.presence != Presence::present) return make_pool(client, pool);
  }
  if (jobs_made_ < world_.options.jobs && random_.chance(150)) return make_job(client);
  JobFact* job = some_job();
  if (job == nullptr) {
    if (jobs_made_ < world_.options.jobs) make_job(client);
    return;
  }
  TaskFact* task = some_task(*job);
  if (world_.options.restless_pools && random_.chance(300)) return resize(client);
  const std::int64_t what = random_.between(0, 99);
  if (task == nullptr || what < 45) return make_tasks(client, *job);
  if (what < 48) return ask_again(client, *job);
  if (what < 55) return add_again(client, *job);
  if (what < 80) return read_task(client, *job, *task);
  if (what < 88) return end_task(client, *job, *task);
  if (what < 96) return change_job(client, *job);
  resize(client);
}

JobFact* Workload::some_job() {
  if (history_.jobs.empty()) return nullptr;
  std::vector<JobFact*> jobs;
  for (auto& [id, job] : history_.jobs) {
    // What has ended is asked about now and then; most acts are for what goes on.
    const bool goes_on = !job.stop_asked && job.presence == Presence::present;
    if (goes_on || random_.chance(100)) jobs.push_back(&job);
  }
  if (jobs.empty()) return nullptr;
  return jobs[static_cast<std::size_t>(
      random_.between(0, static_cast<std::int64_t>(jobs.size()) - 1))];
}

TaskFact* Workload::some_task(JobFact& job) {
  if (job.tasks.empty()) return nullptr;
  auto found = job.tasks.begin();
  std::advance(found, random_.between(0, static_cast<std::int64_t>(job.tasks.size()) - 1));
  return &found->second;
}

Request Workload::add_pool(const PoolFact& pool) const {
  PoolSpec spec;
  spec.id = pool.id;
  spec.vm_size = "any";
  spec.target_dedicated_nodes = pool.nodes;
  spec.task_slots_per_node = world_.options.slots;
  spec.fill_type = pool.shard % 2 == 0 ? NodeFillType::spread : NodeFillType::pack;
  return AddPool{spec};
}

void Workload::make_pool(ClientProcess& client, PoolFact& pool) {
  if (client.ask(pool.shard, add_pool(pool), [this, &pool](const std::optional<Answer>& answer) {
        history_.pool_added(pool, answer);
      }))
    ++pool.asked;
}

void Workload::make_job(ClientProcess& client) {
  const std::string id = "job-" + std::to_string(++jobs_made_);
  JobFact& job = history_.jobs[id];
  job.id = id;
  job.pool = static_cast<std::size_t>(
      random_.between(0, static_cast<std::int64_t>(history_.pools.size()) - 1));
  job.shard = history_.pools[job.pool].shard;
  job.dependencies = random_.chance(500);
  JobSpec spec;
  spec.id = id;
  spec.pool_id = history_.pools[job.pool].id;
  spec.priority = static_cast<std::int32_t>(random_.between(-1, 1));
  spec.uses_task_dependencies = job.dependencies;
  spec.parallel_tasks_max =
      random_.chance(200) ? static_cast<std::int32_t>(random_.between(1, 3)) : -1;
  spec.constraints.task_retries_max = static_cast<std::int32_t>(random_.between(0, 2));
  const ShardId home = shard_of(kAccount, id, static_cast<ShardId>(world_.options.shards));
  if (client.ask(home, AddJob{spec}, [this, &job](const std::optional<Answer>& answer) {
        history_.job_added(job, answer);
      }))
    ++job.asked;
}

NewTask Workload::draw_task(JobFact& job, TaskFact& fact) {
  NewTask task;
  task.id = fact.id;
  task.required_slots =
      random_.chance(700) ? 1 : static_cast<SlotCount>(random_.between(1, world_.options.slots));
  const Duration time = random_.between(std::chrono::milliseconds(1), world_.options.task_time_max);
  const std::string ms =
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  TaskDocument document;
  const std::int64_t kind = random_.between(0, 99);
  document.command_line = "ok " + ms;
  if (kind >= 70) document.command_line = "fail " + ms;
  if (kind >= 80) document.command_line = "flaky " + ms;
  if (kind >= 88) document.command_line = "crash " + ms;
  if (kind >= 94) {
    document.command_line = "hang";
    task.max_wall_clock_time = time;
  }
  if (random_.chance(300)) task.retries_max = static_cast<std::int32_t>(random_.between(0, 3));
  fact.work = time * 4;
  if (job.dependencies && random_.chance(300)) {
    if (const TaskFact* parent = some_task(job); parent != nullptr && parent->id != fact.id)
      task.depends_on_ids = {parent->id};
  }
  task.document = encode_task_document(document);
  fact.wanted = task;
  return task;
}

void Workload::make_tasks(ClientProcess& client, JobFact& job) {
  if (tasks_made_ >= world_.options.tasks) return;
  std::vector<NewTask> tasks;
  for (std::int64_t left = random_.between(1, 6); left > 0 && tasks_made_ < world_.options.tasks;
       --left) {
    const std::string id = "t" + std::to_string(++tasks_made_);
    TaskFact& fact = job.tasks[id];
    fact.id = id;
    tasks.push_back(draw_task(job, fact));
  }
  send_tasks(client, job, std::move(tasks));
}

// As a client does that was told "I do not know".
void Workload::ask_again(ClientProcess& client, JobFact& job) {
  std::vector<NewTask> tasks;
  for (auto& [id, fact] : job.tasks) {
    if (fact.presence != Presence::unknown || fact.deletes_asked > 0 || tasks.size() >= 3) continue;
    tasks.push_back(fact.wanted);
  }
  if (!tasks.empty()) send_tasks(client, job, std::move(tasks));
}

// Under an id that is free for certain: its task was there, and is acknowledged as deleted.
void Workload::add_again(ClientProcess& client, JobFact& job) {
  for (auto& [id, fact] : job.tasks) {
    const bool free = fact.presence == Presence::present && fact.delete_acknowledged &&
                      fact.unclear == 0 && fact.deletes_asked == 1 && fact.asked == 1;
    if (!free) continue;
    const std::string kept = id;
    fact = TaskFact{};
    fact.id = kept;
    std::vector<NewTask> tasks{draw_task(job, fact)};
    return send_tasks(client, job, std::move(tasks));
  }
}

void Workload::send_tasks(ClientProcess& client, JobFact& job, std::vector<NewTask> tasks) {
  std::vector<std::string> ids;
  for (const NewTask& task : tasks) ids.push_back(task.id);
  const MonoTime asked_at = world_.timeline.now();
  const bool sent = client.ask(job.shard, AddTasks{job.id, std::move(tasks)},
                               [this, &job, ids, asked_at](const std::optional<Answer>& answer) {
                                 history_.tasks_added(job, ids, asked_at, answer);
                               });
  if (!sent) return;
  for (const std::string& id : ids) ++job.tasks.at(id).asked;
}

void Workload::read_task(ClientProcess& client, JobFact& job, TaskFact& task) {
  const MonoTime asked_at = world_.timeline.now();
  if (random_.chance(200)) {
    client.ask(job.shard, GetJob{job.id, {}},
               [this, &job, asked_at](const std::optional<Answer>& answer) {
                 history_.job_read(job, asked_at, answer);
               });
    return;
  }
  client.ask(job.shard, GetTask{job.id, task.id, {}},
             [this, &job, &task, asked_at](const std::optional<Answer>& answer) {
               history_.task_read(job, task, asked_at, answer);
             });
}

void Workload::end_task(ClientProcess& client, JobFact& job, TaskFact& task) {
  if (random_.chance(500)) {
    client.ask(job.shard, TerminateTask{job.id, task.id, {}}, [](const std::optional<Answer>&) {});
    return;
  }
  const MonoTime asked_at = world_.timeline.now();
  if (client.ask(job.shard, DeleteTask{job.id, task.id, {}},
                 [this, &job, &task, asked_at](const std::optional<Answer>& answer) {
                   history_.task_deleted(job, task, asked_at, answer);
                 }))
    ++task.deletes_asked;
}

void Workload::change_job(ClientProcess& client, JobFact& job) {
  const std::int64_t what = random_.between(0, 99);
  if (what < 40) {
    client.ask(job.shard, DisableJob{job.id, {}, static_cast<DisableTasks>(random_.between(0, 2))},
               [](const std::optional<Answer>&) {});
  } else if (what < 85) {
    client.ask(job.shard, EnableJob{job.id, {}}, [](const std::optional<Answer>&) {});
  } else {
    const bool deleted = what >= 92;
    const auto then = [this, &job, deleted](const std::optional<Answer>& answer) {
      history_.job_stopped(job, deleted, answer);
    };
    const Request request =
        deleted ? Request{DeleteJob{job.id, {}}} : Request{TerminateJob{job.id, {}, "enough"}};
    if (!client.ask(job.shard, request, then)) return;
    job.stop_asked = true;
    if (deleted) ++job.deletes_asked;
  }
}

void Workload::resize(ClientProcess& client) {
  const PoolFact& pool = history_.pools[static_cast<std::size_t>(
      random_.between(0, static_cast<std::int64_t>(history_.pools.size()) - 1))];
  ResizePool request;
  request.pool_id = pool.id;
  request.target_dedicated_nodes = static_cast<std::int32_t>(random_.between(0, pool.nodes));
  request.deallocation = static_cast<NodeDeallocationOption>(random_.between(0, 2));
  client.ask(pool.shard, request, [](const std::optional<Answer>&) {});
}

}  // namespace windlass::simulator
