#include "storage/store/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace windlass::storage {
namespace fs = std::filesystem;
namespace {

// Records hold at most 8 KiB of metadata and 50,000 blocks.
constexpr std::uint64_t kSmallFileBytesMax = 64u << 20;
constexpr std::size_t kCopyBytes = 1u << 20;

int checked(int result, const char* what, const fs::path& path) {
  if (result < 0) throw FileError(what, path, errno);
  return result;
}

}  // namespace

FileError::FileError(const std::string& what, const fs::path& path, int error_number)
    : std::runtime_error(what + " " + path.string() + ": " + std::strerror(error_number)),
      error_number_(error_number) {}

bool FileError::disk_is_full() const {
  return error_number_ == ENOSPC || error_number_ == EDQUOT || error_number_ == EFBIG;
}

File::File(int descriptor, fs::path path) : descriptor_(descriptor), path_(std::move(path)) {}

File File::create(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  return File(checked(fd, "create", path), path);
}

File File::open(const fs::path& path) {
  return File(checked(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path), path);
}

std::optional<File> File::open_if_there(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  return File(checked(fd, "open", path), path);
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

void File::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw FileError("write", path_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::size_t File::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(descriptor_, into.data() + done, into.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw FileError("read", path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void File::append_from(const File& source, std::uint64_t offset, std::uint64_t length) {
  // Inside the kernel where the file system can; else by hand.
  while (length > 0) {
    auto from = static_cast<off64_t>(offset);
    const ssize_t copied =
        ::copy_file_range(source.descriptor_, &from, descriptor_, nullptr, length, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)) {
      throw FileError("copy", path_, errno);
    }
    if (copied <= 0) break;
    offset += static_cast<std::uint64_t>(copied);
    length -= static_cast<std::uint64_t>(copied);
  }
  if (length == 0) return;
  std::vector<std::byte> buffer(std::min<std::uint64_t>(length, kCopyBytes));
  while (length > 0) {
    const auto part = std::span(buffer).first(std::min<std::uint64_t>(length, buffer.size()));
    if (source.read_at(offset, part) != part.size()) throw FileError("short", source.path_, EIO);
    write(part);
    offset += part.size();
    length -= part.size();
  }
}

void File::sync() const {
  checked(::fdatasync(descriptor_), "flush", path_);
}

std::uint64_t File::size() const {
  struct stat facts {};
  checked(::fstat(descriptor_, &facts), "look at", path_);
  return static_cast<std::uint64_t>(facts.st_size);
}

Provisional::~Provisional() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Provisional::Provisional(Provisional&& other) noexcept : path_(std::move(other.path_)) {
  other.path_.clear();
}

void rename_over(const fs::path& from, const fs::path& to) {
  checked(::rename(from.c_str(), to.c_str()), "rename to", to);
}

void remove_if_there(const fs::path& path) {
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) throw FileError("remove", path, errno);
}

void sync_folder(const fs::path& path) {
  const int fd = checked(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path);
  const int result = ::fsync(fd);
  const int error_number = errno;
  ::close(fd);
  if (result < 0) throw FileError("flush", path, error_number);
}

void make_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0750) < 0 && errno != EEXIST) {
    throw FileError("make folder", path, errno);
  }
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

std::optional<std::string> read_small(const fs::path& path) {
  const auto file = File::open_if_there(path);
  if (!file) return std::nullopt;
  const std::uint64_t size = file->size();
  if (size > kSmallFileBytesMax) throw FileError("too large", path, EFBIG);
  std::string text(size, '\0');
  text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

void replace_small(const fs::path& path, std::string_view text) {
  const fs::path fresh = path.string() + ".new";
  remove_if_there(fresh);
  Provisional provisional(fresh);
  File file = File::create(fresh);
  file.write(std::as_bytes(std::span(text)));
  file.sync();
  rename_over(fresh, path);
  provisional.keep();
  sync_folder(path.parent_path());
}

std::uint64_t free_bytes(const fs::path& folder) {
  struct statvfs facts {};
  checked(::statvfs(folder.c_str(), &facts), "look at", folder);
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

}  // namespace windlass::storage
