// The launches that lanes work at. They end in any order, and a process may be dead and reaped
// before its lane has said that it was made.
#pragma once

#include "worker/exec/spawner_core.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>

namespace windlass::worker::exec {

class Launches {
 public:
  std::size_t under_way() const { return under_way_.size(); }
  std::uint64_t begin();  // the number of a new one

  // A child of ours that is no known leader is dead. Remembered while it may be the process of a
  // launch that was under way then.
  void reaped(int pid, const LeaderEnd& end);

  // The lane has reported; `pid` 0: no process was made. The end of that process, if it is dead.
  std::optional<LeaderEnd> reported(std::uint64_t number, int pid);

 private:
  struct EarlyEnd {
    LeaderEnd end;
    std::uint64_t newest = 0;  // launch when it was reaped
  };
  std::uint64_t newest_ = 0;
  std::set<std::uint64_t> under_way_;
  std::unordered_map<int, EarlyEnd> early_ends_;  // by pid
};

}  // namespace windlass::worker::exec
