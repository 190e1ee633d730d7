// What will happen, in order of true time; what is planned first for the same moment goes first.
#pragma once

#include "model/time.h"

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace windlass::simulator {

class Timeline {
 public:
  MonoTime now() const { return now_; }

  void at(MonoTime when, std::function<void()> action) {
    plan_.emplace(std::pair{when < now_ ? now_ : when, ++planned_}, std::move(action));
  }
  void after(Duration wait, std::function<void()> action) { at(now_ + wait, std::move(action)); }

  // The next thing, if it happens by then. False: nothing is left until then, and it is then.
  bool step(MonoTime until) {
    if (plan_.empty() || plan_.begin()->first.first > until) {
      now_ = until;
      return false;
    }
    auto next = plan_.extract(plan_.begin());
    now_ = next.key().first;
    ++steps_;
    next.mapped()();
    return true;
  }
  std::uint64_t steps() const { return steps_; }

 private:
  MonoTime now_{};
  std::map<std::pair<MonoTime, std::uint64_t>, std::function<void()>> plan_;
  std::uint64_t planned_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace windlass::simulator
