// Tasks, and what became of each task of an added collection, as REST JSON.
#pragma once

#include "api/json_writer.h"
#include "api/select.h"
#include "api/viewer.h"
#include "model/command.h"
#include "model/task.h"

#include <string>
#include <string_view>

namespace windlass::api {

// `document` is the decoded document, or null when the request did not ask for any of it
// (Select::wants_task_document); its members are then left out.
void write_task(std::string& out, const TaskRecord& task, const TaskDocument* document,
                std::string_view job_id, ShardId shard, const Viewer& viewer,
                const Select& select = {});

// The one at `index` of the task's subtasks, whose id is one more.
void write_subtask(std::string& out, const TaskRecord& task, std::size_t index,
                   std::string_view job_id, const Viewer& viewer, const Select& select = {});

// An entry of a node's recentTasks.
void write_recent_task(JsonWriter& json, const RecentTask& recent, const Viewer& viewer);
// What a task's document says, as members of the object under way.
void write_task_document(JsonWriter& json, const TaskDocument& document, const Select& select = {});

// One entry of TaskAddCollectionResult. Refusals of ours (5xx other than 501) are `servererror`,
// which clients send again; everything else is `clienterror`.
void write_task_outcome(std::string& out, std::string_view job_id, std::string_view task_id,
                        const TaskOutcome& outcome, ShardId shard, const Viewer& viewer,
                        std::string_view request_id, WallTime now);

}  // namespace windlass::api
