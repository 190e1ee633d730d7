// A real shard core with simulated time and obedient workers: what tests of scheduling rules drive.
// After every input the invariants are checked; restart() throws memory away and recovers from
// rows.
#pragma once

#include "scheduler/core/invariants.h"
#include "scheduler/core/shard.h"
#include "tests/support/map_rows.h"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <memory>

namespace windlass::test {

struct TaskBuilder {
  NewTask task;
  TaskBuilder& id(std::string value) {
    task.id = std::move(value);
    return *this;
  }
  TaskBuilder& requiring_slots(SlotCount slots) {
    task.required_slots = slots;
    return *this;
  }
  TaskBuilder& after(std::vector<std::string> ids) {
    task.depends_on_ids = std::move(ids);
    return *this;
  }
  TaskBuilder& after_numbers(std::int32_t start, std::int32_t end) {
    task.depends_on_ranges.push_back({start, end});
    return *this;
  }
  TaskBuilder& rule(ExitRule rule) {
    task.exit_rules.push_back(rule);
    return *this;
  }
  TaskBuilder& retried(std::int32_t retries) {
    task.retries_max = retries;
    return *this;
  }
};
inline TaskBuilder a_task() {
  return {};
}

class OneShard {
 public:
  static constexpr std::uint64_t kWorker = 77;

  explicit OneShard(scheduler::Settings settings = {}) : settings_(settings) { restart(); }

  // Forgets memory, keeps rows. Workers must connect again.
  void restart() {
    shard_ = std::make_unique<scheduler::Shard>(ShardId{0}, ShardId{1}, settings_);
    shard_->recover(rows_, now_);
    check();
  }

  Answer ask(Request request, std::string account = "acct") {
    const Origin origin{1, ++sequence_};
    scheduler::Effects effects =
        give(scheduler::ClientInput{origin, {std::move(account), std::move(request)}});
    for (const scheduler::Outgoing& out : effects.messages) {
      const auto* reply = std::get_if<scheduler::ToClient>(&out);
      if (reply != nullptr && reply->origin == origin) return *reply->answer;
    }
    BOOST_FAIL("no answer");
    return {};
  }

  scheduler::Effects give(scheduler::Input input) {
    scheduler::Effects effects;
    shard_->handle(input, now_, rows_, effects);
    shard_->end_batch(now_, rows_, effects);
    keep_orders(effects);
    check();
    return effects;
  }
  void say(FromWorker message, std::uint64_t worker = kWorker) {
    give(scheduler::WorkerInput{worker, std::move(message)});
  }

  // Moves the clocks and lets the shard notice.
  void pass(Duration time) {
    now_.wall = now_.wall + time;
    now_.mono = now_.mono + time;
    tick();
  }
  void tick() {
    scheduler::Effects effects;
    shard_->end_batch(now_, rows_, effects);
    keep_orders(effects);
    check();
  }

  void connect_worker(std::int32_t offers = 32, std::uint64_t worker = kWorker) {
    give(scheduler::WorkerConnected{worker, 1000 + worker});
    say(RenewLease{1, 0}, worker);
    say(resync_of(worker), worker);
    say(OffersFree{{{"*", true, offers}}}, worker);
  }
  void renew(std::uint64_t worker = kWorker) { say(RenewLease{2, 0}, worker); }

  // The worker grants every claim that it has been told of, and its nodes become ready.
  void grant_claims() {
    for (auto& [worker, order] : take_orders<ClaimNodes>()) {
      ClaimAnswered answer{order.claim, {}};
      for (std::int32_t i = 0; i < order.count; ++i) {
        const std::string id = "node" + std::to_string(++nodes_made_);
        answer.nodes.push_back({id, 1, "127.0.0.1"});
        held_[worker].push_back({id, order.claim, 1, NodeState::idle});
      }
      say(answer, worker);
      for (const GrantedNode& node : answer.nodes) {
        say(NodeStatus{node.node_id, 1, NodeState::idle, std::nullopt, {}}, worker);
      }
    }
  }

