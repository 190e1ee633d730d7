// How much room a folder has and how long a write to it takes to be safe.
#include "client/cli/doctor/gather.h"
#include "runtime/free_space.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

namespace windlass::cli::doctor {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kRoundsMax = 40;
constexpr std::chrono::seconds kLongest{3};

struct FileSystem {
  std::uint32_t magic;
  const char* name;
  bool remote = false;
  bool in_memory = false;
};
constexpr FileSystem kFileSystems[] = {
    {EXT4_SUPER_MAGIC, "ext4"},
    {0x58465342, "xfs"},
    {BTRFS_SUPER_MAGIC, "btrfs"},
    {0x2fc12fc1, "zfs"},
    {0xf2f52010, "f2fs"},
    {OVERLAYFS_SUPER_MAGIC, "overlay"},
    {TMPFS_MAGIC, "tmpfs", false, true},
    {RAMFS_MAGIC, "ramfs", false, true},
    {NFS_SUPER_MAGIC, "nfs", true},
    {0xff534d42, "cifs", true},
    {0xfe534d42, "smb", true},
    {0x00c36400, "ceph", true},
    {V9FS_MAGIC, "9p", true},
};

// The folder itself, or the last one on the way to it that is there.
std::string nearest_folder(const std::string& folder) {
  std::error_code ignored;
  fs::path at = fs::absolute(folder, ignored).lexically_normal();
  if (!at.has_filename()) at = at.parent_path();
  while (!fs::is_directory(at, ignored) && at.has_parent_path() && at != at.parent_path())
    at = at.parent_path();
  return at.string();
}

// Appends and flushes pages to a file without a name, as a commit does. Empty: it went well.
std::string measure(const std::string& folder, std::vector<double>& ms) {
  const std::string path = folder + "/.windlass-doctor-" + std::to_string(::getpid());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return std::generic_category().message(errno);
  ::unlink(path.c_str());
  std::array<char, 4096> page{};
  std::string problem;
  const auto begun = Clock::now();
  for (int round = 0; round < kRoundsMax && Clock::now() - begun < kLongest; ++round) {
    page.fill(static_cast<char>(round));
    const auto start = Clock::now();
    if (::write(fd, page.data(), page.size()) != static_cast<ssize_t>(page.size()) ||
        ::fdatasync(fd) != 0) {
      problem = std::generic_category().message(errno);
      break;
    }
    ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  ::close(fd);
  return problem;
}

}  // namespace

DiskFacts disk_facts(const std::string& folder) {
  DiskFacts facts;
  facts.folder = folder;
  facts.measured = nearest_folder(folder);
  struct statfs about {};
  if (::statfs(facts.measured.c_str(), &about) == 0) {
    for (const FileSystem& known : kFileSystems) {
      if (known.magic != static_cast<std::uint32_t>(about.f_type)) continue;
      facts.file_system = known.name;
      facts.remote = known.remote;
      facts.in_memory = known.in_memory;
    }
    if (about.f_files != 0) facts.free_inodes = static_cast<double>(about.f_ffree);
  }
  facts.free_bytes = runtime::free_bytes(facts.measured);
  std::vector<double> ms;
  facts.problem = measure(facts.measured, ms);
  if (!ms.empty()) {
    std::sort(ms.begin(), ms.end());
    facts.sync_ms_median = ms[ms.size() / 2];
    facts.sync_ms_worst = ms.back();
  }
  return facts;
}

}  // namespace windlass::cli::doctor
