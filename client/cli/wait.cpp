#include "client/cli/wait.h"

#include <unistd.h>

#include <cstdio>
#include <thread>

namespace windlass::cli {
namespace {

namespace json = boost::json;
using runtime::OptionTable;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstPoll{50};
constexpr std::chrono::milliseconds kLongestPoll{1000};
constexpr std::chrono::seconds kPatience{30};      // a gateway that restarts does not end a wait
constexpr std::chrono::seconds kLineInterval{10};  // between progress lines where no one looks
constexpr std::size_t kFailuresShownMax = 20;
constexpr std::uint64_t kStderrTailBytes = 2000;
constexpr std::size_t kStderrTailLines = 10;

struct Counts {
  std::int64_t active = 0;
  std::int64_t running = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;

  std::int64_t completed() const { return succeeded + failed; }
  std::int64_t total() const { return active + running + completed(); }
  bool operator==(const Counts&) const = default;
};

Counts counts_of(client::BatchClient& batch, const std::string& job) {
  const json::value answer = batch.get(client::path_of({"jobs", job, "taskcounts"}));
  const json::value& counts = answer.at("taskCounts");
  const auto number = [&](const char* name) { return counts.at(name).to_number<std::int64_t>(); };
  return {number("active"), number("running"), number("succeeded"), number("failed")};
}

// Active tasks of a job that has ended stay active for ever: the job's state decides then.
bool job_has_ended(client::BatchClient& batch, const std::string& job) {
  const std::string state =
      text_at(batch.get(client::path_of({"jobs", job}), {{"$select", "state"}}), "state");
  return state == "completed" || state == "deleting";
}

// One line that is rewritten on a terminal; a new line now and then elsewhere.
class Progress {
 public:
  Progress(bool shown, std::string job)
      : shown_(shown), terminal_(::isatty(STDERR_FILENO) == 1), job_(std::move(job)) {}

  void show(const Counts& counts) {
    if (!shown_ || (counts == last_ && terminal_)) return;
    const auto now = Clock::now();
    if (!terminal_ && now - shown_at_ < kLineInterval) return;
    shown_at_ = now;
    last_ = counts;
    write(counts, terminal_ ? "\r\033[K" : "", terminal_ ? "" : "\n");
    drawn_ = terminal_;
  }

  void finish(const Counts& counts) {
    if (shown_) write(counts, terminal_ && drawn_ ? "\r\033[K" : "", "\n");
  }

 private:
  void write(const Counts& counts, const char* before, const char* after) const {
    std::fprintf(stderr, "%s%s: %lld of %lld done, %lld running, %lld waiting, %lld failed%s",
                 before, job_.c_str(), static_cast<long long>(counts.completed()),
                 static_cast<long long>(counts.total()), static_cast<long long>(counts.running),
                 static_cast<long long>(counts.active), static_cast<long long>(counts.failed),
                 after);
    std::fflush(stderr);
  }

