// windlass-simulator --seed N [--trace] | --seeds FROM-TO | --museum
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
  auto* one = app.add_option("--seed", seed, "Run this seed");
  auto* many = app.add_option("--seeds", seeds, "Run these seeds: FROM-TO");
  one->excludes(many);
  app.add_flag("--trace", trace, "Print the story of the run, and the hash of it")->needs(one);
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
  if (museum) return run_museum();
  if (one->count() > 0) return run_one(seed, trace);
  const auto range = parse_range(seeds);
  if (!range) {
    std::fprintf(stderr, "one of --seed N and --seeds FROM-TO is required\n");
    return 2;
  }
  return run_many(range->first, range->second);
}
