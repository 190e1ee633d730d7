#include "bus/core/inbox.h"

#include "bus/core/limits.h"
#include "model/assert.h"
#include "model/museum.h"

#include <algorithm>
#include <utility>

namespace windlass::bus {

bool contains(const InboxState& state, Sequence sequence) {
  return sequence <= state.acknowledged_through ||
         std::binary_search(state.above.begin(), state.above.end(), sequence);
}

Inbox::Inbox(InboxState state) : state_(std::move(state)) {
  // A row may come from an earlier version or a damaged peer: put it in order.
  std::sort(state_.above.begin(), state_.above.end());
  state_.above.erase(std::unique(state_.above.begin(), state_.above.end()), state_.above.end());
  absorb();
}

Arrival Inbox::take(Sequence sequence) {
  if (sequence == 0 || sequence > state_.acknowledged_through + kCreditMessages)
    return Arrival::outside;
  if (contains(state_, sequence))
    return WINDLASS_PLANTED(duplicates_taken) ? Arrival::fresh : Arrival::duplicate;
  if (sequence == state_.acknowledged_through + 1 && state_.above.empty()) {
    state_.acknowledged_through = sequence;
    return Arrival::fresh;
  }
  state_.above.insert(std::upper_bound(state_.above.begin(), state_.above.end(), sequence),
                      sequence);
  absorb();
  WINDLASS_ASSERT(contains(state_, sequence));
  return Arrival::fresh;
}

void Inbox::release_through(Sequence sequence) {
  if (sequence <= state_.acknowledged_through) return;
  state_.acknowledged_through = sequence;
  absorb();
}

void Inbox::absorb() {
  auto it = state_.above.begin();
  while (it != state_.above.end() && *it <= state_.acknowledged_through + 1) {
    state_.acknowledged_through = std::max(state_.acknowledged_through, *it);
    ++it;
  }
  state_.above.erase(state_.above.begin(), it);
}

}  // namespace windlass::bus
