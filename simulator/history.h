// What clients asked for and were told, and what follows from it: what must be there, what must
// not, what may be either. The reference for S1, S2, S3, S10 and S11; it knows no scheduler.
#pragma once

#include "model/command.h"
#include "simulator/auditor.h"
#include "simulator/world.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace windlass::simulator {

enum class Presence : std::uint8_t {
  unasked,
  unknown,  // asked for, and no answer counts yet: may be there or not
  present,
  refused
};

// An entity that is asked for once under its id, or again only while the outcome is unknown.
struct Fact {
  Presence presence = Presence::unasked;
  MonoTime present_since{};
  int asked = 0;    // requests to add it, so far
  int unclear = 0;  // of these, those without an answer: they may still arrive
  int deletes_asked = 0;
  bool delete_acknowledged = false;
  EventNumber version_seen = 0;
  MonoTime version_seen_at{};
};

// A task that was deleted for certain may be added again under its id: then the fact begins anew.
struct TaskFact : Fact {
  std::string id;
  NewTask wanted;
  Duration work{};  // how long it runs at most, all tries together
};

struct JobFact : Fact {
  std::string id;
  std::size_t pool = 0;
  ShardId shard = 0;  // its pool's
  bool dependencies = false;
  bool stop_asked = false;  // terminated or deleted, perhaps
  std::map<std::string, TaskFact> tasks;
};

struct PoolFact : Fact {
  std::string id;
  ShardId shard = 0;
  std::int32_t nodes = 0;
};

class History {
 public:
  History(World& world, Auditor& auditor);

  std::vector<PoolFact> pools;
  std::map<std::string, JobFact> jobs;

  // ---- adding: `asked` is raised when a request goes out, the answer comes here
  void pool_added(PoolFact& pool, const std::optional<Answer>& answer);
  void job_added(JobFact& job, const std::optional<Answer>& answer);
  void tasks_added(JobFact& job, const std::vector<std::string>& ids, MonoTime asked_at,
                   const std::optional<Answer>& answer);

  // ---- ending
  void task_deleted(JobFact& job, TaskFact& task, MonoTime asked_at,
                    const std::optional<Answer>& answer);
  void job_stopped(JobFact& job, bool deleted, const std::optional<Answer>& answer);

  // ---- reading; `asked_at` is always when the request went out
  void task_read(JobFact& job, TaskFact& task, MonoTime asked_at,
                 const std::optional<Answer>& answer);
  void job_read(JobFact& job, MonoTime asked_at, const std::optional<Answer>& answer);

  // ---- in the end: everything of a job that is there, and its counts
  void job_listed(const JobFact& job, MonoTime asked_at, const std::vector<TaskRecord>& tasks,
                  const std::optional<TaskCounts>& counts);

  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t unknown() const { return unknown_; }

 private:
  bool added(Fact& fact, const std::string& name, const std::optional<Error>& error,
             ErrorCode exists);
  void unclear(Fact& fact);
  void absent(const JobFact& job, const Fact& fact, const std::string& name, MonoTime asked_at);
  void seen(Fact& fact, const std::string& name, MonoTime asked_at, EventNumber version);

  World& world_;
  Auditor& auditor_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t unknown_ = 0;
};

}  // namespace windlass::simulator
