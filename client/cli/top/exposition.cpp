#include "client/cli/top/exposition.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace windlass::cli::top {
namespace {

bool has_all(const Labels& labels, const Labels& some) {
  return std::all_of(some.begin(), some.end(), [&](const auto& label) {
    const auto found = labels.find(label.first);
    return found != labels.end() && found->second == label.second;
  });
}

// Reads `{a="b",c="d"}` from the front of `text`; nothing when it is torn.
std::optional<Labels> take_labels(std::string_view& text) {
  Labels labels;
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '}') {
    const auto quote = text.find("=\"");
    if (quote == std::string_view::npos) return std::nullopt;
    const std::string name(text.substr(0, quote));
    text.remove_prefix(quote + 2);
    std::string value;
    while (!text.empty() && text.front() != '"') {
      if (text.front() == '\\' && text.size() > 1) {
        text.remove_prefix(1);
        value += text.front() == 'n' ? '\n' : text.front();
      } else {
        value += text.front();
      }
      text.remove_prefix(1);
    }
    if (text.empty()) return std::nullopt;
    text.remove_prefix(1);
    if (text.starts_with(',')) text.remove_prefix(1);
    labels[name] = std::move(value);
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  return labels;
}

void take_sample(std::string_view line, Series& series) {
  const auto name_end = line.find_first_of("{ ");
  if (line.starts_with('#') || name_end == std::string_view::npos || name_end == 0) return;
  std::string name(line.substr(0, name_end));
  line.remove_prefix(name_end);
  Labels labels;
  if (line.front() == '{') {
    auto taken = take_labels(line);
    if (!taken) return;
    labels = std::move(*taken);
  }
  const std::string number(line);  // a time may follow; strtod stops before it
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (end == number.c_str()) return;
  series.add(std::move(name), std::move(labels), value);
}

}  // namespace

void Series::add(std::string name, Labels labels, double value) {
  values_[std::move(name)][std::move(labels)] = value;
}

double Series::sum(std::string_view name, const Labels& some) const {
  double total = 0;
  for (const auto& [labels, value] : of(name)) {
    if (has_all(labels, some)) total += value;
  }
  return total;
}

const std::map<Labels, double>& Series::of(std::string_view name) const {
  static const std::map<Labels, double> kNone;
  const auto found = values_.find(name);
  return found == values_.end() ? kNone : found->second;
}

Series parse_exposition(std::string_view text) {
  Series series;
  while (!text.empty()) {
    const auto end = text.find('\n');
    take_sample(text.substr(0, end), series);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return series;
}

}  // namespace windlass::cli::top
