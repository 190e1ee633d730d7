// The users that clients make for nodes (ComputeNodeUser): users of the host, made and removed with
// its own tools. The host's user database is the only record of them. They go with their node, and
// are shut when their time is up. The owner of a host allows them by an option of its worker.
#pragma once

#include "model/file_message.h"
#include "runtime/log.h"
#include "worker/node_users/user_mark.h"

#include <deque>
#include <optional>
#include <string>

namespace windlass::worker {

class NodeUsers {
 public:
  // The folder is absolute. Throws StartRefused where this process could not make users.
  NodeUsers(std::string nodes_folder, runtime::Log& log);

  // add_user, update_user or delete_user; the node is there. Blocks while the tools run.
  std::optional<Error> answer(const FileRequest& request);

  // Removes the users of nodes that are gone or were wiped, shuts those whose time is up. Call it
  // often: it looks through the user database, and runs tools only where there is something to do.
  void sweep(WallTime now, MonoTime mono);

 private:
  std::optional<Error> add(const std::string& folder, const NodeUser& user);
  std::optional<Error> furnish(const NodeUser& user, const UserMark& mark);
  std::optional<Error> update(const NodeUser& user, UserMark mark);
  std::optional<Error> remove(const NodeUser& user);

  const std::string nodes_folder_;
  runtime::Log& log_;
  std::deque<std::string> removed_by_;  // requests, the latest last
  MonoTime next_sweep_{};
};

}  // namespace windlass::worker
