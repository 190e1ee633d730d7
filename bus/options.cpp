#include "bus/options.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace windlass::bus {

InstanceId random_instance() {
  InstanceId id = 0;
  while (id == 0) {
    if (::getrandom(&id, sizeof id, 0) != sizeof id && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return id;
}

std::string_view to_string(FrameKind kind) {
  static constexpr std::string_view kNames[] = {
      "broker_hello",    "broker_status",  "undeliverable",      "open_session",  "session_opened",
      "session_refused", "acknowledge",    "commands",           "answers",       "reports",
      "orders",          "shard_messages", "shard_acknowledges", "file_requests", "file_replies"};
  static_assert(std::size(kNames) == kFrameKindsTotal);
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

}  // namespace windlass::bus
