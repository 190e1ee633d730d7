#include "model/state_machines.h"

#include "model/words.h"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace windlass;

BOOST_AUTO_TEST_SUITE(model_state_machines)

namespace {

template <class E>
std::set<std::string_view> words_of() {
  return {WordsOf<E>::kWords.begin(), WordsOf<E>::kWords.end()};
}

JobPut job_in(JobState state, std::optional<JobState> previous = std::nullopt) {
  JobPut put;
  put.job->seq = 1;
  put.job->spec.id = "j";
  put.job->state = state;
  put.job->previous_state = previous;
  return put;
}

NodePut node_in(NodeState state) {
  NodePut put;
  put.node.seq = 1;
  put.node.id = "n";
  put.node.state = state;
  return put;
}

}  // namespace

// A table has the words of its states and no others, each move once, and a way into each state.
BOOST_AUTO_TEST_CASE(tables_are_about_the_states_there_are) {
  const std::map<std::string_view, std::set<std::string_view>> words = {
      {"pool", words_of<PoolState>()},
      {"pool allocation", words_of<AllocationState>()},
      {"node", words_of<NodeState>()},
      {"job", words_of<JobState>()},
      {"job schedule", words_of<JobScheduleState>()},
      {"task", words_of<TaskState>()},
      {"subtask", words_of<SubtaskState>()}};
  const std::set<std::string_view> never = {"creating"};  // nodes come as they start
  BOOST_TEST(state_machines().size() == words.size());
  for (const StateMachine& machine : state_machines()) {
    std::set<std::pair<std::string_view, std::string_view>> moves;
    std::set<std::string_view> entered;
    for (const Move& move : machine.moves) {
      BOOST_TEST_CONTEXT(machine.name << ": " << move.from << " to " << move.to) {
        BOOST_TEST((move.from.empty() || words.at(machine.name).contains(move.from)));
        BOOST_TEST((move.to.empty() || words.at(machine.name).contains(move.to)));
        BOOST_TEST(moves.emplace(move.from, move.to).second);
        BOOST_TEST(!move.by.empty());
      }
      entered.insert(move.to);
    }
    for (const std::string_view word : words.at(machine.name)) {
      if (!never.contains(word)) BOOST_TEST(entered.contains(word), machine.name << " " << word);
    }
  }
}

BOOST_AUTO_TEST_CASE(documented_moves_pass_and_are_counted) {
  MoveChecker checker(true);
  checker.see(job_in(JobState::active));
  checker.see(job_in(JobState::disabling, JobState::active));
  checker.see(job_in(JobState::disabled, JobState::disabling));
  checker.see(job_in(JobState::active, JobState::enabling));  // passed within one event
  checker.see(job_in(JobState::active, JobState::enabling));  // nothing moves
  checker.see(JobErased{7});                                  // never met
  BOOST_TEST(checker.undocumented().empty());
  BOOST_TEST((checker.seen().at({"job", "disabled", "enabling"}) == 1U));
  BOOST_TEST((checker.seen().at({"job", "enabling", "active"}) == 1U));
  BOOST_TEST(checker.seen().size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_move_that_no_table_has_is_told) {
  MoveChecker checker(true);
  checker.see(job_in(JobState::active));
  checker.see(job_in(JobState::completed, JobState::active));
  checker.see(job_in(JobState::active, JobState::completed));
  checker.see(JobErased{1});
  BOOST_REQUIRE(checker.undocumented().size() == 3U);
  BOOST_TEST(checker.undocumented().front() == "job j went from 'active' to 'completed'");
}

BOOST_AUTO_TEST_CASE(a_log_without_its_beginning_may_start_anywhere) {
  MoveChecker whole(true);
  whole.see(job_in(JobState::terminating));
  BOOST_TEST(whole.undocumented().size() == 1U);
  MoveChecker part(false);
  part.see(job_in(JobState::terminating));
  BOOST_TEST(part.undocumented().empty());
}

BOOST_AUTO_TEST_CASE(a_node_may_have_followed_its_load_unseen) {
  MoveChecker checker(true);
  checker.see(node_in(NodeState::starting));
  checker.see(node_in(NodeState::idle));
  checker.see(node_in(NodeState::offline));
  checker.see(node_in(NodeState::running));
  checker.see(node_in(NodeState::leavingpool));
  checker.see(NodeErased{1});
  BOOST_TEST(checker.undocumented().empty());
  checker.see(node_in(NodeState::starting));
  checker.see(node_in(NodeState::running));
  BOOST_TEST(checker.undocumented().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
