#include "loadtest/core/compare.h"

#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace windlass::loadtest {

namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Of the mean: the variance of the values over their number.
double uncertainty_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto n = static_cast<double>(values.size());
  return squares / (n - 1) / n;
}

}  // namespace

double welch_probability(const std::vector<double>& a, const std::vector<double>& b) {
  const double ua = uncertainty_of(a), ub = uncertainty_of(b);
  const double distance = std::abs(mean_of(a) - mean_of(b));
  if (ua + ub == 0) return distance == 0 ? 1 : 0;
  const double freedom = (ua + ub) * (ua + ub) /
                         (ua * ua / (static_cast<double>(a.size()) - 1) +
                          ub * ub / (static_cast<double>(b.size()) - 1));
  const boost::math::students_t distribution(freedom);
  return 2 * boost::math::cdf(boost::math::complement(distribution, distance / std::sqrt(ua + ub)));
}

std::vector<Difference> compare(const Report& before, const Report& after) {
  std::vector<Difference> differences;
  std::map<std::string, double> names;
  for (const Round& round : before.rounds) names.insert(round.numbers.begin(), round.numbers.end());
  for (const auto& [name, unused] : names) {
    const std::vector<double> a = values_of(before, name), b = values_of(after, name);
    if (b.empty() || name == kGeneratorCores) continue;  // ours, not the cluster's
    Difference& one = differences.emplace_back();
    one.name = name;
    one.before = mean_of(a);
    one.after = mean_of(b);
    one.change = one.before == 0 ? 0 : (one.after - one.before) / one.before;
    if (std::min(a.size(), b.size()) < kRoundsMin) {
      one.verdict = Verdict::too_few_rounds;
    } else {
      one.probability = welch_probability(a, b);
    }
  }
  // Holm: the smallest must pass the strictest bound; who fails ends it for all after.
  std::vector<Difference*> order;
  for (Difference& one : differences) {
    if (one.verdict != Verdict::too_few_rounds) order.push_back(&one);
  }
  std::sort(order.begin(), order.end(), [](const Difference* a, const Difference* b) {
    return a->probability < b->probability;
  });
  for (std::size_t i = 0; i < order.size(); ++i) {
    Difference& one = *order[i];
    if (one.probability > kFalseAlarms / static_cast<double>(order.size() - i)) break;
    if (std::abs(one.change) < kWorthTelling) continue;
    one.verdict = (one.change < 0) == less_is_better(one.name) ? Verdict::better : Verdict::worse;
  }
  return differences;
}

}  // namespace windlass::loadtest
