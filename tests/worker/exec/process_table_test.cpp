#include "worker/exec/process_table.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>

using namespace windlass::worker::exec;

BOOST_AUTO_TEST_SUITE(worker_exec_process_table)

BOOST_AUTO_TEST_CASE(stat_is_read_whatever_the_process_calls_itself) {
  const auto info = parse_process_stat(
      "4711 (a) (b) R x) S 12 4710 4709 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2 3\n");
  BOOST_REQUIRE(info.has_value());
  BOOST_TEST(info->pid == 4711);
  BOOST_TEST(info->state == 'S');
  BOOST_TEST(info->parent == 12);
  BOOST_TEST(info->group == 4710);
  BOOST_TEST(info->session == 4709);
  BOOST_TEST(info->start_time == 987654U);
}

BOOST_AUTO_TEST_CASE(what_is_no_stat_is_refused) {
  for (const char* text : {"", "12", "12 (x", "x (y) S 1 2 3", "12 (y) S 1 2"}) {
    BOOST_TEST(!parse_process_stat(text).has_value());
  }
}

BOOST_AUTO_TEST_CASE(this_process_is_in_the_table) {
  const auto processes = all_processes();
  BOOST_REQUIRE(processes.contains(getpid()));
  BOOST_TEST(processes.at(getpid()).parent == getppid());
  BOOST_TEST(processes.at(getpid()).group == getpgrp());
  BOOST_TEST(!process_info(1 << 30).has_value());
}

BOOST_AUTO_TEST_CASE(only_who_shows_no_command_line_is_in_an_execve) {
  BOOST_TEST(!in_execve(getpid()));
  BOOST_TEST(!in_execve(1 << 30));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t dead{};
  BOOST_REQUIRE(waitid(P_PID, static_cast<id_t>(child), &dead, WEXITED | WNOWAIT) == 0);
  BOOST_TEST(in_execve(child));  // without memory of its own, as in the midst of an execve
  BOOST_REQUIRE(waitpid(child, nullptr, 0) == child);
}

BOOST_AUTO_TEST_CASE(environment_is_found_by_whole_names) {
  const char* path = std::getenv("PATH");
  BOOST_REQUIRE(path != nullptr);
  BOOST_TEST(environment_of(getpid(), "PATH").value_or("") == path);
  BOOST_TEST(!environment_of(getpid(), "PAT").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
