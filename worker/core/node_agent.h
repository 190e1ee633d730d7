// The worker's mind: which nodes it speaks for, what runs on them, what it has said and must still
// say. A function of what it is told: messages of the shards, answers of files and guard, time.
// Everything it wants done comes out as Effects (effects.h).
//
//   claims.cpp       offers become nodes, nodes go back
//   start_tasks.cpp  from a new node to an idle one
//   restarts.cpp     from a node that is there to one that begins anew
//   attempts.cpp     from an assignment to its one report
//   instances.cpp    the same of a multi-instance task: coordination command, then perhaps its own
//   sessions.cpp     leases, resync, acknowledgement
//
// Everything may come twice or late; numbers tell (AttemptId, boot, claim). One rule above all:
// each assignment that we did not refuse to know ends with exactly one report.
#pragma once

#include "worker/core/effects.h"
#include "worker/core/environment.h"
#include "worker/core/grant_book.h"
#include "worker/core/node_slots.h"
#include "worker/core/offers.h"
#include "worker/core/spool.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace windlass::worker {

enum class Executor : std::uint8_t {
  process,
  null  // ends every attempt at once with exit code 0: no process, no folder, no spool
};

struct AgentOptions {
  std::vector<OfferClass> offers;  // `free`: how many there are
  Executor executor = Executor::process;
  std::string version;       // of this program
  std::string nodes_folder;  // absolute; the root of node N is nodes_folder/N
  std::string account_url;
  std::vector<std::string> node_addresses;  // one: all nodes share it; else each has its own
  std::uint64_t reserved_disk_bytes = 0;
  bool admin_tasks = false;  // whether elevation "admin" is honoured
  Duration stop_grace = std::chrono::seconds(15);
  Duration renew_interval = std::chrono::seconds(10);  // until a shard has said a lease's length
  Duration renew_retry = std::chrono::seconds(1);      // while there is no lease
  // How long a run that the host could not begin keeps its slots before it is lost, and so comes
  // back: a host that is short of something is not to be asked thousands of times a second.
  Duration rest = std::chrono::seconds(1);

  std::function<std::optional<TaskDocument>(std::string_view)> decode_document;
  std::function<std::uint64_t()> random;
  // From the secret in the task's document, its account, job and task.
  std::function<std::string(const std::string& secret, const std::string& account,
                            const std::string& job_id, const std::string& task_id)>
      task_token;
};

struct AgentCounts {
  std::uint64_t attempts_started = 0;
  std::uint64_t attempts_running = 0;  // now
  std::uint64_t reports = 0;
  std::uint64_t leases_expired = 0;
  std::uint64_t stale_messages = 0;  // about nodes, boots or attempts that are gone
  std::uint64_t offers_free = 0;     // now
  std::uint64_t nodes_wiping = 0;    // now
};

class NodeAgent {
 public:
  // `host_boot_id` tells whether the host was started since the book was written.
  NodeAgent(AgentOptions options, GrantBook book, SpoolContent spool, std::string host_boot_id,
            Now now);

  // Takes up what book and spool hold. Once, before anything else.
  void start(Now now, Effects& effects);

  // ---- shards. Nothing is said to a shard whose session is not open: resync says it then.
  // `resumed`: what was said before and not acknowledged is still under way.
  void session_opened(ShardId shard, ShardEpoch epoch, bool resumed, Now now, Effects& effects);
  void session_lost(ShardId shard);
  void handle(ShardId shard, const ToWorker& message, Now now, Effects& effects);
  void report_acknowledged(const AttemptId& id, Effects& effects);

  // ---- files
  void node_made(const std::string& node_id, std::optional<FailureInfo> failure, Now now,
                 Effects& effects);
  void staged_in(RunId run, std::optional<FailureInfo> failure, Now now, Effects& effects);
  // Instead of staged_in(): the host is short of descriptors or memory, which is no fault of the
  // task's. It runs again, here or elsewhere.
  void staging_refused(RunId run, Now now, Effects& effects);
  void uploaded(RunId run, std::optional<FailureInfo> failure, Now now, Effects& effects);
  void node_wiped(const std::string& node_id, Now now, Effects& effects);

