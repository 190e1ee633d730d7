#include "client/cli/dev/layout.h"

#include "model/ids.h"
#include "runtime/paths.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <system_error>

namespace windlass::cli::dev {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSocketPathCharsMax = 107;  // sun_path without its final NUL
constexpr std::string_view kLongestSocketName = "/bulk.sock";
constexpr mode_t kPrivate = 0700;
constexpr mode_t kPassThrough = 0711;

void make_folder(const std::string& path, mode_t mode) {
  fs::create_directories(path);
  if (::chmod(path.c_str(), mode) != 0)
    throw std::system_error(errno, std::generic_category(), path);
}

// May a user who owns nothing here walk from / to this folder?
bool open_to_others(const fs::path& folder) {
  fs::path at;
  for (const fs::path& part : folder) {
    at /= part;
    struct stat info {};
    if (::stat(at.c_str(), &info) == 0 && (info.st_mode & S_IXOTH) == 0) return false;
  }
  return true;
}

// A name for this cluster elsewhere on the host.
std::string name_of(const std::string& folder) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : folder) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace

std::string default_folder() {
  const char* xdg = std::getenv("XDG_DATA_HOME");
  if (::geteuid() == 0 && (xdg == nullptr || *xdg != '/')) return "/var/lib/windlass/dev";
  return runtime::data_folder_default("dev");
}

Layout::Layout(const std::string& folder)
    : folder_(fs::weakly_canonical(fs::absolute(folder)).string()) {
  while (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
}

void Layout::make() const {
  make_folder(folder_, ::geteuid() == 0 ? kPassThrough : kPrivate);
  for (const std::string& path : {accounts(), run(), logs(), scheduler(), blobs()})
    make_folder(path, kPrivate);
  make_folder(tls(), kPassThrough);  // tasks may read the authority's certificate; keys are 0600
}

std::string Layout::sockets() const {
  if (run().size() + kLongestSocketName.size() <= kSocketPathCharsMax) return run();
  const std::string note = run() + "/sockets";
  std::error_code missing;
  if (fs::exists(note, missing)) {
    const std::string before = runtime::read_file(note);
    if (fs::is_directory(before, missing)) return before;
  }
  std::string pattern = "/tmp/windlass-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), pattern);
  runtime::write_file_atomically(note, pattern, 0600);
  return pattern;
}

std::string Layout::nodes_elsewhere(int number) const {
  if (::geteuid() != 0 || open_to_others(folder_)) return "";
  const std::string base = "/var/lib/windlass/nodes-" + name_of(folder_);
  make_folder(base, kPassThrough);
  return base + "/worker-" + std::to_string(number);
}

}  // namespace windlass::cli::dev
