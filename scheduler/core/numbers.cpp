#include "scheduler/core/numbers.h"

#include <charconv>

namespace windlass::scheduler {

std::optional<std::int32_t> number_of(std::string_view task_id) {
  std::int32_t number = 0;
  if (task_id.empty() || task_id.front() == '-') return std::nullopt;
  const char* const end = task_id.data() + task_id.size();
  const auto read = std::from_chars(task_id.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

NumberCounts count_in(const NumberPage& numbers, std::uint32_t page, const TaskIdRange& range) {
  std::bitset<kNumbersPerPage> wanted;
  wanted.set();
  if (page == page_of(range.start)) wanted <<= bit_of(range.start);
  if (page == page_of(range.end)) {
    std::bitset<kNumbersPerPage> through;
    through.set();
    wanted &= through >> (kNumbersPerPage - 1 - bit_of(range.end));
  }
  const auto satisfied = numbers.satisfied & wanted;
  const auto failed = numbers.failed & wanted & ~numbers.satisfied;
  return {static_cast<std::int64_t>(satisfied.count()), failed.any()};
}

}  // namespace windlass::scheduler
