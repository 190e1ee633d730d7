// Two shard cores and a road between them that loses and repeats what it is told to.
#pragma once

#include "scheduler/core/invariants.h"
#include "scheduler/core/shard.h"
#include "tests/support/map_rows.h"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <memory>
#include <utility>
#include <variant>

namespace windlass::test {

inline constexpr ShardId kShards = 2;

class TwoShards {
 public:
  TwoShards() {
    for (ShardId shard = 0; shard < kShards; ++shard) restart(shard);
  }

  void restart(ShardId shard) {
    shards_[shard] = std::make_unique<scheduler::Shard>(shard, kShards, scheduler::Settings{});
    shards_[shard]->recover(rows_[shard], now_);
  }

  // Names that hash to the shard.
  static std::string id_on(ShardId shard, const std::string& prefix) {
    for (int i = 0;; ++i) {
      std::string id = prefix + std::to_string(i);
      if (shard_of("a", id, kShards) == shard) return id;
    }
  }

  Origin ask(ShardId shard, Request request) {
    const Origin origin{1, ++sequence_};
    give(shard, scheduler::ClientInput{origin, {"a", std::move(request)}});
    return origin;
  }
  Answer answer(ShardId shard, Request request) {
    return answers_.at(ask(shard, std::move(request)));
  }
  bool answered(const Origin& origin) const { return answers_.contains(origin); }
  const Answer& answer_to(const Origin& origin) const { return answers_.at(origin); }

  // Delivers one message; `copies` zero loses it, two repeats it.
  bool deliver(int copies = 1) {
    if (road_.empty()) return false;
    const auto [to, message] = road_.front();
    road_.pop_front();
    for (int i = 0; i < copies; ++i) {
      std::visit([&, shard = to](const auto& what) { give(shard, what); }, message);
    }
    return true;
  }
  void deliver_all() {
    while (deliver()) {
    }
  }
  void pass(Duration time) {
    now_.wall = now_.wall + time;
    now_.mono = now_.mono + time;
    for (ShardId shard = 0; shard < kShards; ++shard) {
      scheduler::Effects effects;
      shards_[shard]->end_batch(now_, rows_[shard], effects);
      keep(effects);
    }
  }
  std::size_t on_the_road() const { return road_.size(); }
  bool quiet() const {
    return road_.empty() && shards_[0]->state().outbox.empty() &&
           shards_[1]->state().outbox.empty();
  }
  Now now() const { return now_; }
  const scheduler::State& state(ShardId shard) const { return shards_[shard]->state(); }

 private:
  void give(ShardId shard, scheduler::Input input) {
    scheduler::Effects effects;
    shards_[shard]->handle(input, now_, rows_[shard], effects);
    shards_[shard]->end_batch(now_, rows_[shard], effects);
    keep(effects);
    for (const std::string& sentence :
         scheduler::broken_invariants(shards_[shard]->state(), rows_[shard])) {
      BOOST_ERROR("broken invariant: " + sentence);
    }
  }
  void keep(const scheduler::Effects& effects) {
    for (const scheduler::Outgoing& out : effects.messages) {
      if (const auto* reply = std::get_if<scheduler::ToClient>(&out)) {
        const bool first = answers_.emplace(reply->origin, *reply->answer).second;
        BOOST_TEST(first, "one answer to a command");
      } else if (const auto* to = std::get_if<scheduler::ToShard>(&out)) {
        road_.emplace_back(to->shard, to->message);
      }
    }
  }

  MapRows rows_[kShards];
  std::unique_ptr<scheduler::Shard> shards_[kShards];
  Now now_{WallTime{17'000'000'000'000'000}, MonoTime{1}};
  Sequence sequence_ = 0;
  std::map<Origin, Answer> answers_;
  std::deque<std::pair<ShardId, std::variant<ShardMessage, ShardAcknowledge>>> road_;
};

}  // namespace windlass::test
