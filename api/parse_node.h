// Bodies about nodes, from text to commands: as in parse_pool.h.
#pragma once

#include "model/command.h"
#include "model/result.h"

#include <string_view>

namespace windlass::api {

// The body may be empty.
// What becomes of the tasks of a node that is to restart: its option, by the name that this kind
// has.
Result<RestartNode> parse_restart_node(std::string_view body, NodeRestart restart);
// Whether the body is that of a node user.
Result<std::string> parse_node_user(std::string_view body);
// What of a worker's log is to go where.
struct UploadLogs {
  std::string container_url;
  WallTime from;
  std::optional<WallTime> until;
};
Result<UploadLogs> parse_upload_logs(std::string_view body);
Result<DisableNodeScheduling> parse_disable_node_scheduling(std::string_view body);

}  // namespace windlass::api
