// Bodies about jobs, from text to commands (see parse_pool.h for what all parsers do alike).
#pragma once

#include "api/job_documents.h"
#include "model/command.h"
#include "model/result.h"

#include <string_view>

namespace windlass::api {

Result<ParsedJob> parse_add_job(std::string_view body);
Result<ChangeJob> parse_patch_job(std::string_view body);
// Every member of the change is set: what the body leaves out becomes its default.
Result<ChangeJob> parse_put_job(std::string_view body);
Result<DisableJob> parse_disable_job(std::string_view body);
// The body may be empty; the reason is then UserTerminate.
Result<TerminateJob> parse_terminate_job(std::string_view body);

}  // namespace windlass::api
