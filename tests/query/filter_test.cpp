#include "query/filter.h"

#include "model/time_text.h"
#include "query/properties.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <random>

namespace bdata = boost::unit_test::data;
using namespace windlass;
using namespace windlass::query;

namespace {

WallTime at(std::string_view text) {
  return parse_timestamp(text).value();
}

TaskRecord running_task() {
  TaskRecord task;
  task.id = "Frame-07";
  task.state = TaskState::running;
  task.creation_time = at("2026-03-01T10:00:00Z");
  task.state_time = task.creation_time;
  task.version.last_modified = task.creation_time;
  task.start_time = at("2026-03-01T10:00:05Z");
  task.node = TaskNode{"pool", "tvmps_01_d", 1};
  return task;
}

TaskRecord failed_task() {
  TaskRecord task = running_task();
  task.state = TaskState::completed;
  task.end_time = at("2026-03-01T10:01:00Z");
  task.exit_code = 3;
  task.result = ExecutionResult::failure;
  return task;
}

struct MatchCase {
  std::string_view filter;
  bool running;  // matches running_task()
  bool failed;   // matches failed_task()
};
std::ostream& operator<<(std::ostream& out, const MatchCase& c) {
  return out << c.filter;
}

const MatchCase kMatches[] = {
    {"", true, true},
    {"   ", true, true},
    {"state eq 'completed'", false, true},
    {"state eq 'Completed'", false, true},
    {"state ne 'completed'", true, false},
    {"'running' eq state", true, false},
    {"state eq 'nosuchstate'", false, false},
    {"executionInfo/exitCode eq 3", false, true},
    {"executionInfo/exitCode eq +3", false, true},
    {"executionInfo/exitCode gt -1", false, true},
    {"0 lt executionInfo/exitCode", false, true},
    {"executionInfo/exitCode le 2", false, false},
    // Absent: false for numbers and dates even with ne, true for words with ne.
    {"executionInfo/exitCode ne 0", false, true},
    {"executionInfo/endTime ne DateTime'2020-01-01'", false, true},
    {"executionInfo/result ne 'success'", true, true},
    {"executionInfo/result eq 'Failure'", false, true},
    {"executionInfo/exitCode eq null", true, false},
    {"executionInfo/exitCode ne null", false, true},
    {"not (executionInfo/exitCode eq 3)", true, false},
    {"NOT state EQ 'running' AND NOT id eq 'x' Or state eq 'running'", true, true},
    {"startswith(id,'frame-')", true, true},
    {"StartsWith( id , 'FRAME-07' )", true, true},
    {"startswith(id,'frame-071')", false, false},
    {"startswith(id,'')", true, true},
    {"id eq 'FRAME-07'", true, true},
    {"id gt 'frame-06' and id lt 'frame-08'", true, true},
    {"id ge 'frame-07' and id le 'frame-07'", true, true},
    {"id gt 'frame-07'", false, false},
    {"creationTime ge datetime'2026-03-01T10:00:00Z'", true, true},
    {"creationTime gt DateTime'2026-03-01T10:00:00.0000001Z'", false, false},
    {"creationTime lt DateTime'Mon, 02 Mar 2026 00:00:00 GMT'", true, true},
    {"lastModifiedTime eq DateTime'2026-03-01T12:00:00+02:00'", true, true},
    {"executionInfo/startTime gt DateTime'2026-03-01' and state eq 'running'", true, false},
    {"nodeInfo/nodeId eq 'tvmps_01_d'", true, true},
    // `and` binds closer than `or`, `not` closer than both.
    {"state eq 'running' or state eq 'completed' and executionInfo/exitCode eq 0", true, false},
    {"(state eq 'running' or state eq 'completed') and executionInfo/exitCode eq 3", false, true},
    {"not state eq 'running' and executionInfo/exitCode eq 3", false, true},
    {"not not state eq 'running'", true, false},
    {"((((state eq 'running'))))", true, false},
};

struct BadCase {
  std::string_view filter;
  int position;
};
std::ostream& operator<<(std::ostream& out, const BadCase& c) {
  return out << c.filter;
}

const BadCase kBad[] = {
    {"state", 6},
    {"state eq", 9},
    {"state is 'running'", 7},
    {"STATE eq 'running'", 1},
    {"commandLine eq 'x'", 1},
    {"executionInfo/nosuch eq 1", 1},
    {"executionInfo/ eq 1", 1},
    {"executionInfo/5 eq 1", 15},
    {"state gt 'running'", 7},
    {"startswith(state,'run')", 12},
    {"startswith(id 'run')", 15},
    {"startswith(id,5)", 15},
    {"startswith(id,'a'", 18},
    {"state eq running", 10},
    {"state eq 5", 10},
    {"executionInfo/exitCode eq '5'", 27},
    {"executionInfo/exitCode eq 99999999999999999999", 27},
    {"executionInfo/exitCode eq 1.5", 28},
    {"executionInfo/exitCode gt null", 27},
    {"creationTime gt '2020-01-01'", 17},
    {"creationTime gt DateTime'soon'", 25},
    {"creationTime gt DateTime 5", 26},
    {"'running eq state", 1},
    {"state eq 'running' and", 23},
    {"state eq 'running' state eq 'active'", 20},
    {"(state eq 'running'", 20},
    {"state eq 'running')", 19},
    {"not", 4},
    {"state eq 'a' && state eq 'b'", 14},
    {"5 eq 5", 6},
    {"true eq executionInfo/exitCode", 1},
    {"state eq 'a' or 'b' eq executionInfo/exitCode", 17},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(query_filter)

BOOST_DATA_TEST_CASE(task_matches, bdata::make(kMatches), c) {
  const Result<Filter> filter = parse_filter(c.filter, task_filter_schema());
  BOOST_REQUIRE(filter.has_value());
  BOOST_TEST(matches(*filter, running_task()) == c.running);
  BOOST_TEST(matches(*filter, failed_task()) == c.failed);
}

BOOST_DATA_TEST_CASE(mistake_is_named_with_its_position, bdata::make(kBad), c) {
  const Result<Filter> filter = parse_filter(c.filter, task_filter_schema());
  BOOST_REQUIRE(!filter.has_value());
  const Error& error = filter.error();
  BOOST_TEST((error.code == ErrorCode::invalid_query_parameter_value));
  BOOST_REQUIRE(error.values.size() == 3u);
  BOOST_TEST(error.values[0].key == "QueryParameterName");
  BOOST_TEST(error.values[0].value == "$filter");
  BOOST_TEST(error.values[1].value == c.filter);
  const std::string position = "(position " + std::to_string(c.position) + ")";
  BOOST_TEST_CONTEXT(error.message) {
    BOOST_TEST(error.message.find(position) != std::string::npos);
    BOOST_TEST(error.values[2].value.find(position) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(quotes_in_strings_are_doubled) {
  TaskRecord task;
  task.id = "it's";
  const Result<Filter> filter = parse_filter("id eq 'It''s'", task_filter_schema());
  BOOST_REQUIRE(filter.has_value());
  BOOST_TEST(matches(*filter, task));
}

BOOST_AUTO_TEST_CASE(depth_and_length_have_limits) {
  const std::string deep = std::string(1000, '(') + "state eq 'a'" + std::string(1000, ')');
  BOOST_TEST(!parse_filter(deep, task_filter_schema()).has_value());
  std::string negated;
  for (int i = 0; i < 1000; ++i) negated += "not ";
  BOOST_TEST(!parse_filter(negated + "state eq 'a'", task_filter_schema()).has_value());
  std::string wide = "state eq 'a'";
  for (int i = 0; i < 400; ++i) wide += " or state eq 'a'";
  BOOST_TEST(parse_filter(wide, task_filter_schema()).has_value());
  for (int i = 0; i < 400; ++i) wide += " or state eq 'a'";
  BOOST_TEST(!parse_filter(wide, task_filter_schema()).has_value());
  BOOST_TEST(!parse_filter(std::string(100'000, ' '), task_filter_schema()).has_value());
}

BOOST_AUTO_TEST_CASE(states_that_cannot_match_are_known) {
  const auto may = [](std::string_view filter, std::string_view state) {
    return parse_filter(filter, task_filter_schema())->may_match_state(state);
  };
  BOOST_TEST(may("", "running"));
  BOOST_TEST(!may("state eq 'completed' and executionInfo/exitCode ne 0", "running"));
  BOOST_TEST(may("state eq 'completed' and executionInfo/exitCode ne 0", "completed"));
  BOOST_TEST(!may("state ne 'completed'", "completed"));
  BOOST_TEST(may("state eq 'completed' or executionInfo/exitCode eq 0", "running"));
  BOOST_TEST(!may("state eq 'completed' or state eq 'active'", "running"));
  BOOST_TEST(!may("not (state eq 'running' or id eq 'x')", "running"));
  BOOST_TEST(may("not (state eq 'running' and id eq 'x')", "running"));
  const Result<Filter> filter =
      parse_filter("id ne 'x' and (state eq 'Running')", task_filter_schema());
  BOOST_TEST(filter->state_equals().value() == "running");
  BOOST_TEST(!parse_filter("state ne 'running'", task_filter_schema())->state_equals().has_value());
}

BOOST_AUTO_TEST_CASE(id_range_is_as_narrow_as_the_top_level_demands) {
  const auto range = [](std::string_view filter) {
    return parse_filter(filter, task_filter_schema())->id_range();
  };
  const std::string zero(1, '\0');
  BOOST_TEST((range("") == IdRange{}));
  BOOST_TEST((range("startswith(id,'Ab')") == IdRange{"ab", "ac"}));
  BOOST_TEST((range("id eq 'X'") == IdRange{"x", "x" + zero}));
  BOOST_TEST((range("id gt 'a' and id le 'c'") == IdRange{"a" + zero, "c" + zero}));
  BOOST_TEST((range("'b' le id and id lt 'c' and id ne 'bb'") == IdRange{"b", "c"}));
  BOOST_TEST((range("id eq 'a' or state eq 'active'") == IdRange{}));
  BOOST_TEST((range("not id eq 'a'") == IdRange{}));
  BOOST_TEST((range("startswith(id,'a') and startswith(id,'ab')") == IdRange{"ab", "ac"}));
}

BOOST_AUTO_TEST_CASE(other_lists_have_their_own_properties) {
  BOOST_TEST(parse_filter("allocationState eq 'steady'", pool_filter_schema()).has_value());
  BOOST_TEST(!parse_filter("allocationState ne 'steady'", pool_filter_schema()).has_value());
  BOOST_TEST(parse_filter("enableAutoScale eq FALSE", pool_filter_schema()).has_value());
  BOOST_TEST(!parse_filter("id eq 'x'", schedule_job_filter_schema()).has_value());
  BOOST_TEST(parse_filter("executionInfo/poolId eq 'x'", job_filter_schema()).has_value());
  BOOST_TEST(parse_filter("startTaskInfo/exitCode ne 0", node_filter_schema()).has_value());
  BOOST_TEST(!parse_filter("startTaskInfo/state ne 'running'", node_filter_schema()).has_value());
  BOOST_TEST(parse_filter("startswith(name,'wd/')", file_filter_schema()).has_value());
  BOOST_TEST(!parse_filter("name eq 'x'", file_filter_schema()).has_value());
  BOOST_TEST(parse_filter("poolId eq 'p'", node_counts_filter_schema())
                 ->demanded(Property::pool_id)
                 .value() == "p");
  BOOST_TEST(!parse_filter("poolId ne 'p'", usage_metrics_filter_schema()).has_value());
}

BOOST_AUTO_TEST_CASE(records_answer_for_their_properties) {
  PoolView pool;
  pool.record.spec.id = "P1";
  pool.record.spec.vm_size = "Standard_A1";
  pool.record.state_time = at("2026-01-01");
  NodeView node;
  node.record.state = NodeState::idle;
  node.record.start_task_info = StartTaskInfo{};
  JobRecord job;
  job.spec.pool_id = "p1";
  const auto parsed = [](std::string_view text, const FilterSchema& schema) {
    return parse_filter(text, schema).value();
  };
  BOOST_TEST(
      matches(parsed("id eq 'p1' and vmSize eq 'standard_a1' and enableAutoScale ne true and "
                     "allocationState eq 'steady'",
                     pool_filter_schema()),
              pool));
  BOOST_TEST(matches(parsed("state eq 'idle' and startTaskInfo/state eq 'running' and "
                            "startTaskInfo/endTime eq null",
                            node_filter_schema()),
                     node));
  BOOST_TEST(matches(parsed("startswith(executionInfo/poolId,'P') and state eq 'active' and "
                            "executionInfo/endTime eq null",
                            job_filter_schema()),
                     job));
}

// Any text gives an answer: a filter or a refusal, never a crash.
BOOST_AUTO_TEST_CASE(mutated_filters_are_answered) {
  std::mt19937 random(7);
  const std::string_view pieces[] = {"state", " eq ", "'running'", "(",    ")",
                                     " and ", " or ", " not ",     "id",   "startswith",
                                     ",",     "5",    "-",         "'",    "DateTime",
                                     "/",     "null", "true",      "\xff", "executionInfo"};
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kMatches[random() % std::size(kMatches)].filter);
    for (unsigned i = random() % 4; i > 0; --i) {
      const std::string_view piece = pieces[random() % std::size(pieces)];
      const std::size_t place = text.empty() ? 0 : random() % text.size();
      text.replace(place, random() % 3, piece);
    }
    const Result<Filter> filter = parse_filter(text, task_filter_schema());
    if (!filter) continue;
    ++accepted;
    const TaskRecord task = failed_task();
    const bool match = matches(*filter, task);
    if (match) BOOST_TEST(filter->may_match_state("completed"));
    const IdRange range = filter->id_range();
    if (match)
      BOOST_TEST((range.from <= "frame-07" && (!range.until || "frame-07" < *range.until)));
  }
  BOOST_TEST(accepted > 1000);
}

BOOST_AUTO_TEST_SUITE_END()
