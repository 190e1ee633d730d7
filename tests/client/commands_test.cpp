// The program `windlass` against a small service: what it prints and how it ends.
#include "client/cli/exit_code.h"
#include "runtime/paths.h"
#include "tests/client/fake_batch.h"
#include "tests/client/run_program.h"
#include "tests/runtime/temporary_folder.h"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace windlass;
using namespace windlass::test;
using cli::ExitCode;

namespace {

struct Service {
  FakeBatch batch;

  Variables variables() const {
    return {{"AZURE_BATCH_ENDPOINT", batch.endpoint()},
            {"AZURE_BATCH_ACCOUNT", FakeBatch::kAccount},
            {"AZURE_BATCH_ACCESS_KEY", FakeBatch::kKey},
            {"REQUESTS_CA_BUNDLE", ""}};
  }

  std::vector<std::string> line(std::vector<std::string> words) const {
    words.insert(words.begin(), program_path("windlass"));
    return words;
  }

  Ended windlass(std::vector<std::string> words, const std::string& input = {}) const {
    return run(line(std::move(words)), variables(), input);
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_cli_commands)

BOOST_AUTO_TEST_CASE(things_are_made_listed_shown_and_deleted) {
  const Service service;
  BOOST_TEST(
      service.windlass({"pool", "create", "p1", "--nodes", "2", "--slots", "4", "--wait"}).code ==
      cli::kOk);
  BOOST_TEST(service.windlass({"job", "create", "j1", "--pool", "p1"}).code == cli::kOk);
  BOOST_TEST(service.windlass({"task", "create", "j1", "t1", "--", "echo", "a b"}).code ==
             cli::kOk);
  BOOST_TEST(service.batch.command_line("j1", "t1") == "echo 'a b'");
  BOOST_TEST(service.windlass({"pool", "list", "-o", "tsv"}).out ==
             "p1\tactive\t\t\t2\t\t4\tstandard\n");
  const Ended table = service.windlass({"task", "list", "j1"});
  BOOST_TEST(has(table.out, "ID  STATE      EXIT  RESULT"), table.out);
  BOOST_TEST(has(table.out, "t1  completed  0     success"), table.out);
  const auto json =
      boost::json::parse(service.windlass({"task", "show", "j1", "t1", "-o", "json"}).out);
  BOOST_TEST(json.at("commandLine").as_string() == "echo 'a b'");
  BOOST_TEST(boost::json::parse(service.windlass({"node", "list", "p1", "-o", "json"}).out)
                 .as_array()
                 .size() == 2u);
  BOOST_TEST(has(service.windlass({"file", "list", "j1", "t1"}).out, "stdout.txt"));
  BOOST_TEST(service.windlass({"task", "delete", "j1", "t1"}).code == cli::kOk);
  BOOST_TEST(service.windlass({"job", "delete", "j1"}).code == cli::kOk);
  BOOST_TEST(service.windlass({"pool", "delete", "p1"}).code == cli::kOk);
  BOOST_TEST(service.windlass({"pool", "list", "-o", "json"}).out == "[]\n");
}

BOOST_AUTO_TEST_CASE(exit_codes_say_what_kind_of_failure) {
  Service service;
  BOOST_TEST(service.windlass({"job", "show", "none"}).code == cli::kNotFound);
  BOOST_TEST(service.windlass({"pool", "create", "p"}).code == cli::kOk);
  BOOST_TEST(service.windlass({"pool", "create", "p"}).code == cli::kConflict);
  BOOST_TEST(service.windlass({"pool", "creat", "p"}).code == cli::kUsage);
  BOOST_TEST(service.windlass({"pool", "create"}).code == cli::kUsage);
  BOOST_TEST(service.windlass({"pool", "list", "-o", "xml"}).code == cli::kUsage);
  BOOST_TEST(service.windlass({}).code == cli::kUsage);
  BOOST_TEST(service.windlass({"--help"}).code == cli::kOk);
  BOOST_TEST(service.windlass({"submit", "--help"}).code == cli::kOk);
  Variables wrong_key = service.variables();
  wrong_key["AZURE_BATCH_ACCESS_KEY"] = "AAAA";
  BOOST_TEST(run(service.line({"pool", "list"}), wrong_key).code == cli::kAuthentication);
  Variables nobody = service.variables();
  nobody["AZURE_BATCH_ENDPOINT"] = "http://127.0.0.1:1";
  const Ended unreachable = run(service.line({"pool", "list"}), nobody);
  BOOST_TEST(unreachable.code == cli::kUnreachable);
  BOOST_TEST(has(unreachable.err, "cannot reach http://127.0.0.1:1"), unreachable.err);
  service.batch.be_busy(1);
  BOOST_TEST(service.windlass({"pool", "list"}).code == cli::kUnreachable);
}

BOOST_AUTO_TEST_CASE(usage_errors_suggest_what_was_meant) {
  const Service service;
  BOOST_TEST(has(service.windlass({"pool", "lst"}).err, "did you mean 'windlass pool list'?"));
  BOOST_TEST(has(service.windlass({"pool", "list", "--filer", "x"}).err, "did you mean --filter?"));
}

BOOST_AUTO_TEST_CASE(a_file_of_many_lines_is_submitted_once_and_completed_by_a_second_run) {
  const Service service;
  const TemporaryFolder folder;
  std::string lines = "# a comment\n\n";
  for (int i = 3; i <= 10'050; ++i) lines += "echo " + std::to_string(i) + "\n";
  const std::string file = folder.path() + "/lines.txt";
  runtime::write_file_atomically(file, lines);
  const Ended first =
      service.windlass({"submit", "--job", "big", "--nodes", "3", "--slots", "2", "--file", file});
  BOOST_TEST(first.code == cli::kOk, first.err);
  BOOST_TEST(has(first.out, "10048 tasks added"), first.out);
  BOOST_TEST(service.batch.task_count("big") == 10'048u);
  BOOST_TEST(service.batch.command_line("big", "000003") == "echo 3");
  BOOST_TEST(service.batch.command_line("big", "010050") == "echo 10050");
  const std::size_t before = service.batch.requests();
  runtime::write_file_atomically(file, lines + "echo more\n");
  const Ended second = service.windlass({"submit", "--job", "big", "--file", file, "-o", "json"});
  BOOST_TEST(second.code == cli::kOk, second.err);
  const auto result = boost::json::parse(second.out);
  BOOST_TEST(result.at("added").as_int64() == 1);
  BOOST_TEST(result.at("existing").as_int64() == 10'048);
  BOOST_TEST(service.batch.command_line("big", "010051") == "echo more");
  BOOST_TEST(service.batch.requests() - before <
             20u);  // looked at the list, sent only what was missing
}

BOOST_AUTO_TEST_CASE(tasks_that_exist_with_another_command_are_left_alone) {
  const Service service;
  service.windlass({"submit", "--job", "j", "--file", "-"}, "echo one\n");
  const Ended again = service.windlass({"submit", "--job", "j", "--file", "-"}, "echo two\n");
  BOOST_TEST(again.code == cli::kOk);
  BOOST_TEST(has(again.err, "task 000001 exists with another command"), again.err);
  BOOST_TEST(service.batch.command_line("j", "000001") == "echo one");
}

BOOST_AUTO_TEST_CASE(arrays_shells_and_variables) {
  const Service service;
  BOOST_TEST(service
                 .windlass({"submit", "--job", "a", "--array", "1-5:2,9", "--env", "X=y z", "--",
                            "run", "{}", "n{}.txt"})
                 .code == cli::kOk);
  BOOST_TEST(service.batch.task_count("a") == 4u);
  BOOST_TEST(service.batch.command_line("a", "000009") == "run 9 n9.txt");
  BOOST_TEST(
      service.windlass({"submit", "--job", "s", "--task", "t", "--shell", "--", "echo $HOME | wc"})
          .code == cli::kOk);
  BOOST_TEST(service.batch.command_line("s", "t") == "/bin/sh -c 'echo $HOME | wc'");
  BOOST_TEST(service.windlass({"submit", "--array", "5-1", "--", "x"}).code == cli::kUsage);
  BOOST_TEST(service.windlass({"submit", "--array", "1-2", "--file", "-", "--", "x"}).code ==
             cli::kUsage);
  BOOST_TEST(service.windlass({"submit"}).code == cli::kUsage);
  BOOST_TEST(service.windlass({"submit", "--env", "X", "--", "x"}).code == cli::kUsage);
  BOOST_TEST(service.windlass({"submit", "--", "\xff"}).code == cli::kUsage);
  const Ended json = service.windlass({"task", "show", "a", "000001", "-o", "json"});
  BOOST_TEST(boost::json::parse(json.out).at("environmentSettings").as_array().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_busy_service_and_failing_items_are_asked_again) {
  Service service;
  service.batch.items_fail_once();
  service.batch.take_at_most(40);  // the client halves
  service.batch.be_busy(2);
  const Ended ended =
      service.windlass({"submit", "--job", "j", "--array", "1-200", "--", "echo", "{}"});
  BOOST_TEST(ended.code == cli::kOk, ended.err);
  BOOST_TEST(has(ended.out, "200 tasks added"), ended.out);
  BOOST_TEST(service.batch.task_count("j") == 200u);
}

BOOST_AUTO_TEST_CASE(wait_tells_success_failure_and_timeout_apart) {
  Service service;
  BOOST_TEST(service.windlass({"submit", "--job", "good", "--wait", "--array", "1-3", "--", "echo"})
                 .code == cli::kOk);
  service.windlass({"submit", "--job", "bad", "--file", "-"}, "echo 1\nfail 2\necho 3\n");
  const Ended bad = service.windlass({"wait", "bad"});
  BOOST_TEST(bad.code == cli::kTaskFailed);
  BOOST_TEST(bad.out == "000002: exit code 3: fail 2\n    first line\n    it went wrong\n");
  BOOST_TEST(has(bad.err, "bad: 3 of 3 done, 0 running, 0 waiting, 1 failed"), bad.err);
  const auto json = boost::json::parse(service.windlass({"wait", "bad", "-o", "json"}).out);
  BOOST_TEST(json.at("failures").as_array().at(0).at("exitCode").as_int64() == 3);
  service.windlass({"submit", "--job", "long", "--", "hang"});
  BOOST_TEST(service.windlass({"wait", "long", "--timeout", "1"}).code == cli::kTimeout);
  BOOST_TEST(service.windlass({"wait", "none"}).code == cli::kNotFound);
  Running waiting(service.line({"wait", "long"}), service.variables());
  const std::size_t before = service.batch.requests();
  BOOST_TEST(eventually([&] { return service.batch.requests() > before + 2; }));
  service.batch.finish("long", 0);
  BOOST_TEST(waiting.wait().code == cli::kOk);
}

BOOST_AUTO_TEST_CASE(interrupts_end_with_130) {
  const Service service;
  service.windlass({"submit", "--job", "long", "--", "hang"});
  Running waiting(service.line({"wait", "long"}), service.variables());
  const std::size_t before = service.batch.requests();
  BOOST_TEST(eventually([&] { return service.batch.requests() > before + 2; }));
  waiting.signal(SIGINT);
  BOOST_TEST(waiting.wait().code == cli::kInterrupted);
}

BOOST_AUTO_TEST_CASE(logs_follow_a_task_to_its_end) {
  Service service;
  service.windlass({"submit", "--job", "j", "--task", "t", "--", "hang"});
  service.batch.append_stdout("j", "t", "one\n");
  BOOST_TEST(service.windlass({"logs", "j", "t"}).out == "one\n");
  Running following(service.line({"logs", "-f", "j", "t"}), service.variables());
  BOOST_TEST(eventually([&] { return following.out() == "one\n"; }));
  service.batch.append_stdout("j", "t", "two\n");
  BOOST_TEST(eventually([&] { return following.out() == "one\ntwo\n"; }));
  service.batch.append_stdout("j", "t", "three\n");
  service.batch.finish("j", 1);
  const Ended ended = following.wait();
  BOOST_TEST(ended.out == "one\ntwo\nthree\n");
  BOOST_TEST(ended.code == cli::kTaskFailed);
  BOOST_TEST(service.windlass({"logs", "j", "t", "--stderr"}).out == "first line\nit went wrong\n");
  BOOST_TEST(service.windlass({"logs", "j", "t", "--file", "nothing"}).code == cli::kNotFound);
}

BOOST_AUTO_TEST_SUITE_END()
