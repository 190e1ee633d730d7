// How the auditor calls tasks and attempts.
#pragma once

#include "model/ids.h"

#include <string>

namespace windlass::simulator {

inline std::string text(ShardId shard, const TaskKey& key) {
  return "task " + std::to_string(shard) + "/" + std::to_string(key.job) + "/" +
         std::to_string(key.task);
}

inline std::string text(const AttemptId& id) {
  return text(id.shard, id.task) + " attempt " + std::to_string(id.attempt);
}

}  // namespace windlass::simulator
