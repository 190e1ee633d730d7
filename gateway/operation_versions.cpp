#include "gateway/operation_versions.h"

namespace windlass::gateway {
namespace {

// The first version without it.
std::optional<api::ApiVersion> removed_in(Operation operation) {
  switch (operation) {
    case Operation::account_list_node_agent_skus:
      return api::ApiVersion{2019, 8, 1};  // supportedimages took its place
    case Operation::job_get_all_lifetime_statistics:
    case Operation::pool_get_all_lifetime_statistics:
      return api::ApiVersion{2023, 5, 1};
    case Operation::certificate_add:
    case Operation::certificate_list:
    case Operation::certificate_cancel_deletion:
    case Operation::certificate_delete:
    case Operation::certificate_get:
    case Operation::compute_node_get_remote_desktop:
      return api::ApiVersion{2024, 7, 1};
    default:
      return std::nullopt;
  }
}

}  // namespace

bool exists_in(Operation operation, api::ApiVersion version) {
  const auto end = removed_in(operation);
  return !end || version < *end;
}

}  // namespace windlass::gateway
