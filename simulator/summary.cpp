#include "simulator/summary.h"

#include "simulator/apart.h"
#include "simulator/tally.h"

#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <vector>

namespace windlass::simulator {

namespace {

// How many seeds of a range are run twice: one in so many.
constexpr std::uint64_t kTwiceEvery = 20;
// The tally is written after so many seeds of each process.
constexpr std::uint64_t kSeedsPerRound = 250;

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

Tally run_range(std::uint64_t from, std::uint64_t to) {
  Tally tally;
  for (std::uint64_t seed = from; seed <= to; ++seed) {
    const Outcome outcome = run(seed, false);
    print_findings(seed, outcome);
    bool bad = !outcome.findings.empty();
    if (seed % kTwiceEvery == 0) {
      tally.count_twice();
      if (run(seed, false).hash != outcome.hash) {
        bad = true;
        std::printf("FAILED seed %llu: two runs differ\n", static_cast<unsigned long long>(seed));
      }
    }
    tally.count(outcome);
    if (bad) tally.count_failure();
  }
  return tally;
}

// The range in equal shares, each in a process of its own. One that was aborted has failed once.
Tally run_shared(std::uint64_t from, std::uint64_t to, int processes) {
  const std::uint64_t share =
      (to - from + static_cast<std::uint64_t>(processes)) / static_cast<std::uint64_t>(processes);
  std::vector<Apart> shares;
  for (std::uint64_t first = from; first <= to; first += share) {
    shares.emplace_back([first, last = std::min(first + share - 1, to)](std::ostream& out) {
      run_range(first, last).write(out);
    });
  }
  Tally tally;
  for (Apart& apart : shares) {
    const Apart::End end = apart.wait();
    std::istringstream said(end.said);
    tally.read(said);
    if (end.status != 0) tally.count_failure();
  }
  return tally;
}

// A file: the last seed that is in it, then the numbers. Nothing: nothing was done yet.
std::optional<std::uint64_t> load(const std::string& file, Tally& tally) {
  std::ifstream in(file);
  std::uint64_t through = 0;
  if (!(in >> through)) return std::nullopt;
  tally.read(in);
  return through;
}

void save(const std::string& file, std::uint64_t through, const Tally& tally) {
  const std::string fresh = file + ".new";
  std::ofstream out(fresh);
  out << through << '\n';
  tally.write(out);
  out.close();
  if (!out || std::rename(fresh.c_str(), file.c_str()) != 0)
    std::printf("%s cannot be written\n", file.c_str());
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
  for (std::size_t i = 0; i < kFaultPoints; ++i) {
    if (outcome.points[i].hits > 0)
      std::printf("%s: %llu\n", kFaultPointNames[i],
                  static_cast<unsigned long long>(outcome.points[i].hits));
  }
  std::printf("trace %016llx\n", static_cast<unsigned long long>(outcome.hash));
  return outcome.findings.empty() ? 0 : 1;
}

int run_many(const ManyRuns& runs) {
  Tally tally;
  std::uint64_t next = runs.from;
  if (!runs.tally_file.empty()) {
    if (const auto through = load(runs.tally_file, tally)) next = *through + 1;
  }
  const std::uint64_t round = kSeedsPerRound * static_cast<std::uint64_t>(runs.processes);
  while (next <= runs.to) {
    const auto begun = std::chrono::steady_clock::now();
    const std::uint64_t last = std::min(next + round - 1, runs.to);
    tally.add(run_shared(next, last, runs.processes));
    tally.count_time(std::chrono::steady_clock::now() - begun);
    next = last + 1;
    if (!runs.tally_file.empty()) save(runs.tally_file, last, tally);
  }
  tally.print();
  std::printf("seeds %llu-%llu: %s\n", static_cast<unsigned long long>(runs.from),
              static_cast<unsigned long long>(runs.to), tally.text().c_str());
  return tally.good() ? 0 : 1;
}

}  // namespace windlass::simulator
