// Pools that are made with a job and go with it.
#include "tests/support/one_shard.h"

#include <set>

using namespace windlass;
using namespace windlass::test;
using namespace std::chrono_literals;

namespace {

JobSpec auto_job(const std::string& id, std::int32_t nodes = 1, bool keep_alive = false) {
  JobSpec spec;
  spec.id = id;
  spec.auto_pool = AutoPoolSpec{"mine", PoolLifetime::job, keep_alive, PoolSpec{}};
  spec.auto_pool->pool->vm_size = "any";
  spec.auto_pool->pool->target_dedicated_nodes = nodes;
  return spec;
}

std::string make(OneShard& shard, const JobSpec& spec) {
  BOOST_TEST_REQUIRE(std::holds_alternative<JobMadeAt>(shard.ask(AddJob{spec})));
  shard.grant_claims();
  return shard.job(spec.id).spec.pool_id;
}

bool has_pool(OneShard& shard, const std::string& id) {
  return std::holds_alternative<PoolView>(shard.ask(GetPool{id, {}}));
}

// Its nodes are given back, as their worker does when it is told.
void let_nodes_go(OneShard& shard) {
  for (auto& [worker, order] : shard.take_orders<ReturnNode>()) {
    std::erase_if(shard.held()[worker],
                  [&](const NodeHeld& node) { return node.node_id == order.node_id; });
    shard.say(NodeReturned{order.node_id}, worker);
  }
}

ErrorCode refused(OneShard& shard, const std::string& job, const JobChange& change) {
  const Answer answer = shard.ask(ChangeJob{job, {}, change, false});
  BOOST_TEST_REQUIRE(std::holds_alternative<Error>(answer));
  return std::get<Error>(answer).code;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_auto_pools)

BOOST_AUTO_TEST_CASE(a_job_gets_a_pool_and_takes_it_along) {
  OneShard shard;
  shard.connect_worker();
  const std::string pool = make(shard, auto_job("j", 2));
  BOOST_TEST(pool.starts_with("mine_"));
  BOOST_TEST(pool.size() == std::string("mine_").size() + 36);
  BOOST_TEST(shard.pool(pool).current_dedicated_nodes == 2);
  const std::string task = shard.add(a_task());
  shard.finish(task);
  shard.ask(TerminateJob{"j", {}, "enough"});
  BOOST_TEST((shard.job().state == JobState::completed));
  // What was written can still be read for a while, also after a restart.
  shard.restart();
  shard.connect_worker();
  BOOST_TEST((shard.pool(pool).record.state == PoolState::active));
  shard.pass(scheduler::Settings{}.auto_pool_grace);
  BOOST_TEST((shard.pool(pool).record.state == PoolState::deleting));
  let_nodes_go(shard);
  BOOST_TEST(!has_pool(shard, pool));
  BOOST_TEST(shard.job().spec.pool_id == pool);
}

BOOST_AUTO_TEST_CASE(a_deleted_job_takes_its_pool_along_at_once) {
  OneShard shard;
  shard.connect_worker();
  const std::string pool = make(shard, auto_job("j"));
  const std::string task = shard.add(a_task());
  const Assignment running = shard.take_assignment(task);
  shard.ask(DeleteJob{"j", {}});
  BOOST_TEST((shard.pool(pool).record.state == PoolState::active), "a task of it still runs");
  shard.end(running);
  shard.tick();
  BOOST_TEST((shard.pool(pool).record.state == PoolState::deleting));
  let_nodes_go(shard);
  BOOST_TEST(!has_pool(shard, pool));
}

BOOST_AUTO_TEST_CASE(a_completed_job_that_is_deleted_does_not_wait) {
  OneShard shard;
  shard.connect_worker();
  const std::string pool = make(shard, auto_job("j", 0));
  shard.ask(TerminateJob{"j", {}, ""});
  BOOST_TEST(has_pool(shard, pool));
  shard.ask(DeleteJob{"j", {}});
  shard.tick();
  BOOST_TEST(!has_pool(shard, pool));
}

BOOST_AUTO_TEST_CASE(a_pool_that_is_kept_alive_stays) {
  OneShard shard;
  shard.connect_worker();
  const std::string pool = make(shard, auto_job("j", 1, true));
  shard.ask(TerminateJob{"j", {}, ""});
  shard.pass(1h);
  BOOST_TEST((shard.pool(pool).record.state == PoolState::active));
  shard.ask(DeleteJob{"j", {}});
  shard.pass(1h);
  BOOST_TEST((shard.pool(pool).record.state == PoolState::active));
}

BOOST_AUTO_TEST_CASE(a_pool_may_be_gone_before_its_job) {
  OneShard shard;
  shard.connect_worker();
  const std::string pool = make(shard, auto_job("j"));
  shard.ask(DeletePool{pool, {}});
  let_nodes_go(shard);
  BOOST_TEST(!has_pool(shard, pool));
  shard.ask(TerminateJob{"j", {}, ""});
  shard.pass(1h);
  BOOST_TEST((shard.job().state == JobState::completed));
}

BOOST_AUTO_TEST_CASE(each_job_has_a_pool_of_its_own) {
  OneShard shard;
  std::set<std::string> pools;
  for (int i = 0; i < 20; ++i) pools.insert(make(shard, auto_job("j" + std::to_string(i), 0)));
  BOOST_TEST(pools.size() == 20u);
  // Also under the same job id, much later.
  shard.ask(DeleteJob{"j3", {}});
  shard.tick();
  pools.insert(make(shard, auto_job("j3", 0)));
  BOOST_TEST(pools.size() == 21u);
  JobSpec nameless = auto_job("n", 0);
  nameless.auto_pool->id_prefix.clear();
  BOOST_TEST(make(shard, nameless).size() == 36u);
}

BOOST_AUTO_TEST_CASE(only_keep_alive_can_be_changed) {
  OneShard shard;
  shard.connect_worker();
  const JobSpec spec = auto_job("j");
  const std::string pool = make(shard, spec);
  shard.make_job("plain", "p");
  JobChange change;
  change.auto_pool = spec.auto_pool;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(ChangeJob{"j", {}, change, true})));
  BOOST_TEST((refused(shard, "plain", change) == ErrorCode::invalid_property_value));
  change.auto_pool->pool->target_dedicated_nodes = 7;
  BOOST_TEST((refused(shard, "j", change) == ErrorCode::invalid_property_value));
  change.auto_pool->pool.reset();
  change.auto_pool->id_prefix = "other";
  BOOST_TEST((refused(shard, "j", change) == ErrorCode::invalid_property_value));
  change.auto_pool->id_prefix.clear();
  change.auto_pool->lifetime = PoolLifetime::jobschedule;
  BOOST_TEST((refused(shard, "j", change) == ErrorCode::invalid_property_value));
  JobChange moves;
  moves.pool_id = "elsewhere";
  BOOST_TEST((refused(shard, "j", moves) == ErrorCode::invalid_property_value));

  change.auto_pool->lifetime = PoolLifetime::job;
  change.auto_pool->keep_alive = true;
  BOOST_TEST(std::holds_alternative<Done>(shard.ask(ChangeJob{"j", {}, change, false})));
  BOOST_TEST(shard.job().spec.auto_pool->keep_alive);
  BOOST_TEST(shard.job().spec.auto_pool->id_prefix == "mine");
  shard.ask(TerminateJob{"j", {}, ""});
  shard.pass(1h);
  BOOST_TEST((shard.pool(pool).record.state == PoolState::active));
}

BOOST_AUTO_TEST_SUITE_END()
