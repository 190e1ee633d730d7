// windlass-loadtest: drives a cluster through its public API and says what it saw.
#include "loadtest/core/compare.h"
#include "loadtest/machine.h"
#include "loadtest/page.h"
#include "loadtest/report_file.h"
#include "loadtest/scenario.h"
#include "loadtest/scenarios/parts.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace {

using namespace windlass::loadtest;

constexpr const char* kExamples = R"TEXT(Examples:
  eval "$(windlass env)"
  windlass-loadtest list
  windlass-loadtest run collections --rounds 5 --data ~/.local/share/windlass/dev --out before.json --html before.html
  windlass-loadtest run backlog --set pending=10000000 --out ten-million.json
  windlass-loadtest fill my-job 1000000
  windlass-loadtest compare before.json after.json
  windlass-loadtest run collections --out before.json --append    # in turns with after.json, five times each
  windlass-loadtest growth 1k.json 100k.json 1M.json --over pending --html growth.html)TEXT";

struct RunOptions {
  std::string scenario;
  std::vector<std::string> set;
  int rounds = 1;
  bool append = false;
  std::string data, out, html;
};

void write_text(const std::string& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file);
}

int list() {
  for (const Scenario& scenario : scenarios()) {
    std::printf("%s\n  %s\n", scenario.name.c_str(), scenario.help.c_str());
    for (const auto& [name, parameter] : scenario.parameters) {
      std::printf("    %-18s %-12s %s\n", name.c_str(), parameter.value.c_str(),
                  parameter.help.c_str());
    }
  }
  return 0;
}

const Scenario& scenario_named(const std::string& name) {
  const auto& all = scenarios();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Scenario& one) { return one.name == name; });
  if (found == all.end()) {
    throw std::runtime_error("there is no scenario " + name + ": windlass-loadtest list tells all");
  }
  return *found;
}

Parameters parameters_of(const Scenario& scenario, const std::vector<std::string>& set) {
  std::map<std::string, std::string> values;
  for (const auto& [name, parameter] : scenario.parameters) values[name] = parameter.value;
  for (const std::string& assignment : set) {
    const std::size_t equals = assignment.find('=');
    const std::string name = assignment.substr(0, equals);
    if (equals == std::string::npos || !values.contains(name)) {
      throw std::runtime_error("--set " + assignment + ": " + scenario.name +
                               " has no such parameter: windlass-loadtest list tells all");
    }
    values[name] = assignment.substr(equals + 1);
  }
  return Parameters(std::move(values));
}

// Those that the file has already, which must be of the same runs.
std::vector<Round> rounds_before(const std::string& file, const Report& now) {
  if (!std::filesystem::exists(file)) return {};
  Report before = read_report(file);
  if (before.scenario != now.scenario || before.parameters != now.parameters) {
    throw std::runtime_error("--append: " + file + " has rounds of " + before.scenario +
                             " with parameters of its own: name another file");
  }
  return std::move(before.rounds);
}

int run(const RunOptions& options, const std::string& programs) {
  const Scenario& scenario = scenario_named(options.scenario);
  const Parameters parameters = parameters_of(scenario, options.set);
  Site site(target_from_environment(), options.data, programs + "/windlass");
  Report report{scenario.name, parameters.all(), machine_words(options.data), {}};
  if (options.append) report.rounds = rounds_before(options.out, report);
  for (int i = 0; i < options.rounds; ++i) {
    std::fprintf(stderr, "%s: round %d of %d\n", scenario.name.c_str(), i + 1, options.rounds);
    report.rounds.push_back(scenario.run(site, parameters));
    if (!options.out.empty()) write_report(report, options.out);  // what there is, if it breaks off
  }
  if (!options.html.empty()) write_text(options.html, page_of(report));
  std::fputs(table_of(report).c_str(), stdout);
  return 0;
}

// Tasks of an existing job, that do nothing.
int fill(const std::string& job, std::int64_t tasks) {
  constexpr std::int64_t kCollection = 100;
  constexpr unsigned kConnections = 8;
  Site site(target_from_environment(), {}, {});
  add_tasks(site, job, tasks, kCollection, kConnections, TaskShape{});
  return 0;
}

