#include "worker/exec/launches.h"

namespace windlass::worker::exec {

std::uint64_t Launches::begin() {
  under_way_.insert(++newest_);
  return newest_;
}

void Launches::reaped(int pid, const LeaderEnd& end) {
  if (!under_way_.empty()) early_ends_[pid] = {.end = end, .newest = newest_};
}

std::optional<LeaderEnd> Launches::reported(std::uint64_t number, int pid) {
  under_way_.erase(number);
  std::optional<LeaderEnd> end;
  if (const auto early = early_ends_.find(pid); early != early_ends_.end()) {
    end = early->second.end;
    early_ends_.erase(early);
  }
  // What none of those under way can have made was an orphan.
  std::erase_if(early_ends_, [this](const auto& entry) {
    return under_way_.empty() || entry.second.newest < *under_way_.begin();
  });
  return end;
}

}  // namespace windlass::worker::exec
