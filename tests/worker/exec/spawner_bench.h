// A real spawner in a temporary folder, a client to it, and the questions tests ask about
// processes.
#pragma once

#include "worker/exec/boot_clock.h"
#include "worker/exec/process_table.h"
#include "worker/exec/spawner_client.h"
#include "worker/exec/spawner_link.h"
#include "worker/exec/task_user.h"

#include <dirent.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace windlass::worker::exec::test {

inline constexpr std::chrono::seconds kPatience{30};

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Polls a condition that no descriptor announces: the state of other processes.
inline bool eventually(const std::function<bool()>& condition) {
  const MonoTime end = boottime_now().mono + std::chrono::duration_cast<Duration>(kPatience);
  while (!condition()) {
    if (boottime_now().mono > end) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

inline bool alive(int pid) {
  const auto info = process_info(pid);
  return info && info->state != 'Z';
}

class SpawnerBench {
 public:
  explicit SpawnerBench(const std::string& cgroups) {
    char name[] = "/tmp/windlass-exec-XXXXXX";
    BOOST_REQUIRE(mkdtemp(name) != nullptr);
    base_ = name;
    chmod(name, 0755);
    options_.folder = base_ + "/data";
    const char* program = std::getenv("WINDLASS_SPAWNER_PROGRAM");
    options_.program = program != nullptr ? program : WINDLASS_SPAWNER_PROGRAM;
    options_.cgroups = cgroups;
    options_.idle_exit = std::chrono::seconds(1);
    mkdir(options_.folder.c_str(), 0700);
    if (geteuid() == 0) user_ = find_task_user("nobody");
    folder_ = base_ + "/task";
    make_folder(folder_);
    connect();
  }
  ~SpawnerBench() {
    client_.reset();
    if (spawner_pid_ > 0) ::kill(spawner_pid_, SIGKILL);
    eventually([&] { return !alive(spawner_pid_); });
    for (const int pid : marked()) ::kill(pid, SIGKILL);
    // What a next start would do: the spawner's own tests look at that; here it is only tidying.
    std::string cgroup = content_of(options_.folder + "/spawner.cgroup");
    while (!cgroup.empty() && cgroup.back() == '\n') cgroup.pop_back();
    if (cgroup.starts_with('/')) {
      eventually([&] {
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(cgroup, ignored)) {
          if (entry.is_directory()) rmdir(entry.path().c_str());
        }
        return rmdir(cgroup.c_str()) == 0 || errno == ENOENT;
      });
    }
    const std::string log = content_of(options_.folder + "/spawner.log");
    BOOST_CHECK_MESSAGE(log.find("Sanitizer") == std::string::npos,
                        log);  // in that process, not here
    std::error_code ignored;
    std::filesystem::remove_all(base_, ignored);
  }

  // A worker that starts: reaches the running spawner or launches one.
  const Connected& connect() {
    client_ = std::make_unique<SpawnerClient>(options_);
    client_->connect(kPatience);
    connected_.reset();
    BOOST_REQUIRE(wait([&] { return connected_.has_value(); }));
    return *connected_;
  }
  // A worker that is killed: its socket closes, nothing is said.
  void lose_worker() {
    client_.reset();
    ended_.clear();
    failed_.clear();
    started_.clear();
    settled_.clear();
  }

  // What the spawner holds now; all requests sent before have been handled.
  const Connected& list() {
    connected_.reset();
    client_->list();
    client_->flush();
    BOOST_REQUIRE(wait([&] { return connected_.has_value(); }));
    return *connected_;
  }

  SpawnerClient& client() { return *client_; }
  const SpawnerOptions& options() const { return options_; }
  int spawner_pid() const { return spawner_pid_; }
  std::string mechanism() const { return connected_->mechanism; }
  bool by_descent() const { return connected_->mechanism.find("descent") != std::string::npos; }
  const std::string& base() const { return base_; }
  const std::string& folder() const { return folder_; }
  const std::optional<NamedTaskUser>& user() const { return user_; }
  std::size_t deaths() const { return deaths_; }

  void make_folder(const std::string& path) const {
    mkdir(path.c_str(), 0755);
    if (user_) BOOST_REQUIRE(chown(path.c_str(), user_->user.uid, user_->user.gid) == 0);
  }

  StartRequest request(std::vector<std::string> arguments) {
    const std::string number = std::to_string(++tasks_);
    StartRequest r{.key = {.shard = 1, .job = 2, .task = static_cast<std::uint64_t>(tasks_)},
                   .node = "n1",
                   .arguments = std::move(arguments),
                   .environment = {"PATH=/usr/local/bin:/usr/bin:/bin", mark()},
                   .working_folder = folder_,
                   .stdout_path = folder_ + "/stdout" + number + ".txt",
                   .stderr_path = folder_ + "/stderr" + number + ".txt"};
    if (user_) r.user = user_->user;
    return r;
  }
  StartRequest shell(const std::string& script) { return request({"/bin/sh", "-c", script}); }

  void start(const StartRequest& r) {
    client_->start(r);
    client_->flush();
  }
  Started await_start(const AttemptKey& key) {
    BOOST_REQUIRE(wait([&] { return started_.contains(key); }));
    return started_.at(key);
  }
  Ended await_end(const AttemptKey& key) {
    BOOST_REQUIRE(wait([&] { return ended_.contains(key) || failed_.contains(key); }));
    if (failed_.contains(key)) BOOST_FAIL(failed_.at(key).message);
    return ended_.at(key);
  }
  void await_settling(const AttemptKey& key) {
    BOOST_REQUIRE(wait([&] { return settled_.contains(key); }));
  }
  StartFailed await_failure(const AttemptKey& key) {
    BOOST_REQUIRE(wait([&] { return ended_.contains(key) || failed_.contains(key); }));
    BOOST_REQUIRE(failed_.contains(key));
    return failed_.at(key);
  }
  Ended run(const StartRequest& r) {
    start(r);
    return await_end(r.key);
  }
  bool has_ended(const AttemptKey& key) const { return ended_.contains(key); }

  // Serves the client until the condition holds.
  bool wait(const std::function<bool()>& condition) {
    const MonoTime end = boottime_now().mono + std::chrono::duration_cast<Duration>(kPatience);
    while (!condition()) {
      if (boottime_now().mono > end) return false;
      pollfd poll_fd{.fd = client_->fd(), .events = POLLIN, .revents = 0};
      poll(&poll_fd, 1, 10);
      for (SpawnerEvent& event : client_->receive()) {
        if (auto* c = std::get_if<Connected>(&event)) {
          connected_ = *c;
          spawner_pid_ = c->spawner_pid;
        } else if (auto* s = std::get_if<Started>(&event)) {
          started_[s->key] = *s;
        } else if (auto* f = std::get_if<StartFailed>(&event)) {
          failed_[f->key] = *f;
        } else if (auto* e = std::get_if<Ended>(&event)) {
          ended_[e->key] = *e;
          if (on_end) on_end(*e);
        } else if (auto* settled = std::get_if<Settled>(&event)) {
          settled_.insert(settled->key);
        } else {
          ++deaths_;
        }
      }
    }
    return true;
  }
  std::function<void(const Ended&)> on_end;  // at the moment of the report

  // Processes of this bench's tasks, found by a variable of their environment.
  std::vector<int> marked() const {
    std::vector<int> pids;
    for (const auto& [pid, info] : all_processes()) {
      if (info.state == 'Z') continue;
      if (environment_of(pid, "WINDLASS_EXEC_TEST") == base_) pids.push_back(pid);
    }
    return pids;
  }
  std::string mark() const { return "WINDLASS_EXEC_TEST=" + base_; }

 private:
  std::string base_;
  std::string folder_;
  SpawnerOptions options_;
  std::optional<NamedTaskUser> user_;
  std::unique_ptr<SpawnerClient> client_;
  std::optional<Connected> connected_;
  int spawner_pid_ = 0;
  int tasks_ = 0;
  std::size_t deaths_ = 0;
  std::map<AttemptKey, Started> started_;
  std::map<AttemptKey, StartFailed> failed_;
  std::map<AttemptKey, Ended> ended_;
  std::set<AttemptKey> settled_;
};

}  // namespace windlass::worker::exec::test
