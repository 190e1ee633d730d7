// windlass-simulator --seed N [--trace] | --seeds FROM-TO [--processes N] [--tally FILE] | --museum
#include "simulator/museum.h"
#include "simulator/summary.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  using namespace windlass::simulator;
  CLI::App app("A whole cluster in one thread, from one seed");
  std::uint64_t seed = 0;
  std::string seeds;
  bool trace = false;
  ManyRuns runs;
  auto* one = app.add_option("--seed", seed, "Run this seed");
  auto* many = app.add_option("--seeds", seeds, "Run these seeds: FROM-TO");
  one->excludes(many);
  app.add_flag("--trace", trace, "Print the story of the run, and the hash of it")->needs(one);
  app.add_option("--processes", runs.processes, "How many processes share the seeds")
      ->check(CLI::Range(1, 256))
      ->excludes(one);
  app.add_option("--tally", runs.tally_file, "Keep the numbers in this file, and go on from there")
      ->needs(many);
  bool museum = false;
  std::string planted;
  app.add_flag("--museum", museum, "Print how many seeds find each planted bug (museum builds)")
      ->excludes(one)
      ->excludes(many);
  app.add_option("--planted", planted, "Plant this bug (museum builds)");
  CLI11_PARSE(app, argc, argv);
  if (!planted.empty() && !plant(planted)) {
    std::fprintf(stderr, "this build has no planted bug %s\n", planted.c_str());
    return 2;
  }
  if (museum) return run_museum(runs.processes);
  if (one->count() > 0) return run_one(seed, trace);
  const auto range = parse_range(seeds);
  if (!range) {
    std::fprintf(stderr, "one of --seed N and --seeds FROM-TO is required\n");
    return 2;
  }
  runs.from = range->first;
  runs.to = range->second;
  return run_many(runs);
}
