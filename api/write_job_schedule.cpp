#include "api/write_job_schedule.h"

#include "api/write_common.h"
#include "api/write_job.h"
#include "model/words.h"

namespace windlass::api {

namespace {

void write_schedule(JsonWriter& json, const Schedule& schedule) {
  json.begin_object();
  write_present(json, "doNotRunUntil", schedule.do_not_run_until);
  write_present(json, "doNotRunAfter", schedule.do_not_run_after);
  write_present(json, "startWindow", schedule.start_window);
  write_present(json, "recurrenceInterval", schedule.recurrence_interval);
  json.end_object();
}

void write_execution_info(JsonWriter& json, const JobScheduleRecord& schedule,
                          const Viewer& viewer) {
  json.begin_object();
  write_present(json, "nextRunTime", schedule.next_run);
  if (schedule.jobs_made > 0) {
    const std::string job = job_of_schedule(schedule.spec.id, schedule.jobs_made);
    json.name("recentJob");
    json.begin_object();
    json.member("id", job);
    json.member("url", job_url(viewer.base_url, job));
    json.end_object();
  }
  write_present(json, "endTime", schedule.end_time);
  json.end_object();
}

}  // namespace

void write_job_schedule(std::string& out, const JobScheduleRecord& schedule, ShardId shard,
                        const Viewer& viewer, const Select& select, const JobDocuments& documents) {
  const JobScheduleSpec& spec = schedule.spec;
  JsonWriter json(out);
  const auto member = [&](std::string_view name, const auto& value) {
    write_selected(json, select, name, value);
  };
  json.begin_object();
  member("id", spec.id);
  member("displayName", spec.display_name);
  if (select.wants("url")) json.member("url", job_schedule_url(viewer.base_url, spec.id));
  if (select.wants("eTag")) json.member("eTag", etag_text(shard, schedule.version.event));
  member("lastModified", schedule.version.last_modified);
  member("creationTime", schedule.creation_time);
  member("state", word(schedule.state));
  member("stateTransitionTime", schedule.state_time);
  if (schedule.previous_state) member("previousState", word(*schedule.previous_state));
  member("previousStateTransitionTime", schedule.previous_state_time);
  if (select.wants("schedule")) {
    json.name("schedule");
    write_schedule(json, spec.schedule);
  }
  if (select.wants("jobSpecification")) {
    json.name("jobSpecification");
    write_job_specification(json, spec.job, documents, viewer);
  }
  if (select.wants("executionInfo")) {
    json.name("executionInfo");
    write_execution_info(json, schedule, viewer);
  }
  write_name_values(json, "metadata", spec.metadata, select);
  json.end_object();
}

}  // namespace windlass::api
