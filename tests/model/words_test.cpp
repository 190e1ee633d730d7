#include "model/words.h"

#include <boost/test/unit_test.hpp>

using namespace windlass;

BOOST_AUTO_TEST_SUITE(model_words)

BOOST_AUTO_TEST_CASE(words_are_the_canonical_ones) {
  BOOST_TEST(word(TaskState::completed) == "completed");
  BOOST_TEST(word(NodeState::waitingforstarttask) == "waitingforstarttask");
  BOOST_TEST(word(NodeState::preempted) == "preempted");
  BOOST_TEST(word(JobState::deleting) == "deleting");
  BOOST_TEST(word(NodeDeallocationOption::retaineddata) == "retaineddata");
}

BOOST_AUTO_TEST_CASE(any_case_is_read) {
  BOOST_TEST((parse_word<TaskState>("Completed") == TaskState::completed));
  BOOST_TEST((parse_word<OnAllTasksComplete>("TerminateJob") == OnAllTasksComplete::terminatejob));
  BOOST_TEST(!parse_word<TaskState>("complete").has_value());
  BOOST_TEST(!parse_word<TaskState>("").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
