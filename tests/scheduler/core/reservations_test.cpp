// Making and ending a job whose home and pool are on different shards, over a road that loses and
// repeats messages, with restarts of either side.
#include "scheduler/core/invariants.h"
#include "scheduler/core/shard.h"
#include "tests/support/map_rows.h"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <memory>
#include <random>

using namespace windlass;
using namespace windlass::test;

namespace {

constexpr ShardId kShards = 2;

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
        const bool first = answers_.emplace(reply->origin, reply->answer).second;
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

AddJob a_job(const std::string& id, const std::string& pool) {
  AddJob add;
  add.spec.id = id;
  add.spec.pool_id = pool;
  return add;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_reservations)

BOOST_AUTO_TEST_CASE(home_answers_when_the_target_has_made_the_job) {
  TwoShards shards;
  const std::string job = TwoShards::id_on(0, "j"), pool = TwoShards::id_on(1, "p");
  const Origin origin = shards.ask(0, a_job(job, pool));
  BOOST_TEST(!shards.answered(origin));
  BOOST_TEST(std::holds_alternative<Error>(shards.answer(0, a_job(job, pool))));  // JobExists
  shards.deliver_all();
  BOOST_TEST_REQUIRE(shards.answered(origin));
  BOOST_TEST(std::get<JobMadeAt>(shards.answer_to(origin)).shard == 1);
  BOOST_TEST(std::get<JobFound>(shards.answer(0, FindJob{job})).shard == 1);
  BOOST_TEST(std::holds_alternative<NotHere>(shards.answer(0, GetJob{job, {}})));
  BOOST_TEST(std::holds_alternative<JobRecord>(shards.answer(1, GetJob{job, {}})));
  BOOST_TEST(shards.quiet());
}

BOOST_AUTO_TEST_CASE(an_ended_job_frees_its_id_once) {
  TwoShards shards;
  const std::string job = TwoShards::id_on(0, "j"), pool = TwoShards::id_on(1, "p");
  shards.ask(0, a_job(job, pool));
  shards.deliver_all();
  shards.ask(1, DeleteJob{job, {}});
  shards.pass(std::chrono::milliseconds(1));
  shards.deliver_all();
  BOOST_TEST((std::get<Error>(shards.answer(0, FindJob{job})).code == ErrorCode::job_not_found));
  const Origin again = shards.ask(0, a_job(job, pool));
  shards.deliver_all();
  BOOST_TEST(std::holds_alternative<JobMadeAt>(shards.answer_to(again)));
}

BOOST_AUTO_TEST_CASE(loss_repetition_and_restarts_change_nothing) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 random(seed);
      TwoShards shards;
      std::vector<std::string> jobs, pools;
      for (int i = 0; i < 4; ++i)
        jobs.push_back(
            TwoShards::id_on(static_cast<ShardId>(i % 2), "job" + std::to_string(i) + "-"));
      for (ShardId i = 0; i < 2; ++i) pools.push_back(TwoShards::id_on(i, "pool"));
      for (int step = 0; step < 120; ++step) {
        const std::string& job = jobs[random() % 4];
        const ShardId home = shard_of("a", job, kShards);
        switch (random() % 8) {
          case 0:
          case 1:
            shards.ask(home, a_job(job, pools[random() % 2]));
            break;
          case 2:
            shards.ask(static_cast<ShardId>(random() % 2), DeleteJob{job, {}});
            break;
          case 3:
            shards.restart(static_cast<ShardId>(random() % 2));
            break;
          case 4:
            shards.pass(std::chrono::milliseconds(600));
            break;
          default:
            shards.deliver(static_cast<int>(random() % 3));
            break;
        }
      }
      for (int turn = 0; turn < 100 && !shards.quiet(); ++turn) {
        shards.deliver_all();
        shards.pass(std::chrono::milliseconds(600));
      }
      BOOST_TEST(shards.quiet());
      // Each job is reserved exactly where it is, and nowhere else.
      for (const std::string& job : jobs) {
        const ShardId home = shard_of("a", job, kShards);
        const Reservation* reservation = shards.state(home).find_reservation("a", job);
        int found = 0;
        for (ShardId shard = 0; shard < kShards; ++shard) {
          const scheduler::Job* here = shards.state(shard).find_job("a", job);
          if (here == nullptr) continue;
          ++found;
          BOOST_TEST_REQUIRE(reservation != nullptr);
          BOOST_TEST(reservation->target == shard);
          BOOST_TEST(reservation->incarnation == here->record.incarnation);
        }
        BOOST_TEST(found == (reservation != nullptr ? 1 : 0));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
