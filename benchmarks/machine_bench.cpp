// What this machine gives anyone: numbers beside which ours mean something on another machine.
//
//   machine_bench FOLDER     one line of JSON: what the disk takes to make 4 KiB durable, how many
//                            /bin/true can be started and waited for (as many at a time as there
//                            are cores, nothing else done), and how long a wake-up takes that
//                            crosses from one core to another
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace {

using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

struct Spread {
  double p50 = 0;
  double p99 = 0;
};

Spread spread(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100]};
}

Spread flushes(const std::string& folder) {
  const std::string path = folder + "/machine_bench.tmp";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot write " + path);
  constexpr int kBlocks = 64, kRounds = 300;
  const std::string block(4096, 'x');
  std::vector<double> times;
  for (int i = 0; i < kBlocks + kRounds; ++i) {
    if (pwrite(fd, block.data(), block.size(), (i % kBlocks) * 4096L) != 4096)
      throw std::runtime_error("cannot write " + path);
    const auto start = Clock::now();
    if (fdatasync(fd) != 0) throw std::runtime_error("cannot flush " + path);
    if (i >= kBlocks) times.push_back(microseconds_since(start));  // the first round allocates
  }
  close(fd);
  unlink(path.c_str());
  return spread(std::move(times));
}

double processes_per_second() {
  constexpr int kEach = 1000;
  const unsigned lanes = std::max(1U, std::thread::hardware_concurrency());
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    threads.emplace_back([] {
      char program[] = "/bin/true";
      char* const arguments[] = {program, nullptr};
      for (int i = 0; i < kEach; ++i) {
        pid_t pid = 0;
        if (posix_spawn(&pid, program, nullptr, nullptr, arguments, environ) == 0)
          waitpid(pid, nullptr, 0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return lanes * kEach / (microseconds_since(start) / 1e6);
}

void stay_on(unsigned core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  pthread_setaffinity_np(pthread_self(), sizeof cores, &cores);
}

// Half of a round trip over two pipes between threads on two cores.
Spread wake_ups() {
  if (std::thread::hardware_concurrency() < 2) return {};
  int there[2], back[2];
  if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0)
    throw std::runtime_error("cannot make pipes");
  std::thread echo([&] {
    stay_on(1);
    char byte = 0;
    while (read(there[0], &byte, 1) == 1) {
      if (write(back[1], &byte, 1) != 1) return;
    }
  });
  std::vector<double> times;
  std::thread caller([&] {
    stay_on(0);
    char byte = 0;
    for (int i = 0; i < 5000; ++i) {
      const auto start = Clock::now();
      if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) return;
      times.push_back(microseconds_since(start) / 2);
    }
  });
  caller.join();
  close(there[1]);
  echo.join();
  return spread(std::move(times));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "Usage: machine_bench FOLDER\n");
    return 2;
  }
  try {
    const Spread flush = flushes(argv[1]);
    const Spread wake = wake_ups();
    std::printf(
        "{\"flush_p50_us\":%.0f,\"flush_p99_us\":%.0f,\"processes_per_second\":%.0f,"
        "\"wake_p50_us\":%.0f,\"wake_p99_us\":%.0f}\n",
        flush.p50, flush.p99, processes_per_second(), wake.p50, wake.p99);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
