// Tasks by number, for dependencies on ranges: which numbers of a job are satisfied, and which have
// failed. Kept as pages of bits, so that a range of a million costs neither a million rows nor a
// walk over its tasks.
#pragma once

#include "model/task.h"

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace windlass::scheduler {

inline constexpr std::uint32_t kNumbersPerPage = 2048;

struct NumberPage {
  std::bitset<kNumbersPerPage> satisfied;  // remembered when the task is deleted
  std::bitset<kNumbersPerPage> failed;     // completed, and blocks whoever waits
  bool operator==(const NumberPage&) const = default;
};

// The number of a task: 4, 04 and 004 are the same; nothing for any other id.
std::optional<std::int32_t> number_of(std::string_view task_id);

inline std::uint32_t page_of(std::int32_t number) {
  return static_cast<std::uint32_t>(number) / kNumbersPerPage;
}
inline std::size_t bit_of(std::int32_t number) {
  return static_cast<std::uint32_t>(number) % kNumbersPerPage;
}

// Of the numbers of this page that lie in the range.
struct NumberCounts {
  std::int64_t satisfied = 0;
  bool any_failed = false;  // and not satisfied under another spelling
};
NumberCounts count_in(const NumberPage& numbers, std::uint32_t page, const TaskIdRange& range);

}  // namespace windlass::scheduler
