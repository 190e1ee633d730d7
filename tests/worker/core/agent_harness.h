// A NodeAgent between simulated shards, files and guard: tests say what happens, the harness keeps
// what was wanted and checks the invariants after each step.
#pragma once

#include "worker/core/node_agent.h"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <set>

namespace windlass::worker {

inline constexpr Duration kLease = std::chrono::seconds(30);

// Documents of tests are command lines; one that starts with "out:" has an output file.
inline std::optional<TaskDocument> decode_test_document(std::string_view bytes) {
  if (bytes == "rotten") return std::nullopt;
  TaskDocument document;
  if (bytes.starts_with("out:")) {
    bytes.remove_prefix(4);
    document.output_files.push_back(
        {"../stdout.txt", "", "http://host/c", {}, UploadCondition::taskcompletion});
  }
  document.command_line = std::string(bytes);
  return document;
}

class AgentHarness {
 public:
  explicit AgentHarness(std::int32_t offers = 4, Executor executor = Executor::process) {
    options.offers = {OfferClass{"*", true, offers}};
    options.executor = executor;
    options.nodes_folder = "/nodes";
    options.account_url = "http://account";
    options.node_addresses = {"10.0.0.1"};
    options.decode_document = decode_test_document;
    options.random = [this] { return ++random_state * 0x9E3779B97F4A7C15ULL; };
    GrantBook book;
    book.worker_id = 7;
    start(std::move(book), SpoolContent{}, "boot-1");
  }

  // As after kill -9: grants and spool are all that is left.
  void restart(const std::string& host_boot_id = "boot-1") {
    now.wall.ticks += 10'000'000;
    now.mono.ticks += 10'000'000;
    auto book = decode_grant_book(saved_grants);
    BOOST_REQUIRE(book.has_value());
    work.clear();
    messages.clear();
    start(std::move(*book), read_spool(spool), host_boot_id);
  }

  void open(ShardId shard = 0, bool resumed = false, ShardEpoch epoch = 1) {
    agent->session_opened(shard, epoch, resumed, now, effects);
    step();
  }
  // Answers the oldest renewal as a shard does.
  void lease(ShardId shard = 0, Duration length = kLease) {
    say(shard, LeaseRenewed{now.mono.ticks, length});
  }
  void say(ShardId shard, const ToWorker& message) {
    agent->handle(shard, message, now, effects);
    step();
  }
  void advance(Duration by) {
    now.wall = now.wall + by;
    now.mono = now.mono + by;
    agent->tick(now, effects);
    step();
  }
  // Applies the effects of what a test called by itself.
  void step() {
    agent->finish_turn(effects);
    if (effects.grants_changed) saved_grants = encode_grant_book(agent->book());
    spool += effects.spool;
    for (Work& w : effects.work) work.push_back(std::move(w));
    for (Outgoing& m : effects.messages) messages.push_back(std::move(m));
    effects.clear();
    agent->check_invariants();
  }

  template <class T>
  std::vector<T> take_work() {
    std::vector<T> found;
    for (auto it = work.begin(); it != work.end();) {
      if (auto* w = std::get_if<T>(&*it)) {
        found.push_back(std::move(*w));
        it = work.erase(it);
      } else {
        ++it;
      }
    }
    return found;
  }
  template <class T>
  T one_work() {
    auto found = take_work<T>();
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    return std::move(found.front());
  }
  template <class T>
  std::vector<T> take_said(ShardId shard = 0) {
    std::vector<T> found;
    for (auto it = messages.begin(); it != messages.end();) {
      auto* m = std::get_if<T>(&it->message);
      if (m != nullptr && it->shard == shard) {
        found.push_back(std::move(*m));
        it = messages.erase(it);
      } else {
        ++it;
      }
    }
    return found;
  }
  template <class T>
  T one_said(ShardId shard = 0) {
    auto found = take_said<T>(shard);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    return std::move(found.front());
  }

  // A node that is ready: claimed, made, leased, without a start task.
  std::string ready_node(SlotCount slots = 2, ShardId shard = 0) {
    const ClaimId claim = ++claims;
    say(shard, ClaimNodes{claim, "small", 1, plan(slots)});
    const auto answer = one_said<ClaimAnswered>(shard);
    BOOST_REQUIRE_EQUAL(answer.nodes.size(), 1u);
    const std::string id = answer.nodes[0].node_id;
    take_work<MakeNode>();
    agent->node_made(id, std::nullopt, now, effects);
    step();
    lease(shard);
    take_said<NodeStatus>(shard);
    return id;
  }
  static NodePlan plan(SlotCount slots = 2) {
    return {"account", "pool", slots, true, std::nullopt};
  }

  Assignment assignment(const std::string& node, TaskSeq task, AttemptNumber attempt = 1,
                        std::string document = "/bin/true", ShardId shard = 0) const {
    Assignment a;
    a.id = {shard, {1, task}, attempt};
    a.account = "account";
    a.job_id = "job";
    a.task_id = "t" + std::to_string(task);
    a.node_id = node;
    a.node_boot = 1;
    a.document = std::move(document);
    return a;
  }

  void staged(RunId run, std::optional<FailureInfo> failure = std::nullopt) {
    agent->staged_in(run, std::move(failure), now, effects);
    step();
  }
  void ended(RunId run, std::int32_t code, StopCause cause = StopCause::none) {
    agent->process_ended(run, ProcessEnd{cause, code, now.wall, {}}, now, effects);
    step();
  }
  // Through staging; returns the run.
  RunId run_of(const Assignment& a) {
    say(a.id.shard, a);
    const RunId run = one_work<StageIn>().run;
    staged(run);
    one_work<StartProcess>();
    return run;
  }

  AgentOptions options;
  std::uint64_t random_state = 0;
  ClaimId claims = 100;
  Now now{WallTime{1'000'000'000'000}, MonoTime{5'000'000'000}};
  std::optional<NodeAgent> agent;
  Effects effects;
  std::string saved_grants;
  std::string spool;
  std::deque<Work> work;
  std::deque<Outgoing> messages;

 private:
  void start(GrantBook book, SpoolContent content, const std::string& host_boot_id) {
    agent.emplace(options, std::move(book), std::move(content), host_boot_id, now);
    agent->start(now, effects);
    step();
  }
};

}  // namespace windlass::worker
