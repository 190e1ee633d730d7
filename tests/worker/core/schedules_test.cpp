// Random schedules under a seed: shards that assign, end, delete and return, files and a guard that
// answer in any order, lost leases, kills of the worker and of the guard. After each step the
// invariants hold; in the end each assignment had its one report (told again where sessions broke),
// and every process that was started was forgotten.
#include "tests/worker/core/agent_harness.h"

#include <random>

namespace windlass::worker {
namespace {

class Schedule {
 public:
  explicit Schedule(unsigned seed) : random_(seed), h_(3) {
    h_.open(0);
    h_.open(1);
    take_in();
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      one_step();
      take_in();
    }
    settle();
    for (const auto& [id, assignment] : assigned_) {
      BOOST_TEST_CONTEXT("task " << id.task.task << " attempt " << id.attempt) {
        BOOST_TEST(!reports_[id].empty());
        // Whoever asks for the end of what was reported and forgotten hears "lost"; the shard
        // knows.
        for (std::size_t i = 1; i < reports_[id].size(); ++i)
          BOOST_TEST((reports_[id][i].end == AttemptEnd::lost));
      }
    }
    BOOST_TEST(h_.agent->idle());
    BOOST_TEST(guard_.empty());
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  template <class Container>
  auto any(Container& from) {
    auto it = from.begin();
    std::advance(it, below(static_cast<unsigned>(from.size())));
    return it;
  }

  void one_step() {
    switch (below(14)) {
      case 0:
        claim();
        break;
      case 1:
      case 2:
      case 3:
      case 4:
        assign();
        break;
      case 5:
        if (!assigned_.empty()) {
          const AttemptId id = any(assigned_)->first;
          h_.say(id.shard, EndAttempt{id, below(2) == 0});
        }
        break;
      case 6:
        if (below(6) == 0 && !nodes_.empty()) {
          const auto node = any(nodes_);
          h_.say(node->second.first, ReturnNode{node->first});
          nodes_.erase(node);
        } else if (!nodes_.empty()) {
          const auto node = any(nodes_);
          h_.say(node->second.first,
                 BeginRestart{node->first, 1 + below(3), static_cast<NodeRestart>(below(4)),
                              below(3) == 0, AgentHarness::plan()});
        }
        break;
      case 7:
        h_.advance(std::chrono::seconds(below(12)));
        break;
      case 8:
        if (below(10) == 0) kill_worker();
        break;
      case 9:
        if (below(10) == 0) kill_guard();
        break;
      case 10:
        if (below(5) == 0) {
          const auto shard = static_cast<ShardId>(below(2));
          const bool resumed = below(2) == 0;
          if (!resumed) h_.agent->session_lost(shard);
          h_.open(shard, resumed);
        }
        break;
      default:
        answer_one();
    }
    if (below(4) == 0) h_.lease(static_cast<ShardId>(below(2)));
  }

  void claim() {
    const auto shard = static_cast<ShardId>(below(2));
    NodePlan plan = AgentHarness::plan(static_cast<SlotCount>(1 + below(4)));
    if (below(3) == 0)
      plan.start_task = StartTask{
          "/bin/x", {}, {}, std::nullopt, static_cast<std::int32_t>(below(2)), below(2) == 0};
    h_.say(shard, ClaimNodes{++claims_, "x", 1, plan});
  }

  void assign() {
    if (nodes_.empty()) return;
    const auto node = any(nodes_);
    static const char* const kDocuments[] = {"/bin/true", "out:/bin/true", "'bad", "rotten"};
    Assignment a =
        h_.assignment(node->first, ++tasks_, 1, kDocuments[below(8) < 6 ? below(2) : below(4)],
                      node->second.first);
    a.node_boot = 1 + below(2);  // an old one now and then
    a.required_slots = static_cast<SlotCount>(1 + below(3));
    if (below(3) == 0) a.max_wall_clock_time = std::chrono::seconds(below(20));
    assigned_.emplace(a.id, a);
    h_.say(a.id.shard, a);
    if (below(5) == 0) h_.say(a.id.shard, a);
  }

  // Moves what the agent wants and says to where it goes.
  void take_in() {
    for (Work& w : std::exchange(h_.work, {})) {
      if (auto* start = std::get_if<StartProcess>(&w)) {
        BOOST_TEST(!guard_.contains(start->run));
        guard_[start->run] = true;
      } else if (std::get_if<ForgetProcess>(&w) != nullptr) {
        guard_.erase(std::get<ForgetProcess>(w).run);
      } else if (auto* stop = std::get_if<StopProcess>(&w)) {
        if (guard_.contains(stop->run)) stopping_.insert(stop->run);
      } else if (auto* stage = std::get_if<StageIn>(&w)) {
        staging_.insert(stage->run);
      } else if (auto* upload = std::get_if<UploadOutputs>(&w)) {
        uploading_.insert(upload->run);
      } else if (auto* make = std::get_if<MakeNode>(&w)) {
        making_.insert(make->node_id);
      } else if (auto* wipe = std::get_if<WipeNode>(&w)) {
        wiping_.insert(wipe->node_id);
      }
    }
    for (Outgoing& m : std::exchange(h_.messages, {})) {
      if (auto* report = std::get_if<AttemptEnded>(&m.message)) {
        auto& known = reports_[report->id];
        if (std::find(known.begin(), known.end(), *report) == known.end()) known.push_back(*report);
        if (below(2) == 0) {
          h_.agent->report_acknowledged(report->id, h_.effects);
          h_.step();
        }
      } else if (auto* answer = std::get_if<ClaimAnswered>(&m.message)) {
        for (const GrantedNode& node : answer->nodes) nodes_[node.node_id] = {m.shard, node.boot};
      } else if (auto* sync = std::get_if<Resync>(&m.message)) {
        resynced(m.shard, *sync);
      }
    }
  }

