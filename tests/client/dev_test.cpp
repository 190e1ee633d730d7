// `windlass dev` as a supervisor, with stand-ins for the roles: real processes, real signals.
#include "client/batch_client.h"
#include "client/cli/dev/certificate.h"
#include "client/cli/dev/child.h"
#include "client/cli/dev/layout.h"
#include "client/cli/dev/ports.h"
#include "client/cli/dev/restart.h"
#include "client/cli/dev/roles.h"
#include "client/cli/exit_code.h"
#include "runtime/load_config.h"
#include "runtime/paths.h"
#include "tests/client/run_program.h"
#include "tests/runtime/temporary_folder.h"

#include <sys/stat.h>
#include <unistd.h>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <set>

using namespace windlass;
using namespace windlass::cli;
using namespace windlass::cli::dev;
using test::Ended;
using test::eventually;
using test::TemporaryFolder;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A data folder, stand-ins for the four programs, and the promise that nothing is left running.
struct Cluster {
  TemporaryFolder folder;
  std::string data = folder.path() + "/data";
  std::string programs = folder.path() + "/programs";

  Cluster() {
    std::filesystem::create_directories(programs);
    // Open to others: as root, a cluster in a closed folder keeps its nodes under
    // /var/lib/windlass, where they would stay.
    std::filesystem::permissions(folder.path(), std::filesystem::perms::others_exec,
                                 std::filesystem::perm_options::add);
    std::filesystem::create_directories(data);
    for (const char* role : {"broker", "scheduler", "gateway", "worker"}) {
      std::filesystem::create_symlink(test::program_path("windlass-fake-role"),
                                      programs + "/windlass-" + role);
    }
  }
  ~Cluster() {
    windlass({"dev", "stop", "--data", data});
    BOOST_TEST(eventually([&] { return marked_processes(data).empty(); }));
  }

  void behave(const std::string& role, const std::string& how) const {
    runtime::write_file_atomically(data + "/behave-" + role, how);
  }

  static std::vector<std::string> line(std::vector<std::string> words) {
    words.insert(words.begin(), test::program_path("windlass"));
    return words;
  }
  static Ended windlass(const std::vector<std::string>& words) { return test::run(line(words)); }

