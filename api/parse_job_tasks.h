// jobManagerTask, jobPreparationTask and jobReleaseTask of a job. Internal to the parsers of api/.
#pragma once

#include "api/job_documents.h"
#include "api/json_in.h"

#include <string_view>

namespace windlass::api {

// Whether `name` is one of the three; if so, the value is read.
bool read_job_task(ParsedJob& job, std::string_view name, const Value& value);
// What the members say only together, once all are read.
void finish_job_tasks(ParsedJob& job, const Value& body);

}  // namespace windlass::api
