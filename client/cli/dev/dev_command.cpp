// windlass dev: from the command line to a running, supervised cluster.
#include "client/cli/command.h"
#include "client/cli/dev/accounts.h"
#include "client/cli/dev/certificate.h"
#include "client/cli/dev/cluster_file.h"
#include "client/cli/dev/config.h"
#include "client/cli/dev/control.h"
#include "client/cli/dev/environment.h"
#include "client/cli/dev/ports.h"
#include "client/cli/dev/supervisor.h"
#include "runtime/address.h"
#include "runtime/admin_server.h"
#include "runtime/folder_lock.h"
#include "runtime/metrics.h"
#include "runtime/paths.h"
#include "runtime/process_info.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace windlass::cli::dev {
namespace {

using runtime::Address;
using runtime::StartRefused;

constexpr std::uint16_t kDefaultPort = 8440;
constexpr std::uint16_t kDefaultBlobPort = 8441;

// Says how the start went: to the terminal, or through a pipe to the process that waits there.
struct Herald {
  int fd = -1;  // -1: standard output is ours

  void say(const std::string& text, int code) const {
    if (fd < 0) {
      if (code == kOk)
        print(text);
      else
        std::fprintf(stderr, "windlass: %s\n", text.c_str());
      return;
    }
    const std::string message = std::string(1, static_cast<char>(code)) + text;
    [[maybe_unused]] const ssize_t n = ::write(fd, message.data(), message.size());
    ::close(fd);
  }
};

// The API's port is a promise: one that is taken is refused, not changed behind the user's back.
std::uint16_t api_port(const DevConfig& config, const std::optional<ClusterFile>& last) {
  if (config.port > 0) return static_cast<std::uint16_t>(config.port);
  const std::uint16_t before = last ? last->api_port : std::uint16_t{0};
  if (config.port < 0) return before != 0 ? before : kDefaultPort;
  return before != 0 && port_is_free(before) ? before : free_port();
}

// URLs with the blob port live on in tasks, so it stays the same as long as it can.
std::uint16_t blob_port(const DevConfig& config, const std::optional<ClusterFile>& last,
                        std::uint16_t api_port) {
  if (config.blob_port > 0) return static_cast<std::uint16_t>(config.blob_port);
  if (last && last->blob_port != 0 && port_is_free(last->blob_port)) return last->blob_port;
  const bool all_usual = config.blob_port < 0 && config.port < 0 && !last;
  if (all_usual && port_is_free(kDefaultBlobPort)) return kDefaultBlobPort;
  std::uint16_t port = free_port();
  while (port == api_port) port = free_port();  // the gateway does not listen on it yet
  return port;
}

void refuse_taken(std::uint16_t port, const std::string& flag) {
  if (port_is_free(port)) return;
  throw StartRefused(runtime::taken_port_message_offering(Address{"127.0.0.1", port}, flag + " 0"));
}

struct Plan {
  ClusterFile cluster;
  std::vector<RoleSpec> roles;
};

// Everything that has to be there before the first role starts.
Plan plan_of(const DevConfig& config, const Layout& layout) {
  const auto last = read_cluster_file(layout.cluster_file());
  RolePlaces places;
  places.api_port = api_port(config, last);
  places.blob_port = blob_port(config, last, places.api_port);
  refuse_taken(places.api_port, "--port");
  refuse_taken(places.blob_port, "--blob-port");
  Plan plan;
  if (config.https) {
    const TlsFiles files = make_certificates(layout.tls());
    places.certificate = files.certificate;
    places.certificate_key = files.key;
    plan.cluster.ca_file = files.ca;
  }
  places.endpoint = std::string(config.https ? "https" : "http") +
                    "://127.0.0.1:" + std::to_string(places.api_port);
  places.sockets = layout.sockets();
  places.run = layout.run();
  places.scheduler = layout.scheduler();
  places.blobs = layout.blobs();
  places.accounts_file = layout.accounts_file();
  for (int i = 0; i < config.workers; ++i)
    places.workers.push_back({layout.worker(i), layout.nodes_elsewhere(i)});
  plan.cluster.accounts = make_accounts(
      layout, config.accounts.empty() ? std::vector<std::string>{"windlass"} : config.accounts);
  plan.cluster.endpoint = places.endpoint;
  plan.cluster.api_port = places.api_port;
  plan.cluster.blob_port = places.blob_port;
  plan.roles = roles_of(config, places);
  for (const RoleSpec& role : plan.roles) plan.cluster.roles.push_back(role.name);
  return plan;
}

std::string ready_text(const Layout& layout, const Plan& plan, bool detached) {
  const std::string data =
      layout.folder() == Layout(default_folder()).folder() ? "" : " --data " + layout.folder();
  std::string text = "Windlass is ready at " + plan.cluster.endpoint + "\n\n  data folder  " +
                     layout.folder() + "\n  account      " + plan.cluster.accounts.front() + "\n";
  for (std::size_t i = 1; i < plan.cluster.accounts.size(); ++i)
    text += "               " + plan.cluster.accounts[i] + "\n";
  text += "  logs         " + layout.logs() + "\n\nNext:\n";
  text += "  windlass submit" + data + " --wait -- echo hello     run something\n";
  text +=
      "  eval \"$(windlass env" + data + ")\"                  point az and the Azure SDKs here\n";
  text += "  windlass dev status" + data + "\n";
  text += detached ? "  windlass dev stop" + data + "\n"
                   : "  Ctrl-C ends it; jobs, keys and blobs stay in the data folder\n";
  return text;
}

// The supervisor, in this process. Answers the exit code; `herald` hears of it first.
int supervise(const DevConfig& config, const Herald& herald) {
  const Layout layout(config.data);
  try {
    refuse_running(layout);
    layout.make();
    const runtime::FolderLock lock(layout.folder(), "--data");
    runtime::Shutdown shutdown;
    std::signal(SIGHUP, herald.fd < 0 ? SIG_DFL : SIG_IGN);
    runtime::Log log("dev", herald.fd < 0 ? runtime::LogLevel::warn : runtime::LogLevel::info);
    runtime::Metrics metrics("dev");
    runtime::Readiness readiness;
    const runtime::AdminServer admin(Address{"127.0.0.1", 0}, metrics, readiness);
    end_leftovers(
        layout,
        false);  // before ports are judged: they may be held by what a killed supervisor left
    const Plan plan = plan_of(config, layout);
    Supervisor supervisor(layout, plan.roles, log, shutdown);
    const int pid = ::getpid();
    runtime::write_status_file(layout.status_of("dev"), {"dev",
                                                         pid,
                                                         runtime::start_of_process(pid),
                                                         plan.cluster.endpoint,
                                                         runtime::to_string(admin.address()),
                                                         {}});
    const std::string problem =
        supervisor.wait_until_ready(std::chrono::seconds(config.timeout_seconds));
    if (!problem.empty()) {
      supervisor.stop();
      ::unlink(layout.status_of("dev").c_str());
      if (shutdown.requested()) return kInterrupted;
      herald.say(problem, kTaskFailed);
      return kTaskFailed;
    }
    write_cluster_file(layout.cluster_file(), plan.cluster);
    readiness.set_ready();
    herald.say(ready_text(layout, plan, herald.fd >= 0), kOk);
    supervisor.run();
    readiness.set_not_ready("stopping");
    supervisor.stop();
    ::unlink(layout.status_of("dev").c_str());
    return kOk;
  } catch (const runtime::ConfigError& error) {
    herald.say(error.what(), kUsage);
    return kUsage;
  } catch (const StartRefused& refusal) {
    herald.say(refusal.what(), kConflict);
    return kConflict;
  } catch (const std::exception& failure) {
    herald.say(failure.what(), kTaskFailed);
    return kTaskFailed;
  }
}

// Away from the terminal and its session, with the log file as standard error.
void become_daemon(const Layout& layout) {
  ::setsid();
  const int log = ::open(layout.log_of("dev").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log < 0 ? null : log, STDOUT_FILENO);
  ::dup2(log < 0 ? null : log, STDERR_FILENO);
  if (null > STDERR_FILENO) ::close(null);
  if (log > STDERR_FILENO) ::close(log);
}

int read_herald(int fd) {
  std::string message;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    message.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  if (message.empty()) {
    std::fprintf(stderr, "windlass: the supervisor ended before it was ready\n");
    return kTaskFailed;
  }
  const int code = message[0];
  Herald{}.say(message.substr(1), code);
  return code;
}

int run_detached(const DevConfig& config) {
  const Layout layout(config.data);
  refuse_running(layout);
  layout.make();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    ::close(ends[0]);
    become_daemon(layout);
    if (::fork() != 0) ::_exit(0);  // the grandchild has no terminal and can get none
    ::_exit(supervise(config, Herald{ends[1]}));
  }
  ::close(ends[1]);
  ::waitpid(child, nullptr, 0);
  return read_herald(ends[0]);
}

