// Every row and every event is read as it was written, and bytes that are neither are refused.
#include "schema/codec/events.h"
#include "schema/codec/rows.h"
#include "schema/codec/task_row.h"
#include "tests/support/random_model.h"

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>

using namespace windlass;
using windlass::test::RandomModel;

namespace {

template <class Row>
bool survives(const Row& row) {
  const Result<Row> read = decode_row<Row>(encode_row(row));
  return read.has_value() && *read == row;
}

ShardEvents some_events(RandomModel& random) {
  ShardEvents events;
  for (std::uint64_t left = random.below(30); left > 0; --left) events.push_back(random.event());
  return events;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_codec_rows)

RC_BOOST_PROP(rows_are_read_as_written, (std::uint64_t seed)) {
  RandomModel random(seed);
  RC_ASSERT(survives(random.counters()));
  RC_ASSERT(survives(random.pool(random.bits())));
  RC_ASSERT(survives(random.node(random.bits())));
  RC_ASSERT(survives(random.job(random.bits())));
  RC_ASSERT(survives(random.job_schedule(random.bits())));
  RC_ASSERT(survives(random.certificate(random.text(), random.id())));
  RC_ASSERT(survives(random.claim(random.bits())));
  RC_ASSERT(survives(random.lingering(random.attempt_id(7))));
  RC_ASSERT(survives(random.reservation(random.text(), random.id())));
  RC_ASSERT(survives(random.outbox(3, random.bits())));
  RC_ASSERT(survives(random.progress(9)));
  RC_ASSERT(survives(random.session(random.bits())));
}

// More nodes than a record refers back to, and some of them again and again.
BOOST_AUTO_TEST_CASE(events_of_many_nodes_are_read_as_written) {
  RandomModel random(1);
  ShardEvents events;
  for (int i = 0; i < 2'000; ++i) {
    TaskRecord task = random.task_record(random.task_key());
    const int node = i % 3 == 0 ? i % 7 : i % 500;
    task.node = TaskNode{"pool", "tvm-" + std::to_string(node), static_cast<std::uint64_t>(node)};
    events.push_back(TaskPut{std::move(task)});
  }
  const Result<ShardEvents> read = decode_events(encode_events(events, EventDocuments::in_rows));
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST((*read == events));
}

RC_BOOST_PROP(tasks_are_read_as_written, (std::uint64_t seed)) {
  RandomModel random(seed);
  const OpenTask open = random.open_task(random.task_key());
  std::string bytes;
  encode_task_row(bytes, open);
  const Result<OpenTask> open_read = decode_open_task(bytes, open.record.key);
  RC_ASSERT(open_read.has_value());
  RC_ASSERT(*open_read == open);

  const TaskRecord record = random.task_record(random.task_key());
  bytes.clear();
  encode_task_row(bytes, record);
  const Result<TaskRecord> record_read = decode_task_record(bytes, record.key);
  RC_ASSERT(record_read.has_value());
  RC_ASSERT(*record_read == record);
}

RC_BOOST_PROP(a_task_row_that_ends_early_or_late_is_refused, (std::uint64_t seed)) {
  RandomModel random(seed);
  std::string bytes;
  encode_task_row(bytes, random.open_task({1, 2}));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    RC_ASSERT(!decode_open_task(std::string_view(bytes).substr(0, size), {1, 2}));
  RC_ASSERT(!decode_open_task(bytes + '\0', {1, 2}));
}

RC_BOOST_PROP(events_are_read_as_written, (std::uint64_t seed)) {
  RandomModel random(seed);
  const ShardEvents events = some_events(random);
  const Result<ShardEvents> read = decode_events(encode_events(events, EventDocuments::inlined));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == events);
}

RC_BOOST_PROP(documents_may_stay_in_their_rows, (std::uint64_t seed)) {
  RandomModel random(seed);
  ShardEvents events = some_events(random);
  const Result<ShardEvents> read = decode_events(encode_events(events, EventDocuments::in_rows));
  RC_ASSERT(read.has_value());
  for (ShardEvent& event : events) {
    if (auto* added = std::get_if<TasksWereAdded>(&event))
      for (AddedTask& task : added->tasks) task.document.clear();
  }
  RC_ASSERT(*read == events);
}

// Whatever the bytes are: an answer, no crash, no endless memory.
RC_BOOST_PROP(broken_events_do_no_harm, (std::uint64_t seed)) {
  RandomModel random(seed);
  std::string bytes = encode_events(some_events(random), EventDocuments::inlined);
  for (int change = 0; change < 3; ++change)
    bytes[random.below(bytes.size())] = static_cast<char>(random.bits());
  bytes.resize(random.below(bytes.size() + 1));
  const Result<ShardEvents> read = decode_events(bytes);
  if (!read) RC_ASSERT(read.error().code == ErrorCode::invalid_input);
}

// The rows of today must be read by every later version: these bytes were written by the first.
BOOST_AUTO_TEST_CASE(a_row_of_the_first_format_is_read) {
  OpenTask task;
  task.record.id = "t1";
  task.record.key = {3, 4};
  task.record.version = {77, {1000}};
  task.record.creation_time = {1000};
  task.record.state = TaskState::running;
  task.record.state_time = {1010};
  task.record.previous_state = TaskState::active;
  task.record.previous_state_time = WallTime{1000};
  task.record.required_slots = 2;
  task.record.constraints.retries_max = 3;
  task.record.attempt = 1;
  task.record.start_time = WallTime{1010};
  task.record.node = TaskNode{"p", "n", 300};
  task.depends_on_ids = {"a"};
  task.affinity_id = "TVM:n";
  std::string bytes;
  encode_task_row(bytes, task);
  static constexpr unsigned char kWritten[] = {
      0xbe, 0x7c, 0x2,  0x74, 0x31, 0x9a, 0x1,  0xd0, 0xf,  0x0,  0x14, 0x0,  0x13,
      0x1,  0x0,  0x0,  0x14, 0x0,  0x1,  0x70, 0x1,  0x6e, 0xac, 0x2,  0x4,  0x6,
      0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1,  0x80, 0x80, 0xa2,
      0x8e, 0x85, 0xe0, 0x2,  0x1,  0x1,  0x61, 0x5,  0x54, 0x56, 0x4d, 0x3a, 0x6e};
  BOOST_TEST(bytes == std::string(reinterpret_cast<const char*>(kWritten), sizeof kWritten));
  const Result<OpenTask> read = decode_open_task(bytes, {3, 4});
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST((*read == task));
}

BOOST_AUTO_TEST_SUITE_END()
