// What clients do with tasks.
#include "simulator/workload.h"

#include "schema/codec/task_document.h"

namespace windlass::simulator {

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

}  // namespace windlass::simulator