  // ---- the guard
  // The first contact since this process began: what is neither running nor about to be told of is
  // lost.
  void guard_found(const std::set<RunId>& known, Now now, Effects& effects);
  void process_started(RunId run, Effects& effects);
  // `failure` absent: the host's fault (lease, resources), the task runs again elsewhere.
  void start_failed(RunId run, std::optional<FailureInfo> failure, Now now, Effects& effects);
  void process_ended(RunId run, const ProcessEnd& end, Now now, Effects& effects);
  // It was to keep its children, and has exited with 0.
  void process_settled(RunId run, Now now, Effects& effects);

  // ---- time and turns
  void tick(Now now, Effects& effects);
  std::optional<Duration> next_deadline(Now now) const;  // how long until tick() has work
  // Says what is better said once a turn: the free offers.
  void finish_turn(Effects& effects);

  // Kills everything and reports it lost, so that others run it. Start tasks run anew after the
  // next start.
  void shut_down(Now now, Effects& effects);
  bool idle() const { return runs_.empty(); }

  const GrantBook& book() const { return book_; }
  const AgentCounts& counts() const { return counts_; }
  std::string compacted_spool() const;  // frames that say the same as everything spooled so far
  std::size_t unreported_total() const { return unreported_.size(); }
  // When the attempt ended whose report has waited longest for its acknowledgement. Looks at all.
  std::optional<WallTime> oldest_unreported() const;

  // Asserts what must hold between two calls; tests call it after each step.
  void check_invariants() const;

 private:
  struct Node {
    Grant* grant = nullptr;  // in book_
    NodeSlots slots;
    std::optional<RunId> start_run;
    MonoTime lease_told{};  // to the guard
    bool making = false;    // node_made() is awaited
    bool wiping = false;    // node_wiped() is awaited
  };
  struct Link {  // one shard
    bool open = false;
    MonoTime lease_until{};
    bool lease_lost = false;  // ended since the last renewal that counted
    Duration renew_interval{};
    MonoTime next_renewal{};
    std::size_t nodes = 0;
    std::set<RunId> held;
    // Whether the held ones are wanted still: they came in an earlier session, and the answer to
    // the resync of this one is to come.
    bool held_in_doubt = false;
  };

  // claims.cpp
  void claim_nodes(ShardId shard, const ClaimNodes& claim, Now now, Effects& effects);
  void return_node(ShardId shard, const ReturnNode& message, Now now, Effects& effects);
  void stop_runs(Node& node, Now now, Effects& effects);
  // The node may have waited for what has just gone from it: a run, a folder.
  void move_on(Node& node, Now now, Effects& effects);
  void wipe_when_empty(Node& node, Effects& effects);
  void give_back(Node& node, Effects& effects);
  bool keeps_folders(const std::string& node_id) const;
  void drop_kept_of(const std::string& node_id, Effects& effects);
  std::string new_node_id(bool dedicated);
  std::string take_address();
  void give_back_address(const std::string& address);
  Node& add_node(Grant& grant);

  // start_tasks.cpp
  void begin_node(Node& node, Now now, Effects& effects);
  void begin_start_task(Node& node, Now now, Effects& effects);
  void start_task_ended(Run& run, Now now, std::optional<FailureInfo> failure, Effects& effects);
  void set_state(Node& node, NodeState state, Effects& effects);
  void say_status(const Node& node, Effects& effects);
  // Of a worker that shuts down, ready nodes are offline. Not kept: its next start resyncs them.
  NodeState state_to_say(const Grant& grant) const;
  std::vector<EnvironmentSetting> start_environment(const Grant& grant) const;

  // restarts.cpp
  void begin_restart(ShardId shard, const BeginRestart& message, Now now, Effects& effects);
  void restart_when_empty(Node& node, Now now, Effects& effects);
  void begin_anew(Node& node, Now now, Effects& effects);

