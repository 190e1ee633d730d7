// Bodies about job schedules, from text to commands (see parse_pool.h for what all parsers do
// alike).
#pragma once

#include "api/job_documents.h"
#include "model/command.h"
#include "model/result.h"

#include <string_view>

namespace windlass::api {

// The gateway encodes the documents of the job's own tasks, and puts the job where it belongs.
struct ParsedJobSchedule {
  JobScheduleSpec spec;  // but for the job
  ParsedJob job;
};
struct ParsedScheduleChange {
  ChangeJobSchedule command;  // but for the job
  std::optional<ParsedJob> job;
};

Result<ParsedJobSchedule> parse_add_job_schedule(std::string_view body);
Result<ParsedScheduleChange> parse_patch_job_schedule(std::string_view body);
// Every member of the change is set: what the body leaves out becomes its default.
Result<ParsedScheduleChange> parse_put_job_schedule(std::string_view body);

}  // namespace windlass::api