  bool shown_;
  bool terminal_;
  bool drawn_ = false;
  std::string job_;
  Counts last_{-1, -1, -1, -1};
  Clock::time_point shown_at_ = Clock::now();
};

std::string last_lines(const std::string& text) {
  std::size_t at = text.size();
  if (at > 0 && text[at - 1] == '\n') --at;
  for (std::size_t lines = 0; at > 0; --at) {
    if (text[at - 1] == '\n' && ++lines == kStderrTailLines) break;
  }
  return text.substr(at);
}

std::string stderr_tail(client::BatchClient& batch, const std::string& job,
                        const std::string& task) {
  try {
    const std::uint64_t length =
        batch.file_length(client::path_of({"jobs", job, "tasks", task, "files", "stderr.txt"}));
    if (length == 0) return "";
    std::string text;
    const std::uint64_t first = length > kStderrTailBytes ? length - kStderrTailBytes : 0;
    batch.read_task_file(
        job, task, "stderr.txt", [&](std::string_view bytes) { text += bytes; },
        client::ByteRange{first, {}});
    return last_lines(text);
  } catch (const client::ServiceError&) {
    return "";  // never ran, or its node is gone: there is nothing to show
  }
}

std::string failure_line(const json::value& task) {
  const std::string exit = text_at(task, "executionInfo/exitCode");
  const std::string code = text_at(task, "executionInfo/failureInfo/code");
  std::string why = exit.empty() ? code : "exit code " + exit;
  if (const std::string message = text_at(task, "executionInfo/failureInfo/message");
      exit.empty() && !message.empty())
    why += " (" + message.substr(0, message.find('\n')) + ")";
  return text_at(task, "id") + ": " + why + ": " + text_at(task, "commandLine");
}

json::array failures_of(client::BatchClient& batch, const std::string& job) {
  json::array failures;
  batch.list(client::path_of({"jobs", job, "tasks"}),
             {{"$filter", "executionInfo/result eq 'failure'"},
              {"$select", "id,commandLine,executionInfo"}},
             [&](json::value& task) {
               failures.push_back(std::move(task));
               return true;
             });
  return failures;
}

void print_failures(client::BatchClient& batch, const std::string& job,
                    const json::array& failures) {
  for (std::size_t i = 0; i < failures.size() && i < kFailuresShownMax; ++i) {
    std::string text = failure_line(failures[i]) + "\n";
    std::string tail = stderr_tail(batch, job, text_at(failures[i], "id"));
    while (!tail.empty()) {
      const auto end = tail.find('\n');
      text += "    " + tail.substr(0, end) + "\n";
      tail = end == std::string::npos ? "" : tail.substr(end + 1);
    }
    print(text);
  }
  if (failures.size() > kFailuresShownMax)
    print("... and " + std::to_string(failures.size() - kFailuresShownMax) +
          " more: windlass task list " + job + " --filter \"executionInfo/result eq 'failure'\"\n");
}

void print_result(client::BatchClient& batch, const WaitWish& wish, const Counts& counts,
                  const json::array& failures, bool timed_out) {
  if (wish.format == Format::table) return print_failures(batch, wish.job, failures);
  json::array rows;
  for (const json::value& failure : failures) {
    const std::string id = text_at(failure, "id");
    json::object row{{"id", id}, {"commandLine", text_at(failure, "commandLine")}};
    if (const std::string exit = text_at(failure, "executionInfo/exitCode"); !exit.empty())
      row["exitCode"] = std::stoll(exit);
    if (const std::string code = text_at(failure, "executionInfo/failureInfo/code"); !code.empty())
      row["failure"] = code;
    if (rows.size() < kFailuresShownMax) row["stderr"] = stderr_tail(batch, wish.job, id);
    rows.push_back(std::move(row));
  }
  if (wish.format == Format::tsv)
    return print(rows_text(Format::tsv,
                           {{"", "id"}, {"", "exitCode"}, {"", "failure"}, {"", "commandLine"}},
                           {rows.begin(), rows.end()}));
  print(pretty_json(json::object{{"job", wish.job},
                                 {"total", counts.total()},
                                 {"active", counts.active},
                                 {"running", counts.running},
                                 {"succeeded", counts.succeeded},
                                 {"failed", counts.failed},
                                 {"timedOut", timed_out},
                                 {"failures", std::move(rows)}}));
}

}  // namespace

int wait_for_job(client::BatchClient& batch, const WaitWish& wish) {
  const auto start = Clock::now();
  batch.retry_for(kPatience);
  Progress progress(!wish.quiet && wish.format == Format::table, wish.job);
  std::chrono::milliseconds pause = kFirstPoll;
  bool timed_out = false;
  Counts counts;
  for (;;) {
    counts = counts_of(batch, wish.job);
    progress.show(counts);
    if (counts.active + counts.running == 0 || job_has_ended(batch, wish.job)) break;
    if (wish.timeout.count() > 0 && Clock::now() - start + pause > wish.timeout) {
      timed_out = true;
      break;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 3 / 2, kLongestPoll);
  }
  progress.finish(counts);
  const json::array failures = counts.failed > 0 ? failures_of(batch, wish.job) : json::array();
  print_result(batch, wish, counts, failures, timed_out);
  if (timed_out) return kTimeout;
  // Tasks that never ran because their job was ended did not succeed either.
  return counts.failed > 0 || counts.active > 0 ? kTaskFailed : kOk;
}

int wait_command(const std::vector<std::string>& arguments) {
  WaitWish wish;
  Connection connection;
  std::int64_t timeout_seconds = 0;
  std::string format = "table";
  OptionTable table("windlass wait", "",
                    "Waits until all tasks of a job have ended; shows progress and what failed, "
                    "with the end of its stderr.");
  table.example("windlass wait nightly --timeout 3600 || echo failed",
                "The exit code says how it went: 0, 1 (a task failed) or 124 (time ran out).");
  table
      .add({.name = "job",
            .target = &wish.job,
            .meaning = "Id of the job.",
            .positional = true,
            .required = true})
      .add({.name = "timeout",
            .target = &timeout_seconds,
            .meaning = "Give up after so long; 0 is never.",
            .unit = "s",
            .min = 0})
      .add({.name = "quiet", .target = &wish.quiet, .meaning = "No progress.", .letter = 'q'});
  add_output_option(table, format);
  add_connection_options(table, connection);
  if (const auto code = load_command(table, arguments)) return *code;
  wish.timeout = std::chrono::seconds(timeout_seconds);
  wish.format = format_named(format);
  auto batch = connect(connection);
  return wait_for_job(batch, wish);
}

}  // namespace windlass::cli
