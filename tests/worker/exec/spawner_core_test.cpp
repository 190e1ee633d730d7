// The spawner's decisions, with simulated processes and time.
#include "tests/worker/exec/spawner_core_bench.h"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace windlass;
using namespace windlass::worker::exec;
using namespace windlass::worker::exec::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(worker_exec_spawner_core)

BOOST_AUTO_TEST_CASE(a_short_task_needs_no_timer_and_no_signal) {
  Bench bench;
  BOOST_TEST(bench.start(kA));
  BOOST_TEST(!bench.core.next_deadline().has_value());
  bench.leader_ends(kA, 3);
  const auto end = bench.ended(kA);
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST(end->exit_code == 3);
  BOOST_TEST((end->reason == EndReason::exited));
  BOOST_TEST(bench.signals.empty());
  BOOST_TEST(!bench.core.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(an_end_is_kept_until_it_is_acknowledged) {
  Bench bench;
  bench.start(kA);
  BOOST_TEST(bench.welcome().running.size() == 1U);
  bench.leader_ends(kA, 0);
  bench.core.worker_gone(bench.now());
  bench.core.worker_connected();
  bench.replies.clear();
  const Welcome welcome = bench.welcome();
  BOOST_TEST(welcome.running.empty());
  BOOST_TEST((welcome.unacknowledged == std::vector<AttemptKey>{kA}));
  BOOST_TEST(bench.ended(kA).has_value());
  bench.core.acknowledge({.key = kA});
  BOOST_TEST(bench.welcome().unacknowledged.empty());
  BOOST_TEST(bench.core.attempts_unacknowledged() == 0U);
}

BOOST_AUTO_TEST_CASE(a_running_attempt_cannot_be_acknowledged_away) {
  Bench bench;
  bench.start(kA);
  bench.core.acknowledge({.key = kA});
  BOOST_TEST(bench.core.attempts_running() == 1U);
}

BOOST_AUTO_TEST_CASE(a_known_attempt_is_never_started_again) {
  Bench bench;
  BOOST_TEST(bench.start(kA));
  BOOST_TEST(!bench.start(kA));
  BOOST_TEST(bench.replies.size() == 2U);  // started, and said again
  bench.leader_ends(kA, 0);
  BOOST_TEST(!bench.start(kA));
  BOOST_TEST(std::holds_alternative<Ended>(bench.replies.back()));
}

BOOST_AUTO_TEST_CASE(what_is_left_behind_is_killed_at_once_and_waited_for) {
  Bench bench;
  bench.start(kA);
  bench.left_behind[kA] = 2;
  bench.kills_work = false;
  bench.leader_ends(kA, 0);
  BOOST_TEST((bench.signals == std::vector<Action>{kill_all(kA)}));
  BOOST_TEST(!bench.ended(kA).has_value());
  bench.pass(10s);
  BOOST_TEST(!bench.ended(kA).has_value());
  BOOST_TEST(bench.signals.size() > 20U);   // it goes on trying
  BOOST_TEST(bench.signals.size() < 200U);  // without haste
  bench.kills_work = true;
  bench.pass(1s);
  BOOST_REQUIRE(bench.ended(kA).has_value());
  BOOST_TEST((bench.ended(kA)->reason == EndReason::exited));
}

BOOST_AUTO_TEST_CASE(a_reaped_orphan_ends_the_wait_early) {
  Bench bench;
  bench.start(kA);
  bench.left_behind[kA] = 1;
  bench.leader_ends(kA, 0);  // the kill works, but the process is not reaped yet
  BOOST_TEST(!bench.ended(kA).has_value());
  Effects effects;
  bench.core.orphan_reaped(effects);
  bench.carry_out(effects);
  BOOST_TEST(bench.ended(kA).has_value());
}

BOOST_AUTO_TEST_CASE(a_kill_is_a_request_then_an_order) {
  Bench bench;
  bench.start(kA);
  bench.kill(kA, 15s);
  BOOST_TEST((bench.signals == std::vector<Action>{terminate(kA)}));
  bench.pass(14s);
  BOOST_TEST(bench.signals.size() == 1U);
  bench.pass(1s);
  BOOST_TEST((bench.signals.back() == kill_all(kA)));
  bench.leader_ends(kA, 137, 9);
  BOOST_REQUIRE(bench.ended(kA).has_value());
  BOOST_TEST((bench.ended(kA)->reason == EndReason::killed));
  BOOST_TEST(bench.ended(kA)->exit_code == 137);
}

BOOST_AUTO_TEST_CASE(without_grace_there_is_no_request) {
  Bench bench;
  bench.start(kA);
  bench.kill(kA, 0s);
  BOOST_TEST((bench.signals == std::vector<Action>{kill_all(kA)}));
}

BOOST_AUTO_TEST_CASE(a_second_kill_shortens_the_grace_and_never_lengthens_it) {
  Bench bench;
  bench.start(kA);
  bench.kill(kA, 15s);
  bench.kill(kA, 60s);
  bench.kill(kA, 2s);
  BOOST_TEST(bench.signals.size() == 1U);
  bench.pass(2s);
  BOOST_TEST((bench.signals.back() == kill_all(kA)));
}

BOOST_AUTO_TEST_CASE(the_rest_of_a_terminated_group_keeps_the_grace) {
  Bench bench;
  bench.start(kA);
  bench.left_behind[kA] = 1;
  bench.kill(kA, 15s);
  bench.leader_ends(kA, 143, 15);  // a shell dies of SIGTERM while its child still cleans up
  bench.pass(10s);
  BOOST_TEST((bench.signals == std::vector<Action>{terminate(kA)}));
  BOOST_TEST(!bench.ended(kA).has_value());
  bench.left_behind[kA] = 0;
  bench.pass(1s);
  BOOST_REQUIRE(bench.ended(kA).has_value());
  BOOST_TEST(bench.ended(kA)->exit_code == 143);
}

BOOST_AUTO_TEST_CASE(the_wall_clock_runs_from_the_start_and_grants_its_grace) {
  Bench bench;
  bench.start(StartRequest{
      .key = kA, .node = "n1", .arguments = {"x"}, .wall_clock_max = 60s, .grace = 5s});
  bench.pass(59s);
  BOOST_TEST(bench.signals.empty());
  bench.pass(1s);
  BOOST_TEST((bench.signals == std::vector<Action>{terminate(kA)}));
  bench.pass(5s);
  BOOST_TEST((bench.signals.back() == kill_all(kA)));
  bench.leader_ends(kA, 137, 9);
  BOOST_TEST((bench.ended(kA)->reason == EndReason::wall_clock));
}

BOOST_AUTO_TEST_CASE(a_process_that_obeys_the_wall_clock_keeps_its_exit_code) {
  Bench bench;
  bench.start(StartRequest{.key = kA, .node = "n1", .arguments = {"x"}, .wall_clock_max = 60s});
  bench.pass(60s);
  bench.leader_ends(kA, 0);
  BOOST_TEST((bench.ended(kA)->reason == EndReason::wall_clock));
  BOOST_TEST(bench.ended(kA)->exit_code == 0);
}

BOOST_AUTO_TEST_CASE(a_lease_ends_all_attempts_of_its_node_and_of_no_other) {
  Bench bench;
  bench.lease("n1", bench.mono + 30s);
  bench.lease("n2", bench.mono + 60s);
  bench.start(kA, "n1");
  bench.start(kB, "n2");
  bench.core.worker_gone(bench.now());  // frozen or dead makes no difference
  bench.pass(30s);
  BOOST_TEST((bench.signals == std::vector<Action>{kill_all(kA)}));
  bench.leader_ends(kA, 137, 9);
  BOOST_TEST((bench.ended(kA)->reason == EndReason::lease_ended));
  BOOST_TEST(bench.core.attempts_running() == 1U);
}

BOOST_AUTO_TEST_CASE(a_renewed_lease_moves_its_end) {
  Bench bench;
  bench.lease("n1", bench.mono + 30s);
  bench.start(kA, "n1");
  bench.pass(20s);
  bench.lease("n1", bench.mono + 30s);
  bench.pass(29s);
  BOOST_TEST(bench.signals.empty());
  bench.pass(1s);
  BOOST_TEST((bench.signals.front() == kill_all(kA)));
}

BOOST_AUTO_TEST_CASE(a_lease_that_is_over_on_arrival_kills_at_once) {
  Bench bench;
  bench.start(kA, "n1");
  bench.lease("n1", bench.mono);
  BOOST_TEST((bench.signals == std::vector<Action>{kill_all(kA)}));
}

BOOST_AUTO_TEST_CASE(nothing_begins_on_a_node_whose_lease_is_over) {
  Bench bench;
  bench.lease("n1", bench.mono + 30s);
  bench.pass(30s);
  BOOST_TEST(!bench.start(kA, "n1"));
  BOOST_REQUIRE(bench.failed(kA).has_value());
  BOOST_TEST((bench.failed(kA)->failure == StartFailure::lease_ended));
  bench.lease("n1", bench.mono + 30s);
  BOOST_TEST(bench.start(kB, "n1"));
}

BOOST_AUTO_TEST_CASE(a_forgotten_lease_ends_nothing) {
  Bench bench;
  bench.lease("n1", bench.mono + 30s);
  bench.start(kA, "n1");
  bench.lease("n1", std::nullopt);
  bench.pass(60s);
  BOOST_TEST(bench.signals.empty());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_lease_outranks_a_kill_and_cuts_its_grace) {
  Bench bench;
  bench.lease("n1", bench.mono + 5s);
  bench.start(kA, "n1");
  bench.kill(kA, 15s);
  bench.pass(5s);
  BOOST_TEST((bench.signals.back() == kill_all(kA)));
  bench.leader_ends(kA, 137, 9);
  BOOST_TEST((bench.ended(kA)->reason == EndReason::lease_ended));
}

BOOST_AUTO_TEST_CASE(a_launch_that_outlasts_its_lease_is_killed) {
  Bench bench;
  bench.lease("n1", bench.mono + 1s);
  Effects effects;
  BOOST_TEST(bench.core.start({.key = kA, .node = "n1", .arguments = {"x"}}, bench.now(), effects));
  bench.mono = bench.mono + 2s;
  bench.core.launched(kA, 101, bench.now(), bench.now(), effects);
  bench.carry_out(effects);
  BOOST_TEST((bench.signals == std::vector<Action>{kill_all(kA)}));
}

BOOST_AUTO_TEST_CASE(what_was_killed_before_its_launch_is_called_off) {
  Bench bench;
  Effects effects;
  bench.lease("n2", bench.mono + 1s);
  bench.core.start({.key = kA, .node = "n1", .arguments = {"x"}}, bench.now(), effects);
  bench.core.start({.key = kB, .node = "n2", .arguments = {"x"}}, bench.now(), effects);
  BOOST_TEST(effects.replies.empty());
  BOOST_TEST(!bench.core.called_off(kA).has_value());
  bench.kill(kA, 15s);
  bench.pass(1s);
  BOOST_REQUIRE(bench.core.called_off(kA).has_value());
  BOOST_REQUIRE(bench.core.called_off(kB).has_value());
  BOOST_TEST((bench.core.called_off(kA)->failure == StartFailure::refused));
  BOOST_TEST((bench.core.called_off(kB)->failure == StartFailure::lease_ended));
  bench.core.launch_failed(*bench.core.called_off(kA), effects);
  bench.core.launch_failed(*bench.core.called_off(kB), effects);
  BOOST_TEST(bench.core.attempts_running() == 0U);
  BOOST_TEST(!bench.core.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(a_signal_during_the_launch_is_repeated_after_it) {
  Bench bench;
  Effects effects;
  bench.core.start({.key = kA, .node = "n1", .arguments = {"x"}}, bench.now(), effects);
  bench.kill(kA, 15s);
  bench.signals.clear();  // perhaps nobody was there to hear it
  bench.core.launched(kA, 101, bench.now(), bench.now(), effects);
  bench.carry_out(effects);
  BOOST_TEST((bench.signals == std::vector<Action>{terminate(kA)}));
}

BOOST_AUTO_TEST_CASE(limits_count_from_the_making_of_the_process) {
  Bench bench;
  Effects effects;
  bench.core.start({.key = kA, .node = "n1", .arguments = {"x"}, .wall_clock_max = 10s},
                   bench.now(), effects);
  bench.pass(60s);  // it waits its turn
  BOOST_TEST(bench.signals.empty());
  bench.core.launched(kA, 101, bench.now(), bench.now(), effects);
  bench.carry_out(effects);
  bench.pass(9s);
  BOOST_TEST(bench.signals.empty());
  bench.pass(1s);
  BOOST_TEST((bench.signals == std::vector<Action>{terminate(kA)}));
}

BOOST_AUTO_TEST_CASE(a_failed_launch_is_kept_like_an_end) {
  Bench bench;
  Effects effects;
  bench.core.start({.key = kA, .node = "n1", .arguments = {"x"}}, bench.now(), effects);
  bench.core.launch_failed({.key = kA, .failure = StartFailure::program_not_found}, effects);
  bench.carry_out(effects);
  BOOST_TEST(bench.core.attempts_running() == 0U);
  BOOST_TEST((bench.welcome().unacknowledged == std::vector<AttemptKey>{kA}));
  bench.core.acknowledge({.key = kA});
  BOOST_TEST(bench.welcome().unacknowledged.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_command_is_refused) {
  Bench bench;
  BOOST_TEST(!bench.start(StartRequest{.key = kA}));
  BOOST_TEST(!bench.start(StartRequest{.key = kB, .arguments = {""}}));
  BOOST_TEST((bench.failed(kA)->failure == StartFailure::refused));
  BOOST_TEST((bench.failed(kB)->failure == StartFailure::refused));
}

BOOST_AUTO_TEST_CASE(more_attempts_than_allowed_are_refused_and_not_kept) {
  Bench bench;
  bench.core = SpawnerCore(CoreLimits{.attempts_max = 1}, Welcome{}, bench.now());
  BOOST_TEST(bench.start(kA));
  BOOST_TEST(!bench.start(kB));
  BOOST_TEST((bench.failed(kB)->failure == StartFailure::resources));
  BOOST_TEST(bench.welcome().unacknowledged.empty());
}

BOOST_AUTO_TEST_CASE(it_stays_while_a_worker_or_a_process_or_an_end_needs_it) {
  Bench bench;
  bench.pass(1h);
  BOOST_TEST(!bench.core.finished(bench.now()));  // a worker is connected
  bench.start(kA);
  bench.core.worker_gone(bench.now());
  bench.pass(1h);
  BOOST_TEST(!bench.core.finished(bench.now()));  // a process runs
  bench.leader_ends(kA, 0);
  bench.pass(1h);
  BOOST_TEST(!bench.core.finished(bench.now()));  // an end is not acknowledged
  bench.core.worker_connected();
  bench.core.acknowledge({.key = kA});
  bench.core.worker_gone(bench.now());
  bench.pass(59s);
  BOOST_TEST(!bench.core.finished(bench.now()));
  bench.pass(1s);
  BOOST_TEST(bench.core.finished(bench.now()));
}

BOOST_AUTO_TEST_CASE(ends_are_not_kept_for_ever) {
  Bench bench;
  bench.start(kA);
  bench.leader_ends(kA, 0);
  bench.core.worker_gone(bench.now());
  bench.pass(24h);
  BOOST_TEST(bench.core.finished(bench.now()));
}

BOOST_AUTO_TEST_CASE(shutting_down_kills_refuses_and_ends_when_all_is_told) {
  Bench bench;
  bench.start(kA);
  Effects effects;
  bench.core.shut_down({.grace = 2s}, bench.now(), effects);
  bench.carry_out(effects);
  BOOST_TEST((bench.signals == std::vector<Action>{terminate(kA)}));
  BOOST_TEST(!bench.start(kB));
  BOOST_TEST((bench.failed(kB)->failure == StartFailure::refused));
  bench.pass(2s);
  BOOST_TEST((bench.signals.back() == kill_all(kA)));
  bench.leader_ends(kA, 137, 9);
  BOOST_TEST(!bench.core.finished(bench.now()));
  bench.core.acknowledge({.key = kA});
  bench.core.acknowledge({.key = kB});
  BOOST_TEST(bench.core.finished(bench.now()));
}

// Any sequence of requests, ends and waits: books stay balanced, every start has one end, and when
// nobody asks for anything any more, nothing is left but the acknowledgements.
BOOST_AUTO_TEST_CASE(random_histories_end_every_attempt_once) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    Bench bench;
    std::map<AttemptKey, bool> leaders;  // alive
    std::vector<AttemptKey> launching;
    const auto launch_next = [&](bool works) {
      const AttemptKey key = launching.front();
      launching.erase(launching.begin());
      Effects effects;
      if (const auto off = bench.core.called_off(key)) {
        bench.core.launch_failed(*off, effects);
      } else if (!works) {
        bench.core.launch_failed({.key = key}, effects);
      } else {
        bench.core.launched(key, 7, bench.now(), bench.now(), effects);
        leaders[key] = true;
        bench.left_behind[key] = random() % 3 == 0 ? 2 : 0;
      }
      bench.carry_out(effects);
    };
    std::size_t launched = 0;
    for (int step = 0; step < 200; ++step) {
      const AttemptKey key{.task = random() % 40};
      const std::string node = "n" + std::to_string(random() % 3);
      switch (random() % 10) {
        case 0:
        case 1: {
          StartRequest request{.key = key, .node = node, .arguments = {"x"}};
          if (random() % 2 == 0) request.wall_clock_max = std::chrono::seconds(random() % 20);
          Effects effects;
          if (bench.core.start(request, bench.now(), effects)) {
            launching.push_back(key);
            ++launched;
          }
          bench.carry_out(effects);
          break;
        }
        case 2:
          bench.kill(key, std::chrono::seconds(random() % 5));
          break;
        case 3:
          if (leaders[key]) {
            leaders[key] = false;
            bench.leader_ends(key, 0);
          }
          break;
        case 4:
          bench.lease(node, bench.mono + std::chrono::seconds(random() % 20));
          break;
        case 5:
          bench.pass(std::chrono::milliseconds(random() % 3000));
          break;
        case 6:
          bench.kills_work = random() % 2 == 0;
          break;
        default: {
          Effects effects;
          bench.core.orphan_reaped(effects);
          bench.carry_out(effects);
        }
      }
      BOOST_REQUIRE(bench.core.attempts_running() <= launched);
    }
    bench.kills_work = true;
    while (!launching.empty()) launch_next(true);
    for (auto& [key, alive] : leaders) {
      if (alive) bench.leader_ends(key, 0);
    }
    bench.pass(1min);
    BOOST_TEST(bench.core.attempts_running() == 0U, "seed " << seed);
    std::map<AttemptKey, int> ends;
    for (const AttemptKey& key : bench.welcome().unacknowledged) ++ends[key];
    for (const auto& [key, alive] : leaders) {
      BOOST_TEST(ends[key] <= 1, "seed " << seed);
    }
    for (const auto& [key, count] : ends) bench.core.acknowledge({.key = key});
    BOOST_TEST(bench.core.attempts_unacknowledged() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(what_is_kept_ends_with_its_kill_its_lease_or_its_time) {
  const auto settled = [](const Bench& bench) {
    return std::count_if(bench.replies.begin(), bench.replies.end(),
                         [](const Reply& reply) { return std::holds_alternative<Settled>(reply); });
  };
  StartRequest request{.key = kA, .node = "n1", .arguments = {"x"}};
  request.keeps_children = true;
  request.wall_clock_max = 1min;
  request.grace = 5s;

  Bench killed;
  killed.start(request);
  killed.left_behind[kA] = 2;
  killed.leader_ends(kA, 0);
  BOOST_TEST(settled(killed) == 1);
  BOOST_TEST(!killed.ended(kA).has_value());
  Effects effects;
  killed.core.orphan_reaped(effects);
  killed.carry_out(effects);
  killed.left_behind[kA] = 0;
  killed.core.orphan_reaped(effects);
  killed.carry_out(effects);
  BOOST_TEST(!killed.ended(kA).has_value());  // empty, and still wanted
  killed.welcome();
  BOOST_TEST(settled(killed) == 2);
  killed.kill(kA, 0s);
  killed.pass(1s);
  BOOST_TEST((killed.ended(kA).value().reason == EndReason::killed));

  Bench alone;  // it has left nothing that could use the grace
  alone.start(request);
  alone.leader_ends(kA, 0);
  alone.kill(kA, 15s);
  BOOST_TEST((alone.ended(kA).value().reason == EndReason::killed));

  Bench late;
  late.start(request);
  late.left_behind[kA] = 1;
  late.leader_ends(kA, 0);
  late.pass(2min);
  BOOST_TEST((late.ended(kA).value().reason == EndReason::wall_clock));

  Bench unleased;
  unleased.lease("n1", unleased.mono + 10s);
  unleased.start(request);
  unleased.left_behind[kA] = 1;
  unleased.leader_ends(kA, 0);
  unleased.pass(20s);
  BOOST_TEST((unleased.ended(kA).value().reason == EndReason::lease_ended));

  Bench failed;
  failed.start(request);
  failed.left_behind[kA] = 1;
  failed.leader_ends(kA, 3);
  failed.pass(1s);
  BOOST_TEST(settled(failed) == 0);
  BOOST_TEST(failed.ended(kA).value().exit_code == 3);
}

BOOST_AUTO_TEST_SUITE_END()
