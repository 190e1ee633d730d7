// Making and ending a job whose home and pool are on different shards, over a road that loses and
// repeats messages, with restarts of either side.
#include "tests/support/two_shards.h"

#include <random>

using namespace windlass;
using namespace windlass::test;

namespace {

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
