#include "gateway/core/routes.h"

#include "gateway/core/target.h"
#include "model/assert.h"
#include "model/percent_encoding.h"

#include <algorithm>

namespace windlass::gateway {
namespace {

constexpr std::string_view kCertificates = "certificates";
constexpr std::string_view kFiles = "files";

// "certificates(thumbprintAlgorithm=sha1,thumbprint=ab)" -> what stands between the brackets.
std::optional<std::string_view> certificate_key(std::string_view segment) {
  if (segment.size() < kCertificates.size() ||
      !equals_without_case(segment.substr(0, kCertificates.size()), kCertificates))
    return std::nullopt;
  std::string_view key = segment.substr(kCertificates.size());
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"(", ")"},
                                    std::pair<std::string_view, std::string_view>{"%28", "%29"}}) {
    if (key.starts_with(open) && key.ends_with(close) && key.size() > open.size() + close.size())
      return key.substr(open.size(), key.size() - open.size() - close.size());
  }
  return std::nullopt;
}

}  // namespace

std::string RouteMatch::value(std::size_t index) const {
  return percent_decoded(values.at(index));
}

std::string RouteMatch::file_path(std::size_t index) const {
  std::string path = percent_decoded(values.at(index));
  std::replace(path.begin(), path.end(), '\\', '/');
  path.erase(0, path.find_first_not_of('/'));
  return path;
}

RouteTable::RouteTable() {
  for (const OperationInfo& info : kOperations) {
    Route route = compiled(info);
    WINDLASS_ASSERT(route.segments.size() <= kSegmentsMax);
    by_segments_[route.segments.size()].push_back(std::move(route));
  }
}

RouteTable::Route RouteTable::compiled(const OperationInfo& info) {
  Route route{info.operation, info.method, {}};
  std::string_view path = info.path;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "{filePath}")
      route.segments.push_back({SegmentKind::rest, {}});
    else if (segment.starts_with('{'))
      route.segments.push_back({SegmentKind::value, {}});
    else if (segment.find('{') != std::string_view::npos)
      route.segments.push_back({SegmentKind::certificate_key, {}});
    else
      route.segments.push_back({SegmentKind::word, segment});
  }
  return route;
}

RouteMatch RouteTable::match(Method method, std::string_view path) const {
  // Cut into segments; behind ".../files/" everything is one, slashes and all.
  std::array<std::string_view, kSegmentsMax> segments;
  std::size_t count = 0;
  std::string_view rest = path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    if (rest.empty()) break;  // a trailing slash
    if (count == kSegmentsMax) return {};
    if (count == 5 && equals_without_case(segments[4], kFiles)) {
      if (rest.find_first_not_of('/') == std::string_view::npos) break;  // files// is the list
      segments[count++] = rest;
      break;
    }
    const auto end = std::min(rest.find('/'), rest.size());
    segments[count++] = rest.substr(0, end);
    rest.remove_prefix(end);
  }

  RouteMatch match;
  for (const Route& route : by_segments_[count]) {
    std::array<std::string_view, 3> values{};
    std::size_t values_count = 0;
    bool fits = true;
    for (std::size_t i = 0; i < count && fits; ++i) {
      const Segment& wanted = route.segments[i];
      if (wanted.kind == SegmentKind::word) {
        fits = equals_without_case(segments[i], wanted.word);
      } else if (wanted.kind == SegmentKind::certificate_key) {
        const auto key = certificate_key(segments[i]);
        fits = key.has_value();
        if (fits) values[values_count++] = *key;
      } else {
        fits = !segments[i].empty();
        if (fits) values[values_count++] = segments[i];
      }
    }
    if (!fits) continue;
    if (route.method == method) return RouteMatch{RouteMatch::Kind::found, route.operation, values};
    match.kind = RouteMatch::Kind::verb_unknown;
  }
  return match;
}

}  // namespace windlass::gateway
