// The request target: path and query as they stand on the request line, taken apart without
// copying. Decoding happens once, where a value is used.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass::gateway {

bool equals_without_case(std::string_view a, std::string_view b);  // ASCII

// A view into the query: names compare without case (timeOut, $skipToken), the first value of a
// repeated name counts.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view raw) : raw_(raw) {}

  std::string_view raw() const { return raw_; }
  std::optional<std::string> find(std::string_view name) const;  // decoded
  bool has(std::string_view name) const;

  // The first name, decoded, of which `wanted` says yes.
  template <class Wanted>
  std::optional<std::string> find_name(Wanted&& wanted) const {
    for (std::size_t place = 0; place < raw_.size();) {
      const std::string name = next_name(place);
      if (!name.empty() && wanted(std::string_view(name))) return name;
    }
    return std::nullopt;
  }

  // The query without `name`, as it was written otherwise.
  std::string without(std::string_view name) const;

 private:
  // The name of the pair at `place`, which is moved behind it.
  std::string next_name(std::size_t& place) const;

  std::string_view raw_;
};

struct Target {
  std::string_view path;  // begins with exactly one '/', still encoded
  Query query;
};

// Takes origin-form (/pools?x) and absolute-form (http://host/pools?x); duplicate leading slashes
// count as one. Nothing for any other form.
std::optional<Target> parse_target(std::string_view target);

}  // namespace windlass::gateway
