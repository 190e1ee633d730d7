// The calls with which this process changes files, in place of the C library's, so also for LMDB:
// a watcher may note them, refuse them, or let a part of them happen. For programs that link
// disk_calls.cpp, and for others as a library that is loaded first (tests/faults/disk_faults.cpp).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace windlass::test {

enum class DiskCallKind : std::uint8_t { open, write, flush, resize, map, rename, remove };

struct DiskCall {
  DiskCallKind kind{};
  const char* name = "";  // "pwrite"
  std::string path;       // as the kernel knows it
  std::string new_path;   // rename
  ino_t file = 0;         // 0: open, of a file that is not there
  std::uint64_t offset = 0;
  std::string bytes;         // write
  std::uint64_t size = 0;    // resize
  bool writes = false;       // open
  bool truncates = false;    // open
  bool synchronous = false;  // write: durable when it returns (O_DSYNC)
};

struct DiskVerdict {
  int error = 0;                     // what the call fails with; 0: it happens
  bool happens_first = false;        // a call that fails: after all was done
  std::size_t bytes_max = SIZE_MAX;  // a write takes no more than these
  bool lazily = false;               // without waiting for the disk: no flush, no O_DSYNC
};

class DiskWatcher {
 public:
  virtual ~DiskWatcher() = default;
  virtual DiskVerdict before(const DiskCall&) { return {}; }
  // Of what happened; `file` is set for an open, too.
  virtual void after(const DiskCall&) {}
};

// The watcher's time: while it lives, and no later one does. What a watcher itself does is not
// watched.
class DiskWatch {
 public:
  explicit DiskWatch(DiskWatcher& watcher);
  ~DiskWatch();
  DiskWatch(const DiskWatch&) = delete;
  DiskWatch& operator=(const DiskWatch&) = delete;

 private:
  DiskWatcher* const before_;
};

// While one lives nothing waits for the disk: for tests that only look at what files hold.
class LazyDisk final : public DiskWatcher {
 public:
  DiskVerdict before(const DiskCall&) override { return {.lazily = true}; }

 private:
  const DiskWatch watch_{*this};
};

}  // namespace windlass::test
