#include "tests/worker/process/worker_bench.h"

namespace windlass::test {
namespace {

// A zombie that nobody has collected yet (an orphan of a killed guard, say) runs nothing.
bool alive(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  const std::size_t name_end = line.rfind(") ");
  return name_end != std::string::npos && line.at(name_end + 2) != 'Z';
}

// The process that was started with "--spawner" for this folder.
int guard_of(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    std::ostringstream words;
    words << file.rdbuf();
    const std::string line = words.str();
    if (line.find("--spawner") != std::string::npos && line.find(folder) != std::string::npos)
      return std::stoi(entry.path().filename());
  }
  return 0;
}

BOOST_AUTO_TEST_SUITE(worker_process)

BOOST_AUTO_TEST_CASE(a_task_runs_and_its_files_are_served) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id =
      bench.run(node, "/bin/sh -c 'echo $GREETING $AZ_BATCH_TASK_ID; pwd; exit 3'");
  BOOST_REQUIRE(bench.ended(id));
  const AttemptEnded& report = bench.shard->ended[id].at(0);
  BOOST_TEST((report.end == AttemptEnd::exited));
  BOOST_TEST(report.exit_code.value_or(-1) == 3);
  BOOST_TEST((report.start_time.has_value() && *report.start_time <= report.end_time));

  FileRequest request;
  request.id = 5;
  request.node_id = node;
  request.folder = "workitems/job/job-1/t1";
  request.path = "stdout.txt";
  request.action = FileAction::read;
  bool asked = false;
  BOOST_REQUIRE(bench.until([&] {
    asked = asked || bench.gateway->ask(bench.shard->worker_instance, request);
    return !bench.gateway->replies.empty();
  }));
  const FileReply& reply = bench.gateway->replies[0];
  BOOST_TEST(!reply.error.has_value());
  BOOST_TEST(reply.data == "hello t1\n" + bench.task_folder(node, id) + "/wd\n");
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_said_so) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id = bench.run(node, "/no/such/program");
  BOOST_REQUIRE(bench.ended(id));
  const AttemptEnded& report = bench.shard->ended[id].at(0);
  BOOST_TEST((report.end == AttemptEnd::not_started));
  BOOST_TEST(report.failure->code == "CommandProgramNotFound");
}

BOOST_AUTO_TEST_CASE(a_stopped_task_leaves_nothing_behind) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id =
      bench.run(node, "/bin/sh -c 'echo $$ > pid; sleep 1000 & echo $! > child; wait'");
  const std::string wd = bench.task_folder(node, id) + "/wd/";
  BOOST_REQUIRE(bench.until([&] { return bench.content(wd + "child").ends_with('\n'); }));
  const int pid = std::stoi(bench.content(wd + "pid"));
  const int child = std::stoi(bench.content(wd + "child"));
  BOOST_TEST(alive(child));
  bench.shard->tell(EndAttempt{id, true});
  BOOST_REQUIRE(bench.ended(id));
  BOOST_TEST((bench.shard->ended[id].at(0).end == AttemptEnd::stopped));
  BOOST_TEST(!alive(pid));
  BOOST_TEST(!alive(child));
  BOOST_TEST(bench.until([&] { return !std::filesystem::exists(bench.task_folder(node, id)); }));
}

BOOST_AUTO_TEST_CASE(a_killed_worker_finds_its_tasks_again) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id =
      bench.run(node, "/bin/sh -c 'touch here; while [ ! -e go ]; do sleep 0.05; done; exit 7'");
  const std::string wd = bench.task_folder(node, id) + "/wd/";
  BOOST_REQUIRE(bench.until([&] { return std::filesystem::exists(wd + "here"); }));
  const std::uint64_t before = bench.shard->worker_id;
  bench.worker.kill();
  std::ofstream(wd + "go") << "";
  bench.worker.start();
  BOOST_REQUIRE(bench.ended(id));
  BOOST_TEST(bench.shard->ended[id].at(0).exit_code.value_or(-1) == 7);
  BOOST_TEST(bench.shard->worker_id == before);
  BOOST_TEST(bench.shard->resyncs.size() >= 2u);
  BOOST_TEST(bench.shard->resyncs.back().nodes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_report_survives_a_kill_before_it_could_be_sent) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id =
      bench.run(node, "/bin/sh -c 'touch here; while [ ! -e go ]; do sleep 0.05; done; exit 9'");
  const std::string wd = bench.task_folder(node, id) + "/wd/";
  BOOST_REQUIRE(bench.until([&] { return std::filesystem::exists(wd + "here"); }));
  bench.broker.reset();
  const std::string spool = bench.folder() + "/data/spool";
  const auto size = std::filesystem::file_size(spool);
  std::ofstream(wd + "go") << "";
  BOOST_REQUIRE(bench.until([&] { return std::filesystem::file_size(spool) > size; }));
  bench.worker.kill();
  bench.start_broker();
  bench.worker.start();
  BOOST_REQUIRE(bench.ended(id));
  BOOST_TEST(bench.shard->ended[id].at(0).exit_code.value_or(-1) == 9);
}

