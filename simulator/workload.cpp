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

// The newest version that an answer tells of an entity itself; none in refusals.
std::optional<EventNumber> version_of(const Answer& answer) {
  if (const auto* done = std::get_if<Done>(&answer)) return done->version.event;
  if (const auto* made = std::get_if<JobMadeAt>(&answer)) return made->version.event;
  if (const auto* view = std::get_if<PoolView>(&answer)) return view->record.version.event;
  if (const auto* record = std::get_if<JobRecord>(&answer)) return record->version.event;
  if (const auto* record = std::get_if<JobScheduleRecord>(&answer)) return record->version.event;
  if (const auto* view = std::get_if<TaskView>(&answer)) return view->record.version.event;
  return std::nullopt;
}

void note(Fact& fact, EventNumber version) {
  if (version <= fact.version) return;
  fact.version_before = std::exchange(fact.version, version);
}

// Remembers the version, for conditional requests.
History::Then remember(Fact& fact) {
  return [&fact](const std::optional<Answer>& answer) {
    if (!answer) return;
    if (const auto version = version_of(*answer)) note(fact, *version);
  };
}

bool is_done(const std::optional<Answer>& answer) {
  return answer && version_of(*answer).has_value();
}

constexpr Duration kRetentionMax = std::chrono::seconds(20);

