// The bytes of a task's document. They are stored for as long as the task exists, so they carry a
// format version, and every later version must read all earlier ones.
#pragma once

#include "model/result.h"
#include "model/task.h"

#include <string>
#include <string_view>

namespace windlass {

std::string encode_task_document(const TaskDocument& document);

// Any bytes may come in; what is not a document is an Error.
Result<TaskDocument> decode_task_document(std::string_view bytes);

}  // namespace windlass
