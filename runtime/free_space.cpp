#include "runtime/free_space.h"

#include <sys/statvfs.h>

namespace windlass::runtime {

double free_bytes(const std::string& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return 0;
  return static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
}

}  // namespace windlass::runtime
