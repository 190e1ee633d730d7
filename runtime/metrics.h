// Counters, gauges and histograms of this process. Ask once for a handle, keep it, count through
// it: a handle is a pointer, counting is an atomic addition.
//
//   Counter requests = metrics.counter(metric::gateway_requests, {"Pool_List", "200"});
//   requests.add();
#pragma once

#include "runtime/metric_catalogue.h"

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

class Histogram {
 public:
  Histogram() = default;
  void observe(double value);

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
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

  // The Prometheus text format, with memory, processor time and open files of this process.
  std::string text() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace windlass::runtime
