// From a verb and a path to the operation they name.
#pragma once

#include "gateway/core/operation.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::gateway {

struct RouteMatch {
  enum class Kind : std::uint8_t { found, path_unknown, verb_unknown };
  Kind kind = Kind::path_unknown;
  Operation operation{};
  // What the template's names stand for, still percent-encoded, in their order.
  std::array<std::string_view, 3> values{};

  std::string value(std::size_t index) const;  // decoded once

  // The path of a file: decoded, '\' made '/', without leading slashes.
  std::string file_path(std::size_t index) const;
};

class RouteTable {
 public:
  RouteTable();

  // `path` as parse_target gives it. Words match without case.
  RouteMatch match(Method method, std::string_view path) const;

 private:
  enum class SegmentKind : std::uint8_t { word, value, rest, certificate_key };
  struct Segment {
    SegmentKind kind;
    std::string_view word;
  };
  struct Route {
    Operation operation;
    Method method;
    std::vector<Segment> segments;
  };
  static Route compiled(const OperationInfo& info);

  static constexpr std::size_t kSegmentsMax = 6;
  std::array<std::vector<Route>, kSegmentsMax + 1> by_segments_;
};

}  // namespace windlass::gateway
