// Job schedules as REST JSON.
#pragma once

#include "api/job_documents.h"
#include "api/select.h"
#include "api/viewer.h"
#include "model/job_schedule.h"

#include <string>

namespace windlass::api {

// `shard` answered; it is part of the eTag.
void write_job_schedule(std::string& out, const JobScheduleRecord& schedule, ShardId shard,
                        const Viewer& viewer, const Select& select = {},
                        const JobDocuments& documents = {});

}  // namespace windlass::api
