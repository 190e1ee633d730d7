#include "scheduler/core/dependents.h"

#include "model/assert.h"
#include "model/museum.h"

namespace windlass::scheduler {

namespace {

// Null: it is not completed.
std::optional<TaskRecord> completed_parent(Rows& rows, JobSeq job, const std::string& lower_id) {
  const std::optional<TaskSeq> seq = rows.find_task(job, lower_id);
  return seq ? rows.done_task({job, *seq}) : std::nullopt;
}

Dependencies::RangeState count_range(Rows& rows, JobSeq job, const TaskIdRange& range) {
  Dependencies::RangeState state{std::int64_t{range.end} - range.start + 1, false};
  rows.each_number_page(job, page_of(range.start), page_of(range.end),
                        [&](std::uint32_t page, const NumberPage& numbers) {
                          const NumberCounts counts = count_in(numbers, page, range);
                          state.missing -= counts.satisfied;
                          state.blocked = state.blocked || counts.any_failed;
                        });
  if (WINDLASS_PLANTED(range_one_short)) state.missing -= 1;
  return state;
}

// The number of a parent that others may wait for by it.
std::optional<std::int32_t> waited_number(const Job& job, const TaskRecord& parent) {
  if (!job.record.spec.uses_task_dependencies) return std::nullopt;
  return number_of(parent.id);
}

}  // namespace

Dependencies::Unmet unmet_of(const State& state, Rows& rows, const Job& job, const OpenTask& task) {
  const JobSeq seq = job.record.seq;
  Dependencies::Unmet unmet;
  for (const std::string& id : task.depends_on_ids) {
    std::string lower = lower_cased(id);
    const std::optional<TaskSeq> parent = rows.find_task(seq, lower);
    const bool running = parent && state.find_running({seq, *parent}) != nullptr;
    if (WINDLASS_PLANTED(dependency_on_unfinished) && running) continue;
    if (parent && !running) {
      const std::optional<TaskRecord> done = rows.done_task({seq, *parent});
      if (done && done->satisfies_dependents) continue;
      if (done) unmet.blocked = true;
    }
    unmet.ids.insert(std::move(lower));
  }
  for (const TaskIdRange& range : task.depends_on_ranges) {
    const Dependencies::RangeState* known = job.dependencies.find_range(range);
    const Dependencies::RangeState now = known != nullptr ? *known : count_range(rows, seq, range);
    if (now.missing <= 0) continue;
    unmet.blocked = unmet.blocked || now.blocked;
    unmet.ranges.emplace(range, now);
  }
  return unmet;
}

Dependencies::Freed parent_satisfies(Rows& rows, Job& job, const TaskRecord& parent) {
  Dependencies::Freed freed = job.dependencies.satisfy(lower_cased(parent.id));
  const auto number = waited_number(job, parent);
  if (!number) return freed;
  NumberPage page = rows.number_page(job.record.seq, page_of(*number));
  if (page.satisfied.test(bit_of(*number))) return freed;
  page.satisfied.set(bit_of(*number));
  rows.put_number_page(job.record.seq, page_of(*number), page);
  for (const auto& task : job.dependencies.satisfy(*number)) freed.push_back(task);
  return freed;
}

void parent_blocks(Rows& rows, Job& job, const TaskRecord& parent) {
  job.dependencies.block(lower_cased(parent.id));
  const auto number = waited_number(job, parent);
  if (!number) return;
  NumberPage page = rows.number_page(job.record.seq, page_of(*number));
  if (page.satisfied.test(bit_of(*number))) return;
  page.failed.set(bit_of(*number));
  rows.put_number_page(job.record.seq, page_of(*number), page);
  job.dependencies.block(*number);
}

void parent_blocks_no_more(const State& state, Rows& rows, Job& job, const TaskRecord& parent) {
  std::set<TaskSeq> children = job.dependencies.children(lower_cased(parent.id));
  if (const auto number = waited_number(job, parent)) {
    NumberPage page = rows.number_page(job.record.seq, page_of(*number));
    page.failed.reset(bit_of(*number));
    rows.put_number_page(job.record.seq, page_of(*number), page);
    for (const TaskIdRange& range : job.dependencies.ranges_with(*number)) {
      job.dependencies.set_blocked(range, count_range(rows, job.record.seq, range).blocked);
    }
    for (const TaskSeq task : job.dependencies.blocked()) children.insert(task);
  }
  for (const TaskSeq child : children) {
    const std::optional<OpenTask> open = rows.open_task({job.record.seq, child});
    WINDLASS_ASSERT(open.has_value());
    job.dependencies.set_blocked(child, unmet_of(state, rows, job, *open).blocked);
  }
}

void forget_parent(Rows& rows, const Job& job, const std::string& lower_id) {
  for (const auto& [task, waiting] : job.dependencies.waiting()) {
    std::optional<OpenTask> open = rows.open_task({job.record.seq, task});
    WINDLASS_ASSERT(open.has_value());
    const std::size_t erased = std::erase_if(
        open->depends_on_ids, [&](const std::string& id) { return lower_cased(id) == lower_id; });
    if (erased != 0) rows.put_open_task(*open);
  }
}

std::string blocking_parent(Rows& rows, const Job& job, TaskSeq task) {
  const JobSeq seq = job.record.seq;
  const Dependencies::Waiting& waiting = job.dependencies.waiting().at(task);
  for (const std::string& id : waiting.ids) {
    const std::optional<TaskRecord> parent = completed_parent(rows, seq, id);
    if (parent && !parent->satisfies_dependents) return parent->id;
  }
  std::string found;
  for (const TaskIdRange& range : waiting.ranges) {
    rows.each_number_page(
        seq, page_of(range.start), page_of(range.end),
        [&](std::uint32_t page, const NumberPage& numbers) {
          const auto failed = numbers.failed & ~numbers.satisfied;
          for (std::size_t bit = failed._Find_first(); found.empty() && bit < failed.size();
               bit = failed._Find_next(bit)) {
            const std::int64_t number = std::int64_t{page} * kNumbersPerPage + std::int64_t(bit);
            if (range.start <= number && number <= range.end) found = std::to_string(number);
          }
        });
  }
  return found;
}

}  // namespace windlass::scheduler
