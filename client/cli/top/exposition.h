// The Prometheus text format, as far as our own /metrics needs it. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::cli::top {

using Labels = std::map<std::string, std::string>;

// The series of one page: name, then labels. A value of each.
class Series {
 public:
  void add(std::string name, Labels labels, double value);

  // The sum over the series of this name that have all of `some` labels; 0 when there is none.
  double sum(std::string_view name, const Labels& some = {}) const;

  // All series of a name; empty when there is none.
  const std::map<Labels, double>& of(std::string_view name) const;

  bool operator==(const Series&) const = default;

 private:
  std::map<std::string, std::map<Labels, double>, std::less<>> values_;
};

// Lines that are no sample are left out.
Series parse_exposition(std::string_view text);

}  // namespace windlass::cli::top
