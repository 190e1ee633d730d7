#include "client/cli/dev/supervisor.h"

#include "client/http_client.h"
#include "runtime/paths.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace windlass::cli::dev {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{200};  // how late a death is noticed at most
constexpr std::chrono::milliseconds kReadyPoll{20};
constexpr std::chrono::seconds kStopGrace{15};
constexpr std::chrono::seconds kLeftoverGrace{5};
constexpr std::uintmax_t kLogBytesMax = 64ULL << 20;  // a longer log is put aside at the next start
constexpr std::size_t kLogTailBytes = 2000;
constexpr int kRefusedStart = 2;  // a role's exit code for a start that cannot be

void put_aside_long_log(const std::string& path) {
  std::error_code ignored;
  if (fs::file_size(path, ignored) > kLogBytesMax && !ignored)
    fs::rename(path, path + ".1", ignored);
}

std::string tail_of(const std::string& path) {
  std::string text;
  try {
    text = runtime::read_file(path);
  } catch (const std::exception&) {
    return "";
  }
  return text.size() > kLogTailBytes ? "..." + text.substr(text.size() - kLogTailBytes) : text;
}

std::string how_it_ended(int wait_status) {
  if (WIFSIGNALED(wait_status)) return "signal " + std::to_string(WTERMSIG(wait_status));
  return "exit code " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace

std::string why_not_ready(const std::string& admin_address) {
  const auto url = client::parse_url("http://" + admin_address);
  if (!url) return "it has no admin address";
  try {
    client::HttpClient http(*url, "", std::chrono::seconds(2));
    client::HttpRequest request;
    for (const char* page : {"/healthz", "/readyz"}) {
      request.target = page;
      const client::HttpResponse response = http.send(request);
      if (response.status == 200) continue;
      return response.body.substr(0, response.body.find('\n'));
    }
    return "";
  } catch (const std::exception& failure) {
    return failure
        .what();  // whatever hinders the look: the rows of the other roles are shown still
  }
}

void end_leftovers(const Layout& layout, bool guards_too) {
  std::error_code ignored;
  for (fs::directory_iterator it(layout.run(), ignored), end; it != end; it.increment(ignored)) {
    if (it->path().extension() != ".pid") continue;
    if (const auto process = read_pid_file(it->path().string()))
      stop_process(*process, kLeftoverGrace);
  }
  if (!guards_too) return;
  for (const ProcessId& process : marked_processes(layout.folder()))
    stop_process(process, kLeftoverGrace);
}

Supervisor::Supervisor(const Layout& layout, std::vector<RoleSpec> roles, runtime::Log& log,
                       runtime::Shutdown& shutdown)
    : layout_(layout), log_(log), shutdown_(shutdown) {
  // What our roles leave behind (guards of tasks, when a worker is killed) becomes ours, not
  // init's.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  end_leftovers(layout, false);
  for (RoleSpec& spec : roles) {
    put_aside_long_log(layout.log_of(spec.name));
    roles_.emplace_back();
    roles_.back().spec = std::move(spec);
  }
  for (Role& role : roles_) start(role);
}

Supervisor::~Supervisor() {
  if (!stopped_) stop();
}

void Supervisor::start(Role& role) {
  std::error_code ignored;
  fs::remove(layout_.status_of(role.spec.name), ignored);
  role.due.reset();
  role.process =
      start_child({role.spec.arguments, layout_.log_of(role.spec.name), layout_.folder()});
  write_pid_file(layout_.pid_of(role.spec.name), role.process);
  role.backoff.started(Clock::now());
  ++role.starts;
  log_.info("role_started",
            {{"role_name", role.spec.name}, {"pid", role.process.pid}, {"starts", role.starts}});
}

bool Supervisor::ready(const Role& role) const {
  const auto status = runtime::read_status_file(layout_.status_of(role.spec.name));
  return status && status->pid == role.process.pid && why_not_ready(status->admin).empty();
}

std::string Supervisor::complaint(const Role& role) const {
  std::string text = "the " + role.spec.name + " is not ready";
  if (role.last_exit) text += "; it ended with " + how_it_ended(*role.last_exit);
  const auto status = runtime::read_status_file(layout_.status_of(role.spec.name));
  if (status && status->pid == role.process.pid) text += ": " + why_not_ready(status->admin);
  const std::string log = layout_.log_of(role.spec.name);
  return text + ". The end of its log (" + log + "):\n" + tail_of(log);
}

std::string Supervisor::wait_until_ready(std::chrono::seconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const auto waiting =
        std::find_if(roles_.begin(), roles_.end(), [&](const Role& role) { return !ready(role); });
    if (waiting == roles_.end()) return "";
    const auto refused = std::find_if(roles_.begin(), roles_.end(), [](const Role& role) {
      return role.last_exit && WIFEXITED(*role.last_exit) &&
             WEXITSTATUS(*role.last_exit) == kRefusedStart;
    });
    if (refused != roles_.end()) return complaint(*refused);
    if (Clock::now() > deadline) return complaint(*waiting);
    if (shutdown_.requested()) return "interrupted";
    step(kReadyPoll);
  }
}

