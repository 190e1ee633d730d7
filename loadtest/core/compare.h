// Whether two runs differ, or whether what differs is noise.
//
// Each number has a value a round. Welch's t test says how likely a difference as large would be
// between equal systems; over all numbers compared the chance of a single false alarm is kept below
// `kFalseAlarms` (Holm). A difference below `kWorthTelling` is not told however sure it is.
#pragma once

#include "loadtest/core/report.h"

#include <string>
#include <vector>

namespace windlass::loadtest {

inline constexpr double kFalseAlarms = 0.01;
inline constexpr double kWorthTelling = 0.02;
inline constexpr std::size_t kRoundsMin = 3;  // of each side

enum class Verdict { same, better, worse, too_few_rounds };

struct Difference {
  std::string name;
  double before = 0;  // means over the rounds
  double after = 0;
  double change = 0;       // (after - before) / before
  double probability = 1;  // of one as large between equals, not corrected
  Verdict verdict = Verdict::same;
};

// Two-sided; 1 when either side has no spread and the means agree, 0 when they do not. Both need
// two values at least.
double welch_probability(const std::vector<double>& a, const std::vector<double>& b);

// Every number that both have, in order of name.
std::vector<Difference> compare(const Report& before, const Report& after);

}  // namespace windlass::loadtest
