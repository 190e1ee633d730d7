// The auditor is what finds: each of its checks is shown what it must not let pass.
#include "simulator/auditor.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;
using namespace windlass::simulator;

namespace {

struct Audit {
  World world{Options{}, false};
  Auditor auditor{world};
  EventNumber events = 0;

  Audit() {
    JobRecord job;
    job.seq = 1;
    job.account = "acct";
    job.spec.id = "j";
    commit(JobPut{job});
    commit(TasksWereAdded{1, {{OpenTask{task(), {}, {}}, ""}}});
  }

  static TaskRecord task() {
    TaskRecord record;
    record.id = "t";
    record.key = {1, 1};
    return record;
  }
  static TaskRecord running(AttemptNumber attempt) {
    TaskRecord record = task();
    record.state = TaskState::running;
    record.attempt = attempt;
    return record;
  }
  static TaskRecord completed(AttemptNumber attempt, std::int32_t exit_code) {
    TaskRecord record = running(attempt);
    record.state = TaskState::completed;
    record.exit_code = exit_code;
    record.result = exit_code == 0 ? ExecutionResult::success : ExecutionResult::failure;
    record.satisfies_dependents = exit_code == 0;
    return record;
  }
  static Auditor::Start start(AttemptNumber attempt) {
    return {{0, {1, 1}, attempt}, "n", 1, 1, "j/t"};
  }

  void commit(ShardEvent event) { commit(ShardEvents{std::move(event)}); }
  void commit(const ShardEvents& together) {
    auditor.committed(0, events + 1, together);
    events += together.size();
  }
  // Another task of the job, which runs.
  void run_another(TaskSeq seq, const std::string& id) {
    TaskRecord other = task();
    other.id = id;
    other.key.task = seq;
    commit(TasksWereAdded{1, {{OpenTask{other, {}, {}}, ""}}});
    other.state = TaskState::running;
    other.attempt = 1;
    commit(TaskPut{other});
  }
  bool found(std::string_view promise) const {
    return world.findings.size() == 1 && world.findings[0].starts_with(promise);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(simulator_auditor)

BOOST_AUTO_TEST_CASE(a_life_as_it_should_be_is_not_objected_to) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.auditor.process_started(Audit::start(1));
  audit.auditor.process_ended(Audit::start(1).id, 0);
  audit.commit(TaskPut{Audit::completed(1, 0)});
  BOOST_TEST(audit.world.findings.empty());
  BOOST_TEST(audit.auditor.tasks_completed() == 1u);
}

BOOST_AUTO_TEST_CASE(a_result_that_no_process_had_is_found) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.commit(TaskPut{Audit::completed(1, 0)});
  BOOST_TEST(audit.found("S5"));
}

BOOST_AUTO_TEST_CASE(another_exit_code_than_the_process_had_is_found) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.auditor.process_started(Audit::start(1));
  audit.auditor.process_ended(Audit::start(1).id, 3);
  audit.commit(TaskPut{Audit::completed(1, 0)});
  BOOST_TEST(audit.found("S5"));
}

BOOST_AUTO_TEST_CASE(an_attempt_given_away_while_the_one_before_lives_is_found) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.auditor.process_started(Audit::start(1));
  audit.commit(TaskPut{Audit::task()});
  audit.world.findings.clear();  // the attempt may not go back; that is another check
  audit.commit(TaskPut{Audit::running(2)});
  BOOST_TEST(!audit.world.findings.empty());
  BOOST_TEST(audit.world.findings.back().starts_with("S7"));
}

BOOST_AUTO_TEST_CASE(two_processes_of_a_task_are_found) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.auditor.process_started(Audit::start(1));
  audit.commit(TaskPut{Audit::task()});
  audit.commit(TaskPut{Audit::running(2)});
  audit.world.findings.clear();  // that it is given away is another check
  Auditor::Start second = Audit::start(2);
  second.node_id = "m";
  audit.auditor.process_started(second);
  BOOST_TEST(audit.found("S7"));
}

BOOST_AUTO_TEST_CASE(a_process_beside_one_of_an_earlier_task_of_that_id_is_found) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.run_another(2, "later");
  audit.auditor.process_started(Audit::start(1));
  Auditor::Start later = Audit::start(1);
  later.id.task.task = 2;
  later.node_id = "m";
  audit.auditor.process_started(later);
  BOOST_TEST(audit.found("S7"));
}

BOOST_AUTO_TEST_CASE(more_slots_than_a_node_has_are_found) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.run_another(2, "u");
  audit.auditor.process_started(Audit::start(1));
  Auditor::Start other = Audit::start(1);
  other.id.task.task = 2;
  other.task_name = "j/u";
  audit.auditor.process_started(other);
  BOOST_TEST(audit.found("S6"));
}

BOOST_AUTO_TEST_CASE(a_completed_task_that_goes_on_is_found) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.auditor.process_started(Audit::start(1));
  audit.auditor.process_ended(Audit::start(1).id, 0);
  audit.commit(TaskPut{Audit::completed(1, 0)});
  TaskRecord again = Audit::task();
  again.attempt = 1;
  audit.commit(TaskPut{again});
  BOOST_TEST(audit.found("S4"));
}

