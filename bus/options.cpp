#include "bus/options.h"

#include "bus/core/limits.h"

#include <sys/random.h>

#include <algorithm>
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

void BusLoad::add(std::size_t outstanding) {
  ++sessions;
  unacknowledged += outstanding;
  credit_used = std::max(credit_used, static_cast<double>(outstanding) / kCreditMessages);
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
