// The backend over the bus: both endpoints are polled on the gateway's io_context, so a request
// meets no other thread on its way.
#pragma once

#include "bus/bulk_endpoint.h"
#include "bus/peer_endpoint.h"
#include "gateway/backend.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace windlass::gateway {

struct BusBackendOptions {
  bus::EndpointOptions bus;
  bus::EndpointOptions bulk;
  ShardId shards_total = 2;
  std::size_t outstanding_per_shard_max = 20'000;  // commands without an answer; more: 503
  std::size_t files_outstanding_max = 4'000;       // file requests without a reply; more: 503
  // A shard that cannot be reached for a moment (a restart, a broker that goes) only makes requests
  // wait; after this they are told 503 at once.
  std::chrono::milliseconds away_patience{2'000};
};

class BusBackend final : public Backend {
 public:
  // The io_context must have stopped for good when this is destroyed.
  BusBackend(boost::asio::io_context& io, BusBackendOptions options);
  ~BusBackend() override;
  BusBackend(const BusBackend&) = delete;
  BusBackend& operator=(const BusBackend&) = delete;

  ShardId shards_total() const override;
  void ask(ShardId shard, Command command, MonoTime deadline, Later<Answer>& to) override;
  std::optional<Error> refusal(ShardId shard) const override;
  std::uint64_t ask_files(InstanceId worker, FileRequest request, MonoTime deadline,
                          Later<FileReply>& to) override;
  void forget_files(std::uint64_t number) override;

  // Empty when every shard can be reached and the brokers agree on their number; else what is
  // missing, as a sentence.
  std::string missing() const;
  // Called after each change of what missing() says.
  void on_reach_changed(std::function<void()> callback);

  // Shards that can be reached now; the rest of shards_total() is away.
  std::size_t shards_reachable() const;

  const bus::BusCounters& bus_counters() const;
  bus::BusLoad bus_load() const;
  const bus::BusCounters& bulk_counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::gateway
