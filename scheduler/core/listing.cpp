#include "scheduler/core/listing.h"

#include "model/assert.h"

namespace windlass::scheduler {

namespace {

TaskRecord record_of(const State& state, Rows& rows, const TaskKey& key) {
  if (const RunningTask* running = state.find_running(key)) return running->record;
  if (std::optional<OpenTask> open = rows.open_task(key)) return std::move(open->record);
  std::optional<TaskRecord> done = rows.done_task(key);
  WINDLASS_ASSERT(done.has_value());
  return std::move(*done);
}

}  // namespace

std::string task_folder(const std::string& job_id, const std::string& task_id) {
  return "workitems/" + job_id + "/job-1/" + task_id;
}

Answer list_tasks(const State& state, Rows& rows, const Settings& settings, const Job& job,
                  const PageRequest& request) {
  const Result<RowFilter> filter = RowFilter::parse(request.filter, ListKind::tasks);
  if (!filter) return filter.error();
  Page<TaskView> page;
  std::size_t scanned = 0;
  std::size_t bytes = 0;
  std::string last;
  bool more = false;
  rows.scan_task_ids(job.record.seq, request.after, [&](std::string_view id, TaskSeq seq) {
    const bool full = page.entries.size() == request.entries_max ||
                      scanned == settings.scanned_entries_max || bytes >= settings.page_bytes_max;
    if (full) {
      more = true;
      return false;
    }
    ++scanned;
    last = id;
    const TaskKey key{job.record.seq, seq};
    TaskRecord record = record_of(state, rows, key);
    if (!filter->matches(record)) return true;
    std::string document = request.documents ? rows.document(key) : std::string();
    bytes += document.size() + sizeof(TaskRecord);
    page.entries.push_back({std::move(record), std::move(document)});
    return true;
  });
  if (more) page.next = last;
  return page;
}

}  // namespace windlass::scheduler
