// Answers what gateways ask about the files of nodes. Each request stands alone, and none leads out
// of its node's root: tasks may have planted links, and clients may write any path.
#pragma once

#include "model/file_message.h"
#include "worker/files/confined.h"

#include <string>

namespace windlass::worker {

// How many entries one list looks at before it gives up with "too many".
inline constexpr std::size_t kListVisitsMax = 2'000'000;

class FileServer {
 public:
  explicit FileServer(std::string nodes_folder);

  FileReply answer(const FileRequest& request) const;

 private:
  std::string nodes_folder_;
};

}  // namespace windlass::worker
