#include "scheduler/core/conditions.h"

#include <algorithm>

namespace windlass::scheduler {

namespace {

bool any_matches(const std::vector<std::string>& tags, const std::string& tag) {
  return std::any_of(tags.begin(), tags.end(),
                     [&](const std::string& wanted) { return wanted == "*" || wanted == tag; });
}

// HTTP dates have whole seconds.
std::int64_t seconds(WallTime time) {
  return time.ticks / 10'000'000;
}

}  // namespace

// Pairs are judged as section "Conditional requests" of the API says: the tag counts, the date next
// to it does not (the gateway has refused every other combination).
std::optional<Error> refused_by_conditions(const Conditions& conditions, ShardId shard,
                                           const Version& version, bool is_read) {
  if (conditions.empty()) return std::nullopt;
  const std::string tag = etag_text(shard, version.event);
  const Error unmet{ErrorCode::condition_not_met, {}, {}};
  const Error unchanged{is_read ? ErrorCode::not_modified : ErrorCode::condition_not_met, {}, {}};
  if (!conditions.if_match.empty()) {
    if (!any_matches(conditions.if_match, tag)) return unmet;
  } else if (conditions.if_unmodified_since) {
    if (seconds(version.last_modified) > seconds(*conditions.if_unmodified_since)) return unmet;
  }
  if (!conditions.if_none_match.empty()) {
    if (any_matches(conditions.if_none_match, tag)) return unchanged;
  } else if (conditions.if_modified_since) {
    if (seconds(version.last_modified) <= seconds(*conditions.if_modified_since)) return unchanged;
  }
  return std::nullopt;
}

}  // namespace windlass::scheduler