  std::vector<std::string> start_words(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"dev",        "--data", data,        "--port", "0",
                                   "--programs", programs, "--timeout", "30"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Ended start(std::vector<std::string> more = {}) const {
    more.push_back("--detach");
    return windlass(start_words(more));
  }

  boost::json::array status() const {
    const Ended shown = windlass({"dev", "status", "--data", data, "-o", "json"});
    BOOST_REQUIRE_MESSAGE(!shown.out.empty(), "code " << shown.code << ": " << shown.err);
    return boost::json::parse(shown.out).as_array();
  }

  int pid_of(const std::string& role) const {
    for (const auto& row : status()) {
      if (row.at("role").as_string() == role) return static_cast<int>(row.at("pid").as_int64());
    }
    return 0;
  }

  std::string endpoint() const {
    const std::string exports = windlass({"env", "--data", data}).out;
    const std::string key = "export AZURE_BATCH_ENDPOINT='";
    const auto at = exports.find(key) + key.size();
    return exports.substr(at, exports.find('\'', at) - at);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(client_cli_dev)

BOOST_AUTO_TEST_CASE(a_cluster_starts_detached_shows_itself_and_stops) {
  const Cluster cluster;
  const Ended started = cluster.start();
  BOOST_TEST(started.code == kOk, started.err);
  BOOST_TEST(has(started.out, "Windlass is ready at http://127.0.0.1:"), started.out);
  std::set<std::string> roles;
  for (const auto& row : cluster.status()) {
    roles.emplace(row.at("role").as_string());
    BOOST_TEST(row.at("healthy").as_bool());
    BOOST_TEST(row.at("pid").as_int64() > 0);
    BOOST_TEST(!row.at("admin").as_string().empty());
    BOOST_TEST(row.as_object().contains("address"));
  }
  BOOST_TEST(roles == (std::set<std::string>{"broker", "dev", "gateway", "scheduler", "worker"}),
             boost::test_tools::per_element());
  const Ended again = cluster.start();
  BOOST_TEST(again.code == kConflict);
  BOOST_TEST(has(again.err, "windlass dev stop --data " + cluster.data), again.err);
  BOOST_TEST(cluster.windlass({"dev", "stop", "--data", cluster.data}).code == kOk);
  BOOST_TEST(marked_processes(cluster.data).empty());
  BOOST_TEST(cluster.windlass({"dev", "status", "--data", cluster.data}).code == kUnreachable);
  BOOST_TEST(cluster.windlass({"dev", "stop", "--data", cluster.data}).code == kOk);
}

BOOST_AUTO_TEST_CASE(env_names_account_key_endpoint_and_storage) {
  const Cluster cluster;
  BOOST_TEST(cluster.windlass({"env", "--data", cluster.data}).code == kUnreachable);
  BOOST_TEST(cluster.start({"--account", "alpha", "--account", "beta"}).code == kOk);
  const Ended exports =
      test::run({"/bin/sh", "-c",
                 "eval \"$(\"$0\" env --data \"$1\")\" && echo $AZURE_BATCH_ACCOUNT "
                 "$AZURE_BATCH_ENDPOINT $AZURE_BATCH_ACCESS_KEY $AZURE_STORAGE_CONNECTION_STRING",
                 test::program_path("windlass"), cluster.data});
  BOOST_TEST(has(exports.out, "alpha http://127.0.0.1:"), exports.out);
  BOOST_TEST(has(exports.out, "DefaultEndpointsProtocol=http;AccountName=alpha;AccountKey="),
             exports.out);
  BOOST_TEST(has(exports.out, ";BlobEndpoint=http://127.0.0.1:"), exports.out);
  BOOST_TEST(has(cluster.windlass({"env", "--data", cluster.data, "--account", "beta"}).out,
                 "AZURE_BATCH_ACCOUNT='beta'"));
  BOOST_TEST(cluster.windlass({"env", "--data", cluster.data, "--account", "gamma"}).code ==
             kUsage);
  for (const char* file : {"/accounts/alpha.primary.key", "/accounts/beta.secondary.key",
                           "/accounts/accounts.toml", "/cluster.json"}) {
    struct stat info {};
    BOOST_TEST(::stat((cluster.data + file).c_str(), &info) == 0, file);
    BOOST_TEST((info.st_mode & 077) == 0, file);
  }
}

BOOST_AUTO_TEST_CASE(accounts_ports_and_keys_survive_a_restart) {
  const Cluster cluster;
  BOOST_TEST(cluster.start({"--account", "alpha"}).code == kOk);
  const std::string before = cluster.windlass({"env", "--data", cluster.data}).out;
  cluster.windlass({"dev", "stop", "--data", cluster.data});
  BOOST_TEST(cluster.start({"--account", "alpha"}).code == kOk);
  BOOST_TEST(cluster.windlass({"env", "--data", cluster.data}).out == before);
}

BOOST_AUTO_TEST_CASE(a_role_that_dies_is_started_again) {
  const Cluster cluster;
  BOOST_TEST(cluster.start().code == kOk);
  for (const char* role : {"broker", "scheduler", "gateway", "worker"}) {
    const int before = cluster.pid_of(role);
    ::kill(before, SIGKILL);
    BOOST_TEST(eventually([&] {
      const int now = cluster.pid_of(role);
      return now != 0 && now != before;
    }));
  }
  BOOST_TEST(eventually([&] {
    return cluster.windlass({"dev", "status", "--data", cluster.data}).code == kOk;
  }));
}

BOOST_AUTO_TEST_CASE(a_killed_supervisor_takes_its_roles_along_and_the_next_one_starts_clean) {
  const Cluster cluster;
  cluster.behave("worker", "orphan");
  BOOST_TEST(cluster.start().code == kOk);
  const int broker = cluster.pid_of("broker");
  ::kill(cluster.pid_of("dev"), SIGKILL);
  BOOST_TEST(eventually([&] { return ::kill(broker, 0) != 0; }));
  BOOST_TEST(
      !marked_processes(cluster.data).empty());  // the guard lives on: a new worker will want it
  BOOST_TEST(cluster.start().code == kOk);
  BOOST_TEST(cluster.windlass({"dev", "status", "--data", cluster.data}).code == kOk);
  cluster.windlass({"dev", "stop", "--data", cluster.data});
  BOOST_TEST(marked_processes(cluster.data).empty());
}

BOOST_AUTO_TEST_CASE(stop_leaves_nothing_behind_even_of_a_killed_supervisor) {
  const Cluster cluster;
  cluster.behave("worker", "orphan");
  BOOST_TEST(cluster.start().code == kOk);
  ::kill(cluster.pid_of("dev"), SIGKILL);
  BOOST_TEST(cluster.windlass({"dev", "stop", "--data", cluster.data}).code == kOk);
  BOOST_TEST(marked_processes(cluster.data).empty());
}

BOOST_AUTO_TEST_CASE(in_the_foreground_an_interrupt_ends_it_in_order) {
  const Cluster cluster;
  test::Running foreground(cluster.line(cluster.start_words()));
  BOOST_TEST(eventually([&] { return has(foreground.out(), "Windlass is ready"); }));
  foreground.signal(SIGINT);
  BOOST_TEST(foreground.wait().code == kOk);
  BOOST_TEST(marked_processes(cluster.data).empty());
}

BOOST_AUTO_TEST_CASE(a_role_that_refuses_to_start_fails_the_start_with_its_words) {
  const Cluster cluster;
  cluster.behave("gateway", "refuse");
  const Ended started = cluster.start();
  BOOST_TEST(started.code == kTaskFailed);
  BOOST_TEST(has(started.err, "this start is refused for a reason"), started.err);
  BOOST_TEST(marked_processes(cluster.data).empty());
}

BOOST_AUTO_TEST_CASE(a_taken_port_is_refused_with_its_owner) {
  const Cluster first;
  const Cluster second;
  BOOST_TEST(first.start().code == kOk);
  // The stand-in gateway does not listen: the admin port of the first is one that is taken.
  const std::string admin(first.status()[0].at("admin").as_string());
  const std::string port = admin.substr(admin.rfind(':') + 1);
  const Ended refused = Cluster::windlass(
      {"dev", "--data", second.data, "--port", port, "--programs", second.programs});
  BOOST_TEST(refused.code == kConflict);
  BOOST_TEST(has(refused.err, "pid " + std::to_string(first.pid_of("broker"))), refused.err);
  BOOST_TEST(has(refused.err, "--port 0"), refused.err);
}

BOOST_AUTO_TEST_CASE(unknown_options_and_settings_are_refused) {
  const Cluster cluster;
  const Ended typo = cluster.start({"--worker", "2"});
  BOOST_TEST(typo.code == kUsage);
  BOOST_TEST(has(typo.err, "did you mean --workers?"), typo.err);
  BOOST_TEST(cluster.start({"--set", "nobody.x=1"}).code == kUsage);
  BOOST_TEST(cluster.start({"--account", "Bad_Name"}).code == kUsage);
}

BOOST_AUTO_TEST_CASE(settings_and_workers_reach_the_roles) {
  DevConfig config;
  dev_options(config);
  config.settings = {"scheduler.sync-delay-ms=2", "worker.node-address=10.0.0.1"};
  config.executor = "null";
  config.nodes = 7;
  RolePlaces places;
  places.sockets = "/s";
  places.workers = {{"/w0", ""}, {"/w1", "/n1"}};
  places.api_port = 1;
  const auto roles = roles_of(config, places);
  BOOST_REQUIRE(roles.size() == 5u);
  const auto given = [&](std::size_t role, const std::string& argument) {
    const auto& arguments = roles[role].arguments;
    return std::find(arguments.begin(), arguments.end(), argument) != arguments.end();
  };
  BOOST_TEST(given(1, "--sync-delay-ms=2"));
  BOOST_TEST(!given(0, "--sync-delay-ms=2"));
  BOOST_TEST(given(1, "--shards=0-1"));
  BOOST_TEST(given(4, "--offers=7:*"));
  BOOST_TEST(given(4, "--executor=null"));
  // What is set takes the place of what is ours: a role takes an option once.
  BOOST_TEST(given(4, "--node-address=10.0.0.1"));
  const auto& worker = roles[4].arguments;
  BOOST_TEST(std::count_if(worker.begin(), worker.end(), [](const std::string& argument) {
               return argument.starts_with("--node-address=");
             }) == 1);
  BOOST_TEST(given(4, "--data-dir=/w1"));
  BOOST_TEST(given(4, "--nodes-dir=/n1"));
  BOOST_TEST(roles[4].name == "worker-1");
}

BOOST_AUTO_TEST_CASE(restarts_come_later_and_later_and_start_afresh_after_a_long_life) {
  using namespace std::chrono_literals;
  RestartBackoff backoff;
  RestartBackoff::Time now{};
  for (const auto pause : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms}) {
    backoff.started(now);
    const auto again = backoff.ended(now + 1s);
    BOOST_TEST((again - (now + 1s) == pause));
    now = again;
  }
  backoff.started(now);
  BOOST_TEST((backoff.ended(now + 10s) == now + 10s + 100ms));
}

BOOST_AUTO_TEST_CASE(long_folders_get_short_sockets) {
  const TemporaryFolder folder;
  const Layout near(folder.path() + "/d");
  near.make();
  BOOST_TEST(near.sockets() == near.run());
  const Layout far(folder.path() + "/" + std::string(100, 'x'));
  far.make();
  BOOST_TEST(far.sockets().size() < 30u);
  BOOST_TEST(far.sockets() == far.sockets());
  std::filesystem::remove_all(far.sockets());
}

BOOST_AUTO_TEST_CASE(certificates_verify_under_their_authority) {
  const TemporaryFolder folder;
  const TlsFiles files = make_certificates(folder.path());
  const std::string authority = runtime::read_file(files.ca);
  const Ended ended = test::run({"/usr/bin/openssl", "verify", "-x509_strict", "-CAfile", files.ca,
                                 "-verify_ip", "127.0.0.1", files.certificate});
  BOOST_TEST(ended.code == 0, ended.out + ended.err);
  make_certificates(folder.path());
  BOOST_TEST(runtime::read_file(files.ca) == authority);  // clients keep trusting it
  struct stat info {};
  ::stat(files.key.c_str(), &info);
  BOOST_TEST((info.st_mode & 077) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
