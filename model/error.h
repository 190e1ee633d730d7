// What a wish can be refused with. Enumerators are the API's codes in our spelling
// (pool_not_found = PoolNotFound); api/ alone knows status, wire name and message of each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windlass {

// Laid out by hand: clang-format has no stable layout for such a list.
// clang-format off
#define WINDLASS_ERROR_CODES(X) \
  /* general */ X(condition_not_met) X(not_modified) X(missing_required_header)                   \
    X(missing_required_property) X(missing_required_query_parameter)                              \
    X(unsupported_header) X(unsupported_property)                                                 \
    X(unsupported_query_parameter) X(invalid_header_value)                                        \
    X(invalid_property_value) X(invalid_query_parameter_value)                                    \
    X(out_of_range_query_parameter_value) X(out_of_range_input)                                   \
    X(out_of_range_priority) X(invalid_constraint_value)                                          \
    X(request_url_failed_to_parse) X(invalid_uri) X(invalid_http_verb)                            \
    X(invalid_input) X(invalid_request_body) X(empty_metadata_key)                                \
    X(invalid_metadata) X(metadata_too_large)                                                     \
    X(multiple_condition_headers_not_supported) X(invalid_authentication_info)                    \
    X(unsupported_request_version) X(authentication_missing)                                      \
    X(authentication_failed) X(insufficient_account_permissions)                                  \
    X(account_is_disabled) X(forbidden) X(resource_not_found)                                     \
    X(unsupported_http_verb) X(missing_content_length_header)                                     \
    X(request_body_too_large) X(invalid_range) X(too_many_requests)                               \
    X(internal_error) X(operation_timed_out) X(server_busy) X(not_implemented)                    \
  /* not found */ X(pool_not_found) X(node_not_found) X(job_schedule_not_found)                   \
    X(job_not_found) X(task_not_found) X(file_not_found) X(path_not_found)                        \
    X(node_user_not_found) X(certificate_not_found) X(application_not_found)                      \
  /* exists */ X(pool_exists) X(job_exists) X(task_exists)                                        \
    X(job_schedule_exists) X(certificate_exists) X(node_user_exists)                              \
    X(job_with_same_id_exists) X(job_schedule_with_same_id_exists)                                \
  /* state */ X(operation_invalid_for_current_state) X(pool_being_deleted)                        \
    X(pool_being_resized) X(node_not_ready) X(node_state_unusable)                                \
    X(node_being_started) X(node_being_rebooted) X(node_being_reimaged)                           \
    X(operation_not_valid_on_node)                                                                \
    X(node_already_in_target_scheduling_state) X(job_being_deleted)                               \
    X(job_being_terminated) X(job_disabled) X(job_completed) X(job_not_active)                    \
    X(job_schedule_being_terminated) X(job_schedule_being_deleted)                                \
    X(job_schedule_disabled) X(job_schedule_completed) X(certificate_state_active)                \
    X(task_completed) X(task_not_completed) X(task_succeeded)                                     \
    X(task_files_unavailable) X(task_files_cleaned_up)                                            \
    X(job_preparation_task_not_specified) X(task_id_same_as_job_preparation_task)                 \
    X(task_id_same_as_job_release_task)                                                           \
    X(active_job_and_schedule_quota_reached) X(pool_quota_reached)                                \
    X(invalid_application_package_references)                                                     \
    X(task_dependencies_not_specified_on_job) X(task_dependency_list_too_long)                    \
    X(task_dependency_ranges_too_long) X(io_error)
// clang-format on

enum class ErrorCode : std::uint16_t {
#define WINDLASS_X(name) name,
  WINDLASS_ERROR_CODES(WINDLASS_X)
#undef WINDLASS_X
};

std::string_view to_string(ErrorCode code);  // our spelling, for logs and tests

struct ErrorValue {
  std::string key;
  std::string value;
  bool operator==(const ErrorValue&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::internal_error;
  std::string message;             // empty: the code's standard sentence (api/)
  std::vector<ErrorValue> values;  // order matters: SDK tests read values[0] as the property's name
  bool operator==(const Error&) const = default;
};

// InvalidPropertyValue and its kin, with the three values clients read.
Error property_error(ErrorCode code, std::string_view name, std::string_view value,
                     std::string_view reason);
// InvalidQueryParameterValue and its kin.
Error query_error(ErrorCode code, std::string_view name, std::string_view value,
                  std::string_view reason);
// 501 for a property or operation whose effect is not built; `what` names it.
Error not_implemented(std::string_view what);

}  // namespace windlass
