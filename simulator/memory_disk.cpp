#include "simulator/memory_disk.h"

namespace windlass::simulator {

std::unique_ptr<scheduler::ShardBatch> MemoryStore::begin() {
  disk_.appended.clear();
  return std::make_unique<MemoryBatch>(disk_);
}

MemoryBatch::~MemoryBatch() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) (*undo)();
}

void MemoryBatch::commit() {
  if (undo_.empty()) return;
  disk_.before_commit();
  undo_.clear();
  disk_.after_commit(disk_.first_appended, std::exchange(disk_.appended, {}));
}

void MemoryBatch::erase_session(SessionId id) {
  erase(tables_.sessions, id);
  erase_answers(id, INT64_MAX);
}

void MemoryBatch::erase_answers(SessionId session, Sequence through) {
  erase_from(tables_.answers, {session, 0}, SIZE_MAX,
             [&](const auto& key) { return key.first == session && key.second <= through; });
}

void MemoryBatch::each_number_page(
    JobSeq job, std::uint32_t first, std::uint32_t last,
    const std::function<void(std::uint32_t, const scheduler::NumberPage&)>& visitor) {
  for (auto it = tables_.numbers.lower_bound({job, first});
       it != tables_.numbers.end() && it->first.first == job && it->first.second <= last; ++it) {
    visitor(it->first.second, it->second);
  }
}

void MemoryBatch::scan_task_ids(JobSeq job, std::string_view after,
                                const std::function<bool(std::string_view, TaskSeq)>& visitor) {
  auto it = after.empty() ? tables_.ids.lower_bound({job, ""})
                          : tables_.ids.upper_bound({job, std::string(after)});
  for (; it != tables_.ids.end() && it->first.first == job; ++it) {
    if (!visitor(it->first.second, it->second)) return;
  }
}

void MemoryBatch::put_counters(const ShardCounters& row) {
  if (tables_.counters == row) return;
  undo_.push_back([this, old = tables_.counters] { tables_.counters = old; });
  tables_.counters = row;
}

void MemoryBatch::add_task(const OpenTask& task, std::string_view document) {
  const TaskKey key = task.record.key;
  WINDLASS_ASSERT(!tables_.ids.contains({key.job, lower_cased(task.record.id)}));
  WINDLASS_ASSERT(!tables_.open.contains(key));
  WINDLASS_ASSERT(!tables_.done.contains(key));
  put(tables_.ids, {key.job, lower_cased(task.record.id)}, key.task);
  put(tables_.open, key, task);
  put(tables_.documents, key, std::string(document));
  put(tables_.wishes, key, {task.depends_on_ids, task.affinity_id, task.depends_on_ranges});
}

void MemoryBatch::put_open_task(const OpenTask& task) {
  WINDLASS_ASSERT(tables_.open.contains(task.record.key));
  put(tables_.open, task.record.key, task);
}

void MemoryBatch::put_placed_task(const TaskRecord& task) {
  put_open_task({task, {}, {}, {}});
}

void MemoryBatch::complete_task(const TaskRecord& task) {
  WINDLASS_ASSERT(erase(tables_.open, task.key) == 1);
  WINDLASS_ASSERT(!tables_.done.contains(task.key));
  put(tables_.done, task.key, task);
}

void MemoryBatch::put_done_task(const TaskRecord& task) {
  WINDLASS_ASSERT(tables_.done.contains(task.key));
  put(tables_.done, task.key, task);
}

void MemoryBatch::reopen_task(const OpenTask& task) {
  WINDLASS_ASSERT(erase(tables_.done, task.record.key) == 1);
  put(tables_.open, task.record.key, task);
}

void MemoryBatch::erase_task(const TaskKey& key, std::string_view lower_id) {
  WINDLASS_ASSERT(erase(tables_.ids, {key.job, std::string(lower_id)}) == 1);
  WINDLASS_ASSERT(erase(tables_.open, key) + erase(tables_.done, key) == 1);
  erase(tables_.documents, key);
  erase(tables_.wishes, key);
}

bool MemoryBatch::erase_tasks(JobSeq job, std::size_t rows_max) {
  const auto of_key = [job](const TaskKey& key) { return key.job == job; };
  const TaskKey first{job, 0};
  std::size_t erased = erase_from(tables_.ids, {job, ""}, rows_max,
                                  [job](const auto& key) { return key.first == job; });
  erased += erase_from(tables_.documents, first, rows_max, of_key);
  erase_from(tables_.wishes, first, rows_max, of_key);
  erased += erase_from(tables_.open, first, rows_max, of_key);
  erased += erase_from(tables_.done, first, rows_max, of_key);
  erased += erase_from(tables_.numbers, {job, 0}, rows_max,
                       [job](const auto& key) { return key.first == job; });
  erased += erase_from(tables_.job_nodes, {job, 0}, rows_max,
                       [job](const auto& key) { return key.first == job; });
  return erased > 0;
}

}  // namespace windlass::simulator
