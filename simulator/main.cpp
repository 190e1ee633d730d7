// windlass-simulator --seed N [--trace] | --seeds FROM-TO
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
  CLI11_PARSE(app, argc, argv);
  if (one->count() > 0) return run_one(seed, trace);
  const auto range = parse_range(seeds);
  if (!range) {
    std::fprintf(stderr, "one of --seed N and --seeds FROM-TO is required\n");
    return 2;
  }
  return run_many(range->first, range->second);
}
