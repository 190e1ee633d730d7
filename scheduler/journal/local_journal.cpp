#include "scheduler/journal/local_journal.h"

#include "model/assert.h"
#include "scheduler/store/batch_impl.h"
#include "scheduler/store/crc32c.h"
#include "schema/codec/events.h"

#include <algorithm>

namespace windlass::scheduler {

namespace {

// A record is cut into parts of which two fill a page of LMDB. A longer value would need several
// pages in a row, and the search for such a row among the free pages can take longer than the
// commit, or makes the file grow although half of it is free.
constexpr std::size_t kPartBytesMax = 2018 - RowBytes::kHeaderBytes;

// A record begins with these; the parts behind the first hold only bytes.
constexpr std::size_t kHeaderBytes = 8 + 8 + 8 + 4;  // epoch, first event, chain, bytes to come

// How many old parts may go for each new one while the log is over its limit: little by little, so
// that no batch pays for a limit that was lowered.
constexpr std::size_t kTrimmedPerPart = 3;

Key part_key(JournalPosition position, std::uint32_t part) {
  return Key().number(position).number_32(part);
}
JournalPosition position_of(std::string_view key) {
  return number_at(key, 0);
}

// Depends on all records up to this one. It tells copies that differ, not copies that are forged.
std::uint64_t chained(std::uint64_t chain, std::string_view record) {
  chain ^= (std::uint64_t{crc32c(record)} << 32) + record.size();
  chain *= 0x9e3779b97f4a7c15ULL;
  return chain ^ chain >> 29;
}

}  // namespace

Batch::Impl& LocalJournal::open_batch() const {
  Batch* batch = store_.folder_->batch;
  WINDLASS_ASSERT(batch != nullptr);
  return *batch->impl_;
}

JournalPosition LocalJournal::claim(ShardEpoch epoch) {
  const Committed& committed = store_.folder_->committed;
  // The store's claim is committed under the folder's lock, so nobody can have a later one.
  WINDLASS_ASSERT(epoch == committed.epoch);
  if (committed.log_head.epoch > epoch) throw CorruptError("the log has records of a later epoch");
  epoch_ = epoch;
  return committed.log_head.position;
}

void LocalJournal::append(EventNumber first_event, const ShardEvents& events) {
  if (events.empty()) return;
  Batch::Impl& batch = open_batch();
  WINDLASS_ASSERT(epoch_ == batch.committed.epoch);

  const std::string bytes = encode_events(events, EventDocuments::in_rows);
  LogHead& head = batch.committed.log_head;
  head = {head.position + 1, epoch_, chained(head.chain, bytes)};

  RowTable& log = batch.table(TableName::log);
  std::string_view left = bytes;
  std::uint32_t parts = 0;
  do {
    std::string& row = log.begin_row();
    std::size_t room = kPartBytesMax;
    if (parts == 0) {
      WINDLASS_ASSERT(bytes.size() <= UINT32_MAX);
      row += Key()
                 .number(epoch_)
                 .number(first_event)
                 .number(head.chain)
                 .number_32(static_cast<std::uint32_t>(bytes.size()));
      room -= kHeaderBytes;
    }
    row += left.substr(0, room);
    left.remove_prefix(std::min(room, left.size()));
    log.insert(part_key(head.position, parts++));
  } while (!left.empty());

  RowTable& meta = batch.table(TableName::meta);
  meta.begin_row() += Key().number(head.position).number(head.epoch).number(head.chain);
  meta.put("log_head");

  make_room(log, parts);
}

void LocalJournal::make_room(RowTable& log, std::size_t parts) {
  if (log.bytes() <= store_.folder_->log_bytes_max) return;
  // Records go whole: the last one to go ends the step.
  std::size_t trimmed = 0;
  JournalPosition going = 0;
  const JournalPosition last = open_batch().committed.log_head.position;
  log.erase_while("", [&](std::string_view key) {
    if (position_of(key) != going && trimmed >= kTrimmedPerPart * parts) return false;
    if (position_of(key) == last) return false;
    going = position_of(key);
    ++trimmed;
    return true;
  });
}

void LocalJournal::read(JournalPosition from,
                        const std::function<bool(const JournalRecord&)>& visitor) {
  RowTable& log = open_batch().table(TableName::log);
  JournalRecord record;
  std::string bytes;
  std::size_t bytes_total = 0;
  std::uint32_t parts = 0;
  log.scan(part_key(from, 0), [&](std::string_view key, std::string_view body) {
    const std::uint64_t part = number_at(key, 8, 4);
    if (part != parts || (part > 0 && position_of(key) != record.position))
      throw CorruptError("table log: a part is missing");
    if (part == 0) {
      if (record.position != 0 && position_of(key) != record.position + 1)
        throw CorruptError("table log: a record is missing");
      if (body.size() < kHeaderBytes) throw CorruptError("table log: a record is too short");
      record.position = position_of(key);
      record.epoch = number_at(body, 0);
      record.first_event = number_at(body, 8);
      record.chain = number_at(body, 16);
      bytes_total = number_at(body, 24, 4);
      body.remove_prefix(kHeaderBytes);
      bytes.clear();
    }
    bytes += body;
    ++parts;
    if (bytes.size() < bytes_total) return true;
    if (bytes.size() > bytes_total) throw CorruptError("table log: a record is too long");
    parts = 0;
    Result<ShardEvents> events = decode_events(bytes);
    if (!events) throw CorruptError("table log: " + events.error().message);
    record.events = std::move(*events);
    return visitor(record);
  });
  if (parts != 0) throw CorruptError("table log: the last record has no end");
}

void LocalJournal::trim(JournalPosition through) {
  open_batch().table(TableName::log).erase_while("", [&](std::string_view key) {
    return position_of(key) <= through;
  });
}

std::uint64_t LocalJournal::bytes() const {
  return store_.folder_->committed.log_bytes;
}

}  // namespace windlass::scheduler
