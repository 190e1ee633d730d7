// What ran and what it used: what statistics are made of. Counters that only rise.
#pragma once

#include "model/time.h"

#include <cstdint>
#include <optional>
#include <string>

namespace windlass {

// Of a command's own process and of all its children that it waited for.
struct ResourceUsage {
  Duration user_cpu_time{};
  Duration kernel_cpu_time{};
  std::uint64_t read_operations = 0;  // calls that read or write, files and pipes alike
  std::uint64_t write_operations = 0;
  std::uint64_t read_bytes = 0;  // of these, what reached a disk
  std::uint64_t write_bytes = 0;
  ResourceUsage& operator+=(const ResourceUsage& other) {
    user_cpu_time += other.user_cpu_time;
    kernel_cpu_time += other.kernel_cpu_time;
    read_operations += other.read_operations;
    write_operations += other.write_operations;
    read_bytes += other.read_bytes;
    write_bytes += other.write_bytes;
    return *this;
  }
  bool operator==(const ResourceUsage&) const = default;
};

// Of a task: all its attempts that have ended.
struct TaskUsage {
  ResourceUsage resources;
  Duration earlier_wall_clock_time{};  // of the attempts before the one that the record shows
  bool operator==(const TaskUsage&) const = default;
};

// Of tasks together: of a job, or of all jobs that an account ever had on this shard.
struct WorkUsage {
  ResourceUsage resources;
  Duration wall_clock_time{};
  Duration
      wait_time{};  // of tasks that ran, from their creation to the start of their last attempt
  std::uint64_t tasks_succeeded = 0;
  std::uint64_t tasks_failed = 0;
  std::uint64_t task_retries = 0;
  WorkUsage& operator+=(const WorkUsage& other) {
    resources += other.resources;
    wall_clock_time += other.wall_clock_time;
    wait_time += other.wait_time;
    tasks_succeeded += other.tasks_succeeded;
    tasks_failed += other.tasks_failed;
    task_retries += other.task_retries;
    return *this;
  }
  bool operator==(const WorkUsage&) const = default;
};

// Time that dedicated nodes have been in a pool, told so that it is right at any later moment:
// what has ended, how many go on, and the sum of the moments at which those came. (Milliseconds:
// ticks since 1970 would overflow with some hundreds of nodes.)
struct NodeTime {
  Duration ended{};
  std::int64_t nodes = 0;
  std::int64_t begun_ms = 0;

  void begin(WallTime at) {
    nodes += 1;
    begun_ms += ms(at);
  }
  Duration until(WallTime now) const {
    return ended + std::chrono::milliseconds(ms(now) * nodes - begun_ms);
  }
  NodeTime& operator+=(const NodeTime& other) {
    ended += other.ended;
    nodes += other.nodes;
    begun_ms += other.begun_ms;
    return *this;
  }
  bool operator==(const NodeTime&) const = default;

 private:
  static std::int64_t ms(WallTime at) { return at.ticks / 10'000; }
};

// All that an account ever did on this shard.
struct AccountUsage {
  std::string account;
  WallTime since;  // when its first pool or job was made here
  WorkUsage work;
  Duration node_time_ended{};  // of dedicated nodes that have left their pools
  bool operator==(const AccountUsage&) const = default;
};

// The answer to GetLifetimeStatistics.
struct LifetimeUsage {
  std::optional<WallTime> since;  // none: the account has had nothing here
  WorkUsage work;
  NodeTime node_time;
  bool operator==(const LifetimeUsage&) const = default;
};

}  // namespace windlass
