#include "query/filter.h"

#include "model/assert.h"
#include "model/ids.h"

#include <algorithm>

namespace windlass::query {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// As lower_cased(value).compare(lowered), without the copy.
int compare_text(std::string_view value, std::string_view lowered) {
  const std::size_t common = std::min(value.size(), lowered.size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto a = static_cast<unsigned char>(lower(value[i]));
    const auto b = static_cast<unsigned char>(lowered[i]);
    if (a != b) return a < b ? -1 : 1;
  }
  if (value.size() == lowered.size()) return 0;
  return value.size() < lowered.size() ? -1 : 1;
}

int compare_number(std::int64_t value, std::int64_t literal) {
  if (value == literal) return 0;
  return value < literal ? -1 : 1;
}

// The smallest text behind all texts with this prefix; nothing when there is none.
std::optional<std::string> behind_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

// An absent property fails every comparison, except that it is "not equal" to any string, enum or
// boolean. Numbers and dates are different: `exitCode ne 0` must not list tasks still running.
bool Filter::compare(const Node& node, const PropertyValue& value) {
  int order = 0;
  if (std::holds_alternative<std::monostate>(value)) {
    const bool word = node.type == ValueType::text || node.type == ValueType::boolean;
    return node.op == Operator::ne && word;
  }
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    order = compare_text(*text, node.text);
  } else if (const auto* time = std::get_if<WallTime>(&value)) {
    order = compare_number(time->ticks, node.number);
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    order = compare_number(*number, node.number);
  } else {
    order = compare_number(std::get<bool>(value) ? 1 : 0, node.number);
  }
  switch (node.op) {
    case Operator::eq:
      return order == 0;
    case Operator::ne:
      return order != 0;
    case Operator::gt:
      return order > 0;
    case Operator::ge:
      return order >= 0;
    case Operator::lt:
      return order < 0;
    case Operator::le:
      return order <= 0;
  }
  return false;
}

bool Filter::matches(const PropertySource& source) const {
  return nodes_.empty() || matches(nodes_.back(), source);
}

bool Filter::matches(const Node& node, const PropertySource& source) const {
  switch (node.kind) {
    case Kind::all_of:
      return matches(nodes_[node.left], source) && matches(nodes_[node.right], source);
    case Kind::any_of:
      return matches(nodes_[node.left], source) || matches(nodes_[node.right], source);
    case Kind::negation:
      return !matches(nodes_[node.left], source);
    case Kind::comparison:
      return compare(node, source.property(node.property));
    case Kind::prefix: {
      const PropertyValue value = source.property(node.property);
      const auto* text = std::get_if<std::string_view>(&value);
      return text != nullptr && text->size() >= node.text.size() &&
             compare_text(text->substr(0, node.text.size()), node.text) == 0;
    }
    case Kind::presence: {
      const PropertyValue value = source.property(node.property);
      const bool absent = std::holds_alternative<std::monostate>(value);
      return absent == (node.op == Operator::eq);
    }
  }
  return false;
}

bool Filter::may_match_state(std::string_view state) const {
  return nodes_.empty() || judged_by_state(nodes_.back(), state).value_or(true);
}

std::optional<bool> Filter::judged_by_state(const Node& node, std::string_view state) const {
  switch (node.kind) {
    case Kind::all_of:
    case Kind::any_of: {
      const bool decisive = node.kind == Kind::any_of;  // this value of either side settles it
      const std::optional<bool> left = judged_by_state(nodes_[node.left], state);
      if (left == decisive) return decisive;
      const std::optional<bool> right = judged_by_state(nodes_[node.right], state);
      if (right == decisive) return decisive;
      if (left && right) return !decisive;
      return std::nullopt;
    }
    case Kind::negation: {
      const std::optional<bool> inner = judged_by_state(nodes_[node.left], state);
      if (!inner) return std::nullopt;
      return !*inner;
    }
    case Kind::comparison:
      if (node.property != Property::state) return std::nullopt;
      return compare(node, state);
    case Kind::presence:
      if (node.property != Property::state) return std::nullopt;
      return node.op == Operator::ne;
    case Kind::prefix:
      return std::nullopt;
  }
  return std::nullopt;
}

template <class Visit>
void Filter::for_each_demand(const Node& node, const Visit& visit) const {
  if (node.kind == Kind::all_of) {
    for_each_demand(nodes_[node.left], visit);
    for_each_demand(nodes_[node.right], visit);
    return;
  }
  if (node.kind == Kind::comparison || node.kind == Kind::prefix) visit(node);
}

std::optional<std::string_view> Filter::demanded(Property property) const {
  std::optional<std::string_view> demanded;
  if (nodes_.empty()) return demanded;
  for_each_demand(nodes_.back(), [&](const Node& node) {
    const bool equals = node.kind == Kind::comparison && node.op == Operator::eq;
    if (equals && node.property == property && node.type == ValueType::text) demanded = node.text;
  });
  return demanded;
}

IdRange Filter::id_range() const {
  IdRange range;
  if (nodes_.empty()) return range;
  const auto raise = [&](const std::string& from) { range.from = std::max(range.from, from); };
  const auto lower_to = [&](const std::optional<std::string>& until) {
    if (!until) return;
    range.until = range.until ? std::min(*range.until, *until) : *until;
  };
  for_each_demand(nodes_.back(), [&](const Node& node) {
    if (node.property != Property::id) return;
    if (node.kind == Kind::prefix) {
      raise(node.text);
      lower_to(behind_prefix(node.text));
      return;
    }
    const std::string behind = node.text + '\0';  // the next text in order
    switch (node.op) {
      case Operator::eq:
        raise(node.text);
        lower_to(behind);
        break;
      case Operator::ge:
        raise(node.text);
        break;
      case Operator::gt:
        raise(behind);
        break;
      case Operator::le:
        lower_to(behind);
        break;
      case Operator::lt:
        lower_to(node.text);
        break;
      case Operator::ne:
        break;
    }
  });
  return range;
}

}  // namespace windlass::query
