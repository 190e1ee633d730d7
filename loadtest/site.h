// The cluster that is measured: what is made on it before a load, and what it used meanwhile.
#pragma once

#include "client/batch_client.h"
#include "loadtest/request_text.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace windlass::loadtest {

struct TaskCounts {
  std::int64_t active = 0;
  std::int64_t running = 0;
  std::int64_t completed = 0;
  std::int64_t succeeded = 0;
};

// What the processes of one role have used together since they began.
struct RoleUse {
  double cpu_seconds = 0;
  double resident_bytes = 0;   // of a scheduler most of it is its file, mapped
  double anonymous_bytes = 0;  // its own memory; 0 when that cannot be seen from here
  double folders_cleared = 0;  // of tasks, by workers
};

class Site {
 public:
  // `data` is the data folder of a development cluster, or empty: then nothing is known of roles
  // and disks. `windlass` is the program to ask.
  Site(Target target, std::string data, std::string windlass);

  const Target& target() const { return target_; }
  const std::string& data() const { return data_; }
  client::BatchClient& client() { return client_; }
  // One for another thread.
  client::BatchClient another_client() const;

  std::string unique_id(const std::string& prefix);

  // Waits until all nodes are idle. Throws std::runtime_error after `patience`.
  void make_pool(const std::string& pool, std::int64_t nodes, std::int64_t slots,
                 std::chrono::seconds patience = std::chrono::seconds(120));
  void make_job(const std::string& job, const std::string& pool);
  // Rows of a deleted job go in the background: waits until they have.
  void remove_job(const std::string& job);
  void remove_pool(const std::string& pool);

  static TaskCounts counts(client::BatchClient& client, const std::string& job);
  void wait_completed(const std::string& job, std::int64_t tasks,
                      std::chrono::seconds patience = std::chrono::seconds(600));

  // By role; empty without a data folder.
  std::map<std::string, RoleUse> use() const;
  // Of the scheduler's files, as blocks on the disk; 0 without a data folder.
  double disk_bytes() const;

  struct Role {
    std::string role;
    std::int64_t pid = 0;
    std::string address, admin;
    bool healthy = false;
  };
  std::vector<Role> roles() const;

 private:
  Target target_;
  std::string data_;
  std::string windlass_;
  client::BatchClient client_;
  std::int64_t ids_ = 0;
};

}  // namespace windlass::loadtest
