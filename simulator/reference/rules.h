// The states of pools, nodes, jobs and tasks, what may be asked of each in which, and where they go
// by themselves: the API's tables, and nothing of how a scheduler keeps to them.
#pragma once

#include "simulator/reference/register.h"

#include <set>
#include <string>
#include <variant>
#include <vector>

namespace windlass::simulator {

struct PoolRules {
  enum Phase : std::uint8_t { absent, active, deleting };
  struct State {
    Phase phase = absent;
    AllocationState allocation = AllocationState::steady;
    bool stopped = false;  // the last resize, by request
    // By so much the target may be lower: of removed nodes nobody has said yet which were counted.
    std::int32_t removed_max = 0;
    PoolSpec spec;
    bool operator==(const State&) const = default;
  };
  using Act = std::variant<AddPool, DeletePool, PatchPool, ReplacePoolProperties, ResizePool,
                           StopResize, RemoveNodes>;

  Verdict verdict(const State& state, const Act& act) const;
  State after(State state, const Act& act) const;
  std::vector<State> moves(const State& state, MonoTime until) const;
  std::vector<State> halves(const State&, const Act&) const { return {}; }
  bool is_there(const State& state) const { return state.phase != absent; }
  static std::optional<State> shown(const State& state, const PoolView& view);
};

// Nodes come and go with resizes and workers; one that has gone never comes back.
struct NodeRules {
  enum Phase : std::uint8_t { ordinary, rebooting, reimaging, deallocating, deallocated };
  struct State {
    bool there = true;
    SchedulingState scheduling = SchedulingState::enabled;
    Phase phase = ordinary;
    bool operator==(const State&) const = default;
  };
  using Act = std::variant<DisableNodeScheduling, EnableNodeScheduling, RestartNode>;

  Verdict verdict(const State& state, const Act& act) const;
  State after(State state, const Act& act) const;
  std::vector<State> moves(const State& state, MonoTime until) const;
  std::vector<State> halves(const State&, const Act&) const { return {}; }
  bool is_there(const State& state) const { return state.there; }
  static std::optional<State> shown(const State& state, const NodeRecord& record);
};

struct JobRules {
  enum Phase : std::uint8_t {
    absent,
    arriving,  // the id is taken, and the job not there yet
    active,
    disabling,
    disabled,
    terminating,
    completed,
    deleting,
    leaving  // not there any more, and the id still taken
  };
  struct State {
    Phase phase = absent;
    JobSpec spec;
    std::string terminate_reason;
    bool operator==(const State&) const = default;
  };
  using Act = std::variant<AddJob, DeleteJob, TerminateJob, DisableJob, EnableJob, ChangeJob>;

  Verdict verdict(const State& state, const Act& act) const;
  State after(State state, const Act& act) const;
  std::vector<State> moves(const State& state, MonoTime until) const;
  std::vector<State> halves(const State& state, const Act& act) const;
  bool is_there(const State& state) const;
  static std::optional<State> shown(const State& state, const JobRecord& record);
  // By which the commands on its tasks are refused.
  static std::optional<ErrorCode> closed_by(Phase phase);
};

// Its jobs come and go by themselves, which changes nothing here but the ETag.
struct JobScheduleRules {
  enum Phase : std::uint8_t { absent, active, disabled, terminating, completed, deleting };
  struct State {
    Phase phase = absent;
    JobScheduleSpec spec;
    bool operator==(const State&) const = default;
  };
  using Act = std::variant<AddJobSchedule, DeleteJobSchedule, TerminateJobSchedule,
                           DisableJobSchedule, EnableJobSchedule, ChangeJobSchedule>;

  Verdict verdict(const State& state, const Act& act) const;
  State after(State state, const Act& act) const;
  std::vector<State> moves(const State& state, MonoTime until) const;
  std::vector<State> halves(const State&, const Act&) const { return {}; }
  bool is_there(const State& state) const { return state.phase != absent; }
  static std::optional<State> shown(const State& state, const JobScheduleRecord& record);
};

// One that is deleted is gone at once.
struct CertificateRules {
  struct State {
    bool there = false;
    std::string thumbprint;
    std::string public_data;
    bool operator==(const State&) const = default;
  };
  using Act = std::variant<AddCertificate, DeleteCertificate, CancelCertificateDeletion>;

  Verdict verdict(const State& state, const Act& act) const;
  State after(State state, const Act& act) const;
  std::vector<State> moves(const State&, MonoTime) const { return {}; }
  std::vector<State> halves(const State&, const Act&) const { return {}; }
  bool is_there(const State& state) const { return state.there; }
  static std::optional<State> shown(const State& state, const CertificateRecord& record);
};

// How a task's program can end, as far as who wrote it knows.
struct TaskWork {
  bool may_succeed = true;
  bool may_fail = true;
  bool operator==(const TaskWork&) const = default;
};

struct TaskRules {
  enum Phase : std::uint8_t { absent, active, running, succeeded, failed };
  struct State {
    Phase phase = absent;
    NewTask wanted;
    TaskWork work;
    std::optional<std::int32_t> retries_max;  // absent: one that its job has had
    TaskConstraints constraints;              // but for the retries
    bool operator==(const State&) const = default;
  };
  struct Add {
    NewTask task;
    TaskWork work;
  };
  using Act = std::variant<Add, DeleteTask, TerminateTask, ReactivateTask, ChangeTask>;

  // From then on its job may be gone, and the task with it.
  MonoTime job_deletable_from{INT64_MAX};

  Verdict verdict(const State& state, const Act& act) const;
  State after(State state, const Act& act) const;
  std::vector<State> moves(const State& state, MonoTime until) const;
  std::vector<State> halves(const State&, const Act&) const { return {}; }
  bool is_there(const State& state) const { return state.phase != absent; }
  // `job_retries`: what the job has had as the default of its tasks.
  static std::optional<State> shown(const State& state, const TaskView& view,
                                    const std::set<std::int32_t>& job_retries);
};

// What is wrong with the members of a record by themselves; empty: nothing.
std::string misshapen(const TaskRecord& record);
std::string misshapen(const JobRecord& record);
std::string misshapen(const PoolView& view);
std::string misshapen(const JobScheduleRecord& record);

}  // namespace windlass::simulator
