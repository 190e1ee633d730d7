#include "simulator/tally.h"

#include <cstdio>

namespace windlass::simulator {

namespace {

// The share of runs that must count, in percent.
constexpr std::uint64_t kCountedMin = 50;
// In so many runs each fault point must have bitten.
constexpr std::uint64_t kRunsForEachPoint = 1000;

constexpr const char* kFault = "fault ";
constexpr const char* kArmed = "armed ";
constexpr const char* kHits = "hits ";

unsigned long long wide(std::uint64_t number) {
  return number;
}

bool counts(const Outcome& outcome) {
  return !outcome.faults.empty() && outcome.tasks_completed > 0;
}

}  // namespace

void Tally::count(const Outcome& outcome) {
  ++numbers_["runs"];
  if (counts(outcome)) ++numbers_["counted"];
  numbers_["tasks"] += outcome.tasks_completed;
  numbers_["attempts"] += outcome.attempts;
  numbers_["simulated_ms"] += static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(outcome.simulated).count());
  for (const auto& [fault, times] : outcome.faults) numbers_[kFault + fault] += times;
  for (std::size_t i = 0; i < kFaultPoints; ++i) {
    if (outcome.points[i].rate > 0) ++numbers_[std::string(kArmed) + kFaultPointNames[i]];
    numbers_[std::string(kHits) + kFaultPointNames[i]] += outcome.points[i].hits;
  }
}

void Tally::count_time(std::chrono::steady_clock::duration took) {
  numbers_["took_ms"] += static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
}

void Tally::add(const Tally& other) {
  for (const auto& [name, number] : other.numbers_) numbers_[name] += number;
}

void Tally::write(std::ostream& out) const {
  for (const auto& [name, number] : numbers_) out << number << ' ' << name << '\n';
}

void Tally::read(std::istream& in) {
  std::uint64_t number = 0;
  std::string name;
  while (in >> number && in.get() == ' ' && std::getline(in, name)) numbers_[name] += number;
}

std::uint64_t Tally::of(const std::string& name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? 0 : found->second;
}

bool Tally::counts_enough() const {
  return of("counted") * 100 >= of("runs") * kCountedMin;
}

std::string Tally::points_missed() const {
  std::string missed;
  if (of("runs") < kRunsForEachPoint) return missed;
  for (const char* point : kFaultPointNames) {
    if (of(std::string(kHits) + point) == 0) missed += std::string(" ") + point;
  }
  return missed;
}

void Tally::print() const {
  for (const auto& [name, number] : numbers_) {
    if (name.starts_with(kFault))
      std::printf("%-36s %llu\n", name.substr(std::char_traits<char>::length(kFault)).c_str(),
                  wide(number));
  }
  for (const char* point : kFaultPointNames)
    std::printf("%-36s %llu times, in %llu worlds\n", point, wide(of(std::string(kHits) + point)),
                wide(of(std::string(kArmed) + point)));
  if (!counts_enough()) std::printf("FAILED: too few runs had both faults and completed tasks\n");
  if (const std::string missed = points_missed(); !missed.empty())
    std::printf("FAILED: fault points that never bit:%s\n", missed.c_str());
}

std::string Tally::text() const {
  const double seconds = static_cast<double>(of("took_ms")) / 1000.0;
  char text[320];
  std::snprintf(text, sizeof text,
                "%llu failed, %llu counted, %llu run twice; %llu tasks in %llu attempts; %.1f "
                "simulated hours in %.1f s, %.1f seeds/s",
                wide(of("failed")), wide(of("counted")), wide(of("twice")), wide(of("tasks")),
                wide(of("attempts")), static_cast<double>(of("simulated_ms")) / 3.6e6, seconds,
                static_cast<double>(of("runs")) / seconds);
  return text;
}

}  // namespace windlass::simulator
