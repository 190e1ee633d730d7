// Two looks at the doors, and what is shown of them.
#include "client/cli/top/view.h"
#include "client/cli/top/show.h"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <limits>

using namespace windlass::cli::top;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Door door(const std::string& text) {
  return {parse_exposition(text)};
}

// A scheduler that has done so much since it was started.
std::string scheduler(int started_at, int assigned, int succeeded, int failed, int commits) {
  const auto text = [](int number) { return std::to_string(number); };
  return "windlass_build_info{role=\"scheduler\",version=\"1\"} 1\n"
         "windlass_ready 1\n"
         "process_start_time_seconds " +
         text(started_at) +
         "\n"
         "windlass_scheduler_tasks{shard=\"0\",state=\"active\"} 30\n"
         "windlass_scheduler_tasks{shard=\"0\",state=\"running\"} 8\n"
         "windlass_scheduler_tasks{shard=\"0\",state=\"completed\"} 500\n"
         "windlass_scheduler_tasks_waiting{shard=\"0\",reason=\"slots\"} 30\n"
         "windlass_scheduler_tasks_waiting{shard=\"0\",reason=\"nodes\"} 0\n"
         "windlass_scheduler_oldest_waiting_seconds{shard=\"0\"} 12\n"
         "windlass_scheduler_slots{shard=\"0\",state=\"used\"} 8\n"
         "windlass_scheduler_slots{shard=\"0\",state=\"free\"} 2\n"
         "windlass_scheduler_slots{shard=\"0\",state=\"closed\"} 4\n"
         "windlass_scheduler_nodes{shard=\"0\",state=\"running\"} 2\n"
         "windlass_scheduler_assignments_total{shard=\"0\"} " +
         text(assigned) +
         "\nwindlass_scheduler_completions_total{shard=\"0\",result=\"success\"} " +
         text(succeeded) +
         "\nwindlass_scheduler_completions_total{shard=\"0\",result=\"failure\"} " + text(failed) +
         "\nwindlass_scheduler_completions_total{shard=\"0\",result=\"lost\"} " + text(failed) +
         "\nwindlass_scheduler_commits_total{shard=\"0\"} " + text(commits) +
         "\nwindlass_scheduler_commit_seconds_bucket{le=\"0.001\"} " + text(commits / 2) +
         "\nwindlass_scheduler_commit_seconds_bucket{le=\"0.002\"} " + text(commits) +
         "\nwindlass_scheduler_commit_seconds_bucket{le=\"+Inf\"} " + text(commits) + "\n";
}

