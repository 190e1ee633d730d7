// The documents of the tasks that a job brings with it, read from a body or to be shown. In a
// JobSpec they are encoded.
#pragma once

#include "model/job.h"

#include <optional>

namespace windlass::api {

struct JobDocuments {
  std::optional<TaskDocument> manager;
  std::optional<TaskDocument> preparation;
  std::optional<TaskDocument> release;
};

struct ParsedJob {
  JobSpec spec;  // its documents are empty: the gateway encodes those below into it
  JobDocuments documents;
};

}  // namespace windlass::api
