// What a run says: numbers by name, latencies, and how they went over time, for each round.
#pragma once

#include "loadtest/core/histogram.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace windlass::loadtest {

// Points of (seconds since the start, value).
using Series = std::vector<std::pair<double, double>>;

// How many cores the generator itself took.
inline constexpr const char* kGeneratorCores = "generator_cores";

struct Round {
  std::map<std::string, double> numbers;  // unit in the name: tasks_per_second, rss_mb.gateway
  std::map<std::string, Histogram> latencies;
  std::map<std::string, Series> series;
};

struct Report {
  std::string scenario;
  std::map<std::string, std::string> parameters;
  std::map<std::string, std::string> machine;  // cores, processor, kernel, disk, commit, time
  std::vector<Round> rounds;
};

// The middle one, or the mean of the two middle ones; `values` must not be empty.
double median(std::vector<double> values);

// All values of one number, a value a round, in the order of the rounds that have it.
std::vector<double> values_of(const Report& report, const std::string& name);

// Latencies of all rounds in one.
std::map<std::string, Histogram> merged_latencies(const Report& report);

// Whether less of it is better: times, bytes and processor time, by the unit in the name.
bool less_is_better(const std::string& name);

}  // namespace windlass::loadtest
