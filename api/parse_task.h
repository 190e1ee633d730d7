// Bodies about tasks, from text to commands (see parse_pool.h for what all parsers do alike).
// Adding tasks is the hottest road of the API: these bodies are read in one pass.
#pragma once

#include "model/command.h"
#include "model/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace windlass::api {

inline constexpr std::size_t kCollectionTasksMax = 100;

struct ParsedTask {
  NewTask facts;  // its `document` is empty: the gateway encodes the document below into it
  TaskDocument document;
};

// One item of a collection. A bad item is refused alone and leaves the others as they are.
struct ParsedItem {
  std::string task_id;  // as far as it could be read; may be empty or no valid id
  Result<ParsedTask> task;
};

Result<ParsedTask> parse_add_task(std::string_view body);

// The whole request is refused only for what is no list of 1 to 100 objects.
Result<std::vector<ParsedItem>> parse_add_task_collection(std::string_view body);

// PUT: constraints only; what is left out becomes its default (the job's retry count).
Result<ChangeTask> parse_put_task(std::string_view body);

}  // namespace windlass::api
