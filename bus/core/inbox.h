// Which messages of a sender have been taken: each is told fresh once, whatever is repeated or
// comes out of order. The state is a plain value that a shard keeps in the session's row.
#pragma once

#include "model/session.h"

#include <cstdint>

namespace windlass::bus {

enum class Arrival : std::uint8_t {
  fresh,
  duplicate,
  outside  // further ahead than we granted credit for: dropped, it will come again
};

bool contains(const InboxState& state, Sequence sequence);

class Inbox {
 public:
  explicit Inbox(InboxState state = {});

  const InboxState& state() const { return state_; }

  Arrival take(Sequence sequence);

  // Nothing up to here will come again as new: closes gaps that would otherwise stay open.
  void release_through(Sequence sequence);

 private:
  void absorb();

  InboxState state_;
};

}  // namespace windlass::bus
