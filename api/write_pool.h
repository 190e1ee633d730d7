// Pools, their nodes and node counts as REST JSON. Each function appends one object (and a comma in
// front of it where the text needs one).
#pragma once

#include "api/json_writer.h"
#include "api/select.h"
#include "api/viewer.h"
#include "model/pool.h"

#include <string>

namespace windlass::api {

// `shard` answered; it is part of the eTag.
void write_pool(std::string& out, const PoolView& pool, ShardId shard, const Viewer& viewer,
                const Select& select = {});
// The `pool` of an automatic pool.
void write_pool_specification(JsonWriter& json, const PoolSpec& spec, const Viewer& viewer);
void write_node(std::string& out, const NodeView& node, const Viewer& viewer,
                const Select& select = {});
// ComputeNodeGetRemoteLoginSettingsResult.
void write_remote_login(std::string& out, const NodeView& node);
void write_node_counts(std::string& out, const PoolNodeCounts& counts);

}  // namespace windlass::api
