// A host's guard and the processes that it holds. It outlives the worker's program; only a crash of
// the host ends it. Commands of tasks say what they do: "ok 1200", "fail 300", "crash 5", "hang",
// "flaky 50" (fails the first time), "start 90" (fails at times, while there is trouble); the
// number is how long it takes, in milliseconds.
#pragma once

#include "simulator/auditor.h"
#include "simulator/host_clock.h"
#include "simulator/process.h"
#include "worker/core/effects.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace windlass::simulator {

struct GuardFound {  // the first word to a program that has connected
  std::set<worker::RunId> known;
};
struct GuardStarted {
  worker::RunId run = 0;
};
struct GuardStartFailed {
  worker::RunId run = 0;
};
struct GuardEnded {
  worker::RunId run = 0;
  worker::ProcessEnd end;
};
struct GuardSettled {
  worker::RunId run = 0;
};
using GuardEvent =
    std::variant<GuardFound, GuardStarted, GuardStartFailed, GuardEnded, GuardSettled>;

class Guard {
 public:
  // `worker`: whom to wake, and whose clock to use. It outlives the guard.
  Guard(World& world, Auditor& auditor, Process& worker);

  void connect();
  void disconnect() { connected_ = false; }
  std::vector<GuardEvent> receive() { return std::exchange(events_, {}); }

  // `of`: absent for start tasks, of which the ledger knows nothing.
  void start(const worker::StartProcess& request, const std::optional<Auditor::Start>& of);
  void stop(worker::RunId run, Duration grace);
  void acknowledge(worker::RunId run);
  void set_lease(const std::string& node_id, MonoTime deadline);
  void forget_lease(const std::string& node_id) { leases_.erase(node_id); }

  // Everything is gone, and nobody will tell of it.
  void host_crash();
  std::size_t alive() const;

 private:
  struct Held {
    std::string node_id;
    std::optional<Auditor::Start> of;
    bool stubborn = false;  // ignores SIGTERM
    bool failed = false;    // never ran
    bool keeps_children = false;
    bool settled = false;  // exited with 0, and what it left goes on
    std::optional<worker::ProcessEnd> end;
  };
  void plan_end(worker::RunId run, Duration wait, worker::StopCause cause, std::int32_t exit_code);
  void end(worker::RunId run, worker::StopCause cause, std::int32_t exit_code);
  void say(GuardEvent event);
  MonoTime mono() const { return worker_.clock().mono(world_.timeline.now()); }

  World& world_;
  Auditor& auditor_;
  Process& worker_;
  Random random_;
  bool connected_ = false;
  std::uint64_t boot_ = 0;
  std::map<worker::RunId, Held> held_;
  std::map<std::string, MonoTime> leases_;
  std::vector<GuardEvent> events_;
};

}  // namespace windlass::simulator