BOOST_AUTO_TEST_CASE(a_guard_that_dies_takes_its_tasks_along_and_is_replaced) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id = bench.run(node, "/bin/sh -c 'echo $$ > pid; exec sleep 1000'");
  const std::string wd = bench.task_folder(node, id) + "/wd/";
  BOOST_REQUIRE(bench.until([&] { return bench.content(wd + "pid").ends_with('\n'); }));
  const int pid = std::stoi(bench.content(wd + "pid"));
  const int guard = guard_of(bench.folder());
  BOOST_REQUIRE(guard > 0);
  ::kill(guard, SIGKILL);
  BOOST_REQUIRE(bench.ended(id));
  BOOST_TEST((bench.shard->ended[id].at(0).end == AttemptEnd::lost));
  BOOST_TEST(!alive(pid));
  const AttemptId next = bench.run(node, "/bin/true");
  BOOST_REQUIRE(bench.ended(next));
  BOOST_TEST((bench.shard->ended[next].at(0).end == AttemptEnd::exited));
}

BOOST_AUTO_TEST_CASE(a_killed_worker_whose_guard_is_killed_too_reports_its_tasks_lost) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id = bench.run(node, "/bin/sh -c 'echo $$ > pid; exec sleep 1000'");
  const std::string wd = bench.task_folder(node, id) + "/wd/";
  BOOST_REQUIRE(bench.until([&] { return bench.content(wd + "pid").ends_with('\n'); }));
  const int pid = std::stoi(bench.content(wd + "pid"));
  const int guard = guard_of(bench.folder());
  BOOST_REQUIRE(guard > 0);
  bench.worker.kill();
  ::kill(guard, SIGKILL);
  bench.worker.start();
  BOOST_REQUIRE(bench.ended(id));
  BOOST_TEST((bench.shard->ended[id].at(0).end == AttemptEnd::lost));
  BOOST_TEST(!alive(pid));
}

BOOST_AUTO_TEST_CASE(without_renewal_tasks_are_killed_and_lost) {
  WorkerBench bench;
  bench.shard->lease = std::chrono::seconds(3);
  const std::string node = bench.ready_node();
  const AttemptId id = bench.run(node, "/bin/sh -c 'echo $$ > pid; exec sleep 1000'");
  const std::string wd = bench.task_folder(node, id) + "/wd/";
  BOOST_REQUIRE(bench.until([&] { return bench.content(wd + "pid").ends_with('\n'); }));
  const int pid = std::stoi(bench.content(wd + "pid"));
  bench.shard->lease = Duration::zero();
  BOOST_REQUIRE(bench.ended(id));
  BOOST_TEST((bench.shard->ended[id].at(0).end == AttemptEnd::lost));
  BOOST_TEST(!alive(pid));
}

BOOST_AUTO_TEST_CASE(a_worker_told_to_end_takes_its_tasks_along) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id = bench.run(node, "/bin/sh -c 'echo $$ > pid; exec sleep 1000'");
  const std::string wd = bench.task_folder(node, id) + "/wd/";
  BOOST_REQUIRE(bench.until([&] { return bench.content(wd + "pid").ends_with('\n'); }));
  const int pid = std::stoi(bench.content(wd + "pid"));
  bench.worker.signal(SIGTERM);
  BOOST_REQUIRE(bench.ended(id));
  BOOST_TEST((bench.shard->ended[id].at(0).end == AttemptEnd::lost));
  const int status = bench.worker.wait();
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  BOOST_TEST(!alive(pid));
}

