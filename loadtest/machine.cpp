#include "loadtest/machine.h"

#include "model/time_text.h"
#include "runtime/clock.h"

#include <sys/utsname.h>
#include <sys/vfs.h>

#include <cstdio>
#include <fstream>
#include <thread>

namespace windlass::loadtest {

std::map<std::string, std::string> machine_words(const std::string& data) {
  std::map<std::string, std::string> words;
  words["cores"] = std::to_string(std::thread::hardware_concurrency());
  std::ifstream cpu("/proc/cpuinfo");
  for (std::string line; std::getline(cpu, line);) {
    if (!line.starts_with("model name")) continue;
    words["processor"] = line.substr(line.find(':') + 2);
    break;
  }
  utsname kernel{};
  if (::uname(&kernel) == 0) words["kernel"] = kernel.release;
  struct statfs disk {};
  if (!data.empty() && ::statfs(data.c_str(), &disk) == 0) {
    char type[32];
    std::snprintf(type, sizeof type, "0x%lx", static_cast<unsigned long>(disk.f_type));
    words["file system"] = type;
  }
  words["time"] = timestamp_text(runtime::wall_now());
  return words;
}

}  // namespace windlass::loadtest
