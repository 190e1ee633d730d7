// The rows of a shard's store: the frame with its checksum, and each kind of body in it.
#include "schema/codec/rows.h"
#include "scheduler/store/errors.h"
#include "scheduler/store/row_table.h"
#include "schema/codec/task_document.h"
#include "schema/codec/task_row.h"
#include "tests/fuzz/target.h"
#include "tests/support/random_model.h"

#include <array>

namespace windlass::fuzz {
namespace {

constexpr TaskKey kKey{5, 6};

template <class Row>
void judge(std::string_view body) {
  const auto row = decode_row<Row>(body);
  if (!row) return;
  const auto again = decode_row<Row>(encode_row(*row));
  WINDLASS_ASSERT(again.has_value());
  WINDLASS_ASSERT(*again == *row);
}

void judge_open_task(std::string_view body) {
  const auto task = decode_open_task(body, kKey);
  const auto record = decode_task_record(body, kKey);
  WINDLASS_ASSERT(task.has_value() == record.has_value());
  if (!task) return;
  WINDLASS_ASSERT(task->record == *record);
  std::string bytes;
  encode_task_row(bytes, *task);
  const auto again = decode_open_task(bytes, kKey);
  WINDLASS_ASSERT(again.has_value());
  WINDLASS_ASSERT(*again == *task);
}

constexpr std::array kBodies = {judge<ShardCounters>, judge<PoolRecord>,  judge<NodeRecord>,
                                judge<JobRecord>,     judge<ClaimRecord>, judge<LingeringAttempt>,
                                judge<Reservation>,   judge<OutboxRow>,   judge<ShardProgress>,
                                judge<SessionState>,  judge_open_task,    judge<CertificateRecord>};

// As it would lie in the table under this key.
std::string sealed(std::string_view key, std::string_view body) {
  scheduler::RowBytes bytes;
  bytes.begin() += body;
  return std::string(bytes.seal(key));
}

void judge_frame(std::string_view value) {
  try {
    const std::string_view body = scheduler::open_row("fuzz", "key", value);
    WINDLASS_ASSERT(sealed("key", body) == value);
  } catch (const scheduler::CorruptError&) {
  }
}

void run(std::string_view input) {
  Choices choices(input);
  const std::size_t choice = choices.below(kBodies.size() + 1);
  if (choice == kBodies.size()) return judge_frame(choices.rest());
  const std::string value = sealed("key", choices.rest());
  kBodies[choice](scheduler::open_row("fuzz", "key", value));
  // Under another key, or with one bit changed, it is no row.
  for (const auto& [key, changed] :
       {std::pair{"kez", value}, std::pair{"key", value.substr(0, value.size() - 1) + '\0'}}) {
    if (key == std::string_view("key") && changed == value) continue;
    bool refused = false;
    try {
      scheduler::open_row("fuzz", key, changed);
    } catch (const scheduler::CorruptError&) {
      refused = true;
    }
    WINDLASS_ASSERT(refused);
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> seeds;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    test::RandomModel random(seed);
    std::string task;
    encode_task_row(task, random.open_task(kKey));
    std::size_t choice = 0;
    for (const std::string& body :
         {encode_row(random.counters()), encode_row(random.pool(1)), encode_row(random.node(2)),
          encode_row(random.job(3)), encode_row(random.claim(4)),
          encode_row(random.lingering(random.attempt_id(1))),
          encode_row(random.reservation("a", "j")), encode_row(random.outbox(1, 2)),
          encode_row(random.progress(1)), encode_row(random.session(1)), task,
          encode_row(random.certificate("a", "b")), sealed("key", task)})
      seeds.push_back(chosen(choice++, body));
  }
  return seeds;
}

const Target kTarget("rows", run, seeds);

}  // namespace
}  // namespace windlass::fuzz
