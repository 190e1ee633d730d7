// The order of facts of one shard, behind one interface: the shard's core and its loop do not know
// whether the records lie beside the rows (local_journal.h) or on several hosts (later).
//
// A record is the events of one batch. Positions rise by one from 1, without gaps, and each record
// carries a chain value over all before it, so that two copies can be compared at any position.
#pragma once

#include "model/shard_event.h"

#include <cstdint>
#include <functional>

namespace windlass::scheduler {

using JournalPosition = std::uint64_t;

struct JournalRecord {
  JournalPosition position = 0;
  ShardEpoch epoch = 0;         // of the owner that appended it
  EventNumber first_event = 0;  // number of the first event in it
  std::uint64_t chain = 0;      // over this record and all before it
  // A task's document is left out where its row stands in the same transaction.
  ShardEvents events;
};

class Journal {
 public:
  virtual ~Journal() = default;

  // From now on only this epoch may append; returns the last position, 0 when there is none.
  virtual JournalPosition claim(ShardEpoch epoch) = 0;

  // The record becomes durable with the batch that is open. No events: no record.
  virtual void append(EventNumber first_event, const ShardEvents& events) = 0;

  // From a position on (or the oldest kept), in order, until the visitor says false.
  virtual void read(JournalPosition from,
                    const std::function<bool(const JournalRecord&)>& visitor) = 0;

  // Forgets records up to `through`, with the batch that is open.
  virtual void trim(JournalPosition through) = 0;
};

}  // namespace windlass::scheduler
