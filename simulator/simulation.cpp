#include "simulator/simulation.h"

#include "simulator/broker_process.h"
#include "simulator/client_process.h"
#include "simulator/fault_judge.h"
#include "simulator/faults.h"
#include "simulator/history.h"
#include "simulator/inspection.h"
#include "simulator/scheduler_process.h"
#include "simulator/stranger.h"
#include "simulator/worker_process.h"
#include "simulator/workload.h"

#include <algorithm>
#include <memory>

namespace windlass::simulator {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kInspectionPause = milliseconds(500);
constexpr std::int64_t kLooks = 50;             // at least so many until it is over
constexpr Duration kSettlingMax = seconds(60);  // after everything has ended
constexpr int kStrangerActs = 30;               // of a thousand acts
constexpr Duration kQuietBefore = seconds(25);  // longer than anything stays on the road

class Simulation {
 public:
  Simulation(const Options& options, bool print)
      : world_(options, print),
        network_(world_),
        auditor_(world_),
        folders_(world_),
        history_(world_, auditor_),
        workload_(world_, history_),
        stranger_(world_, history_),
        inspection_(world_, history_, workload_),
        judge_(world_) {
    populate();
  }

  Outcome run() {
    world_.tell("world", world_.options.text());
    world_.tell("world", judge_.text());
    Faults faults(world_, network_, victims());
    begin();
    faults.begin();
    run_until(MonoTime{} + world_.options.safety_phase);
    if (world_.findings.empty()) calm_down();
    return outcome();
  }

 private:
  void populate() {
    const Options& options = world_.options;
    std::size_t place = 0;
    for (int i = 0; i < options.brokers; ++i)
      brokers_.push_back(
          std::make_unique<BrokerProcess>(world_, network_, static_cast<std::size_t>(i), place++));
    for (int i = 0; i < options.shards; ++i)
      folders_.put(static_cast<ShardId>(i),
                   options.one_scheduler ? 0 : static_cast<std::size_t>(i));
    // Where shards move there is another one that may have them.
    const int moving = options.move_every == Duration{} ? 0 : 1;
    const int schedulers = options.one_scheduler ? 1 + moving : options.shards;
    for (int i = 0; i < schedulers; ++i)
      schedulers_.push_back(std::make_unique<SchedulerProcess>(
          world_, network_, auditor_, folders_, static_cast<std::size_t>(i), place++));
    for (int i = 0; i < options.workers; ++i)
      workers_.push_back(std::make_unique<WorkerProcess>(world_, network_, auditor_,
                                                         static_cast<std::size_t>(i), place++));
    for (int i = 0; i < options.clients; ++i)
      clients_.push_back(
          std::make_unique<ClientProcess>(world_, network_, static_cast<std::size_t>(i), place++));
  }

  Faults::Victims victims() {
    Faults::Victims victims;
    const auto add = [&](auto& processes, bool has_links) {
      for (const auto& process : processes) {
        victims.processes.push_back(process.get());
        if (has_links) victims.link_places.push_back(process->place());
      }
    };
    add(brokers_, false);
    add(schedulers_, true);
    add(workers_, true);
    add(clients_, true);
    for (const auto& scheduler : schedulers_) victims.schedulers.push_back(scheduler.get());
    for (const auto& worker : workers_) victims.workers.push_back(worker.get());
    return victims;
  }

  void begin() {
    for (Process* process : victims().processes) {
      world_.timeline.after(world_.random.between(Duration{}, milliseconds(500)),
                            [process] { process->start(); });
    }
    for (const auto& client : clients_) act_later(*client);
    move_later();
  }

  void move_later() {
    const Duration every = world_.options.move_every;
    if (every == Duration{}) return;
    world_.timeline.after(world_.random.between(Duration{}, 2 * every), [this] {
      if (world_.calm) return;
      folders_.move_one(schedulers_.size());
      move_later();
    });
  }

  void act_later(ClientProcess& client) {
    world_.timeline.after(world_.random.between(Duration{}, 2 * workload_.pause()),
                          [this, &client] {
                            if (world_.calm) return;
                            if (client.running()) act(client);
                            act_later(client);
                          });
  }

  void act(ClientProcess& client) {
    if (world_.random.chance(kStrangerActs))
      stranger_.act(client);
    else
      workload_.act(client);
  }

  void run_until(MonoTime until) {
    while (world_.findings.empty() && world_.timeline.step(until)) {
    }
  }

