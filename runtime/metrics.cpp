#include "runtime/metrics.h"

#include "model/assert.h"
#include "runtime/version.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <vector>

namespace windlass::runtime {
namespace {

std::map<std::string, std::string> label_map(const MetricInfo& info, LabelValues values) {
  std::map<std::string, std::string> labels;
  std::string_view names = info.labels;
  const auto* value = values.begin();
  while (!names.empty()) {
    const auto comma = names.find(',');
    WINDLASS_ASSERT(value != values.end());
    labels.emplace(names.substr(0, comma), *value++);
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
  }
  WINDLASS_ASSERT(value == values.end());
  return labels;
}

bool of_seconds(const MetricInfo& info) {
  return info.name.ends_with("_seconds");
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_files() {
  std::error_code ignored;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", ignored), end; it != end;
       it.increment(ignored))
    ++count;
  return count;
}

prometheus::MetricFamily process_family(const char* name, const char* help,
                                        prometheus::MetricType type, double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  family.metric.push_back(metric);
  return family;
}

}  // namespace

void Counter::add(double amount) {
  if (counter_ != nullptr) counter_->Increment(amount);
}
void Gauge::set(double value) {
  if (gauge_ != nullptr) gauge_->Set(value);
}
void Gauge::add(double amount) {
  if (gauge_ != nullptr) gauge_->Increment(amount);
}
void Histogram::observe(double value) {
  if (histogram_ != nullptr) histogram_->Observe(value);
}

struct Metrics::Registry {
  prometheus::Registry registry;
  std::mutex mutex;
  std::map<std::string_view, prometheus::Family<prometheus::Counter>*> counters;
  std::map<std::string_view, prometheus::Family<prometheus::Gauge>*> gauges;
  std::map<std::string_view, prometheus::Family<prometheus::Histogram>*> histograms;

  template <class Kind, class Builder>
  prometheus::Family<Kind>& family(std::map<std::string_view, prometheus::Family<Kind>*>& families,
                                   const MetricInfo& info, Builder (*build)()) {
    auto& slot = families[info.name];
    if (slot == nullptr)
      slot =
          &build().Name(std::string(info.name)).Help(std::string(info.meaning)).Register(registry);
    return *slot;
  }
};

Metrics::Metrics(std::string_view role) : registry_(std::make_unique<Registry>()) {
  gauge(metric::build_info, {role, version()}).set(1);
}

Metrics::~Metrics() = default;

Counter Metrics::counter(const MetricInfo& info, LabelValues labels) {
  WINDLASS_ASSERT(info.type == MetricType::counter);
  const std::lock_guard lock(registry_->mutex);
  return Counter(&registry_->family(registry_->counters, info, prometheus::BuildCounter)
                      .Add(label_map(info, labels)));
}

Gauge Metrics::gauge(const MetricInfo& info, LabelValues labels) {
  WINDLASS_ASSERT(info.type == MetricType::gauge);
  const std::lock_guard lock(registry_->mutex);
  return Gauge(&registry_->family(registry_->gauges, info, prometheus::BuildGauge)
                    .Add(label_map(info, labels)));
}

Histogram Metrics::histogram(const MetricInfo& info, LabelValues labels) {
  WINDLASS_ASSERT(info.type == MetricType::histogram);
  const std::lock_guard lock(registry_->mutex);
  auto& family = registry_->family(registry_->histograms, info, prometheus::BuildHistogram);
  prometheus::Histogram::BucketBoundaries buckets;
  if (of_seconds(info))
    buckets.assign(std::begin(kSecondsBuckets), std::end(kSecondsBuckets));
  else
    buckets.assign(std::begin(kCountBuckets), std::end(kCountBuckets));
  return Histogram(&family.Add(label_map(info, labels), buckets));
}

std::string Metrics::text() const {
  std::vector<prometheus::MetricFamily> families = registry_->registry.Collect();
  using Type = prometheus::MetricType;
  families.push_back(process_family("process_resident_memory_bytes",
                                    "Resident memory of this process.", Type::Gauge,
                                    resident_bytes()));
  families.push_back(process_family("process_cpu_seconds_total", "Processor time of this process.",
                                    Type::Counter, processor_seconds()));
  families.push_back(process_family("process_open_fds", "Open file descriptors of this process.",
                                    Type::Gauge, open_files()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace windlass::runtime
