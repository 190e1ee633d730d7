#include "runtime/metrics.h"

#include "model/assert.h"
#include "runtime/process_info.h"
#include "runtime/version.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <utility>
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

struct Memory {
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

Memory memory_in_use() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  return {size * page, resident * page};
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
  double count = -1;  // the folder that is being read is one of them
  for (std::filesystem::directory_iterator it("/proc/self/fd", ignored), end; it != end;
       it.increment(ignored))
    ++count;
  return count;
}

double files_max() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

// Seconds since 1970, from the ticks after boot that /proc knows.
double start_time_seconds() {
  const auto ticks = static_cast<double>(start_of_process(::getpid()));
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const double age =
      static_cast<double>(since_boot.tv_sec) - ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return std::floor(
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count() -
      age);
}

// "windlass_gateway_requests_total" -> "gateway"
std::string_view section_of(std::string_view name) {
  constexpr std::string_view kOurs = "windlass_";
  if (!name.starts_with(kOurs)) return "process";
  name.remove_prefix(kOurs.size());
  return name.substr(0, name.find('_'));
}

struct Section {
  std::string_view prefix;
  std::string_view title;
};
// Sections that are not here belong to every role.
constexpr Section kSections[] = {
    {"gateway", "Gateway"},
    {"broker", "Broker"},
    {"bus", "Bus: gateway, scheduler and worker"},
    {"scheduler", "Scheduler"},
    {"worker", "Worker"},
    {"storage", "Blob endpoint: the gateway process that serves it"},
};

bool of_every_role(const MetricInfo& info) {
  return std::none_of(std::begin(kSections), std::end(kSections), [&](const Section& section) {
    return section.prefix == section_of(info.name);
  });
}

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::latency:
      return "histogram, latency";
    case MetricType::lifetime:
      return "histogram, lifetime";
    case MetricType::amount:
      return "histogram, amount";
  }
  return "";
}

// Seconds, bytes, a ratio, or else a number of what the name says.
std::string_view unit_of(std::string_view name) {
  if (name.ends_with("_total")) name.remove_suffix(6);
  for (const std::string_view unit : {"seconds", "bytes", "ratio"}) {
    if (name.ends_with(unit)) return unit;
  }
  return "";
}

std::string labels_text(std::string_view labels) {
  std::string text;
  while (!labels.empty()) {
    const auto comma = labels.find(',');
    text += (text.empty() ? "`" : ", `") + std::string(labels.substr(0, comma)) + "`";
    labels = comma == std::string_view::npos ? std::string_view{} : labels.substr(comma + 1);
  }
  return text;
}

template <class Belongs>
void append_table(std::string& out, std::string_view title, Belongs&& belongs) {
  out += "\n## " + std::string(title) + "\n\n| Name | Type | Unit | Labels | Meaning |\n";
  out += "|---|---|---|---|---|\n";
  for (const MetricInfo& info : kMetricCatalogue) {
    if (!belongs(info)) continue;
    out += "| `" + std::string(info.name) + "` | " + std::string(to_string(info.type)) + " | " +
           std::string(unit_of(info.name)) + " | " + labels_text(info.labels) + " | " +
           std::string(info.meaning) + " |\n";
  }
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

void Histogram::observe_counts(std::span<const std::uint64_t> counts, double sum) {
  if (histogram_ == nullptr) return;
  histogram_->ObserveMultiple(std::vector<double>(counts.begin(), counts.end()), sum);
}

struct Metrics::Registry {
  prometheus::Registry registry;
  std::mutex mutex;
  std::mutex scrape_mutex;
  std::vector<std::function<void()>> at_scrape;
  std::map<std::string_view, prometheus::Family<prometheus::Counter>*> counters;
  std::map<std::string_view, prometheus::Family<prometheus::Gauge>*> gauges;
  std::map<std::string_view, prometheus::Family<prometheus::Histogram>*> histograms;
  struct LabelledGauge {
    prometheus::Family<prometheus::Gauge>* family = nullptr;
    prometheus::Gauge* gauge = nullptr;
    prometheus::Labels labels;
  };
  std::vector<LabelledGauge> labelled;

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
  watch_process();
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
  auto& family = registry_->family(registry_->gauges, info, prometheus::BuildGauge);
  prometheus::Labels named = label_map(info, labels);
  prometheus::Gauge& gauge = family.Add(named);
  if (!named.empty()) registry_->labelled.push_back({&family, &gauge, std::move(named)});
  return Gauge(&gauge);
}

void Metrics::forget_gauges(std::string_view label, std::string_view value) {
  const std::lock_guard lock(registry_->mutex);
  std::erase_if(registry_->labelled, [&](const Registry::LabelledGauge& one) {
    const auto found = one.labels.find(std::string(label));
    if (found == one.labels.end() || found->second != value) return false;
    one.family->Remove(one.gauge);
    return true;
  });
}

Histogram Metrics::histogram(const MetricInfo& info, LabelValues labels) {
  const auto bounds = buckets_of(info.type);
  WINDLASS_ASSERT(!bounds.empty());
  const std::lock_guard lock(registry_->mutex);
  auto& family = registry_->family(registry_->histograms, info, prometheus::BuildHistogram);
  const prometheus::Histogram::BucketBoundaries buckets(bounds.begin(), bounds.end());
  return Histogram(&family.Add(label_map(info, labels), buckets));
}

void Metrics::at_scrape(std::function<void()> refresh) {
  const std::lock_guard lock(registry_->scrape_mutex);
  registry_->at_scrape.push_back(std::move(refresh));
}

void Metrics::watch_process() {
  gauge(metric::process_start_time).set(start_time_seconds());
  gauge(metric::process_max_fds).set(files_max());
  at_scrape([cpu = counter(metric::process_cpu_seconds),
             resident = gauge(metric::process_resident_memory),
             mapped = gauge(metric::process_virtual_memory),
             files = gauge(metric::process_open_fds), cpu_last = 0.0]() mutable {
    const double cpu_now = processor_seconds();
    cpu.add(cpu_now - std::exchange(cpu_last, cpu_now));
    const Memory memory = memory_in_use();
    resident.set(memory.resident_bytes);
    mapped.set(memory.virtual_bytes);
    files.set(open_files());
  });
}

std::string Metrics::text() const {
  {
    const std::lock_guard lock(registry_->scrape_mutex);
    for (const auto& refresh : registry_->at_scrape) refresh();
  }
  return prometheus::TextSerializer().Serialize(registry_->registry.Collect());
}

std::string metrics_markdown() {
  std::string out;
  append_table(out, "Every role", of_every_role);
  for (const Section& section : kSections) {
    append_table(out, section.title,
                 [&](const MetricInfo& info) { return section_of(info.name) == section.prefix; });
  }
  return out;
}

}  // namespace windlass::runtime