  // What runs one after the other at worst, and what the end of the last fault may still cost: a
  // lease and its margin twice (a shard that starts waits one, a lost worker another), sessions.
  Duration patience() const {
    Duration work = seconds(120) + 2 * world_.options.lease + world_.options.client_patience;
    for (const auto& [id, job] : history_.jobs) {
      work += job.work;
      for (const auto& [task_id, task] : job.tasks) work += task.work + seconds(1);
    }
    // Each is asked for again and again until its jobs and their pools are gone.
    work += seconds(60) * static_cast<std::int64_t>(history_.schedules.size());
    return work;
  }

  void calm_down() {
    world_.tell("world", "the trouble is over");
    world_.calm = true;
    network_.heal();
    const MonoTime deadline = world_.timeline.now() + patience();
    MonoTime quiet_since = world_.timeline.now();
    while (world_.findings.empty() && !inspection_.done()) {
      const MonoTime now = world_.timeline.now();
      if (now >= deadline) {
        world_.violated("L1", "not over after " +
                                  std::to_string(patience() / Duration(seconds(1))) +
                                  " s:" + inspection_.unfinished());
        break;
      }
      ClientProcess& client = *clients_.front();
      const bool idle = std::all_of(clients_.begin(), clients_.end(),
                                    [](const auto& c) { return c->waiting() == 0; });
      if (!inspecting_ && !idle) quiet_since = now;
      if (!inspecting_ && now - quiet_since >= kQuietBefore) inspecting_ = true;
      if (inspecting_ && idle) inspection_.go_on(client);
      // The longer it has taken, the longer the next look can wait: each is a history to judge.
      run_until(now + std::max(kInspectionPause, (now - quiet_since) / kLooks));
    }
    if (world_.findings.empty()) settle();
    if (world_.findings.empty()) check_rest();
  }

  // What workers, shards and shards among each other have to agree on comes out without a request.
  std::string unsettled() const {
    std::string text;
    if (const std::string nodes = auditor_.nodes_not_settled(); !nodes.empty())
      text += "; nodes that are not settled:" + nodes;
    // Their grace is of wall time, which may have been set back.
    const bool in_time = world_.options.clock_step_every == Duration{};
    if (const std::string pools = auditor_.pools_left_behind(); in_time && !pools.empty())
      text += "; pools whose jobs have ended:" + pools;
    for (const auto& scheduler : schedulers_) {
      if (const std::string owed = scheduler->owed(); !owed.empty()) text += "; owed:" + owed;
    }
    return text;
  }

  void settle() {
    const MonoTime deadline = world_.timeline.now() + kSettlingMax + 2 * world_.options.lease;
    while (world_.findings.empty() && !unsettled().empty()) {
      if (world_.timeline.now() >= deadline)
        return world_.violated("L3", "everything has ended, and there are" + unsettled());
      run_until(world_.timeline.now() + kInspectionPause);
    }
  }

  // A preparation that no task waits for may run on, and so may what a forced end did not await.
  void check_rest() {
    const MonoTime deadline =
        world_.timeline.now() + kSettlingMax + world_.options.lease + world_.options.task_time_max;
    while (world_.findings.empty() && auditor_.processes_alive() != 0 &&
           world_.timeline.now() < deadline)
      run_until(world_.timeline.now() + kInspectionPause);
    if (auditor_.processes_alive() != 0)
      world_.violated(
          "S16", std::to_string(auditor_.processes_alive()) + " processes of attempts are left");
  }

  Outcome outcome() {
    Outcome outcome;
    outcome.findings = world_.findings;
    outcome.faults = world_.faults;
    outcome.points = judge_.uses();
    outcome.steps = world_.timeline.steps();
    outcome.attempts = auditor_.processes_started();
    outcome.tasks_completed = auditor_.tasks_completed();
    outcome.acknowledged = history_.acknowledged();
    outcome.unknown = history_.unknown();
    outcome.simulated = world_.timeline.now() - MonoTime{};
    world_.tell("world", "ends after " + std::to_string(outcome.steps) + " steps, " +
                             std::to_string(outcome.attempts) + " attempts, " +
                             std::to_string(outcome.tasks_completed) + " tasks completed");
    outcome.hash = world_.trace.hash();
    return outcome;
  }

  World world_;
  Network network_;
  Auditor auditor_;
  ShardFolders folders_;
  History history_;
  Workload workload_;
  Stranger stranger_;
  Inspection inspection_;
  FaultJudge judge_;
  std::vector<std::unique_ptr<BrokerProcess>> brokers_;
  std::vector<std::unique_ptr<SchedulerProcess>> schedulers_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  std::vector<std::unique_ptr<ClientProcess>> clients_;
  bool inspecting_ = false;
};

}  // namespace

Outcome simulate(const Options& options, bool print) {
  return Simulation(options, print).run();
}

}  // namespace windlass::simulator
