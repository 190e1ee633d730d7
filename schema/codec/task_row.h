// Bytes of a task's row: dense, because there are millions of them, each is written three times in
// its life, and a starting shard reads all that are open. About 30 bytes while a task waits, about
// 90 when it has run; a general encoding carries every absent field along and is far longer.
//
// The key (job and task sequence) is not in the bytes: the store has it as the row's key. Fields
// are never reordered; new ones go to the end, behind a flag of their own.
#pragma once

#include "model/result.h"
#include "model/shard_rows.h"

#include <string>
#include <string_view>

namespace windlass {

// Both append to `out`.
void encode_task_row(std::string& out, const OpenTask& task);
void encode_task_row(std::string& out, const TaskRecord& record);

// Any bytes may come in; what is not such a row is an Error.
Result<OpenTask> decode_open_task(std::string_view bytes, const TaskKey& key);
Result<TaskRecord> decode_task_record(std::string_view bytes, const TaskKey& key);

}  // namespace windlass
