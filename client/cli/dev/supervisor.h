// Keeps the roles of a development cluster running: starts them, starts again what ended, ends them
// in order. One thread; the loop is run() and what it calls.
#pragma once

#include "client/cli/dev/child.h"
#include "client/cli/dev/layout.h"
#include "client/cli/dev/restart.h"
#include "client/cli/dev/roles.h"
#include "runtime/log.h"
#include "runtime/shutdown.h"
#include "runtime/status_file.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace windlass::cli::dev {

class Supervisor {
 public:
  // Ends what a killed supervisor of this folder left behind, then starts all roles.
  Supervisor(const Layout& layout, std::vector<RoleSpec> roles, runtime::Log& log,
             runtime::Shutdown& shutdown);
  ~Supervisor();  // ends what still runs
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Until every role answers /readyz. Empty: ready. Else why not, with the end of the log that says
  // more.
  std::string wait_until_ready(std::chrono::seconds timeout);

  // Until shutdown is requested.
  void run();

  // Every role has ended, and with them all that they started.
  void stop();

 private:
  struct Role {
    RoleSpec spec;
    ProcessId process;
    RestartBackoff backoff;
    std::optional<RestartBackoff::Time> due;  // when to start it again
    int starts = 0;
    std::optional<int> last_exit;  // wait status of the last end
  };

  void start(Role& role);
  void step(std::chrono::milliseconds longest);  // waits for something to happen and sees to it
  void reap();
  void note_end(Role& role, int wait_status);
  bool ready(const Role& role) const;
  std::string complaint(const Role& role) const;
  void end_orphans();

  const Layout& layout_;
  runtime::Log& log_;
  runtime::Shutdown& shutdown_;
  std::vector<Role> roles_;
  bool stopped_ = false;
};

// Empty when GET of the admin address's /healthz and /readyz both answer 200 within two seconds;
// else the reason.
std::string why_not_ready(const std::string& admin_address);

// Ends the roles noted in run/ by a supervisor that is gone, and processes that carry its mark.
// Guards of running tasks are spared unless `guards_too`: a new worker takes them over.
void end_leftovers(const Layout& layout, bool guards_too);

}  // namespace windlass::cli::dev
