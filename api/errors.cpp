#include "api/errors.h"

#include "api/json_writer.h"
#include "model/time_text.h"

namespace windlass::api {

ErrorFace face_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::condition_not_met:
      return {412, "ConditionNotMet",
              "The condition specified using HTTP conditional header(s) is not met."};
    case ErrorCode::not_modified:
      return {304, "ConditionNotMet",
              "The condition specified using HTTP conditional header(s) is not met."};
    case ErrorCode::missing_required_header:
      return {400, "MissingRequiredHeader", "A mandatory header of this request is missing."};
    case ErrorCode::missing_required_property:
      return {400, "MissingRequiredProperty",
              "A mandatory property of the request body is missing."};
    case ErrorCode::missing_required_query_parameter:
      return {400, "MissingRequiredQueryParameter",
              "A mandatory query parameter of this request is missing."};
    case ErrorCode::unsupported_header:
      return {400, "UnsupportedHeader", "One of the headers of this request is not supported."};
    case ErrorCode::unsupported_property:
      return {400, "UnsupportedProperty",
              "One of the properties of the request body is not supported."};
    case ErrorCode::unsupported_query_parameter:
      return {400, "UnsupportedQueryParameter",
              "One of the query parameters of this request is not supported."};
    case ErrorCode::invalid_header_value:
      return {400, "InvalidHeaderValue", "The value of one of the headers is invalid."};
    case ErrorCode::invalid_property_value:
      return {400, "InvalidPropertyValue",
              "The value of one of the properties of the request body is invalid."};
    case ErrorCode::invalid_query_parameter_value:
      return {400, "InvalidQueryParameterValue",
              "The value of one of the query parameters is invalid."};
    case ErrorCode::out_of_range_query_parameter_value:
      return {400, "OutOfRangeQueryParameterValue",
              "The value of one of the query parameters is outside the permitted range."};
    case ErrorCode::out_of_range_input:
      return {400, "OutOfRangeInput", "One of the inputs is outside the permitted range."};
    case ErrorCode::out_of_range_priority:
      return {400, "OutOfRangePriority",
              "The priority is outside the permitted range of -1000 to 1000."};
    case ErrorCode::invalid_constraint_value:
      return {400, "InvalidConstraintValue", "The value of one of the constraints is invalid."};
    case ErrorCode::request_url_failed_to_parse:
      return {400, "RequestUrlFailedToParse", "The URL of the request could not be parsed."};
    case ErrorCode::invalid_uri:
      return {400, "InvalidUri",
              "The requested URI does not represent any resource of this service."};
    case ErrorCode::invalid_http_verb:
      return {400, "InvalidHttpVerb", "The HTTP verb of the request is not recognized."};
    case ErrorCode::invalid_input:
      return {400, "InvalidInput", "One of the inputs of the request is invalid."};
    case ErrorCode::invalid_request_body:
      return {400, "InvalidRequestBody", "The request body could not be read."};
    case ErrorCode::empty_metadata_key:
      return {400, "EmptyMetadataKey", "The name of a metadata item is empty."};
    case ErrorCode::invalid_metadata:
      return {400, "InvalidMetadata", "The metadata are invalid."};
    case ErrorCode::metadata_too_large:
      return {400, "MetadataTooLarge", "The metadata are larger than permitted."};
    case ErrorCode::multiple_condition_headers_not_supported:
      return {400, "MultipleConditionHeadersNotSupported",
              "These conditional headers cannot be used together."};
    case ErrorCode::invalid_authentication_info:
      return {400, "InvalidAuthenticationInfo",
              "The Authorization header is not in the correct form."};
    case ErrorCode::unsupported_request_version:
      return {400, "UnsupportedRequestVersion", "The specified api-version is not supported."};
    case ErrorCode::authentication_missing:
      return {401, "AuthenticationFailed",
              "The request carries no credentials; sign it with the account's shared key."};
    case ErrorCode::authentication_failed:
      return {403, "AuthenticationFailed",
              "Server failed to authenticate the request. Make sure the value of the Authorization "
              "header is formed correctly including the signature."};
    case ErrorCode::insufficient_account_permissions:
      return {403, "InsufficientAccountPermissions",
              "The account does not have the permissions to perform this operation."};
    case ErrorCode::account_is_disabled:
      return {403, "AccountIsDisabled", "The specified account is disabled."};
    case ErrorCode::forbidden:
      return {403, "Forbidden", "The operation is not permitted."};
    case ErrorCode::resource_not_found:
      return {404, "ResourceNotFound", "The specified resource does not exist."};
    case ErrorCode::unsupported_http_verb:
      return {405, "UnsupportedHttpVerb",
              "The resource does not support the HTTP verb of the request."};
    case ErrorCode::missing_content_length_header:
      return {411, "MissingContentLengthHeader", "The Content-Length header was not given."};
    case ErrorCode::request_body_too_large:
      return {413, "RequestBodyTooLarge", "The request body is larger than the permitted limit."};
    case ErrorCode::invalid_range:
      return {416, "InvalidRange",
              "The range specified is invalid for the current size of the file."};
    case ErrorCode::too_many_requests:
      return {429, "TooManyRequests", "Too many requests; try again later."};
    case ErrorCode::internal_error:
      return {500, "InternalError", "The service met an internal error; try the request again."};
    case ErrorCode::operation_timed_out:
      return {500, "OperationTimedOut",
              "The operation could not be completed within the permitted time."};
    case ErrorCode::server_busy:
      return {503, "ServerBusy",
              "The service cannot take this request at present; try again later."};
    case ErrorCode::not_implemented:
      return {501, "NotImplemented", "This is not built into this version of Windlass."};
    case ErrorCode::pool_not_found:
      return {404, "PoolNotFound", "The specified pool does not exist."};
    case ErrorCode::node_not_found:
      return {404, "NodeNotFound", "The specified node does not exist."};
    case ErrorCode::job_schedule_not_found:
      return {404, "JobScheduleNotFound", "The specified job schedule does not exist."};
    case ErrorCode::job_not_found:
      return {404, "JobNotFound", "The specified job does not exist."};
    case ErrorCode::task_not_found:
      return {404, "TaskNotFound", "The specified task does not exist."};
    case ErrorCode::file_not_found:
      return {404, "FileNotFound", "The specified file does not exist."};
    case ErrorCode::path_not_found:
      return {404, "PathNotFound", "The specified path does not exist."};
    case ErrorCode::node_user_not_found:
      return {404, "NodeUserNotFound", "The specified node user does not exist."};
    case ErrorCode::certificate_not_found:
      return {404, "CertificateNotFound", "The specified certificate does not exist."};
    case ErrorCode::application_not_found:
      return {404, "ApplicationNotFound", "The specified application does not exist."};
    case ErrorCode::pool_exists:
      return {409, "PoolExists", "The specified pool already exists."};
    case ErrorCode::job_exists:
      return {409, "JobExists", "The specified job already exists."};
    case ErrorCode::task_exists:
      return {409, "TaskExists", "The specified task already exists."};
    case ErrorCode::job_schedule_exists:
      return {409, "JobScheduleExists", "The specified job schedule already exists."};
    case ErrorCode::certificate_exists:
      return {409, "CertificateExists", "The specified certificate already exists."};
    case ErrorCode::node_user_exists:
      return {409, "NodeUserExists", "The specified node user already exists."};
    case ErrorCode::job_with_same_id_exists:
      return {409, "JobWithSameIdExists", "A job with the id of this job schedule already exists."};
    case ErrorCode::job_schedule_with_same_id_exists:
      return {409, "JobScheduleWithSameIdExists",
              "A job schedule with the id of this job already exists."};
    case ErrorCode::operation_invalid_for_current_state:
      return {409, "OperationInvalidForCurrentState",
              "The operation cannot be performed in the current state of the resource."};
    case ErrorCode::pool_being_deleted:
      return {409, "PoolBeingDeleted", "The specified pool is being deleted."};
    case ErrorCode::pool_being_resized:
      return {409, "PoolBeingResized", "The specified pool is being resized."};
    case ErrorCode::node_not_ready:
      return {409, "NodeNotReady", "The specified node is not ready for this operation."};
    case ErrorCode::node_state_unusable:
      return {409, "NodeStateUnusable", "The specified node is unusable."};
    case ErrorCode::node_being_started:
      return {409, "NodeBeingStarted", "The specified node is being started."};
    case ErrorCode::node_being_rebooted:
      return {409, "NodeBeingRebooted", "The specified node is being rebooted."};
    case ErrorCode::node_being_reimaged:
      return {409, "NodeBeingReimaged", "The specified node is being reimaged."};
    case ErrorCode::operation_not_valid_on_node:
      return {409, "OperationNotValidOnNode", "The operation is not valid on the specified node."};
    case ErrorCode::node_already_in_target_scheduling_state:
      return {409, "NodeAlreadyInTargetSchedulingState",
              "The specified node is already in the scheduling state asked for."};
    case ErrorCode::job_being_deleted:
      return {409, "JobBeingDeleted", "The specified job is being deleted."};
    case ErrorCode::job_being_terminated:
      return {409, "JobBeingTerminated", "The specified job is being terminated."};
    case ErrorCode::job_disabled:
      return {409, "JobDisabled", "The specified job is disabled."};
    case ErrorCode::job_completed:
      return {409, "JobCompleted", "The specified job is already in a completed state."};
    case ErrorCode::job_schedule_being_terminated:
      return {409, "JobScheduleBeingTerminated", "The specified job schedule is being terminated."};
    case ErrorCode::job_schedule_being_deleted:
      return {409, "JobScheduleBeingDeleted", "The specified job schedule is being deleted."};
    case ErrorCode::job_schedule_disabled:
      return {409, "JobScheduleDisabled", "The specified job schedule is disabled."};
    case ErrorCode::job_schedule_completed:
      return {409, "JobScheduleCompleted", "The specified job schedule is already completed."};
    case ErrorCode::certificate_state_active:
      return {409, "CertificateStateActive",
              "The specified certificate is active: no deletion of it has failed."};
    case ErrorCode::job_not_active:
      return {409, "JobNotActive", "The specified job is not active."};
    case ErrorCode::task_completed:
      return {409, "TaskCompleted", "The specified task is already in a completed state."};
    case ErrorCode::task_not_completed:
      return {409, "TaskNotCompleted", "The specified task is not in a completed state."};
    case ErrorCode::task_succeeded:
      return {409, "TaskSucceeded", "The specified task has succeeded and cannot be run again."};
    case ErrorCode::task_files_unavailable:
      return {409, "TaskFilesUnavailable", "The files of the specified task are not available."};
    case ErrorCode::task_files_cleaned_up:
      return {409, "TaskFilesCleanedup", "The files of the specified task have been cleaned up."};
    case ErrorCode::job_preparation_task_not_specified:
      return {409, "JobPreparationTaskNotSpecified",
              "The specified job has no job preparation task."};
    case ErrorCode::task_id_same_as_job_preparation_task:
      return {409, "TaskIdSameAsJobPreparationTask",
              "The task has the same id as the job preparation task of its job."};
    case ErrorCode::task_id_same_as_job_release_task:
      return {409, "TaskIdSameAsJobReleaseTask",
              "The task has the same id as the job release task of its job."};
    case ErrorCode::active_job_and_schedule_quota_reached:
      return {409, "ActiveJobAndScheduleQuotaReached",
              "The account has reached its quota of active jobs and job schedules."};
    case ErrorCode::pool_quota_reached:
      return {409, "PoolQuotaReached", "The account has reached its quota of pools."};
    case ErrorCode::invalid_application_package_references:
      return {409, "InvalidApplicationPackageReferences",
              "One or more application packages cannot be found."};
    case ErrorCode::task_dependencies_not_specified_on_job:
      return {400, "TaskDependenciesNotSpecifiedOnJob",
              "The job of this task does not use task dependencies."};
    case ErrorCode::task_dependency_list_too_long:
      return {400, "TaskDependencyListTooLong", "The list of task ids to depend on is too long."};
    case ErrorCode::task_dependency_ranges_too_long:
      return {400, "TaskDependencyRangesTooLong",
              "The list of task id ranges to depend on is too long."};
    case ErrorCode::io_error:
      return {403, "IOError", "The node could not read or write the file."};
  }
  return {500, "InternalError", "The service met an internal error; try the request again."};
}

void append_error_members(std::string& out, const Error& error, std::string_view request_id,
                          WallTime time) {
  const ErrorFace face = face_of(error.code);
  std::string sentence(error.message.empty() ? face.message : std::string_view(error.message));
  sentence += "\nRequestId:";
  sentence += request_id;
  sentence += "\nTime:";
  append_timestamp(sentence, time);
  JsonWriter json(out);
  json.member("code", face.code);
  json.name("message");
  json.begin_object();
  json.member("lang", "en-US");
  json.member("value", sentence);
  json.end_object();
  if (error.values.empty()) return;
  json.name("values");
  json.begin_array();
  for (const ErrorValue& value : error.values) {
    json.begin_object();
    json.member("key", value.key);
    json.member("value", value.value);
    json.end_object();
  }
  json.end_array();
}

std::string error_body(const Error& error, std::string_view base_url, std::string_view request_id,
                       WallTime time) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("odata.metadata",
              std::string(base_url) +
                  "/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element");
  append_error_members(out, error, request_id, time);
  json.end_object();
  return out;
}

}  // namespace windlass::api
