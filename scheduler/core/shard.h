// One shard: a deterministic machine. Everything that happens to it comes through handle(); what it
// decides is in the effects. The loop around it (scheduler/loop.cpp) drains the bus, hands in the
// inputs of a batch one by one, ends the batch, commits the rows, and only then sends the messages.
#pragma once

#include "scheduler/core/jobs.h"
#include "scheduler/core/step.h"

#include <optional>
#include <variant>

namespace windlass::scheduler {

struct ClientInput {
  Origin origin;
  Command command;
};
struct WorkerInput {
  std::uint64_t worker = 0;
  FromWorker message;
};
struct WorkerConnected {
  std::uint64_t worker = 0;
  InstanceId instance = 0;
};
using Input =
    std::variant<ClientInput, WorkerInput, WorkerConnected, ShardMessage, ShardAcknowledge>;

// Set while the disk is nearly full: new work is refused, the rest goes on.
struct SpaceShortage {
  std::uint64_t free_bytes = 0;
  std::uint64_t needed_bytes = 0;
};

class Shard {
 public:
  Shard(ShardId shard, ShardId shards_total, Settings settings);

  // Loads everything from the rows. Until one full lease has passed nothing is given away that a
  // worker of the time before might still run.
  void recover(Rows& rows, Now now);

  // The input is consumed: documents are moved out of it.
  void handle(Input& input, Now now, Rows& rows, Effects& effects);

  // After the last input of a batch: what time has brought, dispatch, and the rows kept in memory.
  void end_batch(Now now, Rows& rows, Effects& effects);

  // When end_batch should be called although nothing arrived; none: not before something does.
  std::optional<MonoTime> next_deadline(Now now) const;

  // Grants the parting lease to all workers that have asked for a lease in this epoch: the shard
  // stops on purpose and will be back.
  void part(Now now, Rows& rows, Effects& effects);

  void set_space_shortage(std::optional<SpaceShortage> shortage) { shortage_ = shortage; }

  // Whether the answer to this command is still to come from another shard.
  bool awaits(const Origin& origin) const;

  const State& state() const { return state_; }
  // Messages of workers that were about something superseded; for the metrics.
  std::uint64_t stale_reports() const { return stale_reports_; }
  // One that was not handed in, because it was said to an earlier epoch.
  void drop_stale_report() { ++stale_reports_; }

 private:
  Decision decide_command(Step& step, ClientInput& input);
  std::optional<Answer> refuse_new_work(const Request& request) const;
  void check_clocks(Step& step);
  void check_job_schedules(Step& step);
  bool other_leases_count() const;
  void forget_other_leases(Step& step);

  Settings settings_;
  State state_;
  std::optional<SpaceShortage> shortage_;
  std::uint64_t stale_reports_ = 0;
  std::optional<MonoTime> outbox_due_;
};

}  // namespace windlass::scheduler
