#include "runtime/process_info.h"

#include <fstream>
#include <iterator>
#include <sstream>

namespace windlass::runtime {
namespace {

constexpr std::size_t kCommandCharsMax = 120;

std::string whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
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
  const std::string stat = whole_file("/proc/" + std::to_string(pid) + "/stat");
  // The name in parentheses may hold blanks and parentheses: what follows the last one is regular.
  const auto close = stat.rfind(')');
  if (close == std::string::npos) return 0;
  std::istringstream fields(stat.substr(close + 1));
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") return 0;  // dead, only not yet collected
  constexpr int kFieldsBeforeStart = 18;       // ppid (4) to itrealvalue (21) of proc(5)
  for (int i = 0; i < kFieldsBeforeStart; ++i) fields >> field;
  std::uint64_t start = 0;
  fields >> start;
  return start;
}

}  // namespace windlass::runtime
