// What this disk takes to make 4 KiB durable: sync_bench FOLDER
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "Usage: sync_bench FOLDER\n");
    return 2;
  }
  const std::string path = std::string(argv[1]) + "/sync_bench.tmp";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    std::perror(path.c_str());
    return 1;
  }
  constexpr int kBlocks = 64, kRounds = 300;
  const std::string block(4096, 'x');
  std::vector<double> times;
  for (int i = 0; i < kBlocks + kRounds; ++i) {
    if (pwrite(fd, block.data(), block.size(), (i % kBlocks) * 4096L) != 4096) return 1;
    const auto start = std::chrono::steady_clock::now();
    if (fdatasync(fd) != 0) return 1;
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    if (i >= kBlocks) times.push_back(took.count());  // the first round allocates
  }
  unlink(path.c_str());
  std::sort(times.begin(), times.end());
  std::printf("{\"p50_us\":%.0f,\"p99_us\":%.0f}\n", times[kRounds / 2], times[kRounds * 99 / 100]);
  return 0;
}
