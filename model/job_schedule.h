// Job schedules: what clients ask for, what a shard keeps.
#pragma once

#include "model/job.h"

#include <string>
#include <vector>

namespace windlass {

using JobScheduleSeq = std::uint64_t;

enum class JobScheduleState : std::uint8_t { active, completed, disabled, terminating, deleting };

// When jobs are made. Recurrences begin at doNotRunUntil (or when the schedule was added) and lie
// one interval apart; without an interval there is one.
struct Schedule {
  std::optional<WallTime> do_not_run_until;
  std::optional<WallTime> do_not_run_after;
  std::optional<Duration> start_window;  // absent: until the next recurrence
  std::optional<Duration> recurrence_interval;
  bool operator==(const Schedule&) const = default;
};

struct JobScheduleSpec {
  std::string id;
  std::optional<std::string> display_name;
  Schedule schedule;
  JobSpec job;  // its id is empty
  std::vector<MetadataItem> metadata;
  bool operator==(const JobScheduleSpec&) const = default;
};

struct JobScheduleRecord {
  std::string account;
  JobScheduleSeq seq = 0;
  JobScheduleSpec spec;
  Version version;
  WallTime creation_time;
  JobScheduleState state = JobScheduleState::active;
  WallTime state_time;
  std::optional<JobScheduleState> previous_state;
  std::optional<WallTime> previous_state_time;
  std::optional<WallTime> end_time;

  // The first recurrence that has neither had its job nor been lost. It only moves on, whatever
  // the clock does, so that no recurrence has two jobs.
  std::optional<WallTime> next_run;
  std::optional<WallTime> last_run;  // the last one that had its job
  std::uint64_t jobs_made = 0;
  bool job_active = false;  // the newest has not ended
  bool job_told = false;    // while terminating: that it has to
  bool forced = false;      // while ending: jobs end without waiting for nodes

  std::string pool_id;               // the auto pool that its jobs share
  bool pool_outdated = false;        // goes with the job that uses it: another was specified since
  std::string jobs_deleted_through;  // lower-cased id; while deleting: these have been told
  bool operator==(const JobScheduleRecord&) const = default;
};

// {schedule}:job-{n}
inline std::string job_of_schedule(const std::string& schedule_id, std::uint64_t number) {
  return schedule_id + ":job-" + std::to_string(number);
}

}  // namespace windlass
