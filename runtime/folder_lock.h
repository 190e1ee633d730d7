// One owner for a data folder. The lock belongs to the open file (OFD), so the kernel drops it with
// the process however that ends; what the file says is only for the refusal of the next one.
#pragma once

#include <string>
#include <string_view>

namespace windlass::runtime {

class FolderLock {
 public:
  // Makes the folder when it is missing (mode 0700). `flag` is the option that chose it, such as
  // "--data-dir". Waits for an owner that is dying. Throws StartRefused naming the owner and the
  // line to type.
  FolderLock(const std::string& folder, std::string_view flag);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

// Pid of the process that holds the folder's lock now, 0 when none does, or one that is dying.
int owner_of_folder(const std::string& folder);

}  // namespace windlass::runtime