BOOST_AUTO_TEST_CASE(a_failed_task_goes_on_only_when_it_was_asked_for) {
  for (const bool asked : {false, true}) {
    BOOST_TEST_CONTEXT("asked " << asked) {
      Audit audit;
      if (asked) audit.auditor.reactivation_asked("acct", "j", "t");
      audit.commit(TaskPut{Audit::running(1)});
      audit.auditor.process_started(Audit::start(1));
      audit.auditor.process_ended(Audit::start(1).id, 3);
      audit.commit(TaskPut{Audit::completed(1, 3)});
      TaskRecord again = Audit::task();
      again.attempt = 1;
      audit.commit(TaskPut{again});
      BOOST_TEST(audit.found("S4") == !asked);
      BOOST_TEST(audit.world.findings.empty() == asked);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_process_that_no_shard_has_committed_is_found) {
  Audit audit;
  audit.auditor.process_started(Audit::start(1));
  BOOST_TEST(audit.found("S4"));
}

BOOST_AUTO_TEST_CASE(an_attempt_that_is_let_go_while_it_lives_is_found_unless_it_lingers) {
  for (const bool lingers : {false, true}) {
    Audit audit;
    audit.commit(TaskPut{Audit::running(1)});
    audit.auditor.process_started(Audit::start(1));
    TaskRecord ended = Audit::running(1);
    ended.state = TaskState::completed;
    ended.result = ExecutionResult::failure;
    const LingeringPut put{{Audit::start(1).id, 1, 1, "j", "t", false}};
    audit.commit(lingers ? ShardEvents{TaskPut{ended}, put} : ShardEvents{TaskPut{ended}});
    BOOST_TEST(audit.world.findings.empty() == lingers);
    if (lingers) audit.commit(LingeringErased{Audit::start(1).id});
    BOOST_TEST(audit.found("S6"));
  }
}

BOOST_AUTO_TEST_CASE(a_retry_that_no_failed_process_has_cost_is_found) {
  for (const auto& [exit_code, found] :
       {std::pair{3, false}, std::pair{137, true}, std::pair{0, true}}) {
    Audit audit;
    audit.commit(TaskPut{Audit::running(1)});
    audit.auditor.process_started(Audit::start(1));
    audit.auditor.process_ended(Audit::start(1).id, exit_code);
    TaskRecord again = Audit::task();
    again.attempt = 1;
    again.retry_count = 1;
    again.constraints.retries_max = -1;
    audit.commit(TaskPut{again});
    BOOST_TEST(audit.found("S8") == found);
  }
}

BOOST_AUTO_TEST_CASE(a_node_that_is_not_settled_is_named) {
  Audit audit;
  NodeRecord node;
  node.seq = 1;
  node.id = "n";
  node.state = NodeState::starting;
  audit.commit(NodePut{node});
  BOOST_TEST(audit.auditor.nodes_not_settled().starts_with(" n "));
  node.state = NodeState::idle;
  audit.commit(NodePut{node});
  BOOST_TEST(audit.auditor.nodes_not_settled().empty());
}

BOOST_AUTO_TEST_CASE(too_many_retries_are_found) {
  Audit audit;
  audit.commit(TaskPut{Audit::running(1)});
  audit.auditor.process_started(Audit::start(1));
  audit.auditor.process_ended(Audit::start(1).id, 3);
  TaskRecord task = Audit::task();
  task.attempt = 1;
  task.constraints.retries_max = 1;
  task.retry_count = 2;
  audit.commit(TaskPut{task});
  BOOST_TEST(audit.found("S8"));
}

BOOST_AUTO_TEST_CASE(a_start_in_a_job_that_was_stopped_is_found) {
  Audit audit;
  audit.auditor.job_stopped("acct", "j", 5);
  audit.commit(TaskPut{Audit::running(1)});
  BOOST_TEST(audit.found("S10"));
}

BOOST_AUTO_TEST_CASE(a_job_made_again_after_that_is_another_one) {
  Audit audit;
  audit.auditor.job_stopped("acct", "j", 5);
  JobRecord again;
  again.seq = 2;
  again.version.event = 6;
  again.account = "acct";
  again.spec.id = "j";
  audit.commit(JobPut{again});
  TaskRecord task = Audit::task();
  task.key.job = 2;
  audit.commit(TasksWereAdded{2, {{OpenTask{task, {}, {}}, ""}}});
  task.state = TaskState::running;
  task.attempt = 1;
  audit.commit(TaskPut{task});
  BOOST_TEST(audit.world.findings.empty());
}

BOOST_AUTO_TEST_CASE(a_start_before_its_parent_has_succeeded_is_found) {
  Audit audit;
  TaskRecord child = Audit::task();
  child.id = "child";
  child.key = {1, 2};
  audit.commit(TasksWereAdded{1, {{OpenTask{child, {"T"}, {}}, ""}}});
  child.state = TaskState::running;
  child.attempt = 1;
  audit.commit(TaskPut{child});
  BOOST_TEST(audit.found("S9"));
}

BOOST_AUTO_TEST_CASE(an_erased_task_that_comes_back_is_found) {
  Audit audit;
  audit.commit(TaskErased{{1, 1}, "t"});
  audit.commit(TaskPut{Audit::task()});
  BOOST_TEST(audit.found("S10"));
}

BOOST_AUTO_TEST_CASE(events_that_are_missing_or_repeated_are_found) {
  Audit audit;
  audit.auditor.committed(0, 2, {TaskErased{{1, 1}, "t"}});
  BOOST_TEST(audit.found("S12"));
}

BOOST_AUTO_TEST_SUITE_END()
