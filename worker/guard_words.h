// The node agent's words for the guard and back: worker/exec knows processes, worker/core knows
// runs.
#pragma once

#include "worker/core/effects.h"
#include "worker/exec/spawner_client.h"
#include "worker/task_identity.h"

#include <optional>
#include <string>

namespace windlass::worker {

exec::AttemptKey key_of_run(RunId run);
RunId run_of_key(const exec::AttemptKey& key);

// Of `work`'s, the environment and arguments are moved out.
exec::StartRequest start_request(StartProcess work, const std::string& nodes_folder,
                                 const TaskIdentity& identity);

ProcessEnd process_end(const exec::Ended& ended);

// Nothing: the host's fault, the task shall run elsewhere.
std::optional<FailureInfo> start_failure(const exec::StartFailed& failed);

}  // namespace windlass::worker