  // As the shard: what is neither running nor unreported nor recorded is over.
  void resynced(ShardId shard, const Resync& sync) {
    for (const auto& [id, assignment] : assigned_) {
      const auto has = [&id = id](const std::vector<AttemptId>& list) {
        return std::find(list.begin(), list.end(), id) != list.end();
      };
      if (id.shard != shard || has(sync.running) || has(sync.unreported)) continue;
      AttemptEnded gone;
      gone.id = id;
      if (reports_[id].empty()) reports_[id].push_back(gone);
    }
  }

  void answer_one() {
    const unsigned kind = below(5);
    if (kind == 0 && !staging_.empty()) {
      const RunId run = staging_.extract(any(staging_)).value();
      std::optional<FailureInfo> failure;
      if (below(6) == 0) failure = FailureInfo{ErrorCategory::usererror, "BlobNotFound", "", {}};
      if (below(12) == 0) {
        h_.agent->staging_refused(run, h_.now, h_.effects);
        return h_.step();
      }
      h_.staged(run, failure);
    } else if (kind == 1 && !uploading_.empty()) {
      const RunId run = uploading_.extract(any(uploading_)).value();
      h_.agent->uploaded(run, std::nullopt, h_.now, h_.effects);
      h_.step();
    } else if (kind == 2 && !making_.empty()) {
      const std::string node = making_.extract(any(making_)).value();
      h_.agent->node_made(node, std::nullopt, h_.now, h_.effects);
      h_.step();
    } else if (kind == 3 && !wiping_.empty()) {
      const std::string node = wiping_.extract(any(wiping_)).value();
      h_.agent->node_wiped(node, h_.now, h_.effects);
      h_.step();
    } else if (kind == 4 && !guard_.empty()) {
      end_process(any(guard_)->first);
    }
  }

  void end_process(RunId run) {
    const bool stopped = stopping_.erase(run) != 0;
    guard_[run] = false;
    h_.ended(run, stopped ? 137 : static_cast<std::int32_t>(below(2)),
             stopped ? StopCause::lost : StopCause::none);
    if (below(5) == 0) h_.ended(run, 0);
  }

  void kill_worker() {
    staging_.clear();
    uploading_.clear();
    making_.clear();
    wiping_.clear();
    h_.restart();
    std::set<RunId> known;
    for (const auto& [run, alive] : guard_) known.insert(run);
    h_.agent->guard_found(known, h_.now, h_.effects);
    h_.step();
    for (const auto& [run, alive] : std::map(guard_)) {
      if (!alive) h_.ended(run, 0);
    }
    take_in();
    h_.open(0);
    h_.open(1);
  }

  void kill_guard() {
    for (const auto& [run, alive] : std::map(guard_)) h_.ended(run, 0, StopCause::lost);
    stopping_.clear();
  }

  void settle() {
    for (int i = 0; i < 2000; ++i) {
      take_in();
      if (staging_.empty() && uploading_.empty() && making_.empty() && wiping_.empty() &&
          guard_.empty() && h_.agent->idle()) {
        break;
      }
      h_.lease(0);
      h_.lease(1);
      take_in();
      answer_one();
      h_.advance(std::chrono::milliseconds(10));  // rests come to their end
    }
    h_.open(0);
    h_.open(1);
    take_in();
  }

  std::mt19937 random_;
  AgentHarness h_;
  ClaimId claims_ = 0;
  TaskSeq tasks_ = 0;
  std::map<std::string, std::pair<ShardId, std::uint64_t>> nodes_;
  std::map<AttemptId, Assignment> assigned_;
  std::map<AttemptId, std::vector<AttemptEnded>> reports_;
  std::map<RunId, bool> guard_;  // alive, or ended and not forgotten
  std::set<RunId> stopping_;
  std::set<RunId> staging_;
  std::set<RunId> uploading_;
  std::set<std::string> making_;
  std::set<std::string> wiping_;
};

BOOST_AUTO_TEST_SUITE(worker_core_schedules)

BOOST_AUTO_TEST_CASE(each_assignment_ends_with_one_report) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Schedule(seed).run(400);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::worker
