// From facts to verdicts. Pure.
#pragma once

#include "client/cli/doctor/facts.h"

#include <string>
#include <string_view>
#include <vector>

namespace windlass::cli::doctor {

enum class Level : std::uint8_t {
  ok,
  warn,  // works, with less than there could be
  fail   // does not work, or will not for long
};
std::string_view to_string(Level level);

struct Finding {
  Level level = Level::ok;
  std::string check;  // "port 8440"
  std::string found;
  std::string next;  // the step to take; empty when there is none
};

using Findings = std::vector<Finding>;

Finding judge(const PortFacts& port);
Finding judge(const KeyFacts& key);
Finding judge(const MemberFacts& member);
Finding judge(const ReachFacts& reached);
Finding judge(const ClockFacts& clock);
Findings judge(const DiskFacts& disk);  // room, then speed
Finding judge(const CgroupFacts& cgroups, const UserFacts& user);
Findings judge(const LimitFacts& limits);
Finding judge(const UserFacts& user, bool development);
Finding judge(const RoleFacts& role);

// All of them, in the order to read.
Findings judge(const Facts& facts);

bool any_fails(const Findings& findings);

}  // namespace windlass::cli::doctor
