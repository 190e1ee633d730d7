// A disk that fails on demand, for real programs: loaded first (LD_PRELOAD) with the name of an
// order file in WINDLASS_DISK_FAULTS. While that file is there, it says what happens to whose
// calls:
//
//   PROGRAM PATH-PART KIND WAY [MILLISECONDS]     windlass-scheduler /data.mdb flush EIO
//
// KIND: write, flush, or any. WAY: EIO or ENOSPC, which happens once and takes the order away;
// EIO-after, the same after all was done; short, a write that takes half; slow, each call takes so
// long; broken, each call is EIO. Each call that was hit adds a line to the file's name +
// ".bitten".
#include "tests/support/disk_calls.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <thread>

namespace windlass::test {

namespace {

struct Order {
  std::string program;
  std::string path_part;
  std::string kind;
  std::string way;
  int milliseconds = 0;
};

class FailingDisk final : public DiskWatcher {
 public:
  explicit FailingDisk(const char* order_file) : order_file_(order_file) {}

  DiskVerdict before(const DiskCall& call) override {
    Order order;
    {
      const std::lock_guard lock(mutex_);
      std::ifstream file(order_file_);
      if (!(file >> order.program >> order.path_part >> order.kind >> order.way)) return {};
      file >> order.milliseconds;
      if (order.program != program_invocation_short_name) return {};
      if (call.path.find(order.path_part) == std::string::npos) return {};
      const bool fits =
          order.kind == "any" || (order.kind == "write" && call.kind == DiskCallKind::write) ||
          (order.kind == "flush" && (call.kind == DiskCallKind::flush || call.synchronous));
      if (!fits) return {};
      if (order.way != "slow" && order.way != "broken") ::unlink(order_file_.c_str());
      std::ofstream(order_file_ + ".bitten", std::ios::app)
          << ::getpid() << ' ' << call.name << ' ' << order.way << ' ' << call.path << std::endl;
    }
    if (order.way == "slow") {
      std::this_thread::sleep_for(std::chrono::milliseconds(order.milliseconds));
      return {};
    }
    DiskVerdict verdict;
    if (order.way == "short")
      verdict.bytes_max = call.bytes.size() / 2;
    else
      verdict.error = order.way == "ENOSPC" ? ENOSPC : EIO;
    verdict.happens_first = order.way == "EIO-after";
    return verdict;
  }

 private:
  const std::string order_file_;
  std::mutex mutex_;
};

__attribute__((constructor)) void begin() {
  const char* order_file = std::getenv("WINDLASS_DISK_FAULTS");
  // For as long as the process lives, so never taken down.
  if (order_file != nullptr) new DiskWatch(*new FailingDisk(order_file));
}

}  // namespace

}  // namespace windlass::test