void Supervisor::run() {
  while (!shutdown_.requested()) step(kTick);
}

void Supervisor::step(std::chrono::milliseconds longest) {
  auto wait = longest;
  for (const Role& role : roles_) {
    if (!role.due) continue;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(*role.due - Clock::now());
    wait = std::clamp(left, std::chrono::milliseconds(0), wait);
  }
  pollfd p{shutdown_.fd(), POLLIN, 0};
  ::poll(&p, 1, static_cast<int>(wait.count()));
  reap();
  if (shutdown_.requested()) return;
  for (Role& role : roles_) {
    if (role.due && *role.due <= Clock::now()) start(role);
  }
}

void Supervisor::reap() {
  int wait_status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0;) {
    const auto role = std::find_if(roles_.begin(), roles_.end(),
                                   [&](const Role& r) { return r.process.pid == pid; });
    if (role != roles_.end()) note_end(*role, wait_status);
  }
}

void Supervisor::note_end(Role& role, int wait_status) {
  log_.warn("role_ended", {{"role_name", role.spec.name},
                           {"pid", role.process.pid},
                           {"how", how_it_ended(wait_status)}});
  role.process = {};
  role.last_exit = wait_status;
  role.due = role.backoff.ended(Clock::now());
}

void Supervisor::stop() {
  stopped_ = true;
  std::vector<Role*> order;
  for (Role& role : roles_) order.push_back(&role);
  std::stable_sort(order.begin(), order.end(), [](const Role* a, const Role* b) {
    return stop_order(a->spec.role) < stop_order(b->spec.role);
  });
  std::error_code ignored;
  for (Role* role : order) {
    if (role->process.pid != 0) {
      const bool by_itself = stop_process(role->process, kStopGrace);
      if (by_itself)
        log_.info("role_stopped", {{"role_name", role->spec.name}, {"pid", role->process.pid}});
      else
        log_.warn("role_killed", {{"role_name", role->spec.name},
                                  {"pid", role->process.pid},
                                  {"grace_s", kStopGrace.count()}});
      role->process = {};
    }
    fs::remove(layout_.status_of(role->spec.name), ignored);
    fs::remove(layout_.pid_of(role->spec.name), ignored);
  }
  end_orphans();
}

void Supervisor::end_orphans() {
  // Guards first get the word and end their tasks; what they leave behind is handed to us and ended
  // in the next round, until there is nothing.
  for (;;) {
    reap();
    std::vector<ProcessId> left = children_of_self();
    for (const ProcessId& process : marked_processes(layout_.folder())) {
      if (std::find(left.begin(), left.end(), process) == left.end()) left.push_back(process);
    }
    if (left.empty()) return;
    for (const ProcessId& process : left) {
      log_.info("orphan_ended", {{"pid", process.pid}});
      stop_process(process, kLeftoverGrace);
    }
  }
}

}  // namespace windlass::cli::dev
