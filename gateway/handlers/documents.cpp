#include "gateway/handlers/documents.h"

#include "bus/task_token.h"

#include <utility>

namespace windlass::gateway {

namespace {

// True when there was none, or it is encoded now.
bool encode_into(std::string& out, const std::optional<TaskDocument>& document, Error& refusal) {
  if (!document) return true;
  auto bytes = encoded_document(*document);
  if (bytes) {
    out = std::move(*bytes);
    return true;
  }
  refusal = std::move(bytes.error());
  return false;
}

bool decode_into(std::optional<TaskDocument>& out, const std::string& bytes, Error& refusal) {
  auto document = decode_task_document(bytes);
  if (document) {
    out = std::move(*document);
    return true;
  }
  refusal = std::move(document.error());
  return false;
}

}  // namespace

Result<std::string> encoded_document(const TaskDocument& document) {
  std::string bytes = encode_task_document(document);
  if (bytes.size() > kTaskDocumentBytesMax)
    return Error{ErrorCode::request_body_too_large,
                 {},
                 {{"MaxLimit", std::to_string(kTaskDocumentBytesMax)},
                  {"Size", std::to_string(bytes.size())}}};
  return bytes;
}

Result<JobSpec> encoded_job(api::ParsedJob job) {
  JobSpec& spec = job.spec;
  api::JobDocuments& documents = job.documents;
  if (documents.manager && documents.manager->job_access)
    documents.manager->token_secret = new_token_secret();
  Error refusal;
  if (spec.manager_task &&
      !encode_into(spec.manager_task->task.document, documents.manager, refusal))
    return refusal;
  if (spec.preparation_task &&
      !encode_into(spec.preparation_task->document, documents.preparation, refusal))
    return refusal;
  if (spec.release_task && !encode_into(spec.release_task->document, documents.release, refusal))
    return refusal;
  return std::move(spec);
}

Result<api::JobDocuments> decoded_documents(const JobSpec& spec) {
  api::JobDocuments documents;
  Error refusal;
  if (spec.manager_task &&
      !decode_into(documents.manager, spec.manager_task->task.document, refusal))
    return refusal;
  if (spec.preparation_task &&
      !decode_into(documents.preparation, spec.preparation_task->document, refusal))
    return refusal;
  if (spec.release_task && !decode_into(documents.release, spec.release_task->document, refusal))
    return refusal;
  return documents;
}

}  // namespace windlass::gateway
