// What clients asked for and were told. All of it goes to the reference model, which says what
// cannot be true (S1, S2, S3, S10, S11, S14); kept here is what a client would know to ask next.
#pragma once

#include "model/command.h"
#include "simulator/auditor.h"
#include "simulator/client_process.h"
#include "simulator/reference/model.h"
#include "simulator/world.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace windlass::simulator {

// What clients have heard of an entity.
struct Fact {
  std::string account;
  std::string id;
  bool there = false;              // told so, and not told that it was deleted
  bool unclear = false;            // an adding was never answered
  bool ended = false;              // asked to be deleted, or stopped
  EventNumber version = 0;         // the newest heard of
  EventNumber version_before = 0;  // an older one
};

struct TaskFact : Fact {
  NewTask wanted;  // as asked for last
  TaskWork expected;
  Duration work{};  // how long it runs at most, all tries together, under all its lives
};

struct JobFact : Fact {
  std::string pool_id;
  ShardId shard = 0;  // its pool's
  bool dependencies = false;
  bool acts_on_exits = false;
  bool numbers = false;    // names its tasks by them
  bool auto_pool = false;  // has a pool of its own, and no tasks
  std::map<std::string, TaskFact> tasks;
  Duration work{};  // of its preparations and releases, as for tasks
};

struct ScheduleFact : Fact {
  ShardId shard = 0;
  ShardId job_shard = 0;  // where its jobs are
  int jobs = 0;           // heard of
};

struct PoolFact : Fact {
  ShardId shard = 0;
  std::int32_t nodes = 0;
  std::set<std::string> node_ids;  // heard of
};

// The answer tells of the entity itself: it is there, and nothing was refused.
bool is_done(const std::optional<Answer>& answer);
void note(Fact& fact, EventNumber version);
// Remembers the version that is told, for conditional requests.
ClientProcess::Then remember(Fact& fact);

class History {
 public:
  using Then = ClientProcess::Then;

  History(World& world, Auditor& auditor);

  std::vector<PoolFact> pools;
  std::map<std::string, JobFact> jobs;            // by account and id
  std::map<std::string, ScheduleFact> schedules;  // likewise

  // The only way to ask. `works`: how the tasks that it adds can end. False: it was not sent.
  bool ask(ClientProcess& client, const Fact& of, ShardId shard, const Request& request, Then then,
           std::vector<TaskWork> works = {});

  // In the end: everything of a job that is there, and its counts. Then what cannot be half done.
  void job_listed(const JobFact& job, const std::vector<TaskRecord>& tasks,
                  const TaskCounts& counts);
  void all_listed();

  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t unknown() const { return unknown_; }

 private:
  void hear(std::size_t number, const std::string& account, const Request& request,
            const std::optional<Answer>& answer);
  void report(const std::vector<Contradiction>& found);
  void note_promises(const std::string& account, const Request& request, const Answer& answer);

  World& world_;
  Auditor& auditor_;
  ReferenceModel reference_;
  std::size_t asked_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t unknown_ = 0;
};

}  // namespace windlass::simulator
