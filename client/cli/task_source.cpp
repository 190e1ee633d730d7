#include "client/cli/task_source.h"

#include "client/cli/command_line.h"
#include "model/command_line.h"

#include <charconv>
#include <set>

namespace windlass::cli {
namespace {

constexpr std::size_t kNumbersMax = 1'000'000;
constexpr std::size_t kDigits = 6;

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool add_part(std::string_view part, std::set<std::uint64_t>& numbers) {
  std::uint64_t step = 1;
  if (const auto colon = part.find(':'); colon != std::string_view::npos) {
    const auto given = number_of(part.substr(colon + 1));
    if (!given || *given == 0) return false;
    step = *given;
    part = part.substr(0, colon);
  }
  const auto dash = part.find('-');
  const auto first = number_of(part.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number_of(part.substr(dash + 1));
  if (!first || !last || *last < *first || (*last - *first) / step >= kNumbersMax) return false;
  for (std::uint64_t n = *first;; n += step) {
    numbers.insert(n);
    if (*last - n < step) break;
  }
  return numbers.size() <= kNumbersMax;
}

std::string with_index(std::string text, const std::string& index) {
  for (std::size_t at = text.find("{}"); at != std::string::npos;
       at = text.find("{}", at + index.size())) {
    text.replace(at, 2, index);
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

std::string numbered_id(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return digits;
}

std::optional<std::vector<std::uint64_t>> parse_array(std::string_view text) {
  std::set<std::uint64_t> numbers;
  for (;;) {
    const auto comma = text.find(',');
    if (!add_part(text.substr(0, comma), numbers)) return std::nullopt;
    if (comma == std::string_view::npos) break;
    text = text.substr(comma + 1);
  }
  return std::vector<std::uint64_t>(numbers.begin(), numbers.end());
}

std::vector<TaskLine> tasks_of_lines(std::string_view text, bool shell) {
  std::vector<TaskLine> tasks;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    line = line.substr(begin, line.find_last_not_of(" \t") - begin + 1);
    tasks.push_back({numbered_id(number), shell ? shell_command_line(line) : std::string(line)});
  }
  return tasks;
}

std::vector<TaskLine> tasks_of_array(const std::vector<std::uint64_t>& numbers,
                                     const std::vector<std::string>& arguments, bool shell) {
  std::vector<TaskLine> tasks;
  tasks.reserve(numbers.size());
  for (const std::uint64_t number : numbers) {
    const std::string index = std::to_string(number);
    std::vector<std::string> words;
    for (const std::string& argument : arguments) words.push_back(with_index(argument, index));
    tasks.push_back({numbered_id(number),
                     shell ? shell_command_line(joined(words)) : join_command_line(words),
                     {{"WINDLASS_INDEX", index}}});
  }
  return tasks;
}

}  // namespace windlass::cli
