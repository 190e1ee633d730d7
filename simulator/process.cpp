#include "simulator/process.h"

#include <algorithm>
#include <utility>

namespace windlass::simulator {

namespace {

// Loops do not turn more often than this: what they wait for takes at least so long.
constexpr Duration kTurnMin = std::chrono::microseconds(100);

HostClock draw_clock(World& world) {
  const std::int64_t drift = world.options.drift_max;
  return HostClock(world.random.between(-drift, drift),
                   MonoTime{world.random.between(1'000'000'000, 9'000'000'000'000)},
                   world.random.between(std::chrono::seconds(-2), std::chrono::seconds(2)));
}

}  // namespace

Process::Process(World& world, std::string name, std::size_t place)
    : world_(world), name_(std::move(name)), place_(place), clock_(draw_clock(world)) {}

void Process::start() {
  if (running_) return;
  running_ = true;
  ++life_;
  planned_.reset();
  busy_until_ = {};
  tell("starts");
  if (act([this] { boot(clock_.read(world_.timeline.now())); })) wake();
}

bool Process::act(const std::function<void()>& code) {
  world_.acting = this;
  try {
    code();
  } catch (const Crashed& crashed) {
    world_.acting = nullptr;
    end(crashed.what());
    return false;
  }
  world_.acting = nullptr;
  return true;
}

void Process::end(const std::string& why) {
  if (!running_) return;
  running_ = false;
  tell("ends: " + why);
  die();
  const Duration away =
      world_.calm ? std::chrono::milliseconds(200)
                  : world_.random.between(std::chrono::milliseconds(50), std::chrono::seconds(8));
  world_.timeline.after(away, [this, life = life_] {
    if (life == life_) start();
  });
}

void Process::crash(const std::string& why) {
  if (!running_) return;
  world_.bit("crash");
  end(why);
}

void Process::freeze(Duration how_long) {
  if (!running_) return;
  world_.bit("freeze");
  tell("freezes");
  busy_until_ = std::max(busy_until_, world_.timeline.now() + how_long);
  planned_.reset();
  plan_turn(busy_until_);
}

void Process::stall(Duration how_long, const std::string& where) {
  tell("is held up: " + where);
  busy_for(how_long);
}

void Process::wake() {
  if (running_) plan_turn(world_.timeline.now() + kTurnMin);
}

void Process::plan_turn(MonoTime when) {
  when = std::max(when, busy_until_);
  if (planned_ && *planned_ <= when) return;
  planned_ = when;
  world_.timeline.at(when, [this, plan = ++plan_] {
    if (plan == plan_ && running_) run();
  });
}

void Process::run() {
  planned_.reset();
  if (world_.timeline.now() < busy_until_) return plan_turn(busy_until_);
  if (!act([this] { turn(clock_.read(world_.timeline.now())); }) || !running_) return;
  const MonoTime now = world_.timeline.now();
  if (const auto at = next_turn(clock_.read(now)))
    plan_turn(std::max(now + kTurnMin, clock_.truth_of(*at)));
}

}  // namespace windlass::simulator
