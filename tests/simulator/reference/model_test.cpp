#include "tests/simulator/reference/story.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace windlass;
using namespace windlass::simulator;
using namespace windlass::simulator::test;
namespace bdata = boost::unit_test::data;

namespace {

struct Case {
  const char* name;
  void (*tell)(Story&);
  const char* broken;  // the promise; empty: none
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

const Case kUnknown[] = {
    {"an unanswered add may have happened",
     [](Story& s) {
       job_is_added(s);
       s.ask(add_tasks({"t"}));
       s.say(kGetTask, task(2, TaskState::active));
     },
     ""},
    {"or not",
     [](Story& s) {
       job_is_added(s);
       s.ask(add_tasks({"t"}));
       s.say(kGetTask, no(ErrorCode::task_not_found));
     },
     ""},
    {"or later",
     [](Story& s) {
       job_is_added(s);
       s.ask(add_tasks({"t"}));
       s.say(kGetTask, no(ErrorCode::task_not_found));
       s.say(kGetTask, task(9, TaskState::running));
     },
     ""},
    {"but not half of it",
     [](Story& s) {
       job_is_added(s);
       s.ask(add_tasks({"t", "u"}));
       s.say(kGetTask, task(2, TaskState::active));
       s.say(GetTask{"j", "u", {}}, no(ErrorCode::task_not_found));
       s.ends();
     },
     "S2"},
    {"what was refused has not happened",
     [](Story& s) {
       s.say(add_tasks({"t"}), NotHere{});
       job_is_added(s);
       s.say(kGetTask, task(2, TaskState::active));
     },
     "API"},
    {"what nobody asked for is not there",
     [](Story& s) {
       job_is_added(s);
       s.say(kGetTask, task(2, TaskState::active));
     },
     "API"},
    {"an unanswered delete may take the task away later",
     [](Story& s) {
       task_is_added(s);
       s.ask(DeleteTask{"j", "t", {}});
       s.say(kGetTask, task(3, TaskState::running));
       s.say(kGetTask, no(ErrorCode::task_not_found));
     },
     ""},
    {"and so may an unanswered delete of the job",
     [](Story& s) {
       task_is_added(s);
       s.ask(DeleteJob{"j", {}});
       s.say(kGetTask, no(ErrorCode::task_not_found));
     },
     ""},
    {"what was acknowledged is there",
     [](Story& s) {
       task_is_added(s);
       s.say(kGetTask, no(ErrorCode::task_not_found));
     },
     "S1"},
    {"also the job",
     [](Story& s) {
       job_is_added(s);
       s.say(kGetJob, NotHere{});
     },
     "S1"},
    {"also the pool",
     [](Story& s) {
       s.say(AddPool{pool_spec()}, yes(1));
       s.say(kGetPool, no(ErrorCode::pool_not_found));
     },
     "S1"},
    {"what was deleted does not come back",
     [](Story& s) {
       task_is_added(s);
       s.say(DeleteTask{"j", "t", {}}, yes(2));
       s.say(kGetTask, task(3, TaskState::running));
     },
     "API"},
    {"a pool may be made again under its id",
     [](Story& s) {
       s.say(AddPool{pool_spec()}, yes(1));
       s.say(DeletePool{"p", {}}, yes(2));
       s.say(AddPool{pool_spec()}, no(ErrorCode::pool_exists));
       s.say(AddPool{pool_spec()}, yes(9));
       s.say(kGetPool, pool(9, AllocationState::resizing));
     },
     ""},
};

const Case kRefusals[] = {
    {"a task that was asked for once does not exist already",
     [](Story& s) {
       job_is_added(s);
       s.say(add_tasks({"t"}), TasksAdded{{{Error{ErrorCode::task_exists, {}, {}}, {}}}});
     },
     "S3"},
    {"unless an earlier asking may have made it",
     [](Story& s) {
       job_is_added(s);
       s.ask(add_tasks({"t"}));
       s.say(add_tasks({"t"}), TasksAdded{{{Error{ErrorCode::task_exists, {}, {}}, {}}}});
     },
     ""},
    {"a job is not added twice",
     [](Story& s) {
       job_is_added(s);
       s.say(AddJob{spec()}, JobMadeAt{0, {5, {}}});
     },
     "API"},
    {"a job may be made again once it has gone",
     [](Story& s) {
       job_is_added(s);
       s.say(DeleteJob{"j", {}}, yes(2));
       s.say(kGetJob, NotHere{});
       s.say(AddJob{spec()}, no(ErrorCode::job_exists));  // its id goes later
       s.say(AddJob{spec()}, JobMadeAt{0, {7, {}}});
       s.say(kGetJob, job(7));
     },
     ""},
    {"of a job that arrives the id is taken",
     [](Story& s) {
       s.ask(AddJob{spec()});
       s.say(AddJob{spec()}, no(ErrorCode::job_exists));
       s.say(kGetJob, NotHere{});
     },
     ""},
    {"an active task is not completed",
     [](Story& s) {
       task_is_added(s);
       s.say(ReactivateTask{"j", "t", {}}, no(ErrorCode::task_not_completed));
     },
     ""},
    {"a failed one is",
     [](Story& s) {
       task_failed(s);
       s.say(ReactivateTask{"j", "t", {}}, no(ErrorCode::task_not_completed));
     },
     "API"},
    {"and has not succeeded",
     [](Story& s) {
       task_failed(s);
       s.say(ReactivateTask{"j", "t", {}}, no(ErrorCode::task_succeeded));
     },
     "API"},
    {"a completed task cannot be ended",
     [](Story& s) {
       task_failed(s);
       s.say(TerminateTask{"j", "t", {}}, yes(6));
     },
     "API"},
    {"an active job is not to be enabled",
     [](Story& s) {
       job_is_added(s);
       s.say(EnableJob{"j", {}}, yes(2));
     },
     "API"},
    {"a job that nobody ended takes tasks",
     [](Story& s) {
       job_is_added(s);
       s.say(add_tasks({"t"}), no(ErrorCode::job_completed));
     },
     "API"},
    {"one that was ended does not",
     [](Story& s) {
       job_is_added(s);
       s.say(TerminateJob{"j", {}, "x"}, yes(2));
       s.say(add_tasks({"t"}), added({7}));
     },
     "API"},
    {"tasks of a completed job can be deleted",
     [](Story& s) {
       task_is_added(s);
       s.say(TerminateJob{"j", {}, "x"}, yes(3));
       s.say(DeleteTask{"j", "t", {}}, yes(2));
     },
     ""},
    {"dependencies need a job that uses them",
     [](Story& s) {
       job_is_added(s);
       const Error none{ErrorCode::task_dependencies_not_specified_on_job, {}, {}};
       s.say(add_tasks({"t"}), TasksAdded{{{none, {}}}});
       s.say(kGetTask, no(ErrorCode::task_not_found));
     },
     ""},
    {"and a job that does says so",
     [](Story& s) {
       JobSpec with = spec();
       with.uses_task_dependencies = true;
       s.say(AddJob{with}, JobMadeAt{0, {1, {}}});
       const Error none{ErrorCode::task_dependencies_not_specified_on_job, {}, {}};
       s.say(add_tasks({"t"}), TasksAdded{{{none, {}}}});
     },
     "API"},
    {"a pool that is steady can be resized",
     [](Story& s) {
       s.say(AddPool{pool_spec()}, yes(1));
       s.say(kGetPool, pool(2, AllocationState::steady));
       s.say(kResize, no(ErrorCode::pool_being_resized));
     },
     "API"},
    {"a node is disabled once",
     [](Story& s) {
       s.say(AddPool{pool_spec()}, yes(1));
       s.say(kGetNode, node());
       s.say(DisableNodeScheduling{"p", "n", {}}, yes(2));
       s.say(DisableNodeScheduling{"p", "n", {}}, yes(3));
     },
     "API"},
    {"and stays so",
     [](Story& s) {
       s.say(AddPool{pool_spec()}, yes(1));
       s.say(kGetNode, node());
       s.say(DisableNodeScheduling{"p", "n", {}}, yes(2));
       s.say(kGetNode, node());
     },
     "API"},
    {"a node that has gone stays away",
     [](Story& s) {
       s.say(AddPool{pool_spec()}, yes(1));
       s.say(kGetNode, node());
       s.say(kGetNode, no(ErrorCode::node_not_found));
       s.say(kGetNode, node());
     },
     "S10"},
};

const Case kStates[] = {
    {"a task runs, is tried again and fails",
     [](Story& s) {
       task_is_added(s);
       s.say(kGetTask, task(3, TaskState::running));
       s.say(kGetTask, task(4, TaskState::active, {}, 2));
       s.say(kGetTask, task(6, TaskState::completed, 3, 2));
     },
     ""},
    {"completed is for good",
     [](Story& s) {
       task_failed(s);
       s.say(kGetTask, task(7, TaskState::running, {}, 2));
     },
     "API"},
    {"unless it is reactivated",
     [](Story& s) {
       task_failed(s);
       s.say(ReactivateTask{"j", "t", {}}, yes(6));
       s.say(kGetTask, task(7, TaskState::running, {}, 2));
     },
     ""},
    {"attempts are counted up",
     [](Story& s) {
       task_is_added(s);
       s.say(kGetTask, task(5, TaskState::running, {}, 4));
       s.say(kGetTask, task(7, TaskState::running, {}, 3));
     },
     "S4"},
    {"a task is shown with its own document",
     [](Story& s) {
       task_is_added(s);
       TaskView view = std::get<TaskView>(task(3, TaskState::running));
       view.document = "of another one";
       s.say(kGetTask, view);
     },
     "API"},
    {"a program that fails does not succeed",
     [](Story& s) {
       s.expect({false, true});
       task_is_added(s);
       s.say(kGetTask, task(5, TaskState::completed, 0));
     },
     "API"},
    {"nor one that succeeds fail",
     [](Story& s) {
       s.expect({true, false});
       task_is_added(s);
       s.say(kGetTask, task(5, TaskState::completed, 3));
     },
     "API"},
    {"a job is not disabled by itself",
     [](Story& s) {
       job_is_added(s);
       s.say(kGetJob, job(2, JobState::disabled));
     },
     "API"},
    {"nor enabled",
     [](Story& s) {
       job_is_added(s);
       s.say(DisableJob{"j", {}, {}}, yes(2));
       s.say(kGetJob, job(3, JobState::disabled));
       s.say(kGetJob, job(4, JobState::active));
     },
     "API"},
    {"nor ended",
     [](Story& s) {
       job_is_added(s);
       s.say(kGetJob, job(2, JobState::completed));
     },
     "API"},
    {"a change is seen",
     [](Story& s) {
       job_is_added(s);
       s.say(priority(7), yes(2));
       s.say(kGetJob, job(2));
     },
     "API"},
    {"whole",
     [](Story& s) {
       job_is_added(s);
       s.say(priority(7), yes(2));
       s.say(kGetJob, job(2, JobState::active, with_priority(7)));
     },
     ""},
};

Answer counts(std::int64_t active, std::int64_t running, std::int64_t failed) {
  const StateCounts of{active, running, 0, failed};
  return TaskCounts{of, of};
}
const Request kGetCounts = GetTaskCounts{"j"};

const Case kCounts[] = {
    {"a task is counted wherever it can be",
     [](Story& s) {
       task_is_added(s);
       s.say(kGetCounts, counts(0, 0, 1));
       s.say(kGetCounts, counts(0, 1, 0));
     },
     ""},
    {"and nowhere else",
     [](Story& s) {
       task_failed(s);
       s.say(kGetCounts, counts(0, 1, 0));
     },
     "S4"},
    {"not twice",
     [](Story& s) {
       task_is_added(s);
       s.say(kGetCounts, counts(2, 0, 0));
     },
     "S4"},
    {"what was not answered may count",
     [](Story& s) {
       task_failed(s);
       s.ask(add_tasks({"u"}));
       s.say(kGetCounts, counts(1, 0, 1));
       s.say(kGetCounts, counts(0, 0, 1));
     },
     ""},
};

const Case kVersions[] = {
    {"a version is not taken back",
     [](Story& s) {
       task_is_added(s);
       s.say(kGetTask, task(5, TaskState::running));
       s.say(kGetTask, task(3, TaskState::running));
     },
     "S11"},
    {"a read that was asked for before may be older",
     [](Story& s) {
       task_is_added(s);
       const std::size_t early = s.ask(kGetTask);
       s.say(kGetTask, task(5, TaskState::running, {}, 2));
       s.answer(early, task(3, TaskState::running));
     },
     ""},
    {"a version has one look",
     [](Story& s) {
       task_is_added(s);
       s.say(kGetTask, task(5, TaskState::running, {}, 1));
       s.say(kGetTask, task(5, TaskState::running, {}, 2));
     },
     "S11"},
    {"and one change",
     [](Story& s) {
       job_is_added(s);
       s.say(priority(7), yes(2));
       s.say(priority(8), yes(2));
     },
     "S11"},
    {"a new version needs a change",
     [](Story& s) {
       job_is_added(s);
       s.say(kGetJob, job(2));
     },
     "API"},
    {"the ETag of now wins",
     [](Story& s) {
       job_is_added(s);
       s.say(priority(7, if_match(1)), yes(2));
       s.say(priority(8, if_match(2)), yes(3));
     },
     ""},
    {"a stale one never",
     [](Story& s) {
       job_is_added(s);
       s.say(priority(7), yes(2));
       s.say(priority(8, if_match(1)), yes(3));
     },
     "S11"},
    {"and is refused",
     [](Story& s) {
       job_is_added(s);
       s.say(priority(7), yes(2));
       s.say(priority(8, if_match(1)), no(ErrorCode::condition_not_met));
     },
     ""},
    {"that of now is not",
     [](Story& s) {
       job_is_added(s);
       s.say(priority(8, if_match(1)), no(ErrorCode::condition_not_met));
     },
     "S11"},
    {"unless somebody else may have been quicker",
     [](Story& s) {
       job_is_added(s);
       s.ask(priority(7));
       s.say(priority(8, if_match(1)), no(ErrorCode::condition_not_met));
     },
     ""},
    {"a read says not modified of the ETag of now",
     [](Story& s) {
       job_is_added(s);
       Conditions conditions;
       conditions.if_none_match = {etag_text(0, 1)};
       s.say(GetJob{"j", conditions}, no(ErrorCode::not_modified));
     },
     ""},
    {"not of an old one",
     [](Story& s) {
       job_is_added(s);
       s.say(priority(7), yes(2));
       Conditions conditions;
       conditions.if_none_match = {etag_text(0, 1)};
       s.say(GetJob{"j", conditions}, no(ErrorCode::not_modified));
     },
     "S11"},
};

const Case kAccounts[] = {
    {"a job of one account is nothing to another",
     [](Story& s) {
       job_is_added(s);
       s.answer(s.ask(kGetJob, "other"), NotHere{});
     },
     ""},
    {"it is not shown",
     [](Story& s) {
       job_is_added(s);
       s.answer(s.ask(kGetJob, "other"), job(1));
     },
     "S14"},
    {"nor taken for its own",
     [](Story& s) {
       job_is_added(s);
       s.answer(s.ask(kGetJob, "other"), job(1, JobState::active, spec(), "other"));
     },
     "API"},
    {"nor changed",
     [](Story& s) {
       job_is_added(s);
       s.answer(s.ask(TerminateJob{"j", {}, "x"}, "other"), yes(2));
     },
     "API"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(simulator_reference_model)

#define WINDLASS_CASES(suite, cases)                          \
  BOOST_DATA_TEST_CASE(suite, bdata::make(cases), c) {        \
    Story story;                                              \
    c.tell(story);                                            \
    BOOST_TEST(story.broken() == std::string_view(c.broken)); \
  }

WINDLASS_CASES(what_is_unknown_is_open, kUnknown)
WINDLASS_CASES(refusals_have_a_reason, kRefusals)
WINDLASS_CASES(states_follow_the_documented_machines, kStates)
WINDLASS_CASES(counts_are_those_of_tasks, kCounts)
WINDLASS_CASES(versions_are_in_order, kVersions)
WINDLASS_CASES(accounts_are_apart, kAccounts)

BOOST_AUTO_TEST_SUITE_END()
