// Which shards a scheduler serves from its data folder: those that it is configured for and those
// that were moved to it, without those that were moved away. Marks are files beside the shards'
// folders, so they outlive processes and configurations:
//
//   shard-3.moved   shard 3 is elsewhere: it is not served from here, whatever is configured
//   shard-3.here    shard 3 was brought here: it is served, whatever is configured
#pragma once

#include "model/ids.h"
#include "scheduler/store/errors.h"

#include <string>
#include <vector>

namespace windlass::scheduler {

// The data folder cannot be read now; what is served is as it was.
class FolderUnread : public StoreError {
 public:
  using StoreError::StoreError;
};

std::string shard_folder(const std::string& data_folder, ShardId shard);

// Ascending. Throws FolderUnread.
std::vector<ShardId> served_shards(const std::string& data_folder,
                                   const std::vector<ShardId>& configured);

// Those whose folder is here, whoever serves them, without those that were moved away; ascending.
std::vector<ShardId> shards_in(const std::string& data_folder);

bool is_moved_away(const std::string& data_folder, ShardId shard);

// Durable when they return; each takes the other mark away. `where` is for people.
void mark_moved_away(const std::string& data_folder, ShardId shard, const std::string& where);
void mark_brought_here(const std::string& data_folder, ShardId shard);
// As if nothing had been moved.
void unmark(const std::string& data_folder, ShardId shard);

}  // namespace windlass::scheduler
