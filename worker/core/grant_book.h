// What this worker has promised: its nodes and the claims they came from. The book is on disk
// (flushed) before any answer that depends on it is sent, so a worker that comes back speaks for
// the same nodes and gives a repeated claim the same answer.
#pragma once

#include "model/worker_message.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker {

struct Grant {
  std::string node_id;
  ShardId shard = 0;
  ClaimId claim = 0;
  std::uint64_t boot = 1;
  std::string offer_vm_size;  // the offer it took: "*" or a name
  NodePlan plan;
  NodeState state = NodeState::starting;
  std::optional<StartTaskInfo> start_task_info;
  std::vector<NodeError> errors;
  bool returning = false;
  std::uint64_t restarts = 0;    // the newest restart that was begun
  bool after_retention = false;  // it returns or restarts when no folder is kept any more
  std::string ip_address;        // as the shard was told; empty in books of before
  bool operator==(const Grant&) const = default;
};

// On its way to begin anew: nothing may run there.
inline bool is_restarting(NodeState state) {
  return state == NodeState::rebooting || state == NodeState::reimaging ||
         state == NodeState::deallocating;
}

struct AnsweredClaim {
  ShardId shard = 0;
  ClaimId claim = 0;
  std::vector<GrantedNode> nodes;
  bool operator==(const AnsweredClaim&) const = default;
};

// How many answers are remembered. Shards repeat a claim until it is answered, and make the next
// one after that, so old answers are never asked for again.
inline constexpr std::size_t kAnsweredClaimsMax = 4096;

struct GrantBook {
  std::uint64_t worker_id = 0;                       // random, made once
  std::string host_boot_id;                          // another one: the host was started since
  ClusterGeneration generation = 0;                  // that the promises were made in; 0: none yet
  std::map<std::string, Grant, std::less<>> grants;  // by node id
  std::deque<AnsweredClaim> claims;                  // oldest first
};

enum class GenerationMet {
  same,     // or the first
  later,    // the cluster was restored: the book is empty now, and its nodes are to be wiped
  earlier,  // the book is left as it is: a worker must not serve what has been replaced
};
GenerationMet enter_generation(GrantBook& book, ClusterGeneration generation);

std::string encode_grant_book(const GrantBook& book);

// Nothing when the bytes are not a whole book: the worker then starts as a new one.
std::optional<GrantBook> decode_grant_book(std::string_view bytes);

}  // namespace windlass::worker
