// Somebody of another account, who tries the names that he should not know. Whatever he asks, the
// answer must be the one for a name that nobody has (S14).
#pragma once

#include "simulator/client_process.h"
#include "simulator/history.h"

#include <string>

namespace windlass::simulator {

class Stranger {
 public:
  Stranger(World& world, const History& history)
      : world_(world), history_(history), random_(world.random.fork()) {}

  // One try, by way of this client.
  void act(ClientProcess& client);

 private:
  void ask(ClientProcess& client, ShardId shard, Request request, const std::string& what);
  void try_job(ClientProcess& client, const JobFact& job);
  void try_pool(ClientProcess& client, const PoolFact& pool);

  World& world_;
  const History& history_;
  Random random_;
};

}  // namespace windlass::simulator