  void make_pool(std::string id, std::int32_t nodes, SlotCount slots = 1,
                 NodeFillType fill = NodeFillType::spread, bool inter_node = false) {
    PoolSpec spec;
    spec.id = std::move(id);
    spec.vm_size = "any";
    spec.target_dedicated_nodes = nodes;
    spec.task_slots_per_node = slots;
    spec.fill_type = fill;
    spec.enable_inter_node_communication = inter_node;
    BOOST_TEST_REQUIRE(std::holds_alternative<Done>(ask(AddPool{spec})));
    grant_claims();
  }
  void make_job(std::string id, std::string pool, JobSpec spec = {}) {
    spec.id = std::move(id);
    spec.pool_id = std::move(pool);
    BOOST_TEST_REQUIRE(std::holds_alternative<JobMadeAt>(ask(AddJob{spec})));
  }
  std::string add(TaskBuilder builder, std::string job = "j") {
    if (builder.task.id.empty()) builder.task.id = "t" + std::to_string(++tasks_made_);
    builder.task.document = "document of " + builder.task.id;
    const Answer answer = ask(AddTasks{job, {builder.task}});
    BOOST_TEST_REQUIRE(std::holds_alternative<TasksAdded>(answer));
    BOOST_TEST_REQUIRE(!std::get<TasksAdded>(answer).outcomes.at(0).error.has_value());
    return builder.task.id;
  }

  TaskRecord task(const std::string& id, std::string job = "j") {
    const Answer answer = ask(GetTask{std::move(job), id, {}});
    BOOST_TEST_REQUIRE(std::holds_alternative<TaskView>(answer), "no task " << id);
    return std::get<TaskView>(answer).record;
  }
  JobRecord job(std::string id = "j") {
    return std::get<JobRecord>(ask(GetJob{std::move(id), {}}));
  }
  PoolView pool(std::string id = "p") {
    return std::get<PoolView>(ask(GetPool{std::move(id), {}}));
  }
  NodeView node(std::string id, std::string pool = "p") {
    return std::get<NodeView>(ask(GetNode{std::move(pool), std::move(id)}));
  }

  // Assignments that workers have been given and not reported, oldest first.
  std::deque<Assignment>& assigned() { return assigned_; }
  Assignment take_assignment(const std::string& task_id) {
    for (auto it = assigned_.begin(); it != assigned_.end(); ++it) {
      if (it->task_id != task_id) continue;
      Assignment found = *it;
      assigned_.erase(it);
      return found;
    }
    BOOST_FAIL("not assigned: " + task_id);
    return {};
  }
  void end(const Assignment& assignment, std::int32_t exit_code = 0,
           AttemptEnd how = AttemptEnd::exited, std::uint64_t worker = kWorker) {
    AttemptEnded report;
    report.id = assignment.id;
    report.end = how;
    report.start_time = now_.wall;
    report.end_time = now_.wall;
    if (how == AttemptEnd::exited) report.exit_code = exit_code;
    say(report, worker);
  }
  void finish(const std::string& task_id, std::int32_t exit_code = 0) {
    end(take_assignment(task_id), exit_code);
  }

  // Orders of one kind given to workers since the last look.
  template <class Order>
  std::vector<std::pair<std::uint64_t, Order>> take_orders() {
    std::vector<std::pair<std::uint64_t, Order>> found;
    std::erase_if(orders_, [&](const scheduler::ToWorkerProcess& order) {
      const auto* wanted = std::get_if<Order>(&order.message);
      if (wanted == nullptr) return false;
      found.emplace_back(order.worker, *wanted);
      return true;
    });
    return found;
  }

  Resync resync_of(std::uint64_t worker) const {
    Resync resync;
    const auto held = held_.find(worker);
    if (held != held_.end()) resync.nodes = held->second;
    return resync;
  }

  const scheduler::State& state() const { return shard_->state(); }
  MapRows& rows() { return rows_; }
  Now now() const { return now_; }
  scheduler::Shard& shard() { return *shard_; }
  std::map<std::uint64_t, std::vector<NodeHeld>>& held() { return held_; }

 private:
  void keep_orders(const scheduler::Effects& effects) {
    for (const scheduler::Outgoing& out : effects.messages) {
      const auto* order = std::get_if<scheduler::ToWorkerProcess>(&out);
      if (order == nullptr) continue;
      if (const auto* assignment = std::get_if<Assignment>(&order->message)) {
        assigned_.push_back(*assignment);
      } else {
        orders_.push_back(*order);
      }
    }
  }
  void check() {
    for (const std::string& sentence : scheduler::broken_invariants(shard_->state(), rows_)) {
      BOOST_ERROR("broken invariant: " + sentence);
    }
  }

  scheduler::Settings settings_;
  MapRows rows_;
  std::unique_ptr<scheduler::Shard> shard_;
  Now now_{WallTime{17'000'000'000'000'000}, MonoTime{1'000'000'000}};
  Sequence sequence_ = 0;
  int nodes_made_ = 0;
  int tasks_made_ = 0;
  std::deque<Assignment> assigned_;
  std::vector<scheduler::ToWorkerProcess> orders_;
  std::map<std::uint64_t, std::vector<NodeHeld>> held_;
};

}  // namespace windlass::test