// For scripts: the median of a number over the rounds.
int tell_number(const std::string& file, const std::string& name) {
  const std::vector<double> values = values_of(read_report(file), name);
  if (values.empty()) throw std::runtime_error(file + " tells no " + name);
  std::printf("%.6g\n", median(values));
  return 0;
}

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::same:
      return "";
    case Verdict::better:
      return "better";
    case Verdict::worse:
      return "WORSE";
    case Verdict::too_few_rounds:
      return "too few rounds to tell";
  }
  return "";
}

// Exit code 3: something is worse.
int tell_difference(const std::string& before, const std::string& after) {
  const Report a = read_report(before), b = read_report(after);
  if (a.scenario != b.scenario || a.parameters != b.parameters) {
    throw std::runtime_error("these are runs of different scenarios or parameters");
  }
  bool worse = false;
  std::printf("  %-42s %12s %12s %9s  %s\n", "number", "before", "after", "change", "verdict");
  for (const Difference& one : compare(a, b)) {
    worse = worse || one.verdict == Verdict::worse;
    std::printf("  %-42s %12.3f %12.3f %+8.1f%%  %s\n", one.name.c_str(), one.before, one.after,
                one.change * 100, word_of(one.verdict));
  }
  return worse ? 3 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Drives a Windlass cluster through its REST API and measures it.",
               "windlass-loadtest"};
  app.footer(kExamples);
  app.require_subcommand(1);
  auto* listing = app.add_subcommand("list", "The scenarios and their parameters");
  RunOptions options;
  auto* running =
      app.add_subcommand("run", "Runs a scenario on the cluster that `windlass env` names");
  running->add_option("scenario", options.scenario, "One of those that `list` tells")->required();
  running->add_option("--set", options.set, "NAME=VALUE: a parameter");
  running->add_option("--rounds", options.rounds, "How often; numbers are told with their median")
      ->check(CLI::Range(1, 1000));
  running->add_option(
      "--data", options.data,
      "Data folder of a development cluster: processor time, memory and disk are told, too");
  auto* out = running->add_option("--out", options.out, "The report as JSON");
  running
      ->add_flag(
          "--append", options.append,
          "Adds its rounds to those in --out, so that two clusters can be measured in turns: "
          "a machine that drifts is then the same for both")
      ->needs(out);
  running->add_option("--html", options.html, "The report as a page with plots");
  std::string job;
  std::int64_t tasks = 0;
  auto* filling = app.add_subcommand("fill", "Adds many tasks, which do nothing, to a job");
  filling->add_option("job", job)->required();
  filling->add_option("tasks", tasks)->required()->check(CLI::PositiveNumber);
  std::string before, after;
  auto* comparing = app.add_subcommand(
      "compare", "Whether two reports differ by more than noise; exit code 3: something is worse");
  comparing->add_option("before", before)->required();
  comparing->add_option("after", after)->required();
  std::string report, name;
  auto* telling = app.add_subcommand("number", "The median of one number of a report");
  telling->add_option("report", report)->required();
  telling->add_option("name", name)->required();
  std::vector<std::string> files;
  std::string over = "pending", html;
  auto* growing =
      app.add_subcommand("growth", "Reports of the same scenarios at several sizes, as plots");
  growing->add_option("files", files)->required();
  growing->add_option("--over", over, "The parameter that grows");
  growing->add_option("--html", html, "Where to write the page")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    if (*listing) return list();
    if (*running)
      return run(options, std::filesystem::read_symlink("/proc/self/exe").parent_path());
    if (*filling) return fill(job, tasks);
    if (*telling) return tell_number(report, name);
    if (*comparing) return tell_difference(before, after);
    std::vector<Report> reports;
    for (const std::string& file : files) reports.push_back(read_report(file));
    write_text(html, growth_page_of(reports, over));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "windlass-loadtest: %s\n", error.what());
    return 1;
  }
}
