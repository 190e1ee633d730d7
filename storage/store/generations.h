// Numbers that never repeat, across restarts and clocks that step back: ETags and data files are
// named by them.
#pragma once

#include "model/time.h"
#include "storage/core/record.h"

#include <filesystem>
#include <mutex>

namespace windlass::storage {

// Follows wall time in ticks of 100 ns. A file keeps a mark above everything given out, raised an
// hour at a time. Usable from several threads.
class Generations {
 public:
  explicit Generations(std::filesystem::path file);
  Generation next(WallTime now);

 private:
  std::filesystem::path file_;
  std::mutex mutex_;
  Generation last_ = 0;
  Generation reserved_ = 0;
};

}  // namespace windlass::storage
