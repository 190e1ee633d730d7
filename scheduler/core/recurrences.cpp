#include "scheduler/core/recurrences.h"

#include "model/assert.h"

#include <cstdint>

namespace windlass::scheduler {

namespace {

// The last point of the grid from `base` on that is not after `until`; `base` if there is none.
WallTime last_until(WallTime base, Duration interval, WallTime until) {
  WINDLASS_ASSERT(interval > Duration{});
  if (until <= base) return base;
  return WallTime{base.ticks + (until - base) / interval * interval.count()};
}

bool too_late(const Schedule& schedule, WallTime time) {
  return schedule.do_not_run_after && time > *schedule.do_not_run_after;
}

}  // namespace

std::optional<WallTime> first_recurrence(const JobScheduleRecord& record) {
  const Schedule& schedule = record.spec.schedule;
  const bool ran = record.last_run.has_value();
  if (ran && !schedule.recurrence_interval) return std::nullopt;
  WallTime first =
      schedule.do_not_run_until.value_or(ran ? *record.last_run : record.creation_time);
  if (ran && first <= *record.last_run) {
    const Duration interval = *schedule.recurrence_interval;
    first = last_until(first, interval, *record.last_run) + interval;
  }
  if (too_late(schedule, first)) return std::nullopt;
  return first;
}

std::optional<WallTime> due_recurrence(JobScheduleRecord& record, WallTime now) {
  const Schedule& schedule = record.spec.schedule;
  if (!record.next_run || now < *record.next_run) return std::nullopt;
  if (schedule.recurrence_interval) {  // what is due in one interval is not carried into the next
    record.next_run = last_until(*record.next_run, *schedule.recurrence_interval, now);
  }
  if (too_late(schedule, *record.next_run) || too_late(schedule, now)) {
    record.next_run.reset();
    return std::nullopt;
  }
  if (schedule.start_window && now >= *record.next_run + *schedule.start_window) {
    pass_recurrence(record);
    return std::nullopt;
  }
  return record.next_run;
}

void pass_recurrence(JobScheduleRecord& record) {
  WINDLASS_ASSERT(record.next_run.has_value());
  const Schedule& schedule = record.spec.schedule;
  if (!schedule.recurrence_interval) {
    record.next_run.reset();
    return;
  }
  record.next_run = *record.next_run + *schedule.recurrence_interval;
  if (too_late(schedule, *record.next_run)) record.next_run.reset();
}

bool is_over(const JobScheduleRecord& record, WallTime now) {
  const Schedule& schedule = record.spec.schedule;
  if (record.next_run) return false;
  return !schedule.recurrence_interval || too_late(schedule, now);
}

std::optional<WallTime> recurrence_lost_at(const JobScheduleRecord& record) {
  const Schedule& schedule = record.spec.schedule;
  if (!record.next_run) return std::nullopt;
  std::optional<WallTime> lost;
  for (const auto& time : {schedule.start_window, schedule.recurrence_interval}) {
    if (!time) continue;
    const WallTime at = *record.next_run + *time;
    if (!lost || at < *lost) lost = at;
  }
  if (schedule.do_not_run_after) {
    const WallTime at = *schedule.do_not_run_after + Duration{1};
    if (!lost || at < *lost) lost = at;
  }
  return lost;
}

std::optional<WallTime> next_decision_at(const JobScheduleRecord& record) {
  if (record.next_run) return record.next_run;
  if (!record.spec.schedule.do_not_run_after) return std::nullopt;
  return *record.spec.schedule.do_not_run_after + Duration{1};
}

}  // namespace windlass::scheduler
