#include "client/cli/top/view.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace windlass::cli::top {
namespace {

constexpr double kSlowest = 0.99;

std::string label(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

// What one door counted between two looks. A door that was not there before has counted nothing
// yet: its numbers are of a time that was not watched.
class Between {
 public:
  Between(const Series* before, const Series& now, double seconds)
      : before_(before), now_(now), seconds_(seconds) {
    constexpr const char* kStarted = "process_start_time_seconds";
    restarted_ = before != nullptr && before->sum(kStarted) != now.sum(kStarted);
  }

  double rise_of(const std::string& name, const Labels& labels, double value) const {
    if (before_ == nullptr) return 0;
    if (restarted_) return value;
    const auto& olds = before_->of(name);
    const auto old = olds.find(labels);
    return rise(old == olds.end() ? 0 : old->second, value);
  }

  double per_second(const std::string& name, const Labels& some = {}) const {
    double total = 0;
    for (const auto& [labels, value] : now_.of(name)) {
      const bool meant =
          std::all_of(some.begin(), some.end(), [&, &series = labels](const auto& l) {
            return label(series, l.first.c_str()) == l.second;
          });
      if (meant) total += rise_of(name, labels, value);
    }
    return seconds_ > 0 ? total / seconds_ : 0;
  }

  std::map<double, double> buckets(const std::string& name) const {
    std::map<double, double> rises;
    for (const auto& [labels, value] : now_.of(name)) {
      const std::string le = label(labels, "le");
      const double bound =
          le == "+Inf" ? std::numeric_limits<double>::infinity() : std::strtod(le.c_str(), nullptr);
      rises[bound] += rise_of(name, labels, value);
    }
    return rises;
  }

 private:
  const Series* before_;
  const Series& now_;
  double seconds_;
  bool restarted_ = false;
};

// Adds what is not 0, by a label's values.
void add_by(std::map<std::string, double>& out, const Series& series, const std::string& name,
            const char* by) {
  for (const auto& [labels, value] : series.of(name)) {
    if (value != 0) out[label(labels, by)] += value;
  }
}

std::string role_of(const Series& series) {
  const auto& infos = series.of("windlass_build_info");
  return infos.empty() ? "unknown" : label(infos.begin()->first, "role");
}

void add_shards(View& view, const std::string& door, const Series& series, const Between& between) {
  const auto p99 = quantile(kSlowest, between.buckets("windlass_scheduler_commit_seconds_bucket"));
  for (const auto& [labels, value] : series.of("windlass_scheduler_commits_total")) {
    const std::string number = label(labels, "shard");
    const Labels of_shard{{"shard", number}};
    const auto state = [&](const char* which) {
      return Labels{{"shard", number}, {"state", which}};
    };
    const auto ended = [&](const char* result) {
      return between.per_second("windlass_scheduler_completions_total",
                                {{"shard", number}, {"result", result}});
    };
    ShardView shard;
    shard.shard = number;
    shard.door = door;
    shard.waiting = series.sum("windlass_scheduler_tasks", state("active"));
    shard.running = series.sum("windlass_scheduler_tasks", state("running"));
    shard.slots_used = series.sum("windlass_scheduler_slots", state("used"));
    shard.slots_total = shard.slots_used + series.sum("windlass_scheduler_slots", state("free"));
    shard.started_per_second = between.per_second("windlass_scheduler_assignments_total", of_shard);
    shard.ended_per_second = ended("success") + ended("failure");
    // A shard that stood still is not slow, whatever its neighbours in the process do.
    if (between.per_second("windlass_scheduler_commits_total", of_shard) > 0)
      shard.commit_p99_seconds = p99;
    view.shards.push_back(std::move(shard));
  }
}

void add_door(View& view, const std::string& door, const Series& series, const Between& between) {
  const std::string role = role_of(series);
  ++view.answering[role];
  if (const auto& ready = series.of("windlass_ready"); !ready.empty() && ready.begin()->second == 0)
    view.not_ready[door] = role;
  add_by(view.waiting_for, series, "windlass_scheduler_tasks_waiting", "reason");
  add_by(view.nodes, series, "windlass_scheduler_nodes", "state");
  add_by(view.refused, series, "windlass_broker_peers_refused_total", "reason");
  for (const auto& [labels, value] : series.of("windlass_scheduler_oldest_waiting_seconds"))
    view.oldest_waiting_seconds = std::max(view.oldest_waiting_seconds, value);
  view.added_per_second += between.per_second("windlass_scheduler_tasks_added_total");
  const std::string completions = "windlass_scheduler_completions_total";
  const double failed = between.per_second(completions, {{"result", "failure"}});
  const double over = failed + between.per_second(completions, {{"result", "success"}});
  view.failed_per_second += failed;
  view.again_per_second += between.per_second(completions) - over;
  view.refused_per_second += between.per_second("windlass_broker_peers_refused_total");
  add_shards(view, door, series, between);
}

bool by_number(const ShardView& a, const ShardView& b) {
  const auto number = [](const ShardView& shard) { return std::atoi(shard.shard.c_str()); };
  return number(a) < number(b);
}

}  // namespace

double rise(double before, double now) {
  return now >= before ? now - before : now;
}

std::optional<double> quantile(double p, const std::map<double, double>& rises) {
  if (rises.empty() || rises.rbegin()->second <= 0) return std::nullopt;
  const double wanted = p * rises.rbegin()->second;
  double lower_bound = 0;
  double lower_count = 0;
  for (const auto& [bound, count] : rises) {
    if (count >= wanted) {
      if (bound == std::numeric_limits<double>::infinity()) return lower_bound;
      if (count <= lower_count) return bound;
      return lower_bound + (bound - lower_bound) * (wanted - lower_count) / (count - lower_count);
    }
    lower_bound = bound;
    lower_count = count;
  }
  return lower_bound;
}

View view_of(const Sample& before, const Sample& now) {
  View view;
  view.seconds = now.at_seconds - before.at_seconds;
  for (const auto& [address, door] : now.doors) {
    if (!door.series) {
      view.silent[address] = door.problem;
      continue;
    }
    const auto earlier = before.doors.find(address);
    const Series* old = earlier != before.doors.end() && earlier->second.series
                            ? &*earlier->second.series
                            : nullptr;
    add_door(view, address, *door.series, Between(old, *door.series, view.seconds));
  }
  std::sort(view.shards.begin(), view.shards.end(), by_number);
  for (std::size_t i = 0; i < view.shards.size(); ++i) {
    const ShardView& shard = view.shards[i];
    view.waiting += shard.waiting;
    view.running += shard.running;
    view.slots_used += shard.slots_used;
    view.slots_total += shard.slots_total;
    view.started_per_second += shard.started_per_second;
    view.ended_per_second += shard.ended_per_second;
    if (shard.commit_p99_seconds &&
        (!view.slowest ||
         *shard.commit_p99_seconds > *view.shards[*view.slowest].commit_p99_seconds))
      view.slowest = i;
  }
  return view;
}

}  // namespace windlass::cli::top
