#include "simulator/client_process.h"

#include <algorithm>
#include <utility>

namespace windlass::simulator {

namespace {
constexpr Duration kTickMax = std::chrono::milliseconds(100);
}  // namespace

ClientProcess::ClientProcess(World& world, Network& network, std::size_t number, std::size_t place)
    : Process(world, "client-" + std::to_string(number), place), network_(network) {}

void ClientProcess::boot(Now now) {
  bus::EndpointOptions options;
  options.kind = PeerKind::gateway;
  options.instance = world_.random.bits() | 1;
  options.brokers.resize(static_cast<std::size_t>(world_.options.brokers));
  endpoint_ = std::make_unique<bus::PeerEndpoint>(options, network_.open(options.instance, *this));
  const auto shards = static_cast<ShardId>(world_.options.shards);
  awaited_.emplace(shards, now.mono);
  for (ShardId shard = 0; shard < shards; ++shard) endpoint_->open(shard);
}

void ClientProcess::die() {
  endpoint_.reset();
  awaited_.reset();
  for (const auto& [number, then] : std::exchange(waiting_, {})) then(std::nullopt);
}

bool ClientProcess::ask(const std::string& account, ShardId shard, Request request, Then then) {
  if (!running()) return false;
  const auto sequence = endpoint_->send(shard, Command{account, std::move(request)});
  if (!sequence) return false;
  const MonoTime deadline = clock().mono(world_.timeline.now()) + world_.options.client_patience;
  waiting_.emplace(++asked_, std::move(then));
  awaited_->add(shard, *sequence, asked_, deadline);
  wake();
  return true;
}

void ClientProcess::tell_one(std::uint64_t number, const std::optional<Answer>& answer) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;
  const Then then = std::move(found->second);
  waiting_.erase(found);
  then(answer);
}

void ClientProcess::turn(Now now) {
  for (bus::PeerEvent& event : endpoint_->poll(now.mono)) {
    if (auto* answered = std::get_if<bus::Answered>(&event)) {
      for (auto& [sequence, answer] : answered->answers) {
        if (const auto number = awaited_->answered(answered->shard, sequence))
          tell_one(*number, std::move(answer));
      }
    } else if (const auto* lost = std::get_if<bus::SessionLost>(&event)) {
      tell("lost its session with shard " + std::to_string(lost->shard));
      std::vector<std::uint64_t> told = awaited_->lost(lost->shard);
      std::sort(told.begin(), told.end());
      for (const std::uint64_t number : told) tell_one(number, std::nullopt);
    }
  }
  while (const auto expired = awaited_->take_expired(now.mono)) {
    endpoint_->forget(expired->shard, expired->sequence);
    tell_one(expired->to, std::nullopt);
  }
  endpoint_->flush(now.mono);
}

std::optional<MonoTime> ClientProcess::next_turn(Now now) {
  std::optional<MonoTime> next = endpoint_->next_deadline();
  if (!waiting_.empty()) next = std::min(next.value_or(now.mono + kTickMax), now.mono + kTickMax);
  return next;
}

}  // namespace windlass::simulator