  // attempts.cpp
  void assign(ShardId shard, const Assignment& assignment, Now now, Effects& effects);
  void assign_null(const Assignment& assignment, Now now, Effects& effects);
  void begin(Run& run, Now now, Effects& effects);  // stages it
  void stop(Run& run, StopCause cause, Duration grace, Now now, Effects& effects);
  void end_attempt(ShardId shard, const EndAttempt& message, Now now, Effects& effects);
  void finish(Run& run, AttemptEnd end, std::optional<FailureInfo> failure, Now now,
              Effects& effects);
  void rest(Run& run, Now now, Effects& effects);
  void finish_stopped(Run& run, Now now, Effects& effects);
  void delete_task_folder(const DeleteTaskFolder& message, Now now, Effects& effects);
  void delete_job_folder(const DeleteTaskFolder& message, Node& node, Now now, Effects& effects);
  void keep_folder(const Run& run, WallTime until, Effects& effects);
  void drop_kept(const std::string& key, Effects& effects);
  void say_lost(const AttemptId& id, Now now, Effects& effects);
  void prepare_attempt(Run& run, const TaskDocument& document);
  void watch_staging(Run& run);
  // Its words, or why it cannot be run by this worker as this user.
  std::optional<FailureInfo> prepare_start(StartProcess& start, const std::string& command_line,
                                           const std::optional<UserIdentity>& identity) const;

  // instances.cpp
  void start_coordination(Run& run, Now now, Effects& effects);
  void coordination_ended(Run& run, const ProcessEnd& end, Now now, Effects& effects);
  void coordination_failed_to_start(Run& run, std::optional<FailureInfo> failure, Now now,
                                    Effects& effects);
  void become_ready(Run& run, Now now, Effects& effects);
  void begin_command(ShardId shard, const BeginCommand& message, Now now, Effects& effects);
  void stage_command(Run& run, Now now, Effects& effects);
  void clear(Run& run, AttemptEnd end, std::optional<FailureInfo> failure, Effects& effects);
  Run* find_coordinating(RunId coordination);

  // sessions.cpp
  void lease_renewed(ShardId shard, const LeaseRenewed& message, Now now, Effects& effects);
  void resynced(ShardId shard, const Resynced& message, Now now, Effects& effects);
  void forget_report(const AttemptId& id, Effects& effects);
  void expire_leases(Now now, Effects& effects);
  void plan_lease_check();
  void tell_lease(Node& node, MonoTime until, Effects& effects);
  void renew(ShardId shard, Now now, Effects& effects);
  void expire_folders(Now now, Effects& effects);
  void end_overdue_staging(Now now, Effects& effects);
  void end_rests(Now now, Effects& effects);
  bool leased(const Link& link, Now now) const { return now.mono < link.lease_until; }
  void begin_or_hold(Run& run, Now now, Effects& effects);
  void begin_held(Link& from, Now now, Effects& effects);

  Run* find_run(RunId run);
  Link& link(ShardId shard);
  NodeEnvironment node_environment(const Grant& grant) const;
  void say(ShardId shard, FromWorker message, Effects& effects);

  const AgentOptions options_;
  GrantBook book_;
  Offers offers_;
  // Of several addresses, by their place in the options.
  std::map<std::string, std::size_t> address_numbers_;
  std::set<std::size_t> addresses_free_;
  bool offers_changed_ = false;
  bool shutting_down_ = false;
  AgentCounts counts_;

  std::unordered_map<std::string, Node> nodes_;
  std::map<RunId, Run> runs_;
  std::map<AttemptId, RunId> run_of_attempt_;
  std::map<RunId, RunId> run_of_coordination_;
  RunId next_run_ = 1;
  std::map<AttemptId, Unreported> unreported_;  // not with the null executor

  std::map<std::string, KeptFolder> kept_;                       // by folder_key()
  std::set<std::pair<WallTime, std::string>> kept_by_deadline_;  // the same
  std::set<std::pair<MonoTime, RunId>> staging_deadlines_;
  std::set<std::pair<MonoTime, RunId>> resting_;  // by the end of the rest
  std::vector<Link> links_;                       // by shard; grows as shards are met
  MonoTime lease_check_{INT64_MAX};               // no lease ends before
};

}  // namespace windlass::worker
