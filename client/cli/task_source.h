// What `submit` makes tasks from: one command, a range of numbers, or the lines of a file. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windlass::cli {

struct TaskLine {
  std::string id;
  std::string command_line;
  std::vector<std::pair<std::string, std::string>> environment = {};
};

// Six digits and more: ids rise with the number, in lists as well.
std::string numbered_id(std::uint64_t number);

// "1-100", "1,5,10-20", "0-100:10". Nothing when it is none of these or names over a million
// numbers.
std::optional<std::vector<std::uint64_t>> parse_array(std::string_view text);

// One task for each non-empty line that does not start with '#'; its id is the number of its line.
std::vector<TaskLine> tasks_of_lines(std::string_view text, bool shell);

// One task for each number: "{}" in an argument and WINDLASS_INDEX say which.
std::vector<TaskLine> tasks_of_array(const std::vector<std::uint64_t>& numbers,
                                     const std::vector<std::string>& arguments, bool shell);

}  // namespace windlass::cli
