// The worker's side of the spawner: one object, one descriptor to poll, no threads. Requests are
// queued and sent in one go by flush(); receive() hands out what the spawner said. When the spawner
// dies, a new one is launched, which first kills what the old one left behind; only then is every
// attempt that was lost with it reported as Ended{lost}.
//
//   SpawnerClient spawner({.folder = data_folder});
//   spawner.connect(std::chrono::seconds(10));        // at start; finds a running spawner
//   ...
//   poll(spawner.fd()) -> for (auto& event : spawner.receive()) ...
//   spawner.start(request); spawner.start(another); spawner.flush();
#pragma once

#include "worker/exec/attempt.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace windlass::worker::exec {

// A spawner is reached. `running` is all it runs; ends and failures that are not acknowledged
// follow at once as events of their own. What the worker remembers and finds in neither is lost.
struct Connected {
  std::int32_t spawner_pid = 0;
  std::uint64_t spawner_instance = 0;  // another number is another spawner
  std::string mechanism;               // how processes are contained, for log and doctor
  std::vector<Started> running;
  std::vector<AttemptKey> unacknowledged;  // their Ended or StartFailed are next
};

// The connection broke. The client is already launching the next one; Connected follows.
struct SpawnerDied {
  std::string reason;
};

using SpawnerEvent = std::variant<Connected, SpawnerDied, Started, StartFailed, Ended, Settled>;

struct SpawnerOptions {
  std::string folder;                                  // the worker's data folder, mode 0700
  std::string program = "/proc/self/exe";              // what to launch
  std::vector<std::string> arguments = {"--spawner"};  // then come --folder and the rest
  std::string cgroups = "auto";                        // auto, v2, v1 or none
  std::chrono::seconds idle_exit{60};  // how long it waits for a worker when it has nothing to do
};

class SpawnerClient {
 public:
  explicit SpawnerClient(SpawnerOptions options);
  ~SpawnerClient();  // leaves spawner and tasks running
  SpawnerClient(const SpawnerClient&) = delete;
  SpawnerClient& operator=(const SpawnerClient&) = delete;

  // Reaches the folder's spawner, launching one if there is none, and waits for it. The Connected
  // event then comes out of receive(). Throws std::runtime_error when there is none in time.
  void connect(std::chrono::milliseconds timeout);

  // Readable whenever receive() has something to do; the same number for life.
  int fd() const;
  bool connected() const;

  // Each of these may be repeated: the spawner answers a known attempt with what it knows of it.
  void start(const StartRequest& request);
  void kill(const AttemptKey& key, Duration grace = kDefaultGrace);
  void acknowledge(const AttemptKey& key);  // an Ended or StartFailed is safe with the worker
  // Absolute CLOCK_BOOTTIME, as runtime::boot_now(). Remembered and repeated to a new spawner. A
  // node without a lease has no deadline, so set it before the first start.
  void set_lease(const std::string& node, MonoTime deadline);
  void forget_lease(const std::string& node);  // the node is given back
  void list();                                 // asks for a Connected event once more

  // Kills everything with this grace, refuses new starts; the spawner ends when no process is left
  // and what ended is acknowledged. No new one is launched.
  void shut_down(Duration grace);
  bool shut_down_done() const;

  // Sends what is queued. What the socket does not take goes out when receive() is called.
  void flush();

  // Never blocks.
  std::vector<SpawnerEvent> receive();

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace windlass::worker::exec
