// A place where a program of the cluster runs, dies and runs again. The program is made anew at
// each start; what survives (disk, guard, clocks of the host) belongs to the place.
#pragma once

#include "model/time.h"
#include "simulator/host_clock.h"
#include "simulator/world.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

namespace windlass::simulator {

// Thrown anywhere inside a program: it is gone at this instruction.
struct Crashed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Process {
 public:
  Process(World& world, std::string name, std::size_t place);
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void start();
  void crash(const std::string& why);  // kill -9; it is started again a little later
  void freeze(Duration how_long);      // SIGSTOP, then SIGCONT
  // Its code, which runs now, is held up: what it sends from here on leaves that much later.
  void stall(Duration how_long, const std::string& where);
  // When what its code sends now leaves.
  MonoTime free_at() const { return busy_until_; }
  void wake();  // something has arrived

  bool running() const { return running_; }
  const std::string& name() const { return name_; }
  std::size_t place() const { return place_; }
  HostClock& clock() { return clock_; }

 protected:
  virtual void boot(Now now) = 0;  // makes the program
  virtual void turn(Now now) = 0;  // one turn of its loop
  virtual void die() = 0;          // the program is gone, as after kill -9
  // When its loop would come back by itself, on its own monotonic clock.
  virtual std::optional<MonoTime> next_turn(Now now) = 0;

  // The program ends by itself now and is started again later; call it last.
  void end(const std::string& why);
  // Nothing else happens in this program before.
  void busy_for(Duration time) {
    busy_until_ = std::max(busy_until_, world_.timeline.now()) + time;
  }
  // Runs code of the program. False: it died in it.
  bool act(const std::function<void()>& code);
  void tell(const std::string& what) { world_.tell(name_, what); }

  World& world_;

 private:
  void run();
  void plan_turn(MonoTime when);

  const std::string name_;
  const std::size_t place_;
  HostClock clock_;
  bool running_ = false;
  std::uint64_t life_ = 0;
  std::optional<MonoTime> planned_;
  std::uint64_t plan_ = 0;  // number of the plan that counts
  MonoTime busy_until_{};
};

}  // namespace windlass::simulator
