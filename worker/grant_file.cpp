#include "worker/grant_file.h"

#include "runtime/paths.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace windlass::worker {

GrantFile::GrantFile(std::string data_folder)
    : folder_(std::move(data_folder)), path_(folder_ + "/grants") {}

std::optional<GrantBook> GrantFile::load() {
  if (::access(path_.c_str(), F_OK) != 0) return std::nullopt;
  auto book = decode_grant_book(runtime::read_file(path_));
  if (!book && std::rename(path_.c_str(), (path_ + ".unreadable").c_str()) != 0)
    throw std::system_error(errno, std::generic_category(), path_);
  return book;
}

void GrantFile::save(const GrantBook& book) {
  runtime::write_file_atomically(path_, encode_grant_book(book), 0600);
  // The new name too must survive a crash of the host.
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = folder >= 0 && ::fsync(folder) == 0;
  const int code = errno;
  if (folder >= 0) ::close(folder);
  if (!flushed) throw std::system_error(code, std::generic_category(), folder_);
}

}  // namespace windlass::worker
