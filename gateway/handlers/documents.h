// Documents of tasks between the JSON of clients and the bytes that shards keep.
#pragma once

#include "api/job_documents.h"
#include "bus/task_document.h"
#include "model/result.h"

#include <string>

namespace windlass::gateway {

// What a single task may be once encoded, whatever the request around it: a row of the store.
inline constexpr std::size_t kTaskDocumentBytesMax = 1024 * 1024;

// Refuses a document that is too large.
Result<std::string> encoded_document(const TaskDocument& document);

// The job with the documents of its own tasks encoded, and a secret in that of a manager that wants
// a token.
Result<JobSpec> encoded_job(api::ParsedJob job);
Result<api::JobDocuments> decoded_documents(const JobSpec& spec);

}  // namespace windlass::gateway
