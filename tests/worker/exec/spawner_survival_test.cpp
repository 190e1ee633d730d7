// Who survives whom: workers that are killed or frozen, spawners that are killed, and what is left
// in the end, which is nothing.
#include "tests/worker/exec/spawner_bench.h"

#include <sys/wait.h>

#include <boost/test/data/test_case.hpp>

using namespace windlass;
using namespace windlass::worker::exec;
using namespace windlass::worker::exec::test;
using namespace std::chrono_literals;
namespace bdata = boost::unit_test::data;

namespace {

const char* const kWays[] = {"v1", "v2", "none"};

bool exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

MonoTime after(Duration time) {
  return boottime_now().mono + time;
}

// A second worker process, as a fork of this one: it may only do what `work` does.
class OtherWorker {
 public:
  explicit OtherWorker(const std::function<void()>& work) {
    pid_ = fork();
    if (pid_ == 0) {
      work();
      while (true) pause();
    }
  }
  ~OtherWorker() {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  OtherWorker(const OtherWorker&) = delete;
  OtherWorker& operator=(const OtherWorker&) = delete;
  void freeze() {
    ::kill(pid_, SIGSTOP);
    int status = 0;
    waitpid(pid_, &status, WUNTRACED);
    BOOST_TEST(WIFSTOPPED(status));
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_exec_spawner_survival)

BOOST_DATA_TEST_CASE(a_restarted_worker_finds_what_runs_and_what_ended, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const int spawner = bench.spawner_pid();
  const StartRequest runs = bench.shell("while [ ! -e go ]; do sleep 0.01; done; exit 6");
  const StartRequest ends = bench.shell("while [ ! -e away ]; do sleep 0.01; done; exit 8");
  const StartRequest missing = bench.request({"/no/such/program"});
  bench.start(runs);
  bench.start(ends);
  bench.start(missing);
  const Started started = bench.await_start(runs.key);
  const int ending = bench.await_start(ends.key).pid;
  bench.await_failure(missing.key);
  bench.lose_worker();
  std::ofstream(bench.folder() + "/away") << "";
  BOOST_REQUIRE(eventually([&] { return !alive(ending); }));

  const Connected& connected = bench.connect();
  BOOST_TEST(connected.spawner_pid == spawner);
  // The one that ended may still stand in the list when its reaping is under way.
  bool found = false;
  for (const Started& s : connected.running) found = found || s == started;
  BOOST_TEST(found);
  BOOST_TEST(bench.await_end(ends.key).exit_code == 8);
  BOOST_TEST((bench.await_failure(missing.key).failure == StartFailure::program_not_found));
  std::ofstream(bench.folder() + "/go") << "";
  BOOST_TEST(bench.await_end(runs.key).exit_code == 6);

  // What is acknowledged is forgotten; the rest is told to each worker anew.
  bench.client().acknowledge(ends.key);
  bench.client().acknowledge(missing.key);
  BOOST_TEST((bench.list().unacknowledged == std::vector{runs.key}));
  bench.lose_worker();
  const Connected& again = bench.connect();
  BOOST_TEST(again.running.empty());
  BOOST_TEST((again.unacknowledged == std::vector{runs.key}));
  BOOST_TEST(bench.await_end(runs.key).exit_code == 6);
}

BOOST_DATA_TEST_CASE(a_spawner_that_is_killed_takes_all_along, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const int spawner = bench.spawner_pid();
  const StartRequest plain = bench.shell("touch plain; while :; do sleep 1000; done");
  const StartRequest family = bench.shell(
      "trap '' TERM HUP; (setsid sh -c 'trap \"\" TERM HUP; touch family; while :; do sleep 1000; "
      "done' &); while :; do sleep 1000; done");
  const StartRequest finished = bench.shell("exit 3");
  bench.start(plain);
  bench.start(family);
  BOOST_TEST(bench.run(finished).exit_code == 3);  // not acknowledged, but heard
  BOOST_REQUIRE(bench.wait(
      [&] { return exists(bench.folder() + "/plain") && exists(bench.folder() + "/family"); }));
  BOOST_TEST(bench.marked().size() >= 4U);

  // At the moment of the report nothing may be left: slots are given away on it.
  bench.on_end = [&](const Ended& end) {
    BOOST_TEST((end.reason == EndReason::lost));
    BOOST_TEST(bench.marked().empty());
  };
  ::kill(spawner, SIGKILL);
  BOOST_TEST((bench.await_end(plain.key).reason == EndReason::lost));
  BOOST_TEST((bench.await_end(family.key).reason == EndReason::lost));
  BOOST_TEST(bench.deaths() == 1U);
  BOOST_TEST(bench.spawner_pid() != spawner);
  bench.on_end = nullptr;
  BOOST_TEST(bench.run(bench.shell("exit 4")).exit_code == 4);  // and work goes on
}

BOOST_DATA_TEST_CASE(with_worker_and_spawner_killed_the_next_start_cleans_up, bdata::make(kWays),
                     way) {
  SpawnerBench bench(way);
  const StartRequest family = bench.shell(
      "(setsid sh -c 'touch family; while :; do sleep 1000; done' &); while :; do sleep 1000; "
      "done");
  bench.start(family);
  const int leader = bench.await_start(family.key).pid;
  BOOST_REQUIRE(bench.wait([&] { return exists(bench.folder() + "/family"); }));
  const int spawner = bench.spawner_pid();
  bench.lose_worker();
  ::kill(spawner, SIGKILL);
  BOOST_TEST(eventually([&] { return !alive(leader); }));  // dies with it, without any help
  const Connected& connected = bench.connect();
  BOOST_TEST(connected.spawner_pid != spawner);
  BOOST_TEST(connected.running.empty());
  BOOST_TEST(connected.unacknowledged.empty());
  BOOST_TEST(bench.marked().empty());
}

BOOST_DATA_TEST_CASE(a_start_that_a_dying_spawner_swallowed_is_lost, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  ::kill(bench.spawner_pid(), SIGSTOP);
  const StartRequest request = bench.shell("exit 0");
  bench.start(request);
  ::kill(bench.spawner_pid(), SIGKILL);
  BOOST_TEST((bench.await_end(request.key).reason == EndReason::lost));
}

BOOST_DATA_TEST_CASE(starts_wait_for_a_new_spawner, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  ::kill(bench.spawner_pid(), SIGKILL);
  BOOST_REQUIRE(bench.wait([&] { return bench.deaths() == 1; }));
  if (bench.client().connected()) return;  // it was quicker than this test
  BOOST_TEST(bench.run(bench.shell("exit 3")).exit_code == 3);
}

BOOST_DATA_TEST_CASE(a_lease_ends_while_the_worker_is_frozen, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const StartRequest request =
      bench.shell("trap '' TERM; (setsid sleep 1000 &); touch ready; while :; do sleep 1000; done");
  const StartRequest elsewhere = [&] {
    StartRequest r = bench.shell("while [ ! -e go ]; do sleep 0.01; done");
    r.node = "n2";
    return r;
  }();
  const std::string ready = bench.folder() + "/ready";
  bench.lose_worker();
  {
    OtherWorker worker([&] {
      SpawnerClient client(bench.options());
      client.connect(kPatience);
      client.set_lease("n1", after(1s));
      client.start(request);
      client.start(elsewhere);
      client.flush();
      while (true) pause();
    });
    BOOST_REQUIRE(eventually([&] { return exists(ready); }));
    worker.freeze();
    BOOST_TEST(
        eventually([&] { return bench.marked().size() <= 2; }));  // the other node's: sh, sleep
    bench.connect();  // a frozen worker is replaced by its successor
    const Ended end = bench.await_end(request.key);
    BOOST_TEST((end.reason == EndReason::lease_ended));
    BOOST_TEST(end.signal == SIGKILL);
    BOOST_TEST(!bench.has_ended(elsewhere.key));
  }
  std::ofstream(bench.folder() + "/go") << "";
  BOOST_TEST(bench.await_end(elsewhere.key).exit_code == 0);
}

BOOST_DATA_TEST_CASE(a_renewed_lease_lets_the_task_live, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const StartRequest request = bench.shell("while [ ! -e go ]; do sleep 0.01; done; exit 5");
  bench.client().set_lease("n1", after(400ms));
  bench.start(request);
  const Started started = bench.await_start(request.key);
  while (boottime_now().mono - started.start_boot < Duration(1s)) {
    bench.client().set_lease("n1", after(400ms));
    bench.client().flush();
    bench.wait([n = 0]() mutable { return n++ > 0; });
  }
  std::ofstream(bench.folder() + "/go") << "";
  BOOST_TEST(bench.await_end(request.key).exit_code == 5);
}

BOOST_DATA_TEST_CASE(leases_are_told_to_a_new_spawner, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  bench.client().set_lease("n1", after(-1s));
  bench.client().flush();
  ::kill(bench.spawner_pid(), SIGKILL);
  BOOST_REQUIRE(bench.wait([&] { return bench.deaths() == 1 && bench.client().connected(); }));
  const StartRequest request = bench.shell("exit 0");
  bench.start(request);
  BOOST_TEST((bench.await_failure(request.key).failure == StartFailure::lease_ended));
}

BOOST_DATA_TEST_CASE(it_ends_when_nothing_is_left_and_leaves_nothing, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const StartRequest request = bench.shell("sleep 2; exit 3");
  bench.start(request);
  bench.await_start(request.key);
  bench.lose_worker();
  const int pid = bench.spawner_pid();
  // The process runs longer than the idle time, and its end is kept after that.
  bench.connect();
  BOOST_TEST(bench.spawner_pid() == pid);
  BOOST_TEST(bench.await_end(request.key).exit_code == 3);
  bench.client().acknowledge(request.key);
  bench.client().flush();
  std::string cgroup = content_of(bench.options().folder + "/spawner.cgroup");
  cgroup.pop_back();
  bench.lose_worker();
  BOOST_TEST(eventually([&] { return !alive(pid); }));
  BOOST_TEST(!exists(bench.options().folder + "/spawner.sock"));
  if (cgroup != "none") BOOST_TEST(!exists(cgroup));
}

BOOST_DATA_TEST_CASE(it_does_not_outlive_its_folder, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  bench.run(bench.shell("exit 3"));  // never acknowledged
  bench.start(bench.shell("touch ready; while :; do sleep 1000; done"));
  BOOST_REQUIRE(bench.wait([&] { return exists(bench.folder() + "/ready"); }));
  const int pid = bench.spawner_pid();
  bench.lose_worker();
  std::string cgroup = content_of(bench.options().folder + "/spawner.cgroup");
  cgroup.pop_back();
  std::filesystem::remove_all(bench.options().folder);
  BOOST_TEST(eventually([&] { return !alive(pid); }));
  BOOST_TEST(bench.marked().empty());
  if (cgroup != "none") BOOST_TEST(!exists(cgroup));
}

BOOST_DATA_TEST_CASE(one_spawner_lives_in_a_folder, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const int pid = bench.spawner_pid();
  // A second one leaves at once, in peace, and disturbs nothing.
  const std::string command = bench.options().program + " --foreground --folder " +
                              bench.options().folder + " --cgroups " + std::string(way);
  BOOST_TEST(std::system(command.c_str()) == 0);
  BOOST_TEST(bench.run(bench.shell("exit 2")).exit_code == 2);
  bench.lose_worker();
  bench.connect();
  BOOST_TEST(bench.spawner_pid() == pid);
  BOOST_TEST(std::stoi(content_of(bench.options().folder + "/spawner.lock")) == pid);
}

BOOST_DATA_TEST_CASE(shutting_down_ends_tasks_and_spawner, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const StartRequest deaf = bench.shell("trap '' TERM; touch ready; while :; do sleep 1000; done");
  const StartRequest polite = bench.shell("trap 'exit 9' TERM; while :; do sleep 0.01; done");
  bench.start(deaf);
  bench.start(polite);
  BOOST_REQUIRE(bench.wait([&] { return exists(bench.folder() + "/ready"); }));
  bench.await_start(polite.key);
  const int pid = bench.spawner_pid();
  bench.client().shut_down(500ms);
  bench.client().flush();
  BOOST_TEST((bench.await_end(deaf.key).reason == EndReason::killed));
  BOOST_TEST((bench.await_end(polite.key).reason == EndReason::killed));
  BOOST_TEST(alive(pid));  // until all is acknowledged
  bench.client().acknowledge(deaf.key);
  bench.client().acknowledge(polite.key);
  bench.client().flush();
  BOOST_TEST(bench.wait([&] { return bench.client().shut_down_done(); }));
  BOOST_TEST(eventually([&] { return !alive(pid); }));
  BOOST_TEST(bench.deaths() == 0U);
  BOOST_TEST(bench.marked().empty());
}

BOOST_AUTO_TEST_CASE(a_peer_that_talks_nonsense_is_dropped_and_the_tasks_live) {
  SpawnerBench bench("auto");
  const StartRequest request = bench.shell("while [ ! -e go ]; do sleep 0.01; done; exit 5");
  bench.start(request);
  bench.await_start(request.key);
  bench.lose_worker();
  for (const std::string& nonsense :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1000, '\xff'),
        std::string("\x01\x00\x00\x00\x63", 5)}) {
    const int fd = connect_to_spawner(bench.options().folder);
    BOOST_REQUIRE(fd >= 0);
    BOOST_TEST(write(fd, nonsense.data(), nonsense.size()) ==
               static_cast<ssize_t>(nonsense.size()));
    pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
    BOOST_TEST(poll(&poll_fd, 1, 30000) == 1);
    char byte = 0;
    BOOST_TEST(read(fd, &byte, 1) <= 0);
    close(fd);
  }
  bench.connect();
  std::ofstream(bench.folder() + "/go") << "";
  BOOST_TEST(bench.await_end(request.key).exit_code == 5);
}

BOOST_AUTO_TEST_CASE(a_client_without_a_program_says_so) {
  char name[] = "/tmp/windlass-exec-XXXXXX";
  BOOST_REQUIRE(mkdtemp(name) != nullptr);
  SpawnerClient client({.folder = name, .program = "/no/such/program"});
  BOOST_CHECK_EXCEPTION(client.connect(100ms), std::runtime_error, [](const auto& error) {
    return std::string(error.what()).find("/no/such/program") != std::string::npos;
  });
  std::filesystem::remove_all(name);
}

BOOST_AUTO_TEST_SUITE_END()
