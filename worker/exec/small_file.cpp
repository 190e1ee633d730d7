#include "worker/exec/small_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace windlass::worker::exec {

std::optional<std::string> read_small_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string content;
  char buffer[4096];
  ssize_t size = 0;
  while ((size = read(fd, buffer, sizeof(buffer))) > 0) {
    content.append(buffer, static_cast<std::size_t>(size));
  }
  close(fd);
  if (size < 0) return std::nullopt;
  return content;
}

bool write_small_file(const std::string& path, std::string_view content) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written =
      write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  close(fd);
  return written;
}

}  // namespace windlass::worker::exec
