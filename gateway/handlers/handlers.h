// The operations that are built. Each reads its request, asks, and words the answer.
#pragma once

#include "gateway/exchange.h"

namespace windlass::gateway {

// clang-format off
#define WINDLASS_HANDLERS(X) \
  X(pool_add) X(pool_get) X(pool_exists) X(pool_list) X(pool_delete) X(pool_patch) X(pool_resize) X(pool_stop_resize) \
  X(pool_update_properties) X(pool_remove_nodes) X(pool_list_usage_metrics) X(application_list) X(application_get) \
  X(pool_get_all_lifetime_statistics) X(job_get_all_lifetime_statistics) \
  X(account_list_supported_images) X(account_list_node_agent_skus) X(account_list_pool_node_counts) \
  X(compute_node_get) X(compute_node_list) X(compute_node_disable_scheduling) X(compute_node_enable_scheduling) \
  X(compute_node_reboot) X(compute_node_reimage) X(compute_node_start) X(compute_node_deallocate) \
  X(compute_node_get_remote_login_settings) X(compute_node_get_remote_desktop) \
  X(compute_node_upload_batch_service_logs) \
  X(compute_node_add_user) X(compute_node_update_user) X(compute_node_delete_user) \
  X(compute_node_extension_list) X(compute_node_extension_get) \
  X(job_add) X(job_get) X(job_list) X(job_patch) X(job_update) X(job_delete) X(job_terminate) X(job_disable) \
  X(job_enable) X(job_get_task_counts) X(job_list_preparation_and_release_task_status) \
  X(job_list_from_job_schedule) \
  X(job_schedule_add) X(job_schedule_get) X(job_schedule_exists) X(job_schedule_list) X(job_schedule_patch) \
  X(job_schedule_update) X(job_schedule_delete) X(job_schedule_terminate) X(job_schedule_disable) X(job_schedule_enable) \
  X(certificate_add) X(certificate_list) X(certificate_get) X(certificate_delete) X(certificate_cancel_deletion) \
  X(task_add) X(task_add_collection) X(task_get) X(task_list) X(task_list_subtasks) X(task_update) X(task_delete) X(task_terminate) X(task_reactivate) \
  X(file_list_from_task) X(file_get_from_task) X(file_get_properties_from_task) X(file_delete_from_task) \
  X(file_list_from_compute_node) X(file_get_from_compute_node) X(file_get_properties_from_compute_node) \
  X(file_delete_from_compute_node)
// clang-format on

#define WINDLASS_X(operation) Async<Reply> operation(Exchange& exchange);
WINDLASS_HANDLERS(WINDLASS_X)
#undef WINDLASS_X

}  // namespace windlass::gateway
