// Histories for the reference model, and the requests and answers that they are made of: one pool p
// with a node n, one job j with a task t.
#pragma once

#include "simulator/reference/model.h"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace windlass::simulator::test {

inline constexpr const char* kAccount = "acct";

// A history that is told to the model step by step; time goes on by itself.
class Story {
 public:
  std::size_t ask(const Request& request, const std::string& account = kAccount) {
    now_ = now_ + std::chrono::seconds(1);
    return model_.asked(account, 0, request, now_, works_);
  }
  void answer(std::size_t number, const Answer& answer) {
    now_ = now_ + std::chrono::seconds(1);
    for (const Contradiction& one : model_.answered(number, now_, answer)) note(one);
  }
  void say(const Request& request, const Answer& said) { answer(ask(request), said); }

  // Tasks added from now on end so.
  void expect(TaskWork work) { works_ = {work, work}; }
  void ends() {
    for (const Contradiction& one : model_.half_done()) note(one);
  }
  // The promise that was broken first; empty: all of it can be true.
  const std::string& broken() const { return broken_; }

 private:
  void note(const Contradiction& one) {
    BOOST_TEST_MESSAGE(one.promise << ": " << one.words);
    if (broken_.empty()) broken_ = one.promise;
  }

  ReferenceModel model_{1};
  MonoTime now_{};
  std::vector<TaskWork> works_;
  std::string broken_;
};

inline Answer no(ErrorCode code) {
  return Error{code, {}, {}};
}
inline Answer yes(EventNumber version) {
  return Done{{version, {}}};
}

inline JobSpec spec() {
  JobSpec spec;
  spec.id = "j";
  spec.pool_id = "p";
  return spec;
}
inline Answer job(EventNumber version, JobState state = JobState::active, JobSpec of = spec(),
                  const std::string& account = kAccount) {
  JobRecord record;
  record.account = account;
  record.spec = std::move(of);
  record.version.event = version;
  record.state = state;
  if (state == JobState::completed) record.end_time = WallTime{};
  return record;
}
inline const Request kGetJob = GetJob{"j", {}};

inline void job_is_added(Story& story) {
  story.say(AddJob{spec()}, JobMadeAt{0, {1, {}}});
}

inline Request add_tasks(const std::vector<std::string>& ids) {
  AddTasks command{"j", {}};
  for (const std::string& id : ids) {
    command.tasks.push_back({});
    command.tasks.back().id = id;
  }
  return command;
}
inline Answer added(std::vector<EventNumber> versions) {
  TasksAdded answer;
  for (const EventNumber version : versions)
    answer.outcomes.push_back({std::nullopt, {version, {}}});
  return answer;
}
inline const Request kGetTask = GetTask{"j", "t", {}};

inline Answer task(EventNumber version, TaskState state, std::optional<std::int32_t> exit_code = {},
                   AttemptNumber attempt = 1) {
  TaskView view;
  TaskRecord& record = view.record;
  record.id = "t";
  record.version.event = version;
  record.state = state;
  record.attempt = state == TaskState::active ? attempt - 1 : attempt;
  if (state != TaskState::active) {
    record.start_time = WallTime{};
    record.node = TaskNode{};
  }
  if (state == TaskState::completed) {
    record.end_time = WallTime{};
    record.exit_code = exit_code;
    record.result = exit_code == 0 ? ExecutionResult::success : ExecutionResult::failure;
    if (!exit_code) record.failure = FailureInfo{ErrorCategory::usererror, "TaskEnded", {}, {}};
    if (exit_code && exit_code != 0)
      record.failure = FailureInfo{ErrorCategory::usererror, "FailureExitCode", {}, {}};
  }
  return view;
}

inline void task_is_added(Story& story) {
  job_is_added(story);
  story.say(add_tasks({"t"}), added({2}));
}
inline void task_failed(Story& story) {
  task_is_added(story);
  story.say(kGetTask, task(5, TaskState::completed, 3));
}

inline PoolSpec pool_spec() {
  PoolSpec spec;
  spec.id = "p";
  spec.target_dedicated_nodes = 2;
  return spec;
}
inline Answer pool(EventNumber version, AllocationState allocation,
                   const std::string& account = kAccount) {
  PoolView view;
  view.record.account = account;
  view.record.spec = pool_spec();
  view.record.version.event = version;
  view.record.allocation_state = allocation;
  return view;
}
inline const Request kGetPool = GetPool{"p", {}};
inline const Request kResize = ResizePool{"p", {}, 2, {}, {}, {}};

inline Answer node(SchedulingState scheduling = SchedulingState::enabled) {
  NodeView view;
  view.record.id = "n";
  view.record.scheduling_state = scheduling;
  return view;
}
inline const Request kGetNode = GetNode{"p", "n"};

inline Conditions if_match(EventNumber version) {
  Conditions conditions;
  conditions.if_match = {etag_text(0, version)};
  return conditions;
}

inline ChangeJob priority(std::int32_t value, Conditions conditions = {}) {
  ChangeJob change{"j", std::move(conditions), {}, false};
  change.change.priority = value;
  return change;
}
inline JobSpec with_priority(std::int32_t value) {
  JobSpec of = spec();
  of.priority = value;
  return of;
}

}  // namespace windlass::simulator::test
