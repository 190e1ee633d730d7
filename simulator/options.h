// What a seed draws before anything begins (swarm testing): how big the world is, which faults
// there are in it and how often. Some worlds are calm in one way and wild in another.
#pragma once

#include "model/time.h"
#include "simulator/random.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace windlass::simulator {

struct Options {
  std::uint64_t seed = 0;

  // ---- the world
  int shards = 2;
  bool one_scheduler = false;  // holds all shards; else one for each
  int brokers = 2;
  int workers = 2;
  int clients = 2;
  int offers = 3;  // of a worker
  int slots = 2;   // of a node
  int jobs = 3;
  int tasks = 40;
  Duration lease = std::chrono::seconds(15);
  Duration safety_phase = std::chrono::minutes(2);
  std::size_t batch_messages_max = 20'000;
  Duration commit_time_max = std::chrono::milliseconds(2);
  Duration task_time_max = std::chrono::seconds(8);
  bool spot_nodes = false;      // instead of dedicated ones
  bool restless_pools = false;  // resized all the time
  bool two_accounts = false;    // whose ids are the same
  int start_tasks = 0;          // pools that have one, per thousand
  Duration client_patience = std::chrono::seconds(20);

  // ---- the network; chances are per thousand frames
  int loss = 0;
  int duplication = 0;
  int slow = 0;  // frames that take up to slow_max instead of delay_max
  Duration delay_max = std::chrono::milliseconds(3);
  Duration slow_max = std::chrono::milliseconds(500);
  bool reordering = false;  // else what is sent first on a link comes first

  // ---- faults of processes and links: mean time between two of a kind; zero: none
  Duration cut_every{};
  Duration partition_every{};
  Duration crash_every{};
  Duration freeze_every{};
  Duration host_crash_every{};
  Duration clock_step_every{};
  Duration parting_every{};    // schedulers that stop on purpose
  Duration move_every{};       // shards that change their scheduler
  int commit_fails = 0;        // per ten thousand commits
  int file_failures = 0;       // per thousand of a worker's dealings with files
  Duration fade_every{};       // links that get slow, then silent
  bool fault_points = true;    // as the seed has them (fault_judge.h)
  std::int64_t drift_max = 0;  // parts per million

  std::string text() const;
};

Options draw_options(std::uint64_t seed);

}  // namespace windlass::simulator
