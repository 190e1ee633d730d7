// windlass top: what a cluster does right now, from its admin doors.
#include "client/cli/command.h"
#include "client/cli/dev/layout.h"
#include "client/cli/top/doors.h"
#include "client/cli/top/show.h"
#include "runtime/paths.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <thread>

namespace windlass::cli {
namespace {

using runtime::ConfigError;

constexpr std::chrono::milliseconds kPatience{2000};  // for one door

struct TopWish {
  std::string data;
  std::vector<std::string> admin;
  std::string targets;
  double interval_seconds = 2;
  bool once = false;
  Format format = Format::table;
};

// Asked for anew at each look: the roles of a development cluster get new ports when they restart.
std::vector<std::string> doors_of(const TopWish& wish) {
  std::vector<std::string> doors;
  for (const std::string& list : wish.admin) {
    const std::vector<std::string> named = top::doors_in_targets(list);
    if (named.empty()) throw ConfigError("--admin '" + list + "' is not HOST:PORT,...");
    doors.insert(doors.end(), named.begin(), named.end());
  }
  if (!wish.targets.empty()) {
    const auto listed = top::doors_in_targets(runtime::read_file(wish.targets));
    if (listed.empty()) throw ConfigError("--targets " + wish.targets + " names no HOST:PORT");
    doors.insert(doors.end(), listed.begin(), listed.end());
  }
  return doors.empty() ? top::doors_of_cluster(wish.data) : doors;
}

bool anybody_answers(const top::Sample& sample) {
  return std::any_of(sample.doors.begin(), sample.doors.end(),
                     [](const auto& door) { return door.second.series.has_value(); });
}

void draw(const TopWish& wish, const top::View& view) {
  if (wish.format != Format::table) {
    const boost::json::object object = view_json(view);
    // Without an end: an object a line, for a program that reads along.
    print(wish.once || wish.format == Format::tsv ? object_text(wish.format, object)
                                                  : boost::json::serialize(object) + "\n");
    return;
  }
  if (::isatty(STDOUT_FILENO) != 1)
    return print(wish.once ? screen_text(view, 500, 500) : line_text(view));
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const std::string text =
      screen_text(view, known ? size.ws_col : 80, known && size.ws_row > 1 ? size.ws_row - 1u : 24);
  print((wish.once ? "" : "\033[H\033[2J") + text);
}

int watch(const TopWish& wish) {
  const auto interval = std::chrono::duration<double>(wish.interval_seconds);
  top::Sample before = top::look(doors_of(wish), kPatience);
  if (!anybody_answers(before)) {
    const auto& [door, silent] = *before.doors.begin();
    throw client::Unreachable("no admin door answers; " + door + ": " + silent.problem);
  }
  for (;;) {
    std::this_thread::sleep_for(interval);
    top::Sample now = top::look(doors_of(wish), kPatience);
    draw(wish, view_of(before, now));
    if (wish.once) return anybody_answers(now) ? kOk : kUnreachable;
    before = std::move(now);
  }
}

int top_command(const std::vector<std::string>& arguments) {
  TopWish wish;
  wish.data = dev::default_folder();
  std::string format = "table";
  runtime::OptionTable table(
      "windlass top", "",
      "Shows what a cluster does now: tasks that wait and run, slots, rates, "
      "the slowest shard, peers refused. Ctrl-C ends it.");
  table.example("windlass top --data ./try", "A development cluster.")
      .example("windlass top --admin 10.0.0.1:8461,10.0.0.2:8462",
               "These doors; what others do is not seen.")
      .example("windlass top --once -o json", "One object, of one interval, for a script.");
  table
      .add({.name = "data",
            .target = &wish.data,
            .meaning = "Data folder of a development cluster.",
            .value_name = "DIR",
            .env = "WINDLASS_DEV_DATA",
            .default_text = "as windlass dev"})
      .add({.name = "admin",
            .target = &wish.admin,
            .meaning = "Admin doors of roles, instead of a development cluster's.",
            .value_name = "HOST:PORT,..."})
      .add({.name = "targets",
            .target = &wish.targets,
            .meaning = "A file of Prometheus targets (monitoring/prometheus/targets): its doors.",
            .value_name = "FILE"})
      .add({.name = "interval",
            .target = &wish.interval_seconds,
            .meaning = "Between two looks. Rates are over this time.",
            .unit = "s"})
      .add({.name = "once", .target = &wish.once, .meaning = "Show one interval and end."});
  add_output_option(table, format);
  if (const auto code = load_command(table, arguments)) return *code;
  if (!(wish.interval_seconds >= 0.1 && wish.interval_seconds <= 3600))
    throw ConfigError("--interval is from 0.1 to 3600 seconds");
  wish.format = format_named(format);
  return watch(wish);
}

}  // namespace

std::vector<Command> top_commands() {
  return {{"top", "watch tasks, slots, rates and shards of a cluster", top_command}};
}

}  // namespace windlass::cli