std::string ms(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

template <class List>
auto& Workload::one_of(List& list) {
  auto found = list.begin();
  std::advance(found, random_.between(0, static_cast<std::int64_t>(list.size()) - 1));
  return *found;
}

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

// ---- pools and nodes -----------------------------------------------------------------------

Request Workload::add_pool(const PoolFact& pool) const {
  PoolSpec spec;
  spec.id = pool.id;
  spec.vm_size = "any";
  spec.target_dedicated_nodes = pool.nodes;
  spec.task_slots_per_node = world_.options.slots;
  spec.enable_inter_node_communication = world_.options.slots == 1;
  spec.fill_type = pool.shard % 2 == 0 ? NodeFillType::spread : NodeFillType::pack;
  return AddPool{spec};
}

void Workload::make_pool(ClientProcess& client, PoolFact& pool) {
  Request request = add_pool(pool);
  if (random_.chance(world_.options.start_tasks)) {
    StartTask start;
    start.command_line = "start " + std::to_string(random_.between(1, 3000));
    start.retries_max = static_cast<std::int32_t>(random_.between(0, 2));
    start.wait_for_success = random_.chance(700);
    std::get<AddPool>(request).spec.start_task = start;
  }
  const auto then = [this, &pool](const std::optional<Answer>& answer) {
    if (!answer) return;
    const auto* error = std::get_if<Error>(&*answer);
    if (error == nullptr || (error->code == ErrorCode::pool_exists && !pool.ended))
      pool.there = true;
    if (error == nullptr) pool.ended = false;
    remember(pool)(answer);
  };
  history_.ask(client, pool, pool.shard, request, then);
}

void Workload::change_pool(ClientProcess& client, PoolFact& pool) {
  const Conditions conditions = some_conditions(pool, pool.shard);
  const std::int64_t what = random_.between(0, 99);
  if (what < 30) {
    PatchPool patch;
    patch.pool_id = pool.id;
    patch.conditions = conditions;
    patch.metadata = some_metadata();
    if (random_.chance(200)) patch.display_name = "pool " + std::to_string(random_.between(0, 99));
    history_.ask(client, pool, pool.shard, patch, remember(pool));
  } else if (what < 40) {
    ReplacePoolProperties replace;
    replace.pool_id = pool.id;
    replace.metadata = some_metadata();
    history_.ask(client, pool, pool.shard, replace, remember(pool));
  } else if (what < 70) {
    history_.ask(client, pool, pool.shard, StopResize{pool.id, conditions}, remember(pool));
  } else {
    const auto then = [&pool](const std::optional<Answer>& answer) {
      if (is_done(answer)) pool.there = false;
      remember(pool)(answer);
    };
    if (history_.ask(client, pool, pool.shard, DeletePool{pool.id, conditions}, then))
      pool.ended = true;
  }
}

void Workload::resize(ClientProcess& client, PoolFact& pool) {
  ResizePool request;
  request.pool_id = pool.id;
  request.conditions = some_conditions(pool, pool.shard);
  request.target_dedicated_nodes = static_cast<std::int32_t>(random_.between(0, pool.nodes));
  request.deallocation = some_deallocation();
  history_.ask(client, pool, pool.shard, request, remember(pool));
}

void Workload::remove_nodes(ClientProcess& client, PoolFact& pool) {
  RemoveNodes request;
  request.pool_id = pool.id;
  request.conditions = some_conditions(pool, pool.shard);
  for (std::int64_t left = random_.between(1, 2); left > 0; --left)
    request.node_ids.push_back(one_of(pool.node_ids));
  request.deallocation = some_deallocation();
  history_.ask(client, pool, pool.shard, request, remember(pool));
}

void Workload::restart_node(ClientProcess& client, PoolFact& pool, const std::string& node) {
  RestartNode request{pool.id, node, NodeRestart::start, some_deallocation()};
  const std::int64_t what = random_.between(0, 99);
  if (what < 40) request.restart = NodeRestart::reboot;
  if (what >= 40 && what < 70) request.restart = NodeRestart::reimage;
  if (what >= 70 && what < 80) request.restart = NodeRestart::deallocate;
  history_.ask(client, pool, pool.shard, request, {});
}

// Retention is of wall time: where that may be set back, it may end after everything else.
NodeDeallocationOption Workload::some_deallocation() {
  const bool steady_clocks = world_.options.clock_step_every == Duration{};
  return static_cast<NodeDeallocationOption>(random_.between(0, steady_clocks ? 3 : 2));
}

void Workload::list_nodes(ClientProcess& client, PoolFact& pool) {
  history_.ask(client, pool, pool.shard, ListNodes{pool.id, {}},
               [&pool](const std::optional<Answer>& answer) {
                 if (!answer) return;
                 const auto* page = std::get_if<Page<NodeView>>(&*answer);
                 if (page == nullptr) return;
                 pool.node_ids.clear();
                 for (const NodeView& view : page->entries) pool.node_ids.insert(view.record.id);
               });
}

void Workload::change_node(ClientProcess& client, PoolFact& pool) {
  if (pool.node_ids.empty() || random_.chance(300)) return list_nodes(client, pool);
  const std::string node = one_of(pool.node_ids);
  const std::int64_t what = random_.between(0, 99);
  if (what < 12) {
    history_.ask(client, pool, pool.shard, GetNode{pool.id, node}, {});
  } else if (what < 22) {
    remove_nodes(client, pool);
  } else if (what < 52) {
    restart_node(client, pool, node);
  } else if (what < 72) {
    const auto option = static_cast<NodeDisableSchedulingOption>(random_.between(0, 2));
    history_.ask(client, pool, pool.shard, DisableNodeScheduling{pool.id, node, option}, {});
  } else {
    history_.ask(client, pool, pool.shard, EnableNodeScheduling{pool.id, node}, {});
  }
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
AutoPoolSpec Workload::auto_pool(PoolLifetime lifetime, std::int32_t nodes) {
  AutoPoolSpec spec{"auto", lifetime, false, PoolSpec{}};
  spec.pool->vm_size = "any";
  spec.pool->target_dedicated_nodes = nodes;
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

// ---- job schedules -------------------------------------------------------------------------

void Workload::act_on_schedule(ClientProcess& client, Account& account) {
  constexpr int kSchedulesMax = 3;
  std::vector<ScheduleFact*> schedules;
  for (auto& [key, schedule] : history_.schedules) {
    if (schedule.account == account.name) schedules.push_back(&schedule);
  }
  if (schedules.empty() || (account.schedules_made < kSchedulesMax && random_.chance(200))) {
    const std::string id = "every-" + std::to_string(++account.schedules_made);
    ScheduleFact& schedule = history_.schedules[account.name + "/" + id];
    schedule.account = account.name;
    schedule.id = id;
    schedule.shard = shard_of(account.name, id, static_cast<ShardId>(world_.options.shards));
    return make_schedule(client, account, schedule);
  }
  ScheduleFact& schedule = *one_of(schedules);
  if ((schedule.ended || !schedule.there) && random_.chance(400))
    return make_schedule(client, account, schedule);
  const std::int64_t what = random_.between(0, 99);
  if (what < 35) return read_schedule(client, account, schedule);
  if (what < 60) return end_job_of(client, schedule);
  change_schedule(client, account, schedule);
}

// Far shorter than the API allows: its shell is not in this world.
Schedule Workload::some_schedule() {
  Schedule schedule;
  const WallTime now{kWallStart + world_.timeline.now().ticks};
  if (random_.chance(300))
    schedule.do_not_run_until = now + random_.between(Duration{}, std::chrono::seconds(20));
  if (random_.chance(150))
    schedule.do_not_run_after =
        now + random_.between(std::chrono::seconds(21), std::chrono::seconds(90));
  if (random_.chance(300))
    schedule.start_window =
        random_.between(std::chrono::milliseconds(10), std::chrono::seconds(10));
  if (random_.chance(850))
    schedule.recurrence_interval =
        random_.between(std::chrono::seconds(1), std::chrono::seconds(15));
  return schedule;
}

JobSpec Workload::some_scheduled_job(Account& account, ScheduleFact& schedule) {
  JobSpec job;
  const PoolFact& pool = some_pool(account);
  if (random_.chance(300)) {
    const auto lifetime = random_.chance(500) ? PoolLifetime::job : PoolLifetime::jobschedule;
    job.auto_pool = auto_pool(lifetime, 0);
    schedule.job_shard = schedule.shard;
  } else {
    job.pool_id = pool.id;
    schedule.job_shard = pool.shard;
  }
  job.priority = static_cast<std::int32_t>(random_.between(-1, 1));
  if (random_.chance(500)) job.on_all_tasks_complete = OnAllTasksComplete::terminatejob;
  if (random_.chance(500))
    job.constraints.max_wall_clock_time =
        random_.between(std::chrono::milliseconds(1), std::chrono::seconds(20));
  return job;
}

void Workload::make_schedule(ClientProcess& client, Account& account, ScheduleFact& schedule) {
  JobScheduleSpec spec;
  spec.id = schedule.id;
  spec.schedule = some_schedule();
  spec.job = some_scheduled_job(account, schedule);
  spec.metadata = some_metadata();
  const auto then = [&schedule](const std::optional<Answer>& answer) {
    if (is_done(answer)) {
      schedule.there = true;
      schedule.ended = false;
    }
    remember(schedule)(answer);
  };
  history_.ask(client, schedule, schedule.shard, AddJobSchedule{spec}, then);
}

void Workload::change_schedule(ClientProcess& client, Account& account, ScheduleFact& schedule) {
  const Conditions conditions = some_conditions(schedule, schedule.shard);
  const std::int64_t what = random_.between(0, 99);
  if (what < 25) {
    history_.ask(client, schedule, schedule.shard, DisableJobSchedule{schedule.id, conditions},
                 remember(schedule));
  } else if (what < 60) {
    history_.ask(client, schedule, schedule.shard, EnableJobSchedule{schedule.id, conditions},
                 remember(schedule));
  } else if (what < 82) {
    ChangeJobSchedule request;
    request.schedule_id = schedule.id;
    request.conditions = conditions;
    if (random_.chance(500)) request.schedule = some_schedule();
    if (random_.chance(400)) request.job = some_scheduled_job(account, schedule);
    if (random_.chance(400)) request.metadata = some_metadata();
    history_.ask(client, schedule, schedule.shard, request, remember(schedule));
  } else {
    const bool force = random_.chance(300);
    const Request request = what < 91
                                ? Request{TerminateJobSchedule{schedule.id, conditions, force}}
                                : Request{DeleteJobSchedule{schedule.id, conditions, force}};
    if (history_.ask(client, schedule, schedule.shard, request, remember(schedule)))
      schedule.ended = true;
  }
}

void Workload::read_schedule(ClientProcess& client, Account&, ScheduleFact& schedule) {
  const auto hear = [&schedule](const std::optional<Answer>& answer) {
    remember(schedule)(answer);
    const auto* record = answer ? std::get_if<JobScheduleRecord>(&*answer) : nullptr;
    if (record != nullptr) schedule.jobs = static_cast<int>(record->jobs_made);
  };
  const std::int64_t what = random_.between(0, 99);
  PageRequest page;
  page.entries_max = static_cast<std::uint32_t>(random_.between(1, 10));
  if (what < 70) {
    const Conditions conditions = some_conditions(schedule, schedule.shard);
    history_.ask(client, schedule, schedule.shard, GetJobSchedule{schedule.id, conditions}, hear);
  } else if (what < 85) {
    history_.ask(client, schedule, schedule.shard, ListJobSchedules{page}, {});
  } else {
    history_.ask(client, schedule, schedule.job_shard, ListJobs{page, schedule.id}, {});
  }
}

// Most of its jobs end by themselves; those of clients who look after them, sooner.
void Workload::end_job_of(ClientProcess& client, ScheduleFact& schedule) {
  if (schedule.jobs == 0) return;
  const std::string id = schedule.id + ":job-" + std::to_string(schedule.jobs);
  if (random_.chance(600))
    history_.ask(client, schedule, schedule.job_shard, TerminateJob{id, {}, "its turn"}, {});
  else
    history_.ask(client, schedule, schedule.job_shard, DeleteJob{id, {}}, {});
}

// ---- certificates --------------------------------------------------------------------------

void Workload::act_on_certificate(ClientProcess& client, const Account& account) {
  const std::string thumbprint = "print-" + std::to_string(random_.between(1, 3));
  PageRequest page;
  page.entries_max = static_cast<std::uint32_t>(random_.between(1, 3));
  const std::int64_t what = random_.between(0, 99);
  Request request = GetCertificate{thumbprint};
  if (what >= 25) request = ListCertificates{page};
  if (what >= 40)
    request = AddCertificate{thumbprint, "data " + std::to_string(random_.between(0, 999'999))};
  if (what >= 75) request = DeleteCertificate{thumbprint};
  if (what >= 95) request = CancelCertificateDeletion{thumbprint};
  Fact of;
  of.account = account.name;
  history_.ask(client, of, kCertificatesShard, request, {});
}

// ---- tasks ---------------------------------------------------------------------------------

NewTask Workload::draw_task(JobFact& job, TaskFact& fact, const TaskFact* after) {
  NewTask task;
  task.id = fact.id;
  task.required_slots =
      random_.chance(700) ? 1 : static_cast<SlotCount>(random_.between(1, world_.options.slots));
  const Duration time = random_.between(std::chrono::milliseconds(1), world_.options.task_time_max);
  TaskDocument document;
  const std::int64_t kind = random_.between(0, 99);
  document.command_line = "ok " + ms(time);
  fact.expected = {true, false};
  if (kind >= 70) {
    document.command_line = "fail " + ms(time);
    fact.expected = {false, true};
  }
  if (kind >= 80) {
    document.command_line = "flaky " + ms(time);
    fact.expected = {true, true};
  }
  if (kind >= 88) {
    document.command_line = "crash " + ms(time);
    fact.expected = {false, true};
  }
  if (kind >= 94) {
    document.command_line = "hang";
    task.max_wall_clock_time = time;
    fact.expected = {false, false};
  }
  // Short, so that what waits for the end of it does not wait for ever.
  task.retention_time = random_.between(std::chrono::milliseconds(100), kRetentionMax);
  if (random_.chance(300)) task.retries_max = static_cast<std::int32_t>(random_.between(0, 3));
  fact.work += time * 4;
  if (after != nullptr) {
    task.depends_on_ids = document.depends_on_ids = {after->id};
  } else if (job.dependencies && random_.chance(300)) {
    const auto number = static_cast<std::int32_t>(job.tasks.size());
    if (job.numbers && number > 2 && random_.chance(700)) {
      const auto start = static_cast<std::int32_t>(random_.between(1, number - 2));
      const auto end = static_cast<std::int32_t>(random_.between(start, number - 2));
      task.depends_on_ranges = document.depends_on_ranges = {{start, end}};
    } else if (const TaskFact* parent = some_task(job);
               parent != nullptr && parent->id != fact.id) {
      task.depends_on_ids = document.depends_on_ids = {parent->id};
    }
  }
  draw_exit_rules(job, task);
  draw_instances(job, fact, task, document);
  task.document = encode_task_document(document);
  fact.wanted = task;
  return task;
}

// A pool of nodes with one slot each can hold tasks that want some of them at once, up to all.
void Workload::draw_instances(const JobFact& job, TaskFact& fact, NewTask& task,
                              TaskDocument& document) {
  if (world_.options.slots != 1 || fact.id == "manager" || !random_.chance(250)) return;
  std::int32_t nodes_max = 0;
  for (const PoolFact& pool : history_.pools) {
    if (pool.account == job.account && pool.id == job.pool_id) nodes_max = pool.nodes;
  }
  if (nodes_max == 0) return;
  MultiInstanceSettings settings;
  settings.instances = static_cast<std::int32_t>(random_.between(1, nodes_max));
  const Duration time = random_.between(std::chrono::milliseconds(1), world_.options.task_time_max);
  const std::int64_t kind = random_.between(0, 99);
  settings.coordination_command_line = (kind < 75   ? "ok "
                                        : kind < 92 ? "flaky "
                                                    : "fail ") +
                                       ms(time);
  if (kind >= 92) fact.expected.may_succeed = false;
  fact.work += (time + std::chrono::seconds(1)) * 4;
  task.instances = settings.instances;
  document.multi_instance = std::move(settings);
}

// One that ends well at once, if it is let: what waits for it is free while older things linger.
NewTask Workload::quick_task(TaskFact& fact) {
  NewTask task;
  task.id = fact.id;
  task.retention_time = Duration{};
  TaskDocument document;
  document.command_line = "ok " + ms(std::chrono::milliseconds(1));
  task.document = encode_task_document(document);
  fact.expected = {true, false};
  fact.work += std::chrono::milliseconds(4);
  fact.wanted = task;
  return task;
}

// Of the programs above, as simulator/guard.cpp ends them.
constexpr std::int32_t kExitCodes[] = {0, 3, 7, 139};

void Workload::draw_exit_rules(const JobFact& job, NewTask& task) {
  if (!random_.chance(200)) return;
  for (std::int64_t left = random_.between(1, 3); left > 0; --left) {
    ExitRule rule;
    rule.condition = static_cast<ExitCondition>(random_.between(0, 4));
    if (rule.condition <= ExitCondition::code_range)
      rule.first = rule.last = kExitCodes[random_.between(0, 3)];
    if (rule.condition == ExitCondition::code_range) rule.last += 1;
    if (random_.chance(700))
      rule.dependency_action =
          random_.chance(600) ? DependencyAction::satisfy : DependencyAction::block;
    // Where the job has no use for it, it is refused.
    if (random_.chance(job.acts_on_exits ? 500 : 20))
      rule.job_action = static_cast<JobAction>(random_.between(0, 2));
    task.exit_rules.push_back(rule);
  }
}

void Workload::make_tasks(ClientProcess& client, Account& account, JobFact& job) {
  std::vector<NewTask> tasks;
  for (std::int64_t left = random_.between(1, 6);
       left > 0 && account.tasks_made < world_.options.tasks; --left) {
    std::string id = "t" + std::to_string(++account.tasks_made);
    if (job.numbers) {
      id = std::to_string(job.tasks.size() + 1);
      if (random_.chance(200)) id = "0" + id;
    }
    TaskFact& fact = job.tasks[id];
    fact.account = job.account;
    fact.id = id;
    tasks.push_back(draw_task(job, fact));
  }
  if (!tasks.empty()) send_tasks(client, job, std::move(tasks));
}

// As a client does that was told "I do not know".
void Workload::ask_again(ClientProcess& client, JobFact& job) {
  std::vector<NewTask> tasks;
  for (auto& [id, fact] : job.tasks) {
    if (fact.unclear && !fact.there && !fact.ended && tasks.size() < 3)
      tasks.push_back(fact.wanted);
  }
  if (!tasks.empty()) send_tasks(client, job, std::move(tasks));
}

// Mostly where an id is free again; sometimes it is not, and sometimes one command says it twice.
void Workload::add_again(ClientProcess& client, JobFact& job) {
  TaskFact& fact = one_of(job.tasks).second;
  if (!fact.ended && random_.chance(800)) return;
  add_again(client, job, fact);
}

void Workload::add_again(ClientProcess& client, JobFact& job, TaskFact& fact) {
  std::vector<NewTask> tasks;
  if (job.dependencies && random_.chance(500)) {  // this time after something new
    TaskFact& parent = job.tasks["before-" + fact.id];
    parent.account = job.account;
    parent.id = "before-" + fact.id;
    tasks.push_back(quick_task(parent));
    tasks.push_back(draw_task(job, fact, &parent));
  } else {
    tasks.push_back(draw_task(job, fact));
  }
  if (random_.chance(100)) tasks.push_back(tasks.back());
  send_tasks(client, job, std::move(tasks));
}

void Workload::send_tasks(ClientProcess& client, JobFact& job, std::vector<NewTask> tasks) {
  std::vector<TaskFact*> facts;
  std::vector<TaskWork> works;
  for (const NewTask& task : tasks) {
    facts.push_back(&job.tasks.at(task.id));
    works.push_back(facts.back()->expected);
  }
  const auto then = [facts](const std::optional<Answer>& answer) {
    const auto* added = answer ? std::get_if<TasksAdded>(&*answer) : nullptr;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      if (!answer) facts[i]->unclear = true;
      if (added == nullptr || added->outcomes[i].error) continue;
      facts[i]->there = true;
      facts[i]->ended = false;
      note(*facts[i], added->outcomes[i].version.event);
    }
  };
  history_.ask(client, job, job.shard, AddTasks{job.id, std::move(tasks)}, then, std::move(works));
}

void Workload::end_task(ClientProcess& client, JobFact& job, TaskFact& task) {
  const Conditions conditions = some_conditions(task, job.shard);
  if (random_.chance(500)) {
    history_.ask(client, job, job.shard, TerminateTask{job.id, task.id, conditions},
                 remember(task));
    return;
  }
  const auto then = [this, &client, &job, &task](const std::optional<Answer>& answer) {
    if (!is_done(answer)) return;
    task.there = false;
    if (!world_.calm && random_.chance(700)) add_again(client, job, task);
  };
  if (history_.ask(client, job, job.shard, DeleteTask{job.id, task.id, conditions}, then))
    task.ended = true;
}

void Workload::reactivate(ClientProcess& client, JobFact& job, TaskFact& task) {
  const Conditions conditions = some_conditions(task, job.shard);
  task.work += world_.options.task_time_max * 4;
  history_.ask(client, job, job.shard, ReactivateTask{job.id, task.id, conditions}, remember(task));
}

// Everything gets a wall clock, for what has this id may be something that never ends.
void Workload::change_task(ClientProcess& client, JobFact& job, TaskFact& task) {
  ChangeTask request;
  request.job_id = job.id;
  request.task_id = task.id;
  request.conditions = some_conditions(task, job.shard);
  request.constraints.max_wall_clock_time =
      std::chrono::seconds(1) + random_.between(Duration{}, world_.options.task_time_max * 2);
  request.constraints.retention_time =
      random_.between(std::chrono::milliseconds(100), kRetentionMax);
  if (random_.chance(500)) request.retries_max = static_cast<std::int32_t>(random_.between(0, 3));
  task.work += world_.options.task_time_max * 4;
  history_.ask(client, job, job.shard, request, remember(task));
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
