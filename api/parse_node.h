// Bodies about nodes, from text to commands: as in parse_pool.h.
#pragma once

#include "model/command.h"
#include "model/node_user.h"
#include "model/result.h"

#include <string_view>

namespace windlass::api {

// The body may be empty.
// What becomes of the tasks of a node that is to restart: its option, by the name that this kind
// has.
Result<RestartNode> parse_restart_node(std::string_view body, NodeRestart restart);
// Users of a node. Where the body has no end, it is a day from `now`.
Result<NodeUser> parse_add_node_user(std::string_view body, WallTime now);
Result<NodeUser> parse_update_node_user(std::string_view body, WallTime now);
// What of a worker's log is to go where.
struct UploadLogs {
  std::string container_url;
  WallTime from;
  std::optional<WallTime> until;
};
Result<UploadLogs> parse_upload_logs(std::string_view body);
Result<DisableNodeScheduling> parse_disable_node_scheduling(std::string_view body);

}  // namespace windlass::api
