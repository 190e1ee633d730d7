// The tables of tasks: ids, documents, and records in one of two tables, open or done, so that a
// start reads only those that are open.

#include "model/assert.h"
#include "scheduler/store/batch_impl.h"
#include "schema/codec/task_document.h"
#include "schema/codec/task_row.h"

namespace windlass::scheduler {

namespace {

Key task_key(const TaskKey& key) {
  return Key().number(key.job).number(key.task);
}

Key id_key(JobSeq job, std::string_view lower_id) {
  return Key().number(job).text(lower_id);
}

template <class Value>
Value decoded(const char* table, Result<Value>&& row) {
  if (!row) throw CorruptError(std::string("table ") + table + ": " + row.error().message);
  return std::move(*row);
}

constexpr std::size_t kJobBytes = 8;  // of each key here, at its beginning

Key page_key(JobSeq job, std::uint32_t page) {
  return Key().number(job).number_32(page);
}

using Bits = std::bitset<kNumbersPerPage>;
constexpr std::size_t kBitsBytes = kNumbersPerPage / 8;

void put_bits(std::string& out, const Bits& bits) {
  for (std::size_t byte = 0; byte < kBitsBytes; ++byte) {
    unsigned value = 0;
    for (std::size_t i = 0; i < 8; ++i) value |= (bits.test(byte * 8 + i) ? 1u : 0u) << i;
    out += static_cast<char>(value);
  }
}

Bits take_bits(std::string_view bytes) {
  Bits bits;
  for (std::size_t byte = 0; byte < kBitsBytes; ++byte) {
    const auto value = static_cast<unsigned char>(bytes[byte]);
    for (std::size_t i = 0; i < 8; ++i) bits.set(byte * 8 + i, (value >> i & 1u) != 0);
  }
  return bits;
}

// Mostly nothing has failed: those bits are left out then.
NumberPage decoded_page(std::string_view body) {
  if (body.size() != kBitsBytes && body.size() != 2 * kBitsBytes)
    throw CorruptError("table task_numbers: a page of odd size");
  NumberPage page;
  page.satisfied = take_bits(body);
  if (body.size() > kBitsBytes) page.failed = take_bits(body.substr(kBitsBytes));
  return page;
}

}  // namespace

void Batch::each_open_task(const std::function<void(OpenTask)>& visitor) {
  impl_->table(TableName::open_tasks).scan("", [&](std::string_view key, std::string_view body) {
    visitor(decoded("open_tasks",
                    decode_open_task(body, {number_at(key, 0), number_at(key, kJobBytes)})));
    return true;
  });
}

std::optional<TaskSeq> Batch::find_task(JobSeq job, std::string_view lower_id) {
  const auto body = impl_->table(TableName::task_ids).find(id_key(job, lower_id));
  if (!body) return std::nullopt;
  return number_at(*body, 0);
}

std::optional<OpenTask> Batch::open_task(const TaskKey& key) {
  const auto body = impl_->table(TableName::open_tasks).find(task_key(key));
  if (!body) return std::nullopt;
  return decoded("open_tasks", decode_open_task(*body, key));
}

std::optional<TaskRecord> Batch::done_task(const TaskKey& key) {
  const auto body = impl_->table(TableName::done_tasks).find(task_key(key));
  if (!body) return std::nullopt;
  return decoded("done_tasks", decode_task_record(*body, key));
}

std::string Batch::document(const TaskKey& key) {
  return std::string(impl_->table(TableName::documents).find(task_key(key)).value_or(""));
}

TaskWishes Batch::wishes(const TaskKey& key) {
  const auto bytes = impl_->table(TableName::documents).find(task_key(key));
  if (!bytes) return {};
  TaskDocument document = decoded("documents", decode_task_document(*bytes));
  return {std::move(document.depends_on_ids), std::move(document.affinity_id),
          std::move(document.depends_on_ranges)};
}

NumberPage Batch::number_page(JobSeq job, std::uint32_t page) {
  const auto body = impl_->table(TableName::task_numbers).find(page_key(job, page));
  return body ? decoded_page(*body) : NumberPage();
}

void Batch::each_number_page(JobSeq job, std::uint32_t first, std::uint32_t last,
                             const std::function<void(std::uint32_t, const NumberPage&)>& visitor) {
  impl_->table(TableName::task_numbers)
      .scan(page_key(job, first), [&](std::string_view key, std::string_view body) {
        const auto page = static_cast<std::uint32_t>(number_at(key, kJobBytes, 4));
        if (number_at(key, 0) != job || page > last) return false;
        visitor(page, decoded_page(body));
        return true;
      });
}

void Batch::put_number_page(JobSeq job, std::uint32_t page, const NumberPage& numbers) {
  RowTable& table = impl_->table(TableName::task_numbers);
  std::string& bytes = table.begin_row();
  put_bits(bytes, numbers.satisfied);
  if (numbers.failed.any()) put_bits(bytes, numbers.failed);
  table.put(page_key(job, page));
}

void Batch::scan_task_ids(JobSeq job, std::string_view after_lower_id,
                          const std::function<bool(std::string_view, TaskSeq)>& visitor) {
  const Key from = id_key(job, after_lower_id);
  impl_->table(TableName::task_ids).scan(from, [&](std::string_view key, std::string_view body) {
    if (number_at(key, 0) != job) return false;
    if (key == from) return true;  // strictly after
    const std::string lower_id(key.substr(kJobBytes));
    return visitor(lower_id, number_at(body, 0));
  });
}

void Batch::add_task(const OpenTask& task, std::string_view document) {
  const TaskKey& key = task.record.key;
  RowTable& ids = impl_->table(TableName::task_ids);
  ids.begin_row() += Key().number(key.task);
  ids.insert(id_key(key.job, lower_cased(task.record.id)));

  if (!document.empty()) {
    RowTable& documents = impl_->table(TableName::documents);
    documents.begin_row() += document;
    documents.insert(task_key(key));
  }

  RowTable& open = impl_->table(TableName::open_tasks);
  encode_task_row(open.begin_row(), task);
  open.insert(task_key(key));
}

void Batch::put_open_task(const OpenTask& task) {
  RowTable& open = impl_->table(TableName::open_tasks);
  encode_task_row(open.begin_row(), task);
  open.update(task_key(task.record.key));
}

void Batch::put_placed_task(const TaskRecord& record) {
  RowTable& open = impl_->table(TableName::open_tasks);
  encode_task_row(open.begin_row(), record);
  open.update(task_key(record.key));
}

void Batch::complete_task(const TaskRecord& record) {
  const Key key = task_key(record.key);
  const bool was_open = impl_->table(TableName::open_tasks).erase(key);
  WINDLASS_ASSERT(was_open);
  RowTable& done = impl_->table(TableName::done_tasks);
  encode_task_row(done.begin_row(), record);
  done.insert(key);
}

void Batch::put_done_task(const TaskRecord& record) {
  RowTable& done = impl_->table(TableName::done_tasks);
  encode_task_row(done.begin_row(), record);
  done.update(task_key(record.key));
}

void Batch::reopen_task(const OpenTask& task) {
  const Key key = task_key(task.record.key);
  const bool was_done = impl_->table(TableName::done_tasks).erase(key);
  WINDLASS_ASSERT(was_done);
  RowTable& open = impl_->table(TableName::open_tasks);
  encode_task_row(open.begin_row(), task);
  open.insert(key);
}

void Batch::erase_task(const TaskKey& key, std::string_view lower_id) {
  const bool had_id = impl_->table(TableName::task_ids).erase(id_key(key.job, lower_id));
  WINDLASS_ASSERT(had_id);
  const Key row = task_key(key);
  const bool was_open = impl_->table(TableName::open_tasks).erase(row);
  const bool was_done = !was_open && impl_->table(TableName::done_tasks).erase(row);
  WINDLASS_ASSERT(was_open || was_done);
  impl_->table(TableName::documents).erase(row);
}

bool Batch::erase_tasks(JobSeq job, std::size_t rows_max) {
  bool some = false;
  for (const TableName name :
       {TableName::task_ids, TableName::documents, TableName::open_tasks, TableName::done_tasks,
        TableName::task_numbers, TableName::job_nodes}) {
    std::size_t erased = 0;
    impl_->table(name).erase_while(Key().number(job), [&](std::string_view key) {
      if (erased == rows_max || number_at(key, 0) != job) return false;
      ++erased;
      return true;
    });
    if (erased > 0) some = true;
  }
  return some;
}

}  // namespace windlass::scheduler
