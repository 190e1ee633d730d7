#include "runtime/process_info.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace windlass::runtime {
namespace {

constexpr std::size_t kCommandCharsMax = 120;

std::string whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Stat {
  bool over = false;  // its first thread is dead, only not yet collected
  int threads = 0;    // the others hold what it held until they are dead, too
  std::uint64_t start = 0;
};

std::optional<Stat> stat_of(int pid) {
  const std::string text = whole_file("/proc/" + std::to_string(pid) + "/stat");
  // The name in parentheses may hold blanks and parentheses: what follows the last one is regular.
  const auto close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(close + 1));
  std::string field;
  fields >> field;
  Stat stat;
  stat.over = field == "Z" || field == "X";
  constexpr int kFieldsBeforeThreads = 16;  // ppid (4) to nice (19) of proc(5)
  for (int i = 0; i < kFieldsBeforeThreads; ++i) fields >> field;
  fields >> stat.threads >> field >> stat.start;
  return stat;
}

}  // namespace

std::string command_of_process(int pid) {
  std::string text = whole_file("/proc/" + std::to_string(pid) + "/cmdline");
  while (!text.empty() && text.back() == '\0') text.pop_back();
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  if (text.size() > kCommandCharsMax) text.resize(kCommandCharsMax);
  return text.empty() ? "?" : text;
}

std::uint64_t start_of_process(int pid) {
  const std::optional<Stat> stat = stat_of(pid);
  if (!stat) return 0;
  return stat->over && stat->threads <= 1 ? 0 : stat->start;
}

bool is_ending(int pid) {
  const std::optional<Stat> stat = stat_of(pid);
  return !stat || stat->over;
}

}  // namespace windlass::runtime
