// One owner for a shard's folder, for life. The lock belongs to the open file (OFD), so the kernel
// drops it with the process, however that ends. It does not work over network file systems.
#pragma once

#include <string>

namespace windlass::scheduler {

class FolderLock {
 public:
  // The folder must exist. Throws FolderInUse with the owner's pid.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace windlass::scheduler
