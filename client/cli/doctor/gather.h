// Finds out what judge.h judges. Reads this host; writes nothing that stays.
#pragma once

#include "client/cli/doctor/facts.h"

#include <string>
#include <vector>

namespace windlass::cli::doctor {

struct Wish {
  std::string data;     // a development cluster; empty: this host as a member of a cluster
  std::string key_dir;  // a member's key folder
  std::vector<std::string> brokers;  // endpoints to reach
  std::vector<std::string> disks;    // folders to measure
  std::string endpoint;              // a gateway whose clock is compared with
  std::string ca_file;
};

Facts gather(const Wish& wish);

// The parts that have files of their own.
ClockFacts clock_facts(const std::string& endpoint, const std::string& ca_file);
DiskFacts disk_facts(const std::string& folder);
CgroupFacts cgroup_facts();
LimitFacts limit_facts();
UserFacts user_facts();
ReachFacts reach(const std::string& what, const std::string& endpoint);

}  // namespace windlass::cli::doctor
