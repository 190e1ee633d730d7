#include "simulator/museum.h"

#include "model/museum.h"
#include "simulator/simulation.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
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

// In a process of its own, because a planted bug may well end it. What gave the bug away; empty:
// nothing did.
std::string run_apart(museum::Bug bug, std::uint64_t seed) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    museum::chosen = bug;
    ::dup2(pipe_ends[1], STDERR_FILENO);  // a failed assertion says so there
    const Outcome outcome = simulate(draw_options(seed), false);
    for (const std::string& finding : outcome.findings)
      std::fprintf(stderr, "%s\n", finding.c_str());
    std::_Exit(0);
  }
  ::close(pipe_ends[1]);
  std::string said;
  char buffer[512];
  ssize_t size = 0;
  while ((size = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0)
    said.append(buffer, static_cast<std::size_t>(size));
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (said.empty() && status != 0) return "the process ended by a signal";
  return said.substr(0, said.find('\n'));
}

}  // namespace

bool plant(const std::string& name) {
  for (const Exhibit& exhibit : kExhibits) {
    if (name == exhibit.name) museum::chosen = exhibit.bug;
  }
  return museum::chosen != museum::Bug::none;
}

int run_museum() {
  int missed = 0;
  std::printf("%-32s %5s  %s\n", "PLANTED BUG", "SEEDS", "GIVEN AWAY BY");
  for (const Exhibit& exhibit : kExhibits) {
    std::uint64_t seed = 0;
    std::string found;
    while (found.empty() && seed < kMuseumSeedsMax) found = run_apart(exhibit.bug, ++seed);
    if (found.empty()) {
      ++missed;
      std::printf("%-32s %5s  %s\n", exhibit.name, "none", exhibit.what);
    } else {
      std::printf("%-32s %5llu  %.100s\n", exhibit.name, static_cast<unsigned long long>(seed),
                  found.c_str());
    }
  }
  const std::size_t total = std::size(kExhibits);
  std::printf("%zu of %zu planted bugs found within %llu seeds each\n",
              total - static_cast<std::size_t>(missed), total,
              static_cast<unsigned long long>(kMuseumSeedsMax));
  return missed == 0 ? 0 : 1;
}

#else

bool plant(const std::string&) {
  return false;
}

int run_museum() {
  std::fprintf(stderr, "this build has no planted bugs: see simulator/README.md\n");
  return 2;
}

#endif

}  // namespace windlass::simulator
