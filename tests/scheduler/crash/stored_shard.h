// A real core on a real folder under random work: batches of commands, reports and messages of
// other shards, written as the scheduler writes them (scheduler/owned_shard.cpp), with sessions,
// stored answers and the log. The same seed does the same work.
#pragma once

#include "scheduler/core/shard.h"
#include "scheduler/journal/local_journal.h"
#include "scheduler/store/store.h"
#include "tests/support/random_model.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace windlass::test {

scheduler::StoreOptions stored_shard_options(const std::string& folder);

// Called around each commit, and the second also once the folder is open.
struct CommitHooks {
  std::function<void()> begun;
  std::function<void(scheduler::Store&)> acknowledged;  // what follows may be said to others now
};

class StoredShard {
 public:
  // Opens the folder, claims the shard and recovers; each of the three is a commit if it changes
  // anything. Throws what the store throws.
  StoredShard(scheduler::StoreOptions options, std::uint64_t seed, CommitHooks hooks = {});

  // One batch.
  void turn();

  // A sentence for each broken invariant of the core, and for each gap in the log.
  std::vector<std::string> broken();

  scheduler::Space space() const { return store_.space(); }
  const scheduler::State& state() const { return core_->state(); }

 private:
  void open();
  void commit();
  void connect_worker();
  void draw_input();
  void draw_command();
  void ask(Request request);
  void report(FromWorker message);
  void give(scheduler::Input input);
  void obey();
  void end_one(bool stopped_only);
  std::string some_job();
  std::string some_task();

  RandomModel random_;
  CommitHooks hooks_;
  scheduler::Store store_;
  scheduler::LocalJournal journal_;
  std::unique_ptr<scheduler::Shard> core_;
  Now now_{WallTime{17'000'000'000'000'000}, MonoTime{1'000'000'000}};
  SessionState gateway_;
  EventNumber events_before_ = 0;

  std::unique_ptr<scheduler::Batch> batch_;  // while one is under way
  scheduler::Effects effects_;

  std::map<AttemptId, Assignment> running_;  // at the worker
  std::set<AttemptId> stopping_;
  std::vector<ClaimNodes> claims_;  // to be answered
  std::vector<ShardMessage> sent_;  // to other shards, to be acknowledged
};

// Everything that can be read of a folder, in words that are the same for the same content. The
// folder is opened by production code, which may write to it. Throws what the store throws.
std::string contents_of(scheduler::Store& store);
// The part of it that a start reads: whole tables.
std::string start_of(scheduler::Store& store);
std::string start_of(const std::string& folder);
std::string contents_of(const std::string& folder);

}  // namespace windlass::test
