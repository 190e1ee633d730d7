// windlass doctor: what is wrong with this host, and what to do about it.
#include "client/cli/command.h"
#include "client/cli/doctor/gather.h"
#include "client/cli/doctor/judge.h"

#include <algorithm>

namespace windlass::cli {
namespace {

namespace json = boost::json;
using doctor::Finding;
using doctor::Findings;
using doctor::Level;

// Sentences are longer than a table's cells.
std::string report_text(const Findings& findings) {
  std::size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.check.size());
  std::string out;
  std::size_t warnings = 0;
  std::size_t failures = 0;
  for (const Finding& finding : findings) {
    std::string level(to_string(finding.level));
    level.resize(6, ' ');
    out += level + finding.check + std::string(width - finding.check.size() + 2, ' ') +
           finding.found + "\n";
    if (!finding.next.empty()) out += "      -> " + finding.next + "\n";
    warnings += finding.level == Level::warn ? 1 : 0;
    failures += finding.level == Level::fail ? 1 : 0;
  }
  return out + std::to_string(failures) + " failed, " + std::to_string(warnings) + " to look at, " +
         std::to_string(findings.size() - failures - warnings) + " ok\n";
}

std::vector<json::value> rows_of(const Findings& findings) {
  std::vector<json::value> rows;
  for (const Finding& finding : findings)
    rows.push_back(json::object{{"level", to_string(finding.level)},
                                {"check", finding.check},
                                {"found", finding.found},
                                {"next", finding.next}});
  return rows;
}

int doctor_command(const std::vector<std::string>& arguments) {
  doctor::Wish wish;
  std::string format = "table";
  runtime::OptionTable table("windlass doctor", "",
                             "Looks at this host and says what a role would find wrong with it: "
                             "ports, keys, clock, disk, cgroups, limits. Changes nothing.");
  table
      .example("windlass doctor --data ./try",
               "A development cluster: also whether each role is ready.")
      .example(
          "windlass doctor --key-dir /var/lib/windlass/worker/key "
          "--disk /var/lib/windlass/worker",
          "A member of a cluster: also its key, and the brokers that it knows.")
      .example("windlass doctor --broker tcp://10.0.0.1:8450 --endpoint https://batch.example.net",
               "Before a host joins: does it reach the cluster, do the clocks agree?");
  table
      .add({.name = "data",
            .target = &wish.data,
            .meaning = "Data folder of a development cluster.",
            .value_name = "DIR"})
      .add({.name = "key-dir",
            .target = &wish.key_dir,
            .meaning = "A member's key folder: its --key-dir, or key in its --data-dir.",
            .value_name = "DIR"})
      .add({.name = "broker",
            .target = &wish.brokers,
            .meaning = "Endpoint of a broker that this host must reach. A broker counts the look "
                       "as one peer refused, broken_off.",
            .value_name = "ENDPOINT"})
      .add({.name = "disk",
            .target = &wish.disks,
            .meaning = "Folder whose disk is measured.",
            .value_name = "DIR",
            .default_text = "that of the shards of --data, else /var/lib/windlass"})
      .add({.name = "endpoint",
            .target = &wish.endpoint,
            .meaning = "URL of a gateway to compare the clock with.",
            .value_name = "URL",
            .env = "AZURE_BATCH_ENDPOINT",
            .default_text = "that of the running cluster of --data"})
      .add({.name = "ca-file",
            .target = &wish.ca_file,
            .meaning = "PEM file of the authorities to trust for https.",
            .value_name = "FILE",
            .env = "REQUESTS_CA_BUNDLE"});
  add_output_option(table, format);
  if (const auto code = load_command(table, arguments)) return *code;
  if (!wish.data.empty() && !wish.key_dir.empty())
    throw runtime::ConfigError("--data means a development cluster, which has no --key-dir");
  const Findings findings = judge(doctor::gather(wish));
  print(format_named(format) == Format::table
            ? report_text(findings)
            : rows_text(format_named(format),
                        {{"", "level"}, {"", "check"}, {"", "found"}, {"", "next"}},
                        rows_of(findings)));
  return any_fails(findings) ? kTaskFailed : kOk;
}

}  // namespace

std::vector<Command> doctor_commands() {
  return {{"doctor", "say what is wrong with this host, and what to do", doctor_command}};
}

}  // namespace windlass::cli
