#include "gateway/core/query_parameters.h"

#include <algorithm>
#include <span>

namespace windlass::gateway {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kFilterSelectExpand[] = {"$filter", "$select", "$expand"};
constexpr std::string_view kFilterSelect[] = {"$filter", "$select"};
constexpr std::string_view kFilter[] = {"$filter"};
constexpr std::string_view kSelectExpand[] = {"$select", "$expand"};
constexpr std::string_view kSelect[] = {"$select"};
constexpr std::string_view kUsage[] = {"starttime", "endtime", "$filter"};
constexpr std::string_view kFileList[] = {"recursive", "$filter"};
constexpr std::string_view kRecursive[] = {"recursive"};
constexpr std::string_view kForce[] = {"force"};

// Beside those that all operations have, and all lists.
Names names_of(Operation operation) {
  switch (operation) {
    case Operation::pool_list:
    case Operation::job_list:
    case Operation::job_list_from_job_schedule:
    case Operation::job_schedule_list:
    case Operation::task_list:
      return kFilterSelectExpand;
    case Operation::job_list_preparation_and_release_task_status:
    case Operation::certificate_list:
    case Operation::compute_node_list:
      return kFilterSelect;
    case Operation::account_list_supported_images:
    case Operation::account_list_node_agent_skus:
    case Operation::account_list_pool_node_counts:
      return kFilter;
    case Operation::pool_get:
    case Operation::job_get:
    case Operation::job_schedule_get:
    case Operation::task_get:
      return kSelectExpand;
    case Operation::certificate_get:
    case Operation::task_list_subtasks:
    case Operation::compute_node_get:
    case Operation::compute_node_extension_get:
    case Operation::compute_node_extension_list:
      return kSelect;
    case Operation::pool_list_usage_metrics:
      return kUsage;
    case Operation::file_list_from_task:
    case Operation::file_list_from_compute_node:
      return kFileList;
    case Operation::file_delete_from_task:
    case Operation::file_delete_from_compute_node:
      return kRecursive;
    case Operation::job_delete:
    case Operation::job_terminate:
    case Operation::job_schedule_delete:
    case Operation::job_schedule_terminate:
      return kForce;
    default:
      return {};
  }
}

bool holds(Names names, std::string_view wanted) {
  return std::any_of(names.begin(), names.end(),
                     [wanted](std::string_view name) { return equals_without_case(name, wanted); });
}

}  // namespace

Status check_query_parameters(Operation operation, const Query& query) {
  static constexpr std::string_view kAll[] = {"api-version", "timeout"};
  static constexpr std::string_view kLists[] = {"maxresults", "$skiptoken"};
  const Names own = names_of(operation);
  const bool list = info_of(operation).page_entries_max > 0;
  const auto unknown = query.find_name([&](std::string_view name) {
    return !holds(kAll, name) && !(list && holds(kLists, name)) && !holds(own, name);
  });
  if (!unknown) return ok();
  return query_error(ErrorCode::unsupported_query_parameter, unknown->substr(0, 64),
                     query.find(*unknown).value_or(std::string()).substr(0, 100),
                     std::string(info_of(operation).name) + " has no such parameter");
}

}  // namespace windlass::gateway
