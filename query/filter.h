// `$filter`: parsed once, then asked about many entries. Also tells a list what it need not look
// at: which states can match at all, and between which ids.
//
//   filter  := or
//   or      := and ('or' and)*
//   and     := unary ('and' unary)*
//   unary   := 'not' unary | primary
//   primary := '(' or ')' | 'startswith' '(' property ',' string ')'
//            | property op literal | literal op property
//
// Keywords are read in any case, property names as written; strings compare without case.
#pragma once

#include "model/result.h"
#include "model/time.h"
#include "query/filter_schema.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace windlass::query {

// Absent, or a value of the property's type. Texts are views into the entry.
using PropertyValue = std::variant<std::monostate, std::string_view, WallTime, std::int64_t, bool>;

class PropertySource {
 public:
  virtual PropertyValue property(Property property) const = 0;

 protected:
  ~PropertySource() = default;
};

// Limits on what a client may make us do. The number of nodes bounds the steps of each evaluation:
// every node is looked at once at most.
inline constexpr std::size_t kFilterBytesMax = 16 * 1024;
inline constexpr std::size_t kFilterTokensMax = 2000;
inline constexpr std::size_t kFilterDepthMax = 64;

// Ids between `from` (inclusive) and `until` (exclusive; absent: to the end), lower-cased.
struct IdRange {
  std::string from;
  std::optional<std::string> until;
  bool operator==(const IdRange&) const = default;
};

class Filter {
 public:
  // Matches everything.
  Filter() = default;

  bool matches_everything() const { return nodes_.empty(); }
  bool matches(const PropertySource& source) const;

  // False when no entry in this state can match, whatever else it is like.
  bool may_match_state(std::string_view state) const;
  // The one value (lower-cased) that all matches have, if the filter demands one at its top level.
  std::optional<std::string_view> demanded(Property property) const;
  std::optional<std::string_view> state_equals() const { return demanded(Property::state); }
  // The range outside of which no id matches (startswith, eq, gt, ... on id at the top level).
  IdRange id_range() const;

 private:
  friend class FilterParser;

  enum class Kind : std::uint8_t { all_of, any_of, negation, comparison, prefix, presence };
  enum class Operator : std::uint8_t { eq, ne, gt, ge, lt, le };
  struct Node {
    Kind kind = Kind::comparison;
    Operator op = Operator::eq;        // comparison, presence (eq null, ne null)
    Property property = Property::id;  // comparison, prefix, presence
    ValueType type = ValueType::text;  // of the property
    std::uint32_t left = 0;            // all_of, any_of, negation
    std::uint32_t right = 0;           // all_of, any_of
    std::string text;                  // lower-cased literal
    std::int64_t number = 0;           // literal: ticks, integer, or 0 and 1
  };

  bool matches(const Node& node, const PropertySource& source) const;
  // Three-valued: nothing when the answer depends on more than the state.
  std::optional<bool> judged_by_state(const Node& node, std::string_view state) const;
  static bool compare(const Node& node, const PropertyValue& value);
  // Visits the conditions that every match must meet.
  template <class Visit>
  void for_each_demand(const Node& node, const Visit& visit) const;

  std::vector<Node> nodes_;  // the root is the last one
};

// Empty text (or only blanks) matches everything. What is wrong is said with its position, counted
// from 1: InvalidQueryParameterValue.
Result<Filter> parse_filter(std::string_view text, const FilterSchema& schema);

}  // namespace windlass::query
