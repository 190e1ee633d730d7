#include "scheduler/loop.h"

#include "members/place.h"
#include "model/assert.h"
#include "runtime/clock.h"
#include "runtime/folder_lock.h"
#include "runtime/program.h"
#include "scheduler/local_shard_store.h"
#include "scheduler/loop_metrics.h"
#include "scheduler/owned_shard.h"
#include "scheduler/store/shard_marks.h"

#include <poll.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace windlass::scheduler {

namespace {

constexpr Duration kLookInterval = std::chrono::seconds(1);  // at the disk and at shards' marks
constexpr std::size_t kBatchMessagesMax = 20'000;  // inputs of one turn; the rest waits its turn

class Loop {
 public:
  Loop(const Config& config, runtime::Program& program)
      : config_(config),
        program_(program),
        place_(config.join, {.role = PeerKind::scheduler, .key_dir = config.data_dir + "/key"},
               program),
        endpoint_(endpoint_options(config, place_)),
        metrics_(program.metrics),
        configured_(parse_shards(config.shards, static_cast<ShardId>(config.shards_total))) {}

  int run() {
    take_shards(served_shards(config_.data_dir, configured_));
    program_.announce("", {});
    while (!program_.shutdown.requested()) turn();
    part();
    return 0;
  }

 private:
  static bus::EndpointOptions endpoint_options(const Config& config, const members::Place& place) {
    bus::EndpointOptions options;
    options.kind = PeerKind::scheduler;
    options.instance = bus::random_instance();
    options.generation = generation_of(config, place);
    if (!place.joined() && config.brokers.empty())
      throw runtime::ConfigError(
          "--broker is required, or membership of a cluster (--join-token-file)");
    place.equip_bus(options, config.brokers, "--broker");
    return options;
  }

  static ClusterGeneration generation_of(const Config& config, const members::Place& place) {
    return place.joined() ? place.membership().generation
                          : static_cast<ClusterGeneration>(config.generation);
  }

  // Shards may be moved away and brought here while we run (scheduler/store/shard_marks.h).
  void take_shards(const std::vector<ShardId>& served) {
    for (std::size_t i = 0; i < shards_.size();) {
      if (std::binary_search(served.begin(), served.end(), shards_[i]->id()))
        ++i;
      else
        let_go(i);
    }
    for (const ShardId shard : served) {
      const bool open = std::any_of(shards_.begin(), shards_.end(),
                                    [&](const auto& owned) { return owned->id() == shard; });
      if (!open) open_shard(shard);
    }
  }

  void open_shard(ShardId shard) {
    const auto shards_total = static_cast<ShardId>(config_.shards_total);
    StoreOptions store;
    store.folder = shard_folder(config_.data_dir, shard);
    store.shard = shard;
    store.shards_total = shards_total;
    store.generation = generation_of(config_, place_);
    store.sync_delay = std::chrono::milliseconds(config_.sync_delay_ms);
    store.space_reserve_bytes = static_cast<std::uint64_t>(config_.space_reserve_bytes);
    store.journal_bytes_max = static_cast<std::uint64_t>(config_.journal_bytes_max);
    shards_.push_back(std::make_unique<OwnedShard>(
        shard, shards_total, settings_of(config_),
        std::make_unique<LocalShardStore>(std::move(store)), endpoint_));
    shards_.back()->open(runtime::now());
    program_.log.info("shard_opened", {{"shard", shard},
                                       {"jobs", shards_.back()->core().state().jobs.size()},
                                       {"nodes", shards_.back()->core().state().nodes.size()}});
  }

  void let_go(std::size_t index) {
    const ShardId shard = shards_[index]->id();
    shards_[index]->part(runtime::now());
    endpoint_.flush(runtime::mono_now());
    endpoint_.release(shard);
    endpoint_.flush(runtime::mono_now());
    shards_.erase(shards_.begin() + static_cast<std::ptrdiff_t>(index));
    metrics_.forget(shard);
    program_.log.info("shard_moved_away", {{"shard", shard}});
  }

  void turn() {
    look_around();  // between batches
    for (bus::ShardInput& input : endpoint_.poll(runtime::mono_now(), kBatchMessagesMax)) {
      std::visit([this](auto& what) { give(what); }, input);
    }
    for (const auto& shard : shards_) metrics_.count(shard->id(), shard->end_batch(runtime::now()));
    endpoint_.flush(runtime::mono_now());
    tell_readiness();
    place_.refresh();
    wait();
  }

  template <class Input>
  void give(Input& input) {
    for (const auto& shard : shards_) {
      if (shard->id() == input.shard) shard->take(input, runtime::now());
    }
  }

  void look_around() {
    const MonoTime now = runtime::mono_now();
    if (now < look_due_) return;
    look_due_ = now + kLookInterval;
    try {
      take_shards(served_shards(config_.data_dir, configured_));
    } catch (const FolderUnread& error) {  // what is served stays as it was; looked at again soon
      program_.log.warn("marks_not_read", {{"error", error.what()}});
    }
    for (const auto& shard : shards_) shard->watch_space();
    metrics_.show(shards_, endpoint_, runtime::now());
  }

  void tell_readiness() {
    const bool connected = endpoint_.connected();
    if (connected == ready_) return;
    ready_ = connected;
    if (connected) {
      program_.readiness.set_ready();
      program_.log.info("ready");
    } else {
      program_.readiness.set_not_ready("no broker answers");
      program_.log.warn("no_broker_answers");
    }
  }

  void wait() {
    const Now now = runtime::now();
    MonoTime until = look_due_;
    if (const auto at = endpoint_.next_deadline()) until = std::min(until, *at);
    for (const auto& shard : shards_) {
      if (const auto at = shard->next_deadline(now)) until = std::min(until, *at);
    }
    const timespec timeout = runtime::to_timespec(until - now.mono);
    pollfd fds[] = {{endpoint_.fd(), POLLIN, 0}, {program_.shutdown.fd(), POLLIN, 0}};
    ppoll(fds, 2, &timeout, nullptr);
  }

  void part() {
    for (const auto& shard : shards_) shard->part(runtime::now());
    endpoint_.flush(runtime::mono_now());
    for (const auto& shard : shards_) endpoint_.release(shard->id());
    endpoint_.flush(runtime::mono_now());
  }

  const Config& config_;
  runtime::Program& program_;
  members::Place place_;
  bus::ShardEndpoint endpoint_;
  LoopMetrics metrics_;
  const std::vector<ShardId> configured_;
  std::vector<std::unique_ptr<OwnedShard>> shards_;
  MonoTime look_due_;
  bool ready_ = false;
};

}  // namespace

int run(const Config& config, runtime::Program& program) {
  const runtime::FolderLock lock(config.data_dir, "--data-dir");
  return Loop(config, program).run();
}

}  // namespace windlass::scheduler
