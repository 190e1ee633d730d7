// The spawner with real processes, once for each way of holding them together: how they start and
// how they end. What survives whom is spawner_survival_test.cpp.
#include "tests/worker/exec/spawner_bench.h"

#include <fcntl.h>

#include <boost/test/data/test_case.hpp>

using namespace windlass;
using namespace windlass::worker::exec;
using namespace windlass::worker::exec::test;
using namespace std::chrono_literals;
namespace bdata = boost::unit_test::data;

namespace {

const char* const kWays[] = {"v1", "v2", "none"};

// Which of them this host and this user have; the others fall back to descent, and say so.
void say_way(const SpawnerBench& bench, const std::string& way) {
  if (way != "none" && bench.by_descent()) {
    BOOST_TEST_MESSAGE("cgroups " << way << " are not to be had: " << bench.mechanism());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_exec_spawner_process)

BOOST_DATA_TEST_CASE(exit_codes_and_output_arrive, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  say_way(bench, way);
  const StartRequest good = bench.shell("echo out; echo err >&2");
  const Ended end = bench.run(good);
  BOOST_TEST(end.exit_code == 0);
  BOOST_TEST((end.reason == EndReason::exited));
  BOOST_TEST(content_of(good.stdout_path) == "out\n");
  BOOST_TEST(content_of(good.stderr_path) == "err\n");
  BOOST_TEST((end.start_wall <= end.end_wall));
  for (const int code : {1, 3, 127, 255}) {
    BOOST_TEST(bench.run(bench.shell("exit " + std::to_string(code))).exit_code == code);
  }
  const Ended fault = bench.run(bench.shell("kill -SEGV $$"));
  BOOST_TEST(fault.exit_code == 128 + SIGSEGV);
  BOOST_TEST(fault.signal == SIGSEGV);
}

BOOST_DATA_TEST_CASE(what_cannot_start_says_why, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const auto failure = [&](StartRequest request) {
    bench.start(request);
    return bench.await_failure(request.key);
  };
  const auto put = [&](const std::string& name, const std::string& text, mode_t mode) {
    std::ofstream(bench.folder() + '/' + name) << text;
    chmod((bench.folder() + '/' + name).c_str(), mode);
  };
  put("plain", "x", 0644);
  put("garbage", "\x01\x02", 0755);
  put("orphan", "#!/no/such/interpreter\n", 0755);

  const auto kind = [&](std::vector<std::string> arguments) {
    return failure(bench.request(std::move(arguments))).failure;
  };
  BOOST_TEST((kind({"/no/such/program"}) == StartFailure::program_not_found));
  BOOST_TEST((kind({"no-such-program"}) == StartFailure::program_not_found));
  BOOST_TEST((kind({"/bin/true/x"}) == StartFailure::program_not_found));
  BOOST_TEST((kind({"./plain"}) == StartFailure::not_executable));
  BOOST_TEST((kind({"./garbage"}) == StartFailure::not_executable));
  BOOST_TEST((kind({"./orphan"}) == StartFailure::not_executable));
  BOOST_TEST((kind({"/tmp"}) == StartFailure::not_executable));
  BOOST_TEST((kind({}) == StartFailure::refused));
  BOOST_TEST((kind({std::string("a\0b", 3)}) == StartFailure::refused));
  BOOST_TEST(failure(bench.request({"./plain"})).error_number == EACCES);

  StartRequest request = bench.request({"/bin/true"});
  request.working_folder += "/missing";
  BOOST_TEST((failure(request).failure == StartFailure::working_folder));
  request = bench.request({"/bin/true"});
  request.stdout_path = bench.folder() + "/missing/stdout.txt";
  BOOST_TEST((failure(request).failure == StartFailure::output_file));
  BOOST_TEST(bench.run(bench.request({"/bin/true"})).exit_code == 0);  // and it goes on
}

BOOST_DATA_TEST_CASE(programs_are_found_by_the_tasks_own_path, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  std::ofstream(bench.folder() + "/tool") << "#!/bin/sh\necho mine $0\n";
  chmod((bench.folder() + "/tool").c_str(), 0755);
  StartRequest request = bench.request({"tool"});
  request.environment = {"PATH=/nowhere:" + bench.folder()};
  BOOST_TEST(bench.run(request).exit_code == 0);
  BOOST_TEST(content_of(request.stdout_path) == "mine " + bench.folder() + "/tool\n");
  BOOST_TEST(bench.run(bench.request({"./tool"})).exit_code == 0);  // relative to its folder
  request = bench.request({"true"});
  request.environment = {};  // the system's PATH
  BOOST_TEST(bench.run(request).exit_code == 0);
}

BOOST_DATA_TEST_CASE(a_task_sees_what_it_was_given_and_nothing_else, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  StartRequest request = bench.request({"/usr/bin/env"});
  request.environment = {"B=two words", "A=1", "EMPTY="};
  bench.run(request);
  std::string expected = "B=two words\nA=1\nEMPTY=\n";
  std::string seen = content_of(request.stdout_path);
  if (bench.by_descent()) seen = seen.substr(0, seen.find("WINDLASS_ATTEMPT="));
  BOOST_TEST(seen == expected);

  request = bench.request({"/bin/ls", "/proc/self/fd"});
  bench.run(request);
  BOOST_TEST(content_of(request.stdout_path) == "0\n1\n2\n3\n");  // 3 is the folder ls reads

  request =
      bench.shell("grep -E '^(SigBlk|SigIgn|NoNewPrivs)' /proc/self/status; ulimit -n; umask");
  bench.run(request);
  struct rlimit own {};
  getrlimit(RLIMIT_NOFILE, &own);
  BOOST_TEST(content_of(request.stdout_path) ==
             "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nNoNewPrivs:\t1\n" +
                 std::to_string(own.rlim_cur) + "\n0022\n");

  // A session of its own, and nothing to read.
  request = bench.shell("cut -d' ' -f1,5,6 /proc/$$/stat; cat; pwd");
  bench.run(request);
  const int pid = bench.await_start(request.key).pid;
  const std::string p = std::to_string(pid);
  BOOST_TEST(content_of(request.stdout_path) ==
             p + ' ' + p + ' ' + p + '\n' + bench.folder() + '\n');
}

BOOST_DATA_TEST_CASE(a_task_is_its_user_and_cannot_look_behind, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const std::string data = bench.options().folder;
  StartRequest request = bench.shell("id -u; id -g; id -G");
  bench.run(request);
  if (!bench.user()) {
    BOOST_TEST_MESSAGE("not root: tasks run as the caller, nothing can be hidden from them");
    return;
  }
  const std::string nobody = std::to_string(bench.user()->user.uid);
  const std::string group = std::to_string(bench.user()->user.gid);
  BOOST_TEST(content_of(request.stdout_path) == nobody + '\n' + group + '\n' + group + '\n');
  struct stat info {};
  BOOST_REQUIRE(stat(request.stdout_path.c_str(), &info) == 0);
  BOOST_TEST(info.st_uid == bench.user()->user.uid);

  const std::string spawner = std::to_string(bench.spawner_pid());
  const std::string kLooks[] = {"ls " + data, "cat " + data + "/spawner.lock",
                                "cat /proc/" + spawner + "/environ", "kill -9 " + spawner};
  for (const std::string& look : kLooks) {
    BOOST_TEST(bench.run(bench.shell(look)).exit_code != 0, look);
  }
  BOOST_TEST(alive(bench.spawner_pid()));
}

BOOST_DATA_TEST_CASE(planted_output_files_are_replaced_not_followed, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const std::string victim = bench.base() + "/victim";
  std::ofstream(victim) << "precious";
  const auto plant = [&](const std::function<int(const char*)>& how) {
    StartRequest request = bench.shell("echo out");
    BOOST_REQUIRE(how(request.stdout_path.c_str()) == 0);
    BOOST_TEST(bench.run(request).exit_code == 0);
    BOOST_TEST(content_of(request.stdout_path) == "out\n");
    BOOST_TEST(content_of(victim) == "precious");
  };
  plant([&](const char* path) { return symlink(victim.c_str(), path); });
  plant([&](const char* path) { return link(victim.c_str(), path); });
  plant([&](const char* path) { return mkfifo(path, 0666); });
  plant([&](const char* path) {  // what an attempt before has written
    std::ofstream(path) << "longer than the new output";
    return 0;
  });
}

BOOST_DATA_TEST_CASE(both_streams_may_share_a_file, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  StartRequest request = bench.shell("echo out; echo err >&2; echo out");
  request.stderr_path = request.stdout_path;
  BOOST_TEST(bench.run(request).exit_code == 0);
  BOOST_TEST(content_of(request.stdout_path) == "out\nerr\nout\n");
}

BOOST_DATA_TEST_CASE(processor_time_is_reported, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const Ended busy = bench.run(bench.shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"));
  BOOST_TEST((busy.usage.user_cpu_time > Duration(20ms)));
  BOOST_TEST((busy.end_wall - busy.start_wall >= busy.usage.user_cpu_time));
}

BOOST_DATA_TEST_CASE(input_and_output_are_reported_with_those_of_children, bdata::make(kWays),
                     way) {
  SpawnerBench bench(way);
  const Ended idle = bench.run(bench.shell("true"));
  const Ended busy =
      bench.run(bench.shell("head -c 3000000 /dev/zero > out; sync out; cat out > /dev/null"));
  BOOST_TEST(busy.usage.write_bytes >= 3'000'000U);
  // Linux shows the calls of a process that has ended to root only.
  const bool shown = geteuid() == 0;
  BOOST_TEST((busy.usage.read_operations > idle.usage.read_operations) == shown);
  BOOST_TEST((busy.usage.write_operations > idle.usage.write_operations) == shown);
}

BOOST_DATA_TEST_CASE(limits_are_set, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  StartRequest request = bench.shell("ulimit -n; ulimit -f");
  request.limits = {{RLIMIT_NOFILE, 77, 78}, {RLIMIT_FSIZE, 512 * 9, 512 * 9}};
  bench.run(request);
  BOOST_TEST(content_of(request.stdout_path) == "77\n9\n");
}

BOOST_DATA_TEST_CASE(children_left_behind_die_before_the_end_is_told, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  bench.on_end = [&](const Ended&) { BOOST_TEST(bench.marked().empty()); };
  const char* const kLeavers[] = {
      "sleep 1000 & exit 7",
      "setsid sleep 1000 & exit 7",
      "(setsid sh -c '(setsid sleep 1000 &) & sleep 1000' &) ; exit 7",
      "trap '' TERM HUP INT; (sleep 1000; sleep 1000) & exit 7",
  };
  for (const char* script : kLeavers) {
    const Ended end = bench.run(bench.shell(script));
    BOOST_TEST(end.exit_code == 7, script);
    BOOST_TEST((end.reason == EndReason::exited));
  }
}

// Whoever looks at the processes of such a chain one after the other finds each of them dead.
BOOST_DATA_TEST_CASE(a_chain_of_forks_is_not_taken_for_an_end, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  bench.on_end = [&](const Ended&) { BOOST_TEST(bench.marked().empty()); };
  const StartRequest request = bench.request(
      {"/usr/bin/perl", "-MPOSIX", "-e",
       "exit 7 if fork; for (1..500) { POSIX::setsid(); POSIX::_exit(0) if fork } sleep 1000"});
  for (int round = 0; round < 3; ++round) {
    StartRequest again = request;
    again.key.attempt = static_cast<std::uint32_t>(round);
    BOOST_TEST(bench.run(again).exit_code == 7);
  }
}

BOOST_DATA_TEST_CASE(an_escape_without_marks_is_caught, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const std::string file = bench.folder() + "/pid";
  // Two forks, its own session and group, and no environment: nothing but descent or the cgroup
  // tells whose it is.
  StartRequest request = bench.shell(
      "(env -i setsid sh -c 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000' &) ; "
      "while [ ! -e pid ]; do :; done");
  BOOST_TEST(bench.run(request).exit_code == 0);
  const int pid = std::stoi(content_of(file));
  BOOST_TEST(!alive(pid));
}

BOOST_DATA_TEST_CASE(a_kill_reaches_those_who_left_the_group, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const StartRequest request = bench.shell(
      "trap '' TERM; (setsid sh -c 'trap \"\" TERM; touch deaf; while :; do sleep 1000; done' &); "
      "while [ ! -e deaf ]; do :; done; touch ready; while :; do sleep 1000; done");
  bench.start(request);
  BOOST_REQUIRE(bench.wait([&] { return access((bench.folder() + "/ready").c_str(), F_OK) == 0; }));
  const MonoTime before = boottime_now().mono;
  bench.client().kill(request.key, 300ms);
  bench.client().flush();
  const Ended end = bench.await_end(request.key);
  BOOST_TEST(end.exit_code == 137);
  BOOST_TEST((end.reason == EndReason::killed));
  BOOST_TEST((boottime_now().mono - before >= Duration(300ms)));
  BOOST_TEST(bench.marked().empty());
}

BOOST_DATA_TEST_CASE(a_polite_task_uses_its_grace, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const StartRequest request =
      bench.shell("trap 'echo bye; exit 5' TERM; touch ready; while :; do sleep 0.01; done");
  bench.start(request);
  BOOST_REQUIRE(bench.wait([&] { return access((bench.folder() + "/ready").c_str(), F_OK) == 0; }));
  bench.client().kill(request.key);
  bench.client().flush();
  const Ended end = bench.await_end(request.key);
  BOOST_TEST(end.exit_code == 5);
  BOOST_TEST((end.reason == EndReason::killed));
  BOOST_TEST(content_of(request.stdout_path) == "bye\n");
}

BOOST_DATA_TEST_CASE(the_wall_clock_ends_a_task, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  StartRequest request = bench.shell("sleep 1000");
  request.wall_clock_max = 200ms;
  const Ended polite = bench.run(request);
  BOOST_TEST((polite.reason == EndReason::wall_clock));
  BOOST_TEST(polite.exit_code == 128 + SIGTERM);
  request = bench.shell("trap '' TERM; while :; do sleep 1000; done");
  request.wall_clock_max = 200ms;
  request.grace = 200ms;
  const Ended deaf = bench.run(request);
  BOOST_TEST((deaf.reason == EndReason::wall_clock));
  BOOST_TEST(deaf.exit_code == 128 + SIGKILL);
  BOOST_TEST(bench.marked().empty());
}

BOOST_DATA_TEST_CASE(a_fork_bomb_is_bounded_and_dies, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  if (!bench.user() && bench.by_descent()) {
    BOOST_TEST_MESSAGE("not root and without cgroups: the limit would count this user's own");
    return;
  }
  StartRequest request = bench.request({"/usr/bin/perl", "-e", "while (1) { fork }"});
  request.processes_max = 50;
  bench.start(request);
  BOOST_REQUIRE(bench.wait([&] { return bench.marked().size() >= 40; }));
  BOOST_TEST(bench.marked().size() <= 50U);
  const StartRequest beside = bench.shell("exit 4");
  if (!bench.by_descent()) BOOST_TEST(bench.run(beside).exit_code == 4);  // its limit is its own
  bench.client().kill(request.key, 0s);
  bench.client().flush();
  BOOST_TEST((bench.await_end(request.key).reason == EndReason::killed));
  BOOST_TEST(bench.marked().empty());
}

BOOST_DATA_TEST_CASE(many_run_side_by_side, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  std::vector<StartRequest> requests;
  for (int i = 0; i < 200; ++i) requests.push_back(bench.shell("read x < fifo; exit 9"));
  const std::string fifo = bench.folder() + "/fifo";
  BOOST_REQUIRE(mkfifo(fifo.c_str(), 0644) == 0);
  chmod(fifo.c_str(), 0644);
  for (const StartRequest& request : requests) bench.client().start(request);
  bench.client().flush();
  for (const StartRequest& request : requests) bench.await_start(request.key);
  BOOST_TEST(eventually([&] { return bench.marked().size() >= 200U; }));
  // Opened for both ways, so that nothing waits; each reader takes one byte, which is a line.
  const int fd = open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  const std::string lines(200, '\n');
  BOOST_REQUIRE(write(fd, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size()));
  for (const StartRequest& request : requests) {
    BOOST_TEST(bench.await_end(request.key).exit_code == 9);
  }
  close(fd);
  BOOST_TEST(bench.marked().empty());
}

BOOST_DATA_TEST_CASE(a_start_that_is_repeated_starts_once, bdata::make(kWays), way) {
  SpawnerBench bench(way);
  const StartRequest request = bench.shell("echo x >> ran; sleep 1000");
  bench.client().start(request);
  bench.client().start(request);
  bench.start(request);
  bench.await_start(request.key);
  BOOST_REQUIRE(bench.wait([&] { return content_of(bench.folder() + "/ran") == "x\n"; }));
  bench.client().kill(request.key, 0s);
  bench.client().flush();
  bench.await_end(request.key);
  BOOST_TEST(content_of(bench.folder() + "/ran") == "x\n");
}

BOOST_DATA_TEST_CASE(what_a_command_leaves_behind_stays_where_it_is_wanted, bdata::make(kWays),
                     way) {
  SpawnerBench bench(way);
  StartRequest request = bench.shell("sleep 1000 & exit 0");
  request.keeps_children = true;
  bench.start(request);
  bench.await_settling(request.key);
  BOOST_TEST(!bench.has_ended(request.key));
  // In the midst of its execve nobody can read what marks it.
  BOOST_TEST(eventually([&] { return bench.marked().size() == 1U; }));
  // Another attempt begins and ends beside it.
  BOOST_TEST(bench.run(bench.shell("exit 4")).exit_code == 4);
  BOOST_TEST(bench.marked().size() == 1U);
  // The next worker is told, too.
  bench.lose_worker();
  BOOST_TEST(bench.connect().running.size() == 1U);
  bench.await_settling(request.key);
  bench.client().kill(request.key, Duration{});
  bench.client().flush();
  BOOST_TEST((bench.await_end(request.key).reason == EndReason::killed));
  BOOST_TEST(bench.marked().empty());

  // One that has left nothing waits for the kill just so.
  StartRequest alone = bench.shell("exit 0");
  alone.keeps_children = true;
  bench.start(alone);
  bench.await_settling(alone.key);
  BOOST_TEST(!bench.has_ended(alone.key));
  bench.client().kill(alone.key, 15s);
  bench.client().flush();
  BOOST_TEST((bench.await_end(alone.key).reason == EndReason::killed));

  // And one that fails takes along what it has begun.
  StartRequest failed = bench.shell("sleep 1000 & exit 5");
  failed.keeps_children = true;
  bench.start(failed);
  BOOST_TEST(bench.await_end(failed.key).exit_code == 5);
  BOOST_TEST(bench.marked().empty());
}

BOOST_AUTO_TEST_SUITE_END()
