// What runs of seeds came to, in numbers that can be added, written down and read again.
#pragma once

#include "simulator/simulation.h"

#include <chrono>
#include <cstdint>
#include <istream>
#include <map>
#include <ostream>
#include <string>

namespace windlass::simulator {

class Tally {
 public:
  void count(const Outcome& outcome);
  void count_failure() { ++numbers_["failed"]; }
  void count_twice() { ++numbers_["twice"]; }
  void count_time(std::chrono::steady_clock::duration took);
  void add(const Tally& other);

  // A line for each number: the number, a blank, its name.
  void write(std::ostream& out) const;
  void read(std::istream& in);  // adds what is there

  // Faults by kind, fault points, and how often worlds counted; then what is wrong with that.
  void print() const;
  std::string text() const;  // how much was run, for the last line

  std::uint64_t of(const std::string& name) const;
  bool good() const { return of("failed") == 0 && counts_enough() && points_missed().empty(); }

 private:
  bool counts_enough() const;
  // Fault points that never bit although there was time enough.
  std::string points_missed() const;

  std::map<std::string, std::uint64_t> numbers_;
};

}  // namespace windlass::simulator
