// What the bus endpoints of a process have counted, as metrics. The endpoints count for themselves
// (bus::BusCounters, bus::BusLoad), and this room does not know theirs: hence the templates.
#pragma once

#include "runtime/metrics.h"

#include <optional>
#include <string_view>
#include <vector>

namespace windlass::runtime {

class BusMetrics {
 public:
  // `kind_name` is the label of the kind of frame with this number.
  using KindName = std::string_view (*)(std::size_t kind);
  BusMetrics(Metrics& metrics, KindName kind_name);

  // Numbers that only rise, of one endpoint. A process with two has a BusMetrics for each.
  template <class BusCounters>
  void count(const BusCounters& now) {
    sent_.reach(now.frames_sent);
    received_.reach(now.frames_received);
    retransmissions_.reach(now.retransmissions);
    duplicates_.reach(now.duplicates);
    malformed_.reach(now.malformed);
    fenced_.reach(now.refused);
    unsendable_.reach(now.unsendable);
    undeliverable_.reach(now.undeliverable);
  }

  // How full the sessions are. The bulk road has none.
  template <class BusLoad>
  void show(const BusLoad& load) {
    sessions_.set(static_cast<double>(load.sessions));
    unacknowledged_.set(static_cast<double>(load.unacknowledged));
    credit_used_.set(load.credit_used);
  }

 private:
  // A series is made with the first frame of its kind: most roles never meet most kinds.
  class ByKind {
   public:
    ByKind(Metrics& metrics, const MetricInfo& info, KindName name)
        : metrics_(metrics), info_(info), name_(name) {}
    template <class Counts>
    void reach(const Counts& now) {
      series_.resize(now.size());
      for (std::size_t kind = 0; kind < now.size(); ++kind) {
        if (now[kind] == 0) continue;
        if (!series_[kind]) series_[kind].emplace(metrics_.counter(info_, {name_(kind)}));
        series_[kind]->reach(now[kind]);
      }
    }

   private:
    Metrics& metrics_;
    const MetricInfo& info_;
    KindName name_;
    std::vector<std::optional<RisingCounter>> series_;
  };

  ByKind sent_;
  ByKind received_;
  RisingCounter retransmissions_;
  RisingCounter duplicates_;
  RisingCounter malformed_;
  RisingCounter fenced_;
  RisingCounter unsendable_;
  RisingCounter undeliverable_;
  Gauge sessions_;
  Gauge unacknowledged_;
  Gauge credit_used_;
};

}  // namespace windlass::runtime
