#include "simulator/workload.h"

#include "schema/codec/task_document.h"
#include "simulator/host_clock.h"

#include <algorithm>

namespace windlass::simulator {

namespace {

// A name that hashes to the shard.
std::string id_on(const std::string& account, ShardId shard, ShardId shards,
                  const std::string& prefix) {
  for (int i = 0;; ++i) {
    std::string id = prefix + std::to_string(i);
    if (shard_of(account, id, shards) == shard) return id;
  }
}

}  // namespace

Workload::Workload(World& world, History& history)
    : world_(world), history_(history), random_(world.random.fork()) {
  plan_pools();
  const Options& options = world.options;
  const int acts =
      12 + 2 * static_cast<int>(history.pools.size()) + options.jobs * 4 + options.tasks * 3;
  pause_ = options.safety_phase * options.clients / acts;
}

void Workload::plan_pools() {
  const Options& options = world_.options;
  const auto shards = static_cast<ShardId>(options.shards);
  const int offers = options.workers * options.offers;
  accounts_.push_back({"acct"});
  if (options.two_accounts && offers >= 2) accounts_.push_back({"other"});
  const int accounts = static_cast<int>(accounts_.size());
  // Each pool can have its nodes, whatever the others have.
  pools_each_ = static_cast<std::size_t>(std::min(options.shards, offers / accounts));
  for (Account& account : accounts_) {
    account.first_pool = history_.pools.size();
    for (std::size_t i = 0; i < pools_each_; ++i) {
      PoolFact pool;
      pool.account = account.name;
      pool.id = id_on(accounts_.front().name, static_cast<ShardId>(i), shards, "pool-");
      pool.shard = shard_of(account.name, pool.id, shards);
      pool.nodes = offers / (accounts * static_cast<int>(pools_each_));
      history_.pools.push_back(pool);
    }
  }
}

void Workload::act(ClientProcess& client) {
  act_for(client, some_account());
}

void Workload::act_for(ClientProcess& client, Account& account) {
  for (std::size_t i = 0; i < pools_each_; ++i) {
    PoolFact& pool = history_.pools[account.first_pool + i];
    if (!pool.there && (!pool.ended || random_.chance(300))) return make_pool(client, pool);
  }
  if (random_.chance(120)) return act_on_schedule(client, account);
  if (random_.chance(30)) return act_on_certificate(client, account);
  const bool more_jobs = account.jobs_made < world_.options.jobs;
  if (more_jobs && random_.chance(150)) return make_job(client, account);
  if (accounts_.size() > 1 && random_.chance(60)) return pry(client, account);
  JobFact* job = some_job(account.name);
  // Its id may be free again, or not yet.
  if (job != nullptr && job->ended && random_.chance(300)) return send_job(client, *job);
  if (job != nullptr) return act_on(client, account, *job);
  if (more_jobs) make_job(client, account);
}

void Workload::act_on(ClientProcess& client, Account& account, JobFact& job) {
  TaskFact* task = some_task(job);
  PoolFact& pool = some_pool(account);
  if (job.auto_pool) {
    const std::int64_t what = random_.between(0, 99);
    if (what < 40) return read(client, account, job, nullptr);
    return what < 80 ? change_job(client, job) : patch_job(client, job);
  }
  if (world_.options.restless_pools && random_.chance(300)) return resize(client, pool);
  const std::int64_t what = random_.between(0, 99);
  if (task == nullptr || what < 38) return make_tasks(client, account, job);
  if (what < 41) return ask_again(client, job);
  if (what < 46) return add_again(client, job);
  if (what < 62) return read(client, account, job, task);
  if (what < 65) return list(client, account, job);
  if (what < 72) return end_task(client, job, *task);
  if (what < 77) return reactivate(client, job, *task);
  if (what < 80) return change_task(client, job, *task);
  if (what < 88) return change_job(client, job);
  if (what < 92) return patch_job(client, job);
  if (what < 94) return change_pool(client, pool);
  if (what < 98) return change_node(client, pool);
  resize(client, pool);
}

// ---- choosing ------------------------------------------------------------------------------

Workload::Account& Workload::some_account() {
  return one_of(accounts_);
}

JobFact* Workload::some_job(const std::string& account) {
  std::vector<JobFact*> jobs;
  for (auto& [key, job] : history_.jobs) {
    if (job.account != account) continue;
    // What has ended is asked about now and then; most acts are for what goes on.
    if ((job.there && !job.ended) || random_.chance(100)) jobs.push_back(&job);
  }
  return jobs.empty() ? nullptr : one_of(jobs);
}

TaskFact* Workload::some_task(JobFact& job) {
  return job.tasks.empty() ? nullptr : &one_of(job.tasks).second;
}

PoolFact& Workload::some_pool(const Account& account) {
  return history_.pools[account.first_pool + static_cast<std::size_t>(random_.between(
                                                 0, static_cast<std::int64_t>(pools_each_) - 1))];
}

Conditions Workload::some_conditions(const Fact& fact, ShardId shard) {
  Conditions conditions;
  const std::int64_t kind = random_.between(0, 99);
  if (kind < 15 && fact.version != 0) conditions.if_match = {etag_text(shard, fact.version)};
  if (kind >= 15 && kind < 22 && fact.version_before != 0)
    conditions.if_match = {etag_text(shard, fact.version_before)};
  if (kind >= 22 && kind < 24) conditions.if_match = {"*"};
  return conditions;
}

std::vector<MetadataItem> Workload::some_metadata() {
  std::vector<MetadataItem> metadata{{"mark", std::to_string(random_.between(0, 999'999))}};
  if (random_.chance(300)) metadata.push_back({"windlass.failBlockedDependents", "true"});
  return metadata;
}

// ---- jobs ----------------------------------------------------------------------------------

void Workload::make_job(ClientProcess& client, Account& account) {
  const std::string id = "job-" + std::to_string(++account.jobs_made);
  JobFact& job = history_.jobs[account.name + "/" + id];
  job.account = account.name;
  job.id = id;
  const PoolFact& pool = some_pool(account);
  job.pool_id = pool.id;
  job.shard = pool.shard;
  job.auto_pool = random_.chance(200);
  if (job.auto_pool) {
    job.pool_id.clear();
    job.shard = shard_of(job.account, id, static_cast<ShardId>(world_.options.shards));
  }
  send_job(client, job);
}

// Where clocks are set, pools may stay for long: they take no nodes from others then.
AutoPoolSpec Workload::auto_pool(PoolLifetime lifetime, std::int32_t nodes) const {
  AutoPoolSpec spec{"auto", lifetime, false, PoolSpec{}};
  spec.pool->vm_size = "any";
  (world_.options.spot_nodes ? spec.pool->target_spot_nodes : spec.pool->target_dedicated_nodes) =
      nodes;
  return spec;
}

void Workload::send_job(ClientProcess& client, JobFact& job) {
  job.dependencies = random_.chance(500);
  JobSpec spec;
  spec.id = job.id;
  spec.pool_id = job.pool_id;
  if (job.auto_pool) {
    const bool may_have_nodes = world_.options.clock_step_every == Duration{};
    spec.auto_pool = auto_pool(PoolLifetime::job, may_have_nodes && random_.chance(300) ? 1 : 0);
  }
  spec.priority = static_cast<std::int32_t>(random_.between(-1, 1));
  spec.uses_task_dependencies = job.dependencies;
  job.acts_on_exits = random_.chance(150);
  if (job.acts_on_exits) spec.on_task_failure = OnTaskFailure::performexitoptionsjobaction;
  job.numbers = random_.chance(300);
  if (job.dependencies && random_.chance(600)) spec.metadata = some_metadata();
  spec.parallel_tasks_max =
      random_.chance(200) ? static_cast<std::int32_t>(random_.between(1, 3)) : -1;
  spec.allow_task_preemption = random_.chance(300);
  spec.constraints.task_retries_max = static_cast<std::int32_t>(random_.between(0, 2));
  if (random_.chance(80))
    spec.constraints.max_wall_clock_time =
        random_.between(std::chrono::seconds(5), std::chrono::seconds(90));
  if (random_.chance(120)) spec.on_all_tasks_complete = OnAllTasksComplete::terminatejob;
  draw_job_tasks(job, spec);
  TaskFact* manager = spec.manager_task ? &job.tasks.at(spec.manager_task->task.id) : nullptr;
  const ShardId home = shard_of(job.account, job.id, static_cast<ShardId>(world_.options.shards));
  const auto then = [&job, manager](const std::optional<Answer>& answer) {
    if (is_done(answer)) {
      job.there = true;
      job.ended = false;
      if (manager != nullptr) manager->there = true;
    }
    remember(job)(answer);
  };
  std::vector<TaskWork> works;
  if (manager != nullptr) works.push_back(manager->expected);
  history_.ask(client, job, home, AddJob{spec}, then, std::move(works));
}

std::string Workload::node_task_document(JobFact& job, const std::string& program) {
  const Duration time = random_.between(std::chrono::milliseconds(1), world_.options.task_time_max);
  TaskDocument document;
  document.command_line = program + " " + ms(time);
  job.work += time * 4 + std::chrono::seconds(20);
  return encode_task_document(document);
}

// A manager, a preparation, a release; most jobs have none of them.
void Workload::draw_job_tasks(JobFact& job, JobSpec& spec) {
  if (random_.chance(150)) {
    TaskFact& fact = job.tasks["manager"];
    fact.account = job.account;
    fact.id = "manager";
    JobManagerTask manager;
    manager.task = draw_task(job, fact);
    manager.task.depends_on_ids.clear();
    manager.task.depends_on_ranges.clear();
    manager.task.exit_rules.clear();
    TaskDocument document = *decode_task_document(manager.task.document);
    document.depends_on_ids.clear();
    document.depends_on_ranges.clear();
    manager.task.document = encode_task_document(document);
    fact.wanted = manager.task;
    manager.kill_job_on_completion = random_.chance(500);
    manager.run_exclusive = random_.chance(500);
    spec.manager_task = manager;
  }
  if (!random_.chance(250)) return;
  const std::int64_t kind = random_.between(0, 99);
  JobPreparationTask preparation;
  preparation.wait_for_success = random_.chance(750);
  preparation.rerun_on_node_reboot_after_success = random_.chance(700);
  preparation.constraints.retries_max = static_cast<std::int32_t>(random_.between(0, 2));
  preparation.constraints.retention_time =
      random_.between(std::chrono::milliseconds(100), kRetentionMax);
  preparation.document = node_task_document(job, kind < 70 ? "ok" : kind < 92 ? "flaky" : "fail");
  spec.preparation_task = preparation;
  if (!random_.chance(800)) return;
  JobReleaseTask release;
  release.document = node_task_document(job, random_.chance(800) ? "ok" : "fail");
  if (random_.chance(300)) release.max_wall_clock_time = std::chrono::seconds(30);
  release.retention_time = random_.between(std::chrono::milliseconds(100), kRetentionMax);
  spec.release_task = release;
}

void Workload::change_job(ClientProcess& client, JobFact& job) {
  const Conditions conditions = some_conditions(job, job.shard);
  const std::int64_t what = random_.between(0, 99);
  if (what < 40) {
    const auto how = static_cast<DisableTasks>(random_.between(0, 2));
    history_.ask(client, job, job.shard, DisableJob{job.id, conditions, how}, remember(job));
  } else if (what < 85) {
    history_.ask(client, job, job.shard, EnableJob{job.id, conditions}, remember(job));
  } else {
    const Request request =
        what < 92 ? Request{TerminateJob{job.id, conditions, "enough", random_.chance(300)}}
                  : Request{DeleteJob{job.id, conditions, random_.chance(300)}};
    if (history_.ask(client, job, job.shard, request, remember(job))) job.ended = true;
  }
}

void Workload::patch_job(ClientProcess& client, JobFact& job) {
  ChangeJob request;
  request.job_id = job.id;
  request.conditions = some_conditions(job, job.shard);
  request.replace = random_.chance(300);
  const auto wanted = [&](int chance) { return request.replace || random_.chance(chance); };
  if (wanted(500)) request.change.priority = static_cast<std::int32_t>(random_.between(-2, 2));
  if (wanted(300))
    request.change.parallel_tasks_max =
        random_.chance(300) ? static_cast<std::int32_t>(random_.between(1, 3)) : -1;
  if (wanted(150)) request.change.allow_task_preemption = random_.chance(500);
  if (wanted(150))
    request.change.on_all_tasks_complete =
        random_.chance(400) ? OnAllTasksComplete::terminatejob : OnAllTasksComplete::noaction;
  if (wanted(200)) {
    JobConstraints constraints;
    constraints.task_retries_max = static_cast<std::int32_t>(random_.between(0, 2));
    if (random_.chance(100))
      constraints.max_wall_clock_time =
          random_.between(std::chrono::seconds(20), std::chrono::seconds(120));
    request.change.constraints = constraints;
  }
  if (wanted(500)) request.change.metadata = some_metadata();
  history_.ask(client, job, job.shard, request, remember(job));
}

// ---- reading -------------------------------------------------------------------------------

void Workload::read(ClientProcess& client, Account& account, JobFact& job, TaskFact* task) {
  const auto conditions = [&](const Fact& fact, ShardId shard) {
    Conditions drawn = some_conditions(fact, shard);
    if (drawn.empty() && fact.version != 0 && random_.chance(150))
      drawn.if_none_match = {etag_text(shard, fact.version)};
    return drawn;
  };
  const std::int64_t what = random_.between(0, 99);
  if (what < 20) {
    history_.ask(client, job, job.shard, GetJob{job.id, conditions(job, job.shard)}, remember(job));
  } else if (what < 30) {
    PoolFact& pool = some_pool(account);
    history_.ask(client, pool, pool.shard, GetPool{pool.id, conditions(pool, pool.shard)},
                 remember(pool));
  } else if (task != nullptr) {
    history_.ask(client, job, job.shard, GetTask{job.id, task->id, conditions(*task, job.shard)},
                 remember(*task));
  }
}

void Workload::list(ClientProcess& client, Account& account, JobFact& job) {
  PageRequest page;
  page.entries_max = static_cast<std::uint32_t>(random_.between(1, 30));
  const PoolFact& pool = some_pool(account);
  const std::int64_t what = random_.between(0, 99);
  if (what < 40) {
    history_.ask(client, job, job.shard, ListTasks{job.id, page}, {});
  } else if (what < 52) {
    history_.ask(client, pool, pool.shard, ListJobs{page, {}}, {});
  } else if (what < 64) {
    history_.ask(client, pool, pool.shard, ListPools{page}, {});
  } else if (what < 70) {
    history_.ask(client, job, job.shard, ListJobNodes{job.id, page}, {});
  } else {
    history_.ask(client, job, job.shard, GetTaskCounts{job.id}, {});
  }
}

// Asks for what another account has, under its own name.
void Workload::pry(ClientProcess& client, Account& account) {
  const PoolFact& pool = one_of(history_.pools);
  PoolFact own = pool;
  own.account = account.name;
  own.shard = shard_of(account.name, pool.id, static_cast<ShardId>(world_.options.shards));
  const std::int64_t what = random_.between(0, 99);
  if (what < 30 && !pool.node_ids.empty()) {
    const std::string node = *pool.node_ids.begin();
    if (what < 15)
      history_.ask(client, own, own.shard, GetNode{pool.id, node}, {});
    else
      history_.ask(client, own, own.shard, DisableNodeScheduling{pool.id, node, {}}, {});
    return;
  }
  for (auto& [key, job] : history_.jobs) {
    const bool has_own = history_.jobs.contains(account.name + "/" + job.id);
    if (job.account == account.name || has_own) continue;
    if (what < 60)
      history_.ask(client, own, job.shard, GetJob{job.id, {}}, {});
    else if (what < 80)
      history_.ask(client, own, job.shard, TerminateJob{job.id, {}, "not mine"}, {});
    else if (!job.tasks.empty())
      history_.ask(client, own, job.shard, GetTask{job.id, job.tasks.begin()->second.id, {}}, {});
    return;
  }
}

}  // namespace windlass::simulator
