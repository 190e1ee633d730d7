// What one batch of a shard brought, counted from the commands, events and messages that passed by.
// Plain numbers, no lock: LoopMetrics adds them to the metrics once a batch.
#pragma once

#include "model/command.h"
#include "model/shard_event.h"
#include "model/time.h"
#include "runtime/metrics.h"

#include <array>
#include <vector>

namespace windlass::scheduler {

// The labels of command kinds, in the order of Request.
inline constexpr std::size_t kRequestKindsTotal = std::variant_size_v<Request>;
extern const std::array<std::string_view, kRequestKindsTotal> kRequestKindNames;

// The labels of failure reasons: codes of failureInfo that Windlass itself gives; the last is for
// the rest.
inline constexpr std::size_t kFailureReasonsTotal = 17;
extern const std::array<std::string_view, kFailureReasonsTotal> kFailureReasonNames;

struct BatchTally {
  std::size_t inputs = 0;
  std::size_t tasks_added = 0;
  std::size_t assignments = 0;
  // Attempts that ended, by what became of their task.
  std::size_t succeeded = 0;
  std::size_t failed = 0;
  std::size_t retried = 0;
  std::size_t requeued = 0;
  std::size_t lost = 0;
  std::size_t leases_expired = 0;
  std::array<std::uint32_t, kRequestKindsTotal> commands{};
  std::array<std::uint32_t, kFailureReasonsTotal> failures{};
  std::vector<ErrorCode> refusals;

  using Lifetimes = runtime::Observations<runtime::MetricType::lifetime>;
  Lifetimes wait;
  Lifetimes start;
  Lifetimes run;
  Lifetimes total;

  // By how much clocks of workers were wrong at least: see the metric's meaning.
  Duration clock_ahead{};
  Duration clock_behind{};

  bool committed = false;
  Duration commit_time{};

  void count(const Request& request) { ++commands[request.index()]; }
  void count(const ShardEvent& event);

 private:
  void count_state(const TaskRecord& task);
  void count_completion(const TaskRecord& task);
  void count_times(const TaskRecord& task);
};

}  // namespace windlass::scheduler
