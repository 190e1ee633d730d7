#include "storage/core/conditions.h"

namespace windlass::storage {
namespace {

std::string_view unquoted(std::string_view tag) {
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') {
    tag = tag.substr(1, tag.size() - 2);
  }
  return tag;
}

bool matches(std::string_view condition, std::string_view etag) {
  return condition == "*" || unquoted(condition) == unquoted(etag);
}

Check check_combination(const Conditions& c) {
  const int count = int{c.if_match.has_value()} + int{c.if_none_match.has_value()} +
                    int{c.if_modified_since.has_value()} + int{c.if_unmodified_since.has_value()};
  if (count < 2) return allowed();
  const bool pair = count == 2 && c.if_match.has_value() == c.if_unmodified_since.has_value();
  if (!pair) return BlobError::multiple_conditions;
  return allowed();
}

}  // namespace

Check check_read(const Conditions& c, const Validators& current) {
  if (c.if_match && !matches(*c.if_match, current.etag)) return BlobError::condition_not_met;
  if (c.if_unmodified_since && current.last_modified > *c.if_unmodified_since) {
    return BlobError::condition_not_met;
  }
  if (c.if_none_match == "*") return BlobError::unsatisfiable_condition;
  const bool asked = c.if_none_match || c.if_modified_since;
  const bool other_tag = c.if_none_match && !matches(*c.if_none_match, current.etag);
  const bool newer = c.if_modified_since && current.last_modified > *c.if_modified_since;
  if (asked && !other_tag && !newer) return BlobError::not_modified;
  return allowed();
}

Check check_write(const Conditions& c, const Validators* current) {
  WINDLASS_REFUSE_IF(check_combination(c));
  if (current == nullptr) {
    if (c.if_match) return BlobError::condition_not_met;
    return allowed();
  }
  if (c.if_none_match) {
    if (matches(*c.if_none_match, current->etag)) return BlobError::condition_not_met;
    return allowed();
  }
  if (c.if_match) {
    if (!matches(*c.if_match, current->etag)) return BlobError::condition_not_met;
    return allowed();
  }
  if (c.if_modified_since && current->last_modified <= *c.if_modified_since) {
    return BlobError::condition_not_met;
  }
  if (c.if_unmodified_since && current->last_modified > *c.if_unmodified_since) {
    return BlobError::condition_not_met;
  }
  return allowed();
}

bool only_if_absent(const Conditions& conditions) {
  return conditions.if_none_match == "*";
}

}  // namespace windlass::storage
