#include "simulator/museum.h"

#include "model/museum.h"
#include "simulator/apart.h"
#include "simulator/simulation.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <sstream>
#include <vector>

namespace windlass::simulator {

#ifdef WINDLASS_MUSEUM

namespace {

struct Exhibit {
  museum::Bug bug;
  const char* name;
  const char* what;
};

const Exhibit kExhibits[] = {
#define WINDLASS_MUSEUM_EXHIBIT(name, what) {museum::Bug::name, #name, what},
    WINDLASS_MUSEUM_BUGS(WINDLASS_MUSEUM_EXHIBIT)
#undef WINDLASS_MUSEUM_EXHIBIT
};

// Promises that at least one bug must have been seen to break.
constexpr const char* kPromises[] = {"S1", "S2", "S3",  "S4",  "S5",  "S6",  "S7",
                                     "S8", "S9", "S10", "S11", "S12", "S14", "L1"};

// What is given away sooner by something else, and shows that a promise is broken by a later seed.
constexpr struct {
  const char* promise;
  museum::Bug bug;
} kAlsoShown[] = {{"S1", museum::Bug::ack_before_commit},
                  {"S11", museum::Bug::ack_before_commit},
                  {"S2", museum::Bug::rest_forgotten},
                  {"S14", museum::Bug::account_not_in_key}};

// A run takes seconds; one that does not end was ended by its bug.
constexpr unsigned kRunSecondsMax = 120;

const char* name_of(museum::Bug bug) {
  return std::find_if(std::begin(kExhibits), std::end(kExhibits),
                      [bug](const Exhibit& exhibit) { return exhibit.bug == bug; })
      ->name;
}

struct Given {
  std::uint64_t seed = 0;
  std::string away;  // empty: nothing was found
};

// "S7" of "S7: two at a time"; assertions and invariants name no promise.
std::string promise_of(const std::string& finding) {
  const std::string promise = finding.substr(0, finding.find(':'));
  return promise.size() <= 3 ? promise : "assertions";
}

// In processes of their own, because a planted bug may well end them. The first of the seeds that
// gave the bug away, by this promise if one is named.
Given run_apart(museum::Bug bug, const std::string& promise, std::uint64_t first,
                std::uint64_t last) {
  std::vector<Apart> runs;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    runs.emplace_back(
        [bug, seed](std::ostream& out) {
          ::alarm(kRunSecondsMax);
          museum::chosen = bug;
          const Outcome outcome = simulate(draw_options(seed), false);
          for (const std::string& finding : outcome.findings) out << finding << '\n';
        },
        Apart::Stderr::is_said);
  }
  Given given;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Apart::End end = runs[seed - first].wait();
    if (!given.away.empty() || (end.said.empty() && end.status == 0)) continue;
    std::istringstream findings(end.said.empty() ? "the process ended by a signal" : end.said);
    for (std::string away; given.away.empty() && std::getline(findings, away);) {
      if (promise.empty() || promise_of(away) == promise) given = {seed, away};
    }
  }
  return given;
}

Given look_for(museum::Bug bug, const std::string& promise, std::uint64_t seeds_max,
               int processes) {
  const auto step = static_cast<std::uint64_t>(processes);
  for (std::uint64_t seed = 1; seed <= seeds_max; seed += step) {
    const Given given = run_apart(bug, promise, seed, std::min(seed + step - 1, seeds_max));
    if (!given.away.empty()) return given;
  }
  return {};
}

}  // namespace

bool plant(const std::string& name) {
  for (const Exhibit& exhibit : kExhibits) {
    if (name == exhibit.name) museum::chosen = exhibit.bug;
  }
  return museum::chosen != museum::Bug::none;
}

int run_museum(int processes) {
  std::size_t found = 0;
  std::uint64_t needed = 0;
  std::map<std::string, std::string> bugs_by_promise;
  std::printf("%-32s %5s  %s\n", "PLANTED BUG", "SEEDS", "GIVEN AWAY BY");
  for (const Exhibit& exhibit : kExhibits) {
    const Given given = look_for(exhibit.bug, "", kMuseumSeedsMax, processes);
    if (given.away.empty()) {
      std::printf("%-32s %5s  %s\n", exhibit.name, "none", exhibit.what);
      continue;
    }
    ++found;
    needed = std::max(needed, given.seed);
    bugs_by_promise[promise_of(given.away)] += std::string(" ") + exhibit.name;
    std::printf("%-32s %5llu  %.120s\n", exhibit.name, static_cast<unsigned long long>(given.seed),
                given.away.c_str());
  }
  for (const auto& [promise, bug] : kAlsoShown) {
    if (!bugs_by_promise[promise].empty()) continue;
    const Given given = look_for(bug, promise, kMuseumSeedsMax, processes);
    if (given.away.empty()) continue;
    needed = std::max(needed, given.seed);
    bugs_by_promise[promise] +=
        std::string(" ") + name_of(bug) + " (seed " + std::to_string(given.seed) + ")";
  }
  for (const char* promise : kPromises) bugs_by_promise[promise];
  std::size_t unbroken = 0;
  std::printf("\n%-12s BROKEN BY\n", "PROMISE");
  for (const auto& [promise, bugs] : bugs_by_promise) {
    if (bugs.empty()) ++unbroken;
    std::printf("%-12s%s\n", promise.c_str(), bugs.empty() ? " none" : bugs.c_str());
  }
  const Given unplanted = look_for(museum::Bug::none, "", needed, processes);
  std::printf("\n%zu of %zu planted bugs found within %llu seeds each; without a bug ", found,
              std::size(kExhibits), static_cast<unsigned long long>(kMuseumSeedsMax));
  if (unplanted.away.empty())
    std::printf("the seeds 1-%llu are clean\n", static_cast<unsigned long long>(needed));
  else
    std::printf("seed %llu finds: %s\n", static_cast<unsigned long long>(unplanted.seed),
                unplanted.away.c_str());
  return found == std::size(kExhibits) && unbroken == 0 && unplanted.away.empty() ? 0 : 1;
}

#else

bool plant(const std::string&) {
  return false;
}

int run_museum(int) {
  std::fprintf(stderr, "this build has no planted bugs: see simulator/README.md\n");
  return 2;
}

#endif

}  // namespace windlass::simulator
