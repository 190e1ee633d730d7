// Folders, files, locks, signals, addresses: what ties a process to its host.
#include "runtime/address.h"
#include "runtime/clock.h"
#include "runtime/folder_lock.h"
#include "runtime/paths.h"
#include "runtime/process_info.h"
#include "runtime/refusal.h"
#include "runtime/shutdown.h"
#include "runtime/status_file.h"
#include "tests/runtime/temporary_folder.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>

using namespace windlass::runtime;
using windlass::test::TemporaryFolder;

BOOST_AUTO_TEST_SUITE(runtime_host)

BOOST_AUTO_TEST_CASE(a_locked_folder_is_refused_naming_its_owner) {
  TemporaryFolder folder;
  const std::string data = folder.path() + "/data";
  {
    const FolderLock lock(data, "--data-dir");
    BOOST_TEST(owner_of_folder(data) == ::getpid());
    try {
      const FolderLock second(data, "--data-dir");
      BOOST_FAIL("locked twice");
    } catch (const StartRefused& refusal) {
      const std::string text = refusal.what();
      BOOST_TEST(text.find("kill " + std::to_string(::getpid())) != std::string::npos, text);
      BOOST_TEST(text.find("--data-dir DIR") != std::string::npos, text);
    }
    struct stat info {};
    ::stat(data.c_str(), &info);
    BOOST_TEST((info.st_mode & 0777) == 0700);
  }
  BOOST_TEST(owner_of_folder(data) == 0);
  const FolderLock again(data, "--data-dir");
}

// As a killed process leaves it whose last thread, or child before its exec, has not noticed yet.
BOOST_AUTO_TEST_CASE(a_lock_whose_owner_is_dying_is_waited_for) {
  TemporaryFolder folder;
  const std::string data = folder.path() + "/data";
  int locked[2];
  int release[2];
  BOOST_REQUIRE(::pipe(locked) == 0 && ::pipe(release) == 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    ::close(release[1]);
    const FolderLock lock(data, "--data-dir");
    if (::fork() == 0) {  // holds the same open file
      char c;
      ::_exit(static_cast<int>(::read(release[0], &c, 1)));
    }
    ::_exit(::write(locked[1], "!", 1) == 1 ? 0 : 1);
  }
  ::close(release[0]);
  char c;
  BOOST_REQUIRE(::read(locked[0], &c, 1) == 1);
  BOOST_REQUIRE(::waitpid(owner, nullptr, 0) == owner);
  BOOST_TEST(owner_of_folder(data) == 0);
  auto next = std::async(std::launch::async, [&] { const FolderLock lock(data, "--data-dir"); });
  const auto opened = [&] {
    for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code ignored;
      if (std::filesystem::read_symlink(fd.path(), ignored) == data + "/lock") return true;
    }
    return false;
  };
  while (!opened() && next.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
  }
  ::close(release[1]);
  BOOST_CHECK_NO_THROW(next.get());
  ::close(locked[0]);
  ::close(locked[1]);
}

BOOST_AUTO_TEST_CASE(status_files_come_back_as_written) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/s.json";
  BOOST_TEST(!read_status_file(path).has_value());
  const ProgramStatus status{"gateway", 12, 34, "127.0.0.1:1", "[::1]:2", {{"blob", "a\"b"}}};
  write_status_file(path, status);
  BOOST_TEST((read_status_file(path) == status));
  write_file_atomically(path, "{\"role\":1}");
  BOOST_TEST(!read_status_file(path).has_value());
}

BOOST_AUTO_TEST_CASE(files_are_written_whole_with_their_mode) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/key";
  write_file_atomically(path, "one", 0600);
  write_file_atomically(path, "two", 0600);
  BOOST_TEST(read_file(path) == "two");
  struct stat info {};
  ::stat(path.c_str(), &info);
  BOOST_TEST((info.st_mode & 0777) == 0600);
  BOOST_CHECK_THROW(write_file_atomically(folder.path() + "/no/such", "x"), std::system_error);
  BOOST_CHECK_THROW(read_file(folder.path() + "/none"), std::system_error);
}

BOOST_AUTO_TEST_CASE(data_folders_follow_xdg) {
  ::setenv("XDG_DATA_HOME", "/x", 1);
  BOOST_TEST(data_folder_default("dev") == "/x/windlass/dev");
  ::setenv("XDG_DATA_HOME", "relative", 1);
  const std::string home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
  BOOST_TEST(data_folder_default("dev").ends_with("/.local/share/windlass/dev"));
  BOOST_TEST(data_folder_default("dev").starts_with(home));
  ::unsetenv("XDG_DATA_HOME");
}

BOOST_AUTO_TEST_CASE(a_signal_makes_the_descriptor_readable_and_stops_the_token) {
  Shutdown shutdown;
  BOOST_TEST(!shutdown.requested());
  ::raise(SIGTERM);
  shutdown.wait();
  BOOST_TEST(shutdown.requested());
  pollfd p{shutdown.fd(), POLLIN, 0};
  BOOST_TEST(::poll(&p, 1, 0) == 1);
  while (!shutdown.token().stop_requested()) std::this_thread::yield();
}

BOOST_AUTO_TEST_CASE(addresses_are_read_and_written) {
  BOOST_TEST((parse_address("127.0.0.1:80") == Address{"127.0.0.1", 80}));
  BOOST_TEST((parse_address("[::1]:0") == Address{"::1", 0}));
  BOOST_TEST(to_string(Address{"::1", 5}) == "[::1]:5");
  for (const char* bad : {"", "host", "host:", ":80", "host:65536", "host:8x", "::1:80",
                          "[127.0.0.1:80", "127.0.0.1]:80", "[[::1]]:80", "[]:80", "a[b]:80"}) {
    BOOST_TEST(!parse_address(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(processes_are_named_by_pid_and_start) {
  BOOST_TEST(start_of_process(::getpid()) > 0u);
  BOOST_TEST(start_of_process(::getpid()) == start_of_process(::getpid()));
  BOOST_TEST(start_of_process(0x7ffffff0) == 0u);
  BOOST_TEST(command_of_process(0x7ffffff0) == "?");
}

BOOST_AUTO_TEST_CASE(clocks_run) {
  const auto wall = wall_now();
  BOOST_TEST(wall.ticks > std::int64_t{1'700'000'000} * 10'000'000);
  const auto mono = mono_now();
  BOOST_TEST((mono_now() >= mono));
  BOOST_TEST((boot_now().ticks > 0));
}

BOOST_AUTO_TEST_SUITE_END()
