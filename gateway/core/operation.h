// Every operation of the API, once: symbol, name, verb, path, success status, which conditional
// headers it reads, and the largest page (0: no list). Dispatch, metric labels and the message of a
// 501 come from this table; handlers/ says which of them are built.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace windlass::gateway {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, other };

Method method_named(std::string_view text);  // upper case, as on the request line

enum class ConditionHeaders : std::uint8_t { none, dates, all };

// {name} takes one segment, {filePath} the rest of the path, certificates({..}) an OData key.
// clang-format off
#define WINDLASS_OPERATIONS(X) \
  X(application_list, "Application_List", get, "/applications", 200, none, 1000) \
  X(application_get, "Application_Get", get, "/applications/{applicationId}", 200, none, 0) \
  X(pool_list_usage_metrics, "Pool_ListUsageMetrics", get, "/poolusagemetrics", 200, none, 1000) \
  X(pool_get_all_lifetime_statistics, "Pool_GetAllLifetimeStatistics", get, "/lifetimepoolstats", 200, none, 0) \
  X(pool_add, "Pool_Add", post, "/pools", 201, none, 0) \
  X(pool_list, "Pool_List", get, "/pools", 200, none, 1000) \
  X(pool_delete, "Pool_Delete", delete_, "/pools/{poolId}", 202, all, 0) \
  X(pool_exists, "Pool_Exists", head, "/pools/{poolId}", 200, all, 0) \
  X(pool_get, "Pool_Get", get, "/pools/{poolId}", 200, all, 0) \
  X(pool_patch, "Pool_Patch", patch, "/pools/{poolId}", 200, all, 0) \
  X(pool_disable_auto_scale, "Pool_DisableAutoScale", post, "/pools/{poolId}/disableautoscale", 200, none, 0) \
  X(pool_enable_auto_scale, "Pool_EnableAutoScale", post, "/pools/{poolId}/enableautoscale", 200, all, 0) \
  X(pool_evaluate_auto_scale, "Pool_EvaluateAutoScale", post, "/pools/{poolId}/evaluateautoscale", 200, none, 0) \
  X(pool_resize, "Pool_Resize", post, "/pools/{poolId}/resize", 202, all, 0) \
  X(pool_stop_resize, "Pool_StopResize", post, "/pools/{poolId}/stopresize", 202, all, 0) \
  X(pool_update_properties, "Pool_UpdateProperties", post, "/pools/{poolId}/updateproperties", 204, none, 0) \
  X(pool_remove_nodes, "Pool_RemoveNodes", post, "/pools/{poolId}/removenodes", 202, all, 0) \
  X(account_list_supported_images, "Account_ListSupportedImages", get, "/supportedimages", 200, none, 1000) \
  X(account_list_node_agent_skus, "Account_ListNodeAgentSkus", get, "/nodeagentskus", 200, none, 1000) \
  X(account_list_pool_node_counts, "Account_ListPoolNodeCounts", get, "/nodecounts", 200, none, 10) \
  X(job_get_all_lifetime_statistics, "Job_GetAllLifetimeStatistics", get, "/lifetimejobstats", 200, none, 0) \
  X(job_delete, "Job_Delete", delete_, "/jobs/{jobId}", 202, all, 0) \
  X(job_get, "Job_Get", get, "/jobs/{jobId}", 200, all, 0) \
  X(job_patch, "Job_Patch", patch, "/jobs/{jobId}", 200, all, 0) \
  X(job_update, "Job_Update", put, "/jobs/{jobId}", 200, all, 0) \
  X(job_disable, "Job_Disable", post, "/jobs/{jobId}/disable", 202, all, 0) \
  X(job_enable, "Job_Enable", post, "/jobs/{jobId}/enable", 202, all, 0) \
  X(job_terminate, "Job_Terminate", post, "/jobs/{jobId}/terminate", 202, all, 0) \
  X(job_add, "Job_Add", post, "/jobs", 201, none, 0) \
  X(job_list, "Job_List", get, "/jobs", 200, none, 1000) \
  X(job_list_from_job_schedule, "Job_ListFromJobSchedule", get, "/jobschedules/{jobScheduleId}/jobs", 200, none, 1000) \
  X(job_list_preparation_and_release_task_status, "Job_ListPreparationAndReleaseTaskStatus", get, "/jobs/{jobId}/jobpreparationandreleasetaskstatus", 200, none, 1000) \
  X(job_get_task_counts, "Job_GetTaskCounts", get, "/jobs/{jobId}/taskcounts", 200, none, 0) \
  X(certificate_add, "Certificate_Add", post, "/certificates", 201, none, 0) \
  X(certificate_list, "Certificate_List", get, "/certificates", 200, none, 1000) \
  X(certificate_cancel_deletion, "Certificate_CancelDeletion", post, "/certificates({thumbprint})/canceldelete", 204, none, 0) \
  X(certificate_delete, "Certificate_Delete", delete_, "/certificates({thumbprint})", 202, none, 0) \
  X(certificate_get, "Certificate_Get", get, "/certificates({thumbprint})", 200, none, 0) \
  X(file_delete_from_task, "File_DeleteFromTask", delete_, "/jobs/{jobId}/tasks/{taskId}/files/{filePath}", 200, none, 0) \
  X(file_get_from_task, "File_GetFromTask", get, "/jobs/{jobId}/tasks/{taskId}/files/{filePath}", 200, dates, 0) \
  X(file_get_properties_from_task, "File_GetPropertiesFromTask", head, "/jobs/{jobId}/tasks/{taskId}/files/{filePath}", 200, dates, 0) \
  X(file_delete_from_compute_node, "File_DeleteFromComputeNode", delete_, "/pools/{poolId}/nodes/{nodeId}/files/{filePath}", 200, none, 0) \
  X(file_get_from_compute_node, "File_GetFromComputeNode", get, "/pools/{poolId}/nodes/{nodeId}/files/{filePath}", 200, dates, 0) \
  X(file_get_properties_from_compute_node, "File_GetPropertiesFromComputeNode", head, "/pools/{poolId}/nodes/{nodeId}/files/{filePath}", 200, dates, 0) \
  X(file_list_from_task, "File_ListFromTask", get, "/jobs/{jobId}/tasks/{taskId}/files", 200, none, 1000) \
  X(file_list_from_compute_node, "File_ListFromComputeNode", get, "/pools/{poolId}/nodes/{nodeId}/files", 200, none, 1000) \
  X(job_schedule_exists, "JobSchedule_Exists", head, "/jobschedules/{jobScheduleId}", 200, all, 0) \
  X(job_schedule_delete, "JobSchedule_Delete", delete_, "/jobschedules/{jobScheduleId}", 202, all, 0) \
  X(job_schedule_get, "JobSchedule_Get", get, "/jobschedules/{jobScheduleId}", 200, all, 0) \
  X(job_schedule_patch, "JobSchedule_Patch", patch, "/jobschedules/{jobScheduleId}", 200, all, 0) \
  X(job_schedule_update, "JobSchedule_Update", put, "/jobschedules/{jobScheduleId}", 200, all, 0) \
  X(job_schedule_disable, "JobSchedule_Disable", post, "/jobschedules/{jobScheduleId}/disable", 204, all, 0) \
  X(job_schedule_enable, "JobSchedule_Enable", post, "/jobschedules/{jobScheduleId}/enable", 204, all, 0) \
  X(job_schedule_terminate, "JobSchedule_Terminate", post, "/jobschedules/{jobScheduleId}/terminate", 202, all, 0) \
  X(job_schedule_add, "JobSchedule_Add", post, "/jobschedules", 201, none, 0) \
  X(job_schedule_list, "JobSchedule_List", get, "/jobschedules", 200, none, 1000) \
  X(task_add, "Task_Add", post, "/jobs/{jobId}/tasks", 201, none, 0) \
  X(task_list, "Task_List", get, "/jobs/{jobId}/tasks", 200, none, 1000) \
  X(task_add_collection, "Task_AddCollection", post, "/jobs/{jobId}/addtaskcollection", 200, none, 0) \
  X(task_delete, "Task_Delete", delete_, "/jobs/{jobId}/tasks/{taskId}", 200, all, 0) \
  X(task_get, "Task_Get", get, "/jobs/{jobId}/tasks/{taskId}", 200, all, 0) \
  X(task_update, "Task_Update", put, "/jobs/{jobId}/tasks/{taskId}", 200, all, 0) \
  X(task_list_subtasks, "Task_ListSubtasks", get, "/jobs/{jobId}/tasks/{taskId}/subtasksinfo", 200, none, 0) \
  X(task_terminate, "Task_Terminate", post, "/jobs/{jobId}/tasks/{taskId}/terminate", 204, all, 0) \
  X(task_reactivate, "Task_Reactivate", post, "/jobs/{jobId}/tasks/{taskId}/reactivate", 204, all, 0) \
  X(compute_node_add_user, "ComputeNode_AddUser", post, "/pools/{poolId}/nodes/{nodeId}/users", 201, none, 0) \
  X(compute_node_delete_user, "ComputeNode_DeleteUser", delete_, "/pools/{poolId}/nodes/{nodeId}/users/{userName}", 200, none, 0) \
  X(compute_node_update_user, "ComputeNode_UpdateUser", put, "/pools/{poolId}/nodes/{nodeId}/users/{userName}", 200, none, 0) \
  X(compute_node_get, "ComputeNode_Get", get, "/pools/{poolId}/nodes/{nodeId}", 200, none, 0) \
  X(compute_node_reboot, "ComputeNode_Reboot", post, "/pools/{poolId}/nodes/{nodeId}/reboot", 202, none, 0) \
  X(compute_node_reimage, "ComputeNode_Reimage", post, "/pools/{poolId}/nodes/{nodeId}/reimage", 202, none, 0) \
  X(compute_node_start, "ComputeNode_Start", post, "/pools/{poolId}/nodes/{nodeId}/start", 202, none, 0) \
  X(compute_node_deallocate, "ComputeNode_Deallocate", post, "/pools/{poolId}/nodes/{nodeId}/deallocate", 202, none, 0) \
  X(compute_node_disable_scheduling, "ComputeNode_DisableScheduling", post, "/pools/{poolId}/nodes/{nodeId}/disablescheduling", 200, none, 0) \
  X(compute_node_enable_scheduling, "ComputeNode_EnableScheduling", post, "/pools/{poolId}/nodes/{nodeId}/enablescheduling", 200, none, 0) \
  X(compute_node_get_remote_login_settings, "ComputeNode_GetRemoteLoginSettings", get, "/pools/{poolId}/nodes/{nodeId}/remoteloginsettings", 200, none, 0) \
  X(compute_node_get_remote_desktop, "ComputeNode_GetRemoteDesktop", get, "/pools/{poolId}/nodes/{nodeId}/rdp", 200, none, 0) \
  X(compute_node_upload_batch_service_logs, "ComputeNode_UploadBatchServiceLogs", post, "/pools/{poolId}/nodes/{nodeId}/uploadbatchservicelogs", 200, none, 0) \
  X(compute_node_list, "ComputeNode_List", get, "/pools/{poolId}/nodes", 200, none, 1000) \
  X(compute_node_extension_get, "ComputeNodeExtension_Get", get, "/pools/{poolId}/nodes/{nodeId}/extensions/{extensionName}", 200, none, 0) \
  X(compute_node_extension_list, "ComputeNodeExtension_List", get, "/pools/{poolId}/nodes/{nodeId}/extensions", 200, none, 1000)
// clang-format on

enum class Operation : std::uint8_t {
#define WINDLASS_X(symbol, name, verb, path, status, conditions, page) symbol,
  WINDLASS_OPERATIONS(WINDLASS_X)
#undef WINDLASS_X
};

struct OperationInfo {
  Operation operation;
  std::string_view name;  // Pool_Add
  Method method;
  std::string_view path;
  int success_status;
  ConditionHeaders conditions;
  std::uint32_t page_entries_max;
};

inline constexpr OperationInfo kOperations[] = {
#define WINDLASS_X(symbol, name, verb, path, status, conditions, page) \
  {Operation::symbol, name, Method::verb, path, status, ConditionHeaders::conditions, page},
    WINDLASS_OPERATIONS(WINDLASS_X)
#undef WINDLASS_X
};
inline constexpr std::size_t kOperationsTotal = std::size(kOperations);

constexpr const OperationInfo& info_of(Operation operation) {
  return kOperations[static_cast<std::size_t>(operation)];
}

}  // namespace windlass::gateway
