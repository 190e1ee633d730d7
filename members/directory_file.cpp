#include "members/directory_file.h"

#include "runtime/paths.h"
#include "runtime/refusal.h"
#include "schema/codec/member.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace windlass::members {

namespace {

constexpr unsigned kOwnerOnly = 0600;

class ShortLock {
 public:
  explicit ShortLock(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    while (::fcntl(fd_, F_OFD_SETLKW, &lock) != 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      ::close(fd_);
      throw std::system_error(error, std::generic_category(), path);
    }
  }
  ~ShortLock() { ::close(fd_); }
  ShortLock(const ShortLock&) = delete;
  ShortLock& operator=(const ShortLock&) = delete;

 private:
  int fd_;
};

std::string without_line_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

DirectoryFile::DirectoryFile(std::string folder)
    : folder_(std::move(folder)), path_(folder_ + "/directory.json") {}

void DirectoryFile::create(const MemberDirectory& directory, const bus::KeyPair& enrolment_keys) {
  std::filesystem::create_directories(folder_);
  ::chmod(folder_.c_str(), 0700);
  const ShortLock lock(folder_ + "/lock");
  if (std::filesystem::exists(path_))
    throw runtime::StartRefused("there is a cluster in " + folder_ +
                                " already; see its members: windlass cluster members --dir " +
                                folder_);
  runtime::write_file_atomically(folder_ + "/enrolment.key", enrolment_keys.secret_key + "\n",
                                 kOwnerOnly);
  runtime::write_file_atomically(path_, json_text(directory), kOwnerOnly);
}

MemberDirectory DirectoryFile::load() const {
  if (!std::filesystem::exists(path_))
    throw runtime::StartRefused("there is no cluster in " + folder_ +
                                "; make one: windlass cluster init --dir " + folder_);
  Result<MemberDirectory> directory = member_directory_of_json(runtime::read_file(path_));
  if (!directory)
    throw runtime::StartRefused(path_ + " cannot be read: " + directory.error().message);
  return std::move(*directory);
}

bus::KeyPair DirectoryFile::enrolment_keys() const {
  return {load().enrolment_key, without_line_end(runtime::read_file(folder_ + "/enrolment.key"))};
}

void DirectoryFile::update(const std::function<bool(MemberDirectory&)>& change) {
  load();  // says that there is no cluster, before the lock makes a file
  const ShortLock lock(folder_ + "/lock");
  MemberDirectory directory = load();
  if (change(directory)) runtime::write_file_atomically(path_, json_text(directory), kOwnerOnly);
}

std::optional<MemberDirectory> WatchedDirectory::look(std::string& problem) {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) {
    if (seen_ == "gone") return std::nullopt;
    seen_ = "gone";
    problem = path_ + " is not there";
    return std::nullopt;
  }
  std::string seen = std::to_string(status.st_ino) + "/" + std::to_string(status.st_size) + "/" +
                     std::to_string(status.st_mtim.tv_sec) + "." +
                     std::to_string(status.st_mtim.tv_nsec);
  if (seen == seen_) return std::nullopt;
  seen_ = std::move(seen);
  try {
    Result<MemberDirectory> directory = member_directory_of_json(runtime::read_file(path_));
    if (directory) return std::move(*directory);
    problem = path_ + ": " + directory.error().message;
  } catch (const std::exception& failure) {
    problem = failure.what();
  }
  return std::nullopt;
}

}  // namespace windlass::members
