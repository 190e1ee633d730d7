#include "simulator/summary.h"

#include "simulator/simulation.h"

#include <unistd.h>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>

namespace windlass::simulator {

namespace {

// The share of runs that must count, in percent.
constexpr std::uint64_t kCountedMin = 50;
// How many seeds of a range are run twice: one in so many.
constexpr std::uint64_t kTwiceEvery = 20;

std::uint64_t seed_now = 0;

// A failed assertion ends the process: say of which seed it was.
void say_seed(int) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "FAILED seed %llu: aborted\n",
                                 static_cast<unsigned long long>(seed_now));
  if (::write(STDOUT_FILENO, text, static_cast<std::size_t>(size)) < 0) std::_Exit(3);
  std::_Exit(3);
}

Outcome run(std::uint64_t seed, bool print) {
  std::fflush(stdout);
  seed_now = seed;
  std::signal(SIGABRT, say_seed);
  return simulate(draw_options(seed), print);
}

void print_findings(std::uint64_t seed, const Outcome& outcome) {
  for (const std::string& finding : outcome.findings)
    std::printf("FAILED seed %llu: %s\n", static_cast<unsigned long long>(seed), finding.c_str());
}

bool counts(const Outcome& outcome) {
  return !outcome.faults.empty() && outcome.tasks_completed > 0;
}

}  // namespace

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_range(const std::string& text) {
  std::uint64_t from = 0, to = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, from);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, to);
  if (second.ec != std::errc{} || second.ptr != end || to < from) return std::nullopt;
  return std::pair{from, to};
}

int run_one(std::uint64_t seed, bool trace) {
  const Outcome outcome = run(seed, trace);
  print_findings(seed, outcome);
  for (const auto& [fault, times] : outcome.faults)
    std::printf("%s: %llu\n", fault.c_str(), static_cast<unsigned long long>(times));
  std::printf("trace %016llx\n", static_cast<unsigned long long>(outcome.hash));
  return outcome.findings.empty() ? 0 : 1;
}

int run_many(std::uint64_t from, std::uint64_t to) {
  const auto begun = std::chrono::steady_clock::now();
  std::map<std::string, std::uint64_t> faults;
  std::uint64_t runs = 0, counted = 0, failed = 0, twice = 0, tasks = 0, attempts = 0;
  Duration simulated{};
  for (std::uint64_t seed = from; seed <= to; ++seed) {
    const Outcome outcome = run(seed, false);
    print_findings(seed, outcome);
    bool bad = !outcome.findings.empty();
    if ((seed - from) % kTwiceEvery == 0) {
      ++twice;
      if (run(seed, false).hash != outcome.hash) {
        bad = true;
        std::printf("FAILED seed %llu: two runs differ\n", static_cast<unsigned long long>(seed));
      }
    }
    ++runs;
    if (bad) ++failed;
    if (counts(outcome)) ++counted;
    tasks += outcome.tasks_completed;
    attempts += outcome.attempts;
    simulated += outcome.simulated;
    for (const auto& [fault, times] : outcome.faults) faults[fault] += times;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  for (const auto& [fault, times] : faults)
    std::printf("%-36s %llu\n", fault.c_str(), static_cast<unsigned long long>(times));
  const bool enough = counted * 100 >= runs * kCountedMin;
  if (!enough) std::printf("FAILED: too few runs had both faults and completed tasks\n");
  std::printf(
      "seeds %llu-%llu: %llu failed, %llu counted, %llu run twice; %llu tasks in %llu attempts; "
      "%.1f simulated hours in %.1f s, %.1f seeds/s\n",
      static_cast<unsigned long long>(from), static_cast<unsigned long long>(to),
      static_cast<unsigned long long>(failed), static_cast<unsigned long long>(counted),
      static_cast<unsigned long long>(twice), static_cast<unsigned long long>(tasks),
      static_cast<unsigned long long>(attempts),
      std::chrono::duration<double>(simulated).count() / 3600.0, took.count(),
      static_cast<double>(runs) / took.count());
  return failed == 0 && enough ? 0 : 1;
}

}  // namespace windlass::simulator
