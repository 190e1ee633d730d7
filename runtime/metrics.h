// Counters, gauges and histograms of this process. Ask once for a handle, keep it, count through
// it: a handle is a pointer, counting is an atomic addition.
//
//   Counter requests = metrics.counter(metric::gateway_requests, {"Pool_List", "200"});
//   requests.add();
#pragma once

#include "runtime/metric_catalogue.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace windlass::runtime {

// Handles live as long as their Metrics. A default one counts nowhere: good for tests.
class Counter {
 public:
  Counter() = default;
  void add(double amount = 1);

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  prometheus::Counter* counter_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  void set(double value);
  void add(double amount);  // negative: takes away

 private:
  friend class Metrics;
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  prometheus::Gauge* gauge_ = nullptr;
};

// Follows a number that only rises, kept by somebody else.
class RisingCounter {
 public:
  RisingCounter() = default;
  explicit RisingCounter(Counter counter) : counter_(counter) {}
  void reach(std::uint64_t now) {
    if (now > last_) counter_.add(static_cast<double>(now - last_));
    last_ = now;
  }

 private:
  Counter counter_;
  std::uint64_t last_ = 0;
};

// Observations gathered by one thread without lock or atomic, to be given to a Histogram of this
// type at once: for what happens hundreds of thousands of times a second.
template <MetricType Type>
class Observations {
 public:
  void add(double value) {
    const auto bounds = buckets_of(Type);
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
    ++counts_[static_cast<std::size_t>(bucket)];
    ++total_;
    sum_ += value;
  }
  bool empty() const { return total_ == 0; }
  std::uint64_t total() const { return total_; }
  double sum() const { return sum_; }
  std::span<const std::uint64_t> counts() const { return counts_; }  // the last: beyond all bounds

 private:
  std::array<std::uint64_t, buckets_of(Type).size() + 1> counts_{};
  std::uint64_t total_ = 0;
  double sum_ = 0;
};

class Histogram {
 public:
  Histogram() = default;
  void observe(double value);
  template <MetricType Type>
  void observe(const Observations<Type>& gathered) {
    if (!gathered.empty()) observe_counts(gathered.counts(), gathered.sum());
  }

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  void observe_counts(std::span<const std::uint64_t> counts, double sum);
  prometheus::Histogram* histogram_ = nullptr;
};

using LabelValues = std::initializer_list<std::string_view>;

class Metrics {
 public:
  // `role` and the version become windlass_build_info.
  explicit Metrics(std::string_view role);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The type must be the catalogue's, with one value for each label, in its order. The same values
  // give the same series. Threads may call; it takes a lock, so not for each event.
  Counter counter(const MetricInfo& info, LabelValues labels = {});
  Gauge gauge(const MetricInfo& info, LabelValues labels = {});
  Histogram histogram(const MetricInfo& info, LabelValues labels = {});

  // Takes away all gauges with this label, for something that is not here any more; handles of them
  // must be gone. Counters stay: they have counted what was here.
  void forget_gauges(std::string_view label, std::string_view value);

  // Called before each text(), on its thread: for what nobody needs between two scrapes. It may
  // only use what lives as long as these Metrics.
  void at_scrape(std::function<void()> refresh);

  // The Prometheus text format, with memory, processor time and open files of this process.
  std::string text() const;

 private:
  struct Registry;
  void watch_process();
  std::unique_ptr<Registry> registry_;
};

// The whole catalogue as the tables of docs/METRICS.md.
std::string metrics_markdown();

}  // namespace windlass::runtime
