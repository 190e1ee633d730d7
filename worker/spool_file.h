// The spool on disk (worker/core/spool.h says what is in it). Appended without flush; rewritten
// when what counts is a small part of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace windlass::worker {

class SpoolFile {
 public:
  // Makes or opens it. Throws std::system_error.
  explicit SpoolFile(std::string path);
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  std::string read() const;

  // Drops what lies behind the first `bytes`: a torn end, behind which frames would not be found.
  // Throws std::system_error.
  void cut(std::uint64_t bytes);

  // One write. False when the disk takes nothing (full): the bytes are kept and go first next time,
  // so the order of frames holds. Until then a kill of the process would lose them.
  bool append(std::string_view frames);
  bool has_unwritten() const { return !unwritten_.empty(); }

  // Whether it has grown so much since it was last rewritten that this pays.
  bool worth_compacting() const;
  // Replaces all by `frames`, whole or not at all. False when the disk takes nothing.
  bool replace(std::string_view frames);

  std::uint64_t bytes() const { return bytes_; }

 private:
  void open();

  std::string path_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_compacted_ = 0;
  std::string unwritten_;
};

}  // namespace windlass::worker
