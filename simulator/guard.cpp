#include "simulator/guard.h"

#include <algorithm>
#include <cstdlib>

namespace windlass::simulator {

namespace {

constexpr Duration kExitTime = std::chrono::milliseconds(2);

}  // namespace

Guard::Guard(World& world, Auditor& auditor, Process& worker)
    : world_(world), auditor_(auditor), worker_(worker), random_(world.random.fork()) {}

void Guard::say(GuardEvent event) {
  if (!connected_) return;  // told at the next contact
  events_.push_back(std::move(event));
  worker_.wake();
}

void Guard::connect() {
  connected_ = true;
  events_.clear();
  GuardFound found;
  for (const auto& [run, held] : held_) found.known.insert(run);
  say(found);
  for (const auto& [run, held] : held_) {
    if (held.failed) say(GuardStartFailed{run});
    if (held.settled && !held.end) say(GuardSettled{run});
    if (held.end) say(GuardEnded{run, *held.end});
  }
}

void Guard::start(const worker::StartProcess& request, const std::optional<Auditor::Start>& of) {
  if (held_.contains(request.run)) return;
  Held& held = held_[request.run];
  held.node_id = request.node_id;
  held.of = of;
  held.keeps_children = request.keeps_children;
  const auto lease = leases_.find(request.node_id);
  if (lease == leases_.end() || lease->second <= mono()) {
    held.failed = true;
    return say(GuardStartFailed{request.run});
  }
  held.stubborn = random_.chance(300);
  if (of) auditor_.process_started(*of);
  say(GuardStarted{request.run});

  const std::string& what = request.arguments.front();
  const Duration takes = std::chrono::milliseconds(
      request.arguments.size() > 1 ? std::atoll(request.arguments[1].c_str()) : 0);
  if (request.wall_clock_max != kInfinite)
    plan_end(request.run, request.wall_clock_max, worker::StopCause::wall_clock, kKilled);
  if (what == "hang") return;
  std::int32_t exit_code = 0;
  if (what == "fail") exit_code = 3;
  if (what == "crash") exit_code = 139;
  if (what == "start" && !world_.calm && random_.chance(300)) exit_code = 9;
  if (what == "flaky" && of && of->id.attempt == 1) exit_code = 7;
  plan_end(request.run, std::max(takes, kExitTime), worker::StopCause::none, exit_code);
}

void Guard::plan_end(worker::RunId run, Duration wait, worker::StopCause cause,
                     std::int32_t exit_code) {
  world_.timeline.after(wait, [this, boot = boot_, run, cause, exit_code] {
    if (boot == boot_) end(run, cause, exit_code);
  });
}

void Guard::end(worker::RunId run, worker::StopCause cause, std::int32_t exit_code) {
  const auto found = held_.find(run);
  if (found == held_.end() || found->second.end || found->second.failed) return;
  Held& held = found->second;
  if (held.keeps_children && cause == worker::StopCause::none && exit_code == 0) {
    held.settled = true;
    return say(GuardSettled{run});
  }
  const Now now = worker_.clock().read(world_.timeline.now());
  found->second.end = worker::ProcessEnd{cause, exit_code, now.wall, {}};
  if (found->second.of) auditor_.process_ended(found->second.of->id, exit_code);
  say(GuardEnded{run, *found->second.end});
}

void Guard::stop(worker::RunId run, Duration grace) {
  const auto found = held_.find(run);
  if (found == held_.end()) return;
  if (grace <= Duration::zero())
    plan_end(run, kExitTime, worker::StopCause::none, kKilled);
  else if (found->second.stubborn)
    plan_end(run, grace, worker::StopCause::none, kKilled);
  else
    plan_end(run, random_.chance(500) ? kExitTime : random_.between(kExitTime, grace),
             worker::StopCause::none, kTerminated);
}

void Guard::acknowledge(worker::RunId run) {
  const auto found = held_.find(run);
  if (found != held_.end() && (found->second.end || found->second.failed)) held_.erase(found);
}

void Guard::set_lease(const std::string& node_id, MonoTime deadline) {
  MonoTime& lease = leases_[node_id];
  lease = std::max(lease, deadline);
  world_.timeline.at(worker_.clock().truth_of(deadline), [this, boot = boot_, node_id] {
    const auto found = leases_.find(node_id);
    if (boot != boot_ || found == leases_.end() || mono() < found->second) return;
    for (const auto& [run, held] : held_) {
      if (held.node_id != node_id || held.end || held.failed) continue;
      world_.bit("lease ended under a task");
      end(run, worker::StopCause::lost, kKilled);
    }
  });
}

void Guard::host_crash() {
  ++boot_;
  for (const auto& [run, held] : held_) {
    if (held.of && !held.end && !held.failed) auditor_.process_ended(held.of->id, kKilled);
  }
  held_.clear();
  leases_.clear();
  events_.clear();
}

std::size_t Guard::alive() const {
  return static_cast<std::size_t>(std::count_if(held_.begin(), held_.end(), [](const auto& entry) {
    return !entry.second.end && !entry.second.failed;
  }));
}

}  // namespace windlass::simulator
