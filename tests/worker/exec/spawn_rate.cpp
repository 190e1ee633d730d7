// How many short processes a second the spawner starts and reaps, with a task folder, a working
// folder and both output files for each:
//   spawn_rate FOLDER [tasks] [slots] [cgroups] [fresh|recycled] [command...]
// Recycled folders are those of ended tasks under a new name, as the worker does with tasks that
// are deleted: file systems make new folders slowly after many were removed.
#include "worker/exec/boot_clock.h"
#include "worker/exec/spawner_client.h"
#include "worker/exec/spawner_main.h"
#include "worker/exec/task_user.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>

using namespace windlass;
using namespace windlass::worker::exec;

namespace {

struct Options {
  std::string folder;
  std::uint64_t tasks = 10000;
  std::uint64_t slots = 8;
  std::string cgroups = "auto";
  bool recycle = false;
  std::vector<std::string> command = {"/bin/true"};
};

void make_folder(const std::string& path, const std::optional<NamedTaskUser>& user) {
  if (mkdir(path.c_str(), 0755) != 0) throw std::runtime_error("mkdir " + path);
  if (user && chown(path.c_str(), user->user.uid, user->user.gid) != 0) {
    throw std::runtime_error("chown " + path);
  }
}

int measure(const Options& options) {
  std::filesystem::create_directories(options.folder + "/job-1");
  chmod(options.folder.c_str(), 0755);
  SpawnerClient spawner(
      {.folder = options.folder, .cgroups = options.cgroups, .idle_exit = std::chrono::seconds(1)});
  spawner.connect(std::chrono::seconds(10));
  const std::optional<NamedTaskUser> user =
      geteuid() == 0 ? find_task_user("nobody") : std::nullopt;

  std::uint64_t begun = 0;
  std::uint64_t ended = 0;
  std::uint64_t bad = 0;
  spawner.set_lease("node", {boottime_now().mono.ticks + 3600LL * 10'000'000});
  const auto task_folder = [&](std::uint64_t number) {
    return options.folder + "/job-1/t" + std::to_string(number);
  };
  std::vector<std::uint64_t> done;  // tasks whose folders may be taken over
  const auto start = [&] {
    const std::string task = task_folder(begun + 1);
    if (options.recycle && !done.empty()) {
      if (rename(task_folder(done.back()).c_str(), task.c_str()) != 0) {
        throw std::runtime_error("rename to " + task);
      }
      done.pop_back();
    } else {
      make_folder(task, user);
      make_folder(task + "/wd", user);
    }
    StartRequest request{
        .key = {.task = ++begun},
        .node = "node",
        .arguments = options.command,
        .environment = {"AZ_BATCH_TASK_DIR=" + task, "AZ_BATCH_TASK_WORKING_DIR=" + task + "/wd",
                        "AZ_BATCH_ACCOUNT_NAME=account", "AZ_BATCH_POOL_ID=pool",
                        "AZ_BATCH_NODE_ID=node", "AZ_BATCH_JOB_ID=job-1",
                        "PATH=/usr/local/bin:/usr/bin:/bin"},
        .working_folder = task + "/wd",
        .stdout_path = task + "/stdout.txt",
        .stderr_path = task + "/stderr.txt",
        .wall_clock_max = std::chrono::hours(1)};
    if (user) request.user = user->user;
    spawner.start(request);
  };

  const MonoTime from = boottime_now().mono;
  while (begun < options.tasks && begun < options.slots) start();
  spawner.flush();
  while (ended < options.tasks) {
    pollfd poll_fd{.fd = spawner.fd(), .events = POLLIN, .revents = 0};
    poll(&poll_fd, 1, -1);
    for (const SpawnerEvent& event : spawner.receive()) {
      if (const auto* connected = std::get_if<Connected>(&event)) {
        std::printf("containment: %s\n", connected->mechanism.c_str());
      } else if (const auto* failed = std::get_if<StartFailed>(&event)) {
        throw std::runtime_error(failed->message);
      } else if (const auto* e = std::get_if<Ended>(&event)) {
        ++ended;
        if (e->exit_code != 0) ++bad;
        spawner.acknowledge(e->key);
        done.push_back(e->key.task);
        if (begun < options.tasks) start();
      }
    }
    spawner.flush();
  }
  const double seconds = static_cast<double>((boottime_now().mono - from).count()) / 1e7;
  std::printf("%llu tasks in %.3f s: %.0f a second (%llu with another exit code than 0)\n",
              static_cast<unsigned long long>(ended), seconds, static_cast<double>(ended) / seconds,
              static_cast<unsigned long long>(bad));
  std::filesystem::remove_all(options.folder + "/job-1");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--spawner") return spawner_main(argc, argv);
  if (argc < 2) {
    std::fprintf(
        stderr,
        "usage: spawn_rate FOLDER [tasks] [slots] [cgroups] [fresh|recycled] [command...]\n");
    return 2;
  }
  Options options{.folder = argv[1]};
  if (argc > 2) options.tasks = std::strtoull(argv[2], nullptr, 10);
  if (argc > 3) options.slots = std::strtoull(argv[3], nullptr, 10);
  if (argc > 4) options.cgroups = argv[4];
  if (argc > 5) options.recycle = std::string_view(argv[5]) == "recycled";
  if (argc > 6) options.command.assign(argv + 6, argv + argc);
  try {
    return measure(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spawn_rate: %s\n", error.what());
    return 1;
  }
}
