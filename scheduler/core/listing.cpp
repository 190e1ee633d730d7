#include "scheduler/core/listing.h"

#include "model/assert.h"

#include <algorithm>

namespace windlass::scheduler {

namespace {

TaskRecord record_of(const State& state, Rows& rows, const TaskKey& key) {
  if (const RunningTask* running = state.find_running(key)) return running->record;
  if (std::optional<OpenTask> open = rows.open_task(key)) return std::move(open->record);
  std::optional<TaskRecord> done = rows.done_task(key);
  WINDLASS_ASSERT(done.has_value());
  return std::move(*done);
}

// A text that sorts after every id below `from` and before `from`: ids are ASCII.
std::string just_before(std::string from) {
  if (from.empty() || from.back() == '\0') return {};
  from.back() = static_cast<char>(from.back() - 1);
  return from + '\x7f';
}

}  // namespace

Answer list_tasks(const State& state, Rows& rows, const Settings& settings, const Job& job,
                  const PageRequest& request) {
  const Result<query::Filter> filter =
      query::parse_filter(request.filter, query::task_filter_schema());
  if (!filter) return filter.error();
  const query::IdRange range = filter->id_range();
  Page<TaskView> page;
  std::size_t scanned = 0;
  std::size_t bytes = 0;
  std::string last;
  bool more = false;
  rows.scan_task_ids(job.record.seq, std::max(request.after, just_before(range.from)),
                     [&](std::string_view id, TaskSeq seq) {
                       const bool full = page.entries.size() == request.entries_max ||
                                         scanned == settings.scanned_entries_max ||
                                         bytes >= settings.page_bytes_max;
                       if (full) {
                         more = true;
                         return false;
                       }
                       if (range.until && id >= *range.until) return false;
                       ++scanned;
                       last = id;
                       const TaskKey key{job.record.seq, seq};
                       TaskRecord record = record_of(state, rows, key);
                       if (!query::matches(*filter, record)) return true;
                       std::string document =
                           request.documents ? rows.document(key) : std::string();
                       bytes += document.size() + sizeof(TaskRecord);
                       page.entries.push_back({std::move(record), std::move(document)});
                       return true;
                     });
  if (more) page.next = last;
  return page;
}

}  // namespace windlass::scheduler
