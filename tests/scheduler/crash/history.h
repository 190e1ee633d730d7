// What a folder held after each commit of some work, and where that work stood.
#pragma once

#include "tests/scheduler/crash/stored_shard.h"

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace windlass::test {

// A number of the environment, for the long form of a suite.
inline std::uint64_t number_given(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::stoull(given) : otherwise;
}

class History {
 public:
  // Fits StoredShard; `marked` hears of each change.
  CommitHooks hooks(std::function<void()> marked = [] {}) {
    return {[this, marked] {
              begun_ = hashes_.size() + 1;
              marked();
            },
            [this, marked](scheduler::Store& store) {
              hashes_.push_back(hash(contents_of(store)));
              begun_ = hashes_.size();
              marked();
            }};
  }

  std::size_t begun() const { return begun_; }
  std::size_t acknowledged() const { return hashes_.size(); }

  // Why a folder with these contents breaks a promise to those who were told so much; empty if not.
  std::string verdict(const std::string& contents, std::size_t acknowledged,
                      std::size_t begun) const {
    const std::size_t found = hash(contents);
    std::optional<std::size_t> last;
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
      if (hashes_[i] != found) continue;
      last = i + 1;
      if (i + 1 >= acknowledged) break;
    }
    if (!last) return "it holds what the shard never was: a part of a batch";
    if (*last < acknowledged)
      return "it is as after commit " + std::to_string(*last) + ", and " +
             std::to_string(acknowledged) + " were acknowledged";
    if (*last > begun) return "it is as after a commit that had not begun";
    return "";
  }

 private:
  static std::size_t hash(const std::string& contents) {
    return std::hash<std::string>()(contents);
  }

  std::vector<std::size_t> hashes_;
  std::size_t begun_ = 1;  // the making of the folder, before any hook
};

}  // namespace windlass::test
