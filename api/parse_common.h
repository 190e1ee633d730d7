// Readers of the shapes that several bodies hold. Internal to the parsers of api/.
#pragma once

#include "api/job_documents.h"
#include "api/json_in.h"
#include "model/job.h"

#include <string>
#include <vector>

namespace windlass::api {

void read_id(const Value& value, std::string& out);
void read_display_name(const Value& value, std::optional<std::string>& out);
void read_metadata(const Value& value, std::vector<MetadataItem>& out);
void read_environment(const Value& value, std::vector<EnvironmentSetting>& out);
void read_resource_files(const Value& value, std::vector<ResourceFile>& out);
void read_user_identity(const Value& value, std::optional<UserIdentity>& out);
void read_retry_count(const Value& value, std::int32_t& out);
void read_wall_clock_limit(const Value& value, Duration& out);
void read_start_task(const Value& value, std::optional<StartTask>& out);

// The pool of an automatic pool: what AddPool takes, but for the id.
void read_pool_specification(const Value& value, std::optional<PoolSpec>& out);

// What the jobs of a schedule are made from: what AddJob takes, but for the id.
void read_job_specification(const Value& value, ParsedJob& out);

// A URL that a node can fetch from or put to: http or https.
bool read_http_url(const Value& value, std::string& out);

// The communication mode as its canonical word.
void read_communication_mode(const Value& value, std::string& out);

// Whether a body that may be left out was.
bool is_blank(std::string_view text);

// Whether a resource file's path stays below the working directory.
bool stays_below(std::string_view path);

}  // namespace windlass::api
