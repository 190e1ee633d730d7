#include "loadtest/core/report.h"

#include <algorithm>

namespace windlass::loadtest {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<double> values_of(const Report& report, const std::string& name) {
  std::vector<double> values;
  for (const Round& round : report.rounds) {
    const auto found = round.numbers.find(name);
    if (found != round.numbers.end()) values.push_back(found->second);
  }
  return values;
}

std::map<std::string, Histogram> merged_latencies(const Report& report) {
  std::map<std::string, Histogram> merged;
  for (const Round& round : report.rounds) {
    for (const auto& [name, histogram] : round.latencies) merged[name].merge(histogram);
  }
  return merged;
}

bool less_is_better(const std::string& name) {
  return name.find("per_second") == std::string::npos;
}

}  // namespace windlass::loadtest