int dev_command(const std::vector<std::string>& arguments) {
  DevConfig config;
  runtime::OptionTable table = dev_options(config);
  switch (runtime::load_config(table, arguments)) {
    case runtime::ConfigAction::print_config:
      print(runtime::print_config_text(table));
      return kOk;
    case runtime::ConfigAction::print_config_docs:
      print(runtime::markdown_text(table));
      return kOk;
    case runtime::ConfigAction::print_metrics_docs:
      print(runtime::metrics_markdown());
      return kOk;
    case runtime::ConfigAction::help:
      print(runtime::help_text(table));
      return kOk;
    case runtime::ConfigAction::version:
      return run_windlass({"--version"});
    case runtime::ConfigAction::healthcheck:  // for roles only
    case runtime::ConfigAction::run:
      break;
  }
  return config.detach ? run_detached(config) : supervise(config, Herald{});
}

}  // namespace
}  // namespace windlass::cli::dev

namespace windlass::cli {

std::vector<Command> dev_commands() {
  return {{"dev", "start a cluster on this machine", dev::dev_command},
          {"dev status", "list its roles and their health", dev::status_command},
          {"dev stop", "end it; its data stays", dev::stop_command},
          {"env", "print shell exports for az and the Azure SDKs", dev::env_command}};
}

}  // namespace windlass::cli
