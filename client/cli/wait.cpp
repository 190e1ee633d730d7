#include "client/cli/wait.h"

#include "client/cli/waiting.h"

namespace windlass::cli {
namespace {

namespace json = boost::json;
using runtime::OptionTable;

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

std::string progress_text(const std::string& job, const Counts& counts) {
  return job + ": " + std::to_string(counts.completed()) + " of " + std::to_string(counts.total()) +
         " done, " + std::to_string(counts.running) + " running, " + std::to_string(counts.active) +
         " waiting, " + std::to_string(counts.failed) + " failed";
}

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
  batch.retry_for(kWaitPatience);
  ProgressLine progress(!wish.quiet && wish.format == Format::table);
  Pauses pauses(wish.timeout);
  bool timed_out = false;
  Counts counts;
  for (;;) {
    counts = counts_of(batch, wish.job);
    progress.show(progress_text(wish.job, counts));
    if (counts.active + counts.running == 0 || job_has_ended(batch, wish.job)) break;
    if (!pauses.pause()) {
      timed_out = true;
      break;
    }
  }
  progress.finish(progress_text(wish.job, counts));
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
