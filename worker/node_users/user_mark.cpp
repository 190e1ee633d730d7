#include "worker/node_users/user_mark.h"

#include <charconv>

namespace windlass::worker {
namespace {

constexpr std::string_view kOurs = "windlass-node-user";
constexpr std::string_view kNone = "-";

}  // namespace

std::string comment_of(const UserMark& mark) {
  const std::string none(kNone);
  return std::string(kOurs) + " " + mark.made + " " +
         (mark.expires ? std::to_string(mark.expires->ticks) : none) + " " +
         (mark.asked_by.empty() ? none : mark.asked_by) + " " + mark.folder;
}

std::optional<UserMark> read_comment(std::string_view comment) {
  const auto next = [&]() -> std::string_view {
    const std::size_t space = comment.find(' ');
    const std::string_view word = comment.substr(0, space);
    comment.remove_prefix(space == std::string_view::npos ? comment.size() : space + 1);
    return word;
  };
  if (next() != kOurs) return std::nullopt;
  UserMark mark;
  mark.made = next();
  const std::string_view expires = next();
  if (expires != kNone) {
    const char* end = expires.data() + expires.size();
    const auto [rest, code] = std::from_chars(expires.data(), end, mark.expires.emplace().ticks);
    if (code != std::errc() || rest != end) return std::nullopt;
  }
  mark.asked_by = next();
  if (mark.asked_by == kNone) mark.asked_by.clear();
  mark.folder = comment;
  if (mark.made.empty() || !mark.folder.starts_with('/')) return std::nullopt;
  return mark;
}

}  // namespace windlass::worker
