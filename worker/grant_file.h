// The grant book on disk: whole or not at all, and flushed before save() returns.
#pragma once

#include "worker/core/grant_book.h"

#include <optional>
#include <string>

namespace windlass::worker {

class GrantFile {
 public:
  explicit GrantFile(std::string data_folder);

  // Nothing when there is no file. A file that cannot be read back is moved aside (".unreadable"):
  // this is then a new worker, and its old nodes run out by lease.
  std::optional<GrantBook> load();

  // Throws std::system_error: what cannot be promised must not be said.
  void save(const GrantBook& book);

 private:
  std::string folder_;
  std::string path_;
};

}  // namespace windlass::worker
