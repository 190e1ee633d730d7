// Runs one of the host's own programs to its end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker {

struct ToolEnd {
  bool succeeded = false;
  std::string said;  // what it wrote, cut short, or why it did not start
};

// `argv[0]` is a path. The program has an environment of its own and reads `input`; after half a
// minute it is killed. Blocks meanwhile.
ToolEnd run_tool(const std::vector<std::string>& argv, std::string_view input = {});

}  // namespace windlass::worker