View between(const Door& before, const Door& now) {
  return view_of({10, {{"s:1", before}}}, {12, {{"s:1", now}}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_cli_top_view)

BOOST_AUTO_TEST_CASE(gauges_are_shown_as_they_are_and_counters_as_rates) {
  const View view =
      between(door(scheduler(1, 100, 50, 4, 1000)), door(scheduler(1, 120, 60, 8, 1200)));
  BOOST_TEST(view.seconds == 2);
  BOOST_TEST(view.answering.at("scheduler") == 1);
  BOOST_TEST(view.waiting == 30);
  BOOST_TEST(view.running == 8);
  BOOST_TEST(view.waiting_for.size() == 1u);
  BOOST_TEST(view.waiting_for.at("slots") == 30);
  BOOST_TEST(view.oldest_waiting_seconds == 12);
  BOOST_TEST(view.slots_used == 8);
  BOOST_TEST(view.slots_total == 10);  // closed ones take nothing
  BOOST_TEST(view.nodes.at("running") == 2);
  BOOST_TEST(view.started_per_second == 10);
  BOOST_TEST(view.ended_per_second == 7);
  BOOST_TEST(view.failed_per_second == 2);
  BOOST_TEST(view.again_per_second == 2);
  BOOST_TEST(view.slowest.has_value());
  BOOST_TEST(*view.shards.at(0).commit_p99_seconds == 0.00198, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_restart_counts_from_nothing) {
  const Door before = door(scheduler(1, 100, 50, 4, 1000));
  BOOST_TEST(between(before, door(scheduler(2, 20, 10, 0, 100))).started_per_second == 10);
  // Also where the new process has counted further than the old one had.
  BOOST_TEST(between(before, door(scheduler(2, 110, 10, 0, 100))).started_per_second == 55);
}

BOOST_AUTO_TEST_CASE(a_counter_that_falls_is_new) {
  BOOST_TEST(rise(5, 9) == 4);
  BOOST_TEST(rise(5, 5) == 0);
  BOOST_TEST(rise(5, 2) == 2);
}

BOOST_AUTO_TEST_CASE(a_door_that_was_not_seen_before_has_no_rates) {
  const Door now = door(scheduler(1, 100, 50, 4, 1000));
  const View appeared = view_of({10, {}}, {12, {{"s:1", now}}});
  BOOST_TEST(appeared.running == 8);
  BOOST_TEST(appeared.started_per_second == 0);
  BOOST_TEST(!appeared.slowest.has_value());
  BOOST_TEST(between({{}, "refused"}, now).started_per_second == 0);
}

BOOST_AUTO_TEST_CASE(a_series_that_appears_has_risen_from_nothing) {
  const std::string broker =
      "windlass_build_info{role=\"broker\"} 1\nprocess_start_time_seconds 1\n";
  const View view = between(
      door(broker), door(broker + "windlass_broker_peers_refused_total{reason=\"revoked\"} 4\n"));
  BOOST_TEST(view.refused_per_second == 2);
  BOOST_TEST(view.refused.at("revoked") == 4);
}

BOOST_AUTO_TEST_CASE(doors_that_are_silent_or_not_ready_are_named) {
  const Door waits = door("windlass_build_info{role=\"gateway\"} 1\nwindlass_ready 0\n");
  const View view = view_of({10, {}}, {12, {{"a:1", {{}, "refused"}}, {"b:1", waits}}});
  BOOST_TEST(view.silent.at("a:1") == "refused");
  BOOST_TEST(view.not_ready.at("b:1") == "gateway");
  BOOST_TEST(line_text(view).find("1 doors silent, 1 not ready") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(shards_stand_in_order_and_a_still_one_is_not_the_slowest) {
  const std::string start =
      "windlass_build_info{role=\"scheduler\"} 1\nprocess_start_time_seconds 1\n";
  const auto with = [&](int tenth, int second) {
    return door(start + "windlass_scheduler_commits_total{shard=\"10\"} " + std::to_string(tenth) +
                "\nwindlass_scheduler_commits_total{shard=\"2\"} " + std::to_string(second) +
                "\nwindlass_scheduler_commit_seconds_bucket{le=\"0.5\"} " +
                std::to_string(tenth + second) +
                "\nwindlass_scheduler_commit_seconds_bucket{le=\"+Inf\"} " +
                std::to_string(tenth + second) + "\n");
  };
  const View view = between(with(5, 7), with(9, 7));
  BOOST_TEST(view.shards.at(0).shard == "2");
  BOOST_TEST(view.shards.at(1).shard == "10");
  BOOST_TEST(!view.shards.at(0).commit_p99_seconds.has_value());
  BOOST_TEST(*view.slowest == 1u);
}

BOOST_AUTO_TEST_CASE(quantiles_are_read_within_their_bucket) {
  const std::map<double, double> rises{{1, 50}, {2, 90}, {4, 100}, {kInfinity, 100}};
  BOOST_TEST(*quantile(0.5, rises) == 1);
  BOOST_TEST(*quantile(0.25, rises) == 0.5);
  BOOST_TEST(*quantile(0.7, rises) == 1.5);
  BOOST_TEST(*quantile(0.95, rises) == 3);
  BOOST_TEST(*quantile(0.99, {{1, 10}, {kInfinity, 100}}) == 1);  // beyond the last bound
  BOOST_TEST(!quantile(0.5, {{1, 0}, {kInfinity, 0}}).has_value());
  BOOST_TEST(!quantile(0.5, {}).has_value());
}

BOOST_AUTO_TEST_CASE(a_view_is_shown_in_three_ways) {
  const View view =
      between(door(scheduler(1, 100, 50, 4, 1000)), door(scheduler(1, 120, 60, 8, 1200)));
  const std::string screen = screen_text(view, 80, 24);
  BOOST_TEST(screen.find("tasks    30 waiting (slots 30), 8 running\n") != std::string::npos,
             screen);
  BOOST_TEST(screen.find("slots    8 of 10 used") != std::string::npos, screen);
  BOOST_TEST(screen.find("shard 0, commits p99 2.0 ms") != std::string::npos, screen);
  BOOST_TEST(line_text(view) ==
             "30 waiting, 8 running, 8/10 slots, 10/s started, 7.0/s ended, 2.0/s failed, shard 0, "
             "commits p99 2.0 ms\n");
  const auto json = view_json(view);
  BOOST_TEST(json.at("tasks").at("waitingFor").at("slots").as_int64() == 30);
  BOOST_TEST(json.at("slowest").at("shard").as_int64() == 0);
  BOOST_TEST(json.at("shards").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_screen_is_not_larger_than_the_terminal) {
  const View view = between({}, door(scheduler(1, 1, 1, 1, 1)));
  const std::string screen = screen_text(view, 20, 3);
  BOOST_TEST(std::count(screen.begin(), screen.end(), '\n') == 3);
  for (std::size_t at = 0; at < screen.size();) {
    const auto end = screen.find('\n', at);
    BOOST_TEST(end - at <= 20u);
    at = end + 1;
  }
}

BOOST_AUTO_TEST_SUITE_END()
