// A gateway without HTTP: sends commands by the production's sessions, waits for answers with a
// deadline, and gives up. What is asked comes from outside (workload.h, inspection.h).
#pragma once

#include "bus/peer_endpoint.h"
#include "gateway/core/awaited_answers.h"
#include "simulator/network.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace windlass::simulator {

class ClientProcess final : public Process {
 public:
  // What became of a request: the answer, or nothing when it is not known whether it took effect.
  using Then = std::function<void(const std::optional<Answer>&)>;

  ClientProcess(World& world, Network& network, std::size_t number, std::size_t place);

  // False: it cannot be sent now, and did not take effect.
  bool ask(const std::string& account, ShardId shard, Request request, Then then);
  std::size_t waiting() const { return waiting_.size(); }

 private:
  void boot(Now now) override;
  void turn(Now now) override;
  void die() override;
  std::optional<MonoTime> next_turn(Now now) override;
  void tell_one(std::uint64_t number, const std::optional<Answer>& answer);

  Network& network_;
  std::map<std::uint64_t, Then> waiting_;
  std::uint64_t asked_ = 0;

  std::unique_ptr<bus::PeerEndpoint> endpoint_;
  std::optional<gateway::AwaitedAnswers<std::uint64_t>> awaited_;
};

}  // namespace windlass::simulator
