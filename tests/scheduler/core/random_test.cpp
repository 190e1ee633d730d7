// One shard under random inputs: adds, ends, duplicates, late reports, requeues, restarts, lost
// leases. Invariants are checked after each input by OneShard; at the end everything completes.
#include "tests/support/one_shard.h"

#include <random>

using namespace windlass;
using namespace windlass::test;

namespace {

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed) {
    shard_.connect_worker();
    slots_ = pick(1, 4);
    nodes_ = pick(1, 4);
    shard_.make_pool("p", nodes_, slots_, pick(0, 1) ? NodeFillType::pack : NodeFillType::spread,
                     slots_ == 1);
    for (int i = 0; i < 3; ++i) {
      JobSpec spec;
      spec.priority = pick(-1, 1);
      spec.uses_task_dependencies = true;
      spec.parallel_tasks_max = pick(0, 3) == 0 ? pick(1, 3) : -1;
      spec.constraints.task_retries_max = pick(0, 2);
      shard_.make_job(job(i), "p", spec);
    }
  }

  void step() {
    absorb();
    switch (pick(0, 15)) {
      case 0:
      case 1:
      case 2:
      case 3:
        add();
        break;
      case 4:
      case 5:
      case 6:
      case 7:
        end_one(pick(0, 4) == 0 ? 1 : 0);
        break;
      case 8:
        repeat_an_old_report();
        break;
      case 9:
        shard_.ask(TerminateTask{job(pick(0, 2)), task(), {}});
        break;
      case 10:
        shard_.ask(DeleteTask{job(pick(0, 2)), task(), {}});
        break;
      case 11:
        toggle();
        break;
      case 12:
        if (pick(0, 3) == 0) restart();
        break;
      case 13:
        if (pick(0, 9) == 0) lose_lease();
        break;
      case 14:
        toggle_node();
        break;
      case 15:
        shard_.ask(ReactivateTask{job(pick(0, 2)), task(), {}});
        break;
    }
  }

  // No more trouble: everything that can run ends.
  void settle() {
    for (int i = 0; i < 3; ++i) shard_.ask(EnableJob{job(i), {}});
    for (const std::string& node : nodes()) shard_.ask(EnableNodeScheduling{"p", node});
    for (int turn = 0; turn < 3000; ++turn) {
      absorb();
      if (held_.empty() && stopping_.empty()) break;
      end_one(0);
    }
    for (int i = 0; i < 3; ++i) {
      const JobRecord record = shard_.job(job(i));
      BOOST_TEST(record.counts.tasks.running == 0);
      // What is still active waits for a parent that failed, is missing, or waits itself, or is
      // wider than any node.
      const scheduler::Job* job = shard_.state().find_job(record.seq);
      std::size_t stuck = job->dependencies.size();
      job->ready.each([&](TaskSeq, SlotCount slots) {
        if (slots > slots_) ++stuck;
      });
      job->ready_gangs.each([&](TaskSeq, SlotCount instances) {
        if (slots_ > 1 || instances > nodes_) ++stuck;
      });
      BOOST_TEST(record.counts.tasks.active == static_cast<std::int64_t>(stuck));
    }
    BOOST_TEST(shard_.state().lingering.empty());
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  static std::string job(int i) { return "j" + std::to_string(i); }
  std::string task() { return "t" + std::to_string(pick(0, 30)); }

  // The worker's side: what it was told to run and to stop.
  void absorb() {
    for (; !shard_.assigned().empty(); shard_.assigned().pop_front()) {
      const Assignment& assignment = shard_.assigned().front();
      const bool fresh = held_.emplace(assignment.id, assignment).second;
      BOOST_TEST(fresh, "the same attempt was assigned twice");
      // S7: no other attempt of the task lives while this one is given out.
      for (const auto& [id, other] : held_) {
        const bool same = task_of_instance(id.task) == task_of_instance(assignment.id.task);
        BOOST_TEST((!same || id.attempt == assignment.id.attempt),
                   "two attempts of one task at a time");
      }
    }
    for (const auto& [worker, order] : shard_.take_orders<EndAttempt>()) {
      const auto found = held_.find(order.id);
      if (found != held_.end()) stopping_.insert(order.id);
    }
    shard_.take_orders<DeleteTaskFolder>();
    shard_.take_orders<LeaseRenewed>();
  }

  void add() {
    const int which = pick(0, 2);
    NewTask added;
    added.id = task();
    added.required_slots = pick(1, 3);
    if (pick(0, 3) == 0) {
      added.required_slots = 1;
      added.instances = pick(1, 3);
    }
    if (pick(0, 3) == 0) added.depends_on_ids = {task(), task()};
    added.document = "d";
    shard_.ask(AddTasks{job(which), {added}});
  }

  void end_one(int exit_code) {
    if (held_.empty()) return;
    auto found = held_.begin();
    std::advance(found, pick(0, static_cast<int>(held_.size()) - 1));
    const Assignment assignment = found->second;
    const bool stopped = stopping_.erase(assignment.id) != 0;
    held_.erase(found);
    ended_.push_back(assignment);
    shard_.end(assignment, exit_code, stopped ? AttemptEnd::stopped : AttemptEnd::exited);
  }

  void repeat_an_old_report() {
    if (ended_.empty()) return;
    const EventNumber before = shard_.state().counters.events;
    shard_.end(ended_[static_cast<std::size_t>(pick(0, static_cast<int>(ended_.size()) - 1))], 0);
    BOOST_TEST(shard_.state().counters.events == before, "an old report changed something");
  }

  void toggle() {
    const int which = pick(0, 2);
    if (pick(0, 1) == 0) {
      shard_.ask(DisableJob{job(which), {}, static_cast<DisableTasks>(pick(0, 2))});
    } else {
      shard_.ask(EnableJob{job(which), {}});
    }
  }

  std::vector<std::string> nodes() const {
    std::vector<std::string> ids;
    for (const auto& [seq, node] : shard_.state().nodes) ids.push_back(node.record.id);
    return ids;
  }

  void toggle_node() {
    const std::vector<std::string> ids = nodes();
    if (ids.empty()) return;
    const std::string& id =
        ids[static_cast<std::size_t>(pick(0, static_cast<int>(ids.size()) - 1))];
    const auto option = static_cast<NodeDisableSchedulingOption>(pick(0, 2));
    if (pick(0, 2) == 0) {
      shard_.ask(DisableNodeScheduling{"p", id, option});
    } else {
      shard_.ask(EnableNodeScheduling{"p", id});
    }
  }

  void restart() {
    absorb();
    shard_.restart();
    resync(5);
  }

  void resync(InstanceId instance) {
    Resync resync = shard_.resync_of(OneShard::kWorker);
    for (const auto& [id, assignment] : held_) resync.running.push_back(id);
    shard_.give(scheduler::WorkerConnected{OneShard::kWorker, instance});
    shard_.say(resync);
    for (const auto& [worker, answer] : shard_.take_orders<Resynced>()) {
      for (const AttemptId& id : answer.unwanted) {
        held_.erase(id);
        stopping_.erase(id);
      }
    }
    absorb();
  }

  // The worker was away for longer than its lease: it has killed everything.
  void lose_lease() {
    absorb();
    held_.clear();
    stopping_.clear();
    shard_.pass(std::chrono::seconds(40));
    shard_.assigned().clear();
    resync(6);
  }

  std::mt19937_64 random_;
  SlotCount slots_ = 1;
  std::int32_t nodes_ = 1;
  OneShard shard_;
  std::map<AttemptId, Assignment> held_;
  std::set<AttemptId> stopping_;
  std::vector<Assignment> ended_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler_core_random)

BOOST_AUTO_TEST_CASE(invariants_hold_under_random_inputs) {
  const char* given = std::getenv("WINDLASS_SEED");
  const std::uint64_t first = given != nullptr ? std::stoull(given) : 1;
  const std::uint64_t seeds = given != nullptr ? 1 : 60;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    BOOST_TEST_CONTEXT("WINDLASS_SEED=" << seed) {
      Chaos chaos(seed);
      for (int i = 0; i < 250; ++i) chaos.step();
      chaos.settle();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