BOOST_AUTO_TEST_CASE(a_returned_node_is_gone_with_all_it_had) {
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const AttemptId id = bench.run(node, "/bin/sleep 1000");
  BOOST_REQUIRE(bench.until(
      [&] { return std::filesystem::exists(bench.task_folder(node, id) + "/stdout.txt"); }));
  bench.shard->tell(ReturnNode{node});
  BOOST_REQUIRE(bench.until([&] { return !bench.shard->returned.empty(); }));
  BOOST_TEST((bench.shard->ended[id].at(0).end == AttemptEnd::stopped));
  BOOST_TEST(!std::filesystem::exists(bench.folder() + "/data/nodes/" + node));
  BOOST_TEST(bench.until([&] { return bench.shard->offers == 32; }));
}

BOOST_AUTO_TEST_CASE(tasks_cannot_read_what_is_the_workers) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("skipped: only root can run tasks as somebody else");
    return;
  }
  WorkerBench bench;
  const std::string node = bench.ready_node();
  const std::string data = bench.folder() + "/data";
  const AttemptId id = bench.run(
      node, "/bin/sh -c 'id -u; cat " + data + "/grants " + data + "/spool " + data + "/lock; ls " +
                data + " " + data + "/guard " + data + "/nodes; touch ../x ../../../x; echo done'");
  BOOST_REQUIRE(bench.ended(id));
  BOOST_TEST(bench.content(bench.task_folder(node, id) + "/stdout.txt") == "65534\ndone\n");
  const std::string errors = bench.content(bench.task_folder(node, id) + "/stderr.txt");
  BOOST_TEST(std::count(errors.begin(), errors.end(), '\n') == 8);
}

BOOST_AUTO_TEST_CASE(many_short_tasks_end_once_each) {
  WorkerBench bench;
  const std::string node = bench.ready_node(64);
  std::vector<AttemptId> ids;
  std::size_t sent = 0;
  const std::size_t total = 2000;
  const auto begin = std::chrono::steady_clock::now();
  BOOST_REQUIRE(bench.until([&] {
    while (sent < total && sent - bench.shard->ended_total < 64) {
      ids.push_back(bench.run(node, "/bin/true"));
      ++sent;
    }
    return bench.shard->ended_total >= total;
  }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST_MESSAGE("real processes: " << static_cast<double>(total) / took.count() << "/s");
  BOOST_TEST(bench.shard->ended_total == total);
  for (const AttemptId& id : ids) {
    BOOST_REQUIRE_EQUAL(bench.shard->ended[id].size(), 1u);
    BOOST_REQUIRE((bench.shard->ended[id][0].end == AttemptEnd::exited));
  }
}

BOOST_AUTO_TEST_CASE(the_null_executor_answers_as_fast_as_the_bus) {
  WorkerBench bench({"--executor=null", "--offers=100:*"});
  BOOST_REQUIRE(bench.until([&] { return bench.shard->offers == 100; }));
  bench.shard->tell(ClaimNodes{1, "any", 100, {"account", "pool", 1000, true, std::nullopt}});
  BOOST_REQUIRE(bench.until([&] { return bench.shard->status.size() == 100; }));
  const auto nodes = bench.shard->claims.at(0).nodes;
  std::size_t sent = 0;
  const std::size_t total = 20'000;
  const auto begin = std::chrono::steady_clock::now();
  BOOST_REQUIRE(bench.until([&] {
    while (sent < total && sent - bench.shard->ended_total < 4000) {
      bench.run(nodes[sent % nodes.size()].node_id, "x");
      ++sent;
    }
    return bench.shard->ended_total >= total;
  }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST_MESSAGE("null executor: " << static_cast<double>(total) / took.count() << "/s");
  BOOST_TEST(bench.shard->ended_total == total);
  BOOST_TEST(!std::filesystem::exists(bench.folder() + "/data/spool"));
  BOOST_TEST(!std::filesystem::exists(bench.folder() + "/data/nodes"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace windlass::test
