// What a gateway waits for: numbered places, each with a deadline. Numbers are never reused while
// someone may still answer to them, and finding, adding and removing cost the same however many
// wait. Deadlines are kept in buckets of one tick: exact enough for timeouts of whole seconds.
#pragma once

#include "model/assert.h"
#include "model/time.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace windlass::gateway {

template <class Value>
class PendingTable {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(100);

  explicit PendingTable(MonoTime now) : swept_(tick_of(now)) { buckets_.fill(kNone); }

  // The number to send along. Deadlines further off than the wheel reaches are looked at again
  // then.
  std::uint64_t add(Value value, MonoTime deadline) {
    std::uint32_t index = free_;
    if (index == kNone) {
      index = static_cast<std::uint32_t>(places_.size());
      places_.emplace_back();
    } else {
      free_ = places_[index].next;
    }
    Place& place = places_[index];
    place.value = std::move(value);
    place.deadline = deadline;
    link(index);
    ++size_;
    return (static_cast<std::uint64_t>(place.generation) << 32) | index;
  }

  // Nothing when it was taken before, or ran out of time.
  std::optional<Value> take(std::uint64_t number) {
    const auto index = static_cast<std::uint32_t>(number);
    if (index >= places_.size()) return std::nullopt;
    Place& place = places_[index];
    if (!place.value || place.generation != number >> 32) return std::nullopt;
    unlink(index);
    return release(index);
  }

  // Takes those whose deadline has passed, one a call: call until nothing comes.
  std::optional<Value> take_expired(MonoTime now) {
    const std::int64_t current = tick_of(now);
    // After a long pause one turn of the wheel sees every bucket.
    if (current - swept_ > kBuckets) swept_ = current - kBuckets;
    while (swept_ < current) {
      std::uint32_t index = buckets_[bucket(swept_)];
      while (index != kNone) {
        const std::uint32_t next = places_[index].next;
        if (places_[index].deadline <= now) {
          unlink(index);
          return release(index);
        }
        index = next;
      }
      ++swept_;
    }
    return std::nullopt;
  }

  // Takes the first that `chosen(value)` likes, by looking at all: for rare occasions.
  template <class Chosen>
  std::optional<Value> take_if(Chosen chosen) {
    for (std::uint32_t index = 0; index < places_.size(); ++index) {
      if (!places_[index].value || !chosen(*places_[index].value)) continue;
      unlink(index);
      return release(index);
    }
    return std::nullopt;
  }

  const Value* find(std::uint64_t number) const {
    const auto index = static_cast<std::uint32_t>(number);
    if (index >= places_.size()) return nullptr;
    const Place& place = places_[index];
    return place.value && place.generation == number >> 32 ? &*place.value : nullptr;
  }

  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::int64_t kBuckets = 512;

  struct Place {
    std::optional<Value> value;
    MonoTime deadline;
    std::uint32_t generation = 1;  // so that 0 is never a number
    std::uint32_t bucket = 0;
    std::uint32_t next = kNone;  // in the bucket, or in the list of free places
    std::uint32_t previous = kNone;
  };

  static std::int64_t tick_of(MonoTime time) { return time.ticks / kTick.count(); }
  static std::uint32_t bucket(std::int64_t tick) {
    return static_cast<std::uint32_t>(tick % kBuckets);
  }

  void link(std::uint32_t index) {
    Place& place = places_[index];
    // Never into a bucket that has been swept, and never a whole turn ahead.
    std::int64_t tick = tick_of(place.deadline);
    if (tick < swept_) tick = swept_;
    if (tick >= swept_ + kBuckets) tick = swept_ + kBuckets - 1;
    place.bucket = bucket(tick);
    place.previous = kNone;
    place.next = buckets_[place.bucket];
    if (place.next != kNone) places_[place.next].previous = index;
    buckets_[place.bucket] = index;
  }

  void unlink(std::uint32_t index) {
    Place& place = places_[index];
    if (place.previous != kNone)
      places_[place.previous].next = place.next;
    else
      buckets_[place.bucket] = place.next;
    if (place.next != kNone) places_[place.next].previous = place.previous;
  }

  Value release(std::uint32_t index) {
    Place& place = places_[index];
    WINDLASS_ASSERT(place.value.has_value());
    Value value = std::move(*place.value);
    place.value.reset();
    ++place.generation;
    place.next = free_;
    free_ = index;
    --size_;
    return value;
  }

  std::vector<Place> places_;
  std::array<std::uint32_t, kBuckets> buckets_{};
  std::uint32_t free_ = kNone;
  std::size_t size_ = 0;
  std::int64_t swept_;
};

}  // namespace windlass::gateway
