#include "scheduler/store/row_table.h"

#include "model/assert.h"
#include "scheduler/store/crc32c.h"

namespace windlass::scheduler {

namespace {

constexpr char kRowFormat = 1;
constexpr std::uintptr_t kPageBytes = 4096;  // or a part of a page

std::uint32_t checksum(std::string_view key, std::string_view body) {
  return crc32c(body, crc32c(key));
}

std::string in_hex(std::string_view key) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : key) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

[[noreturn]] void refuse_row(const char* table, std::string_view key, const char* what) {
  throw CorruptError(std::string("table ") + table + ", row " + in_hex(key) + ": " + what);
}

}  // namespace

std::string_view RowBytes::seal(std::string_view key) {
  WINDLASS_ASSERT(bytes_.size() >= kHeaderBytes);
  const std::uint32_t sum = checksum(key, std::string_view(bytes_).substr(kHeaderBytes));
  bytes_[0] = kRowFormat;
  for (unsigned i = 0; i < 4; ++i) bytes_[1 + i] = static_cast<char>(sum >> (8 * i));
  return bytes_;
}

std::string_view open_row(const char* table, std::string_view key, std::string_view value) {
  const auto refuse = [&](const char* what) { refuse_row(table, key, what); };
  if (value.size() < RowBytes::kHeaderBytes) refuse("too short");
  const std::string_view body = value.substr(RowBytes::kHeaderBytes);
  std::uint32_t sum = 0;
  for (unsigned i = 0; i < 4; ++i)
    sum |= static_cast<std::uint32_t>(static_cast<unsigned char>(value[1 + i])) << (8 * i);
  if (sum != checksum(key, body)) refuse("the checksum is wrong");
  if (value[0] != kRowFormat) refuse("written by a later version");
  return body;
}

RowTable::RowTable(const lmdb::Txn& txn, lmdb::Table table, const char* name, TableSum& sum,
                   bool& changed)
    : txn_(txn), table_(table), name_(name), sum_(sum), changed_(changed), cursor_(txn, table) {}

std::optional<std::string_view> RowTable::find(std::string_view key) {
  if (end_is_ours_ && key > end_) return std::nullopt;
  const bool from = cursor_.first_from(key);
  if (from && cursor_.key() == key) return open_row(name_, key, cursor_.value());
  check_gap(key, from);
  return std::nullopt;
}

void RowTable::check_gap(std::string_view key, bool after) {
  if (after) {
    open_row(name_, cursor_.key(), cursor_.value());
    if (cursor_.key() <= key) refuse_row(name_, cursor_.key(), "out of order");
  }
  if (after ? !cursor_.previous() : !cursor_.last()) return;
  open_row(name_, cursor_.key(), cursor_.value());
  if (cursor_.key() >= key) refuse_row(name_, cursor_.key(), "out of order");
}

bool RowTable::behind_the_end(std::string_view key) {
  if (!end_known_) {
    if (cursor_.last()) end_ = cursor_.key();
    end_known_ = true;
  }
  if (key <= end_) return false;
  end_ = key;
  end_is_ours_ = true;
  return true;
}

void RowTable::put(std::string_view key) {
  changed_ = true;
  const std::string_view row = bytes_.seal(key);
  if (behind_the_end(key)) {
    cursor_.append(key, row);
  } else if (!cursor_.insert(key, row)) {
    sum_.remove(cursor_.value());
    cursor_.replace(key, row);
  }
  sum_.add(row);
}

void RowTable::insert(std::string_view key) {
  changed_ = true;
  const std::string_view row = bytes_.seal(key);
  sum_.add(row);
  if (behind_the_end(key)) {
    cursor_.append(key, row);
    return;
  }
  const bool inserted = cursor_.insert(key, row);
  WINDLASS_ASSERT(inserted);
}

void RowTable::update(std::string_view key) {
  changed_ = true;
  const bool found = cursor_.find(key);
  WINDLASS_ASSERT(found);
  sum_.remove(cursor_.value());
  const std::string_view row = bytes_.seal(key);
  cursor_.replace(key, row);
  sum_.add(row);
}

bool RowTable::erase(std::string_view key) {
  if (!cursor_.find(key)) return false;
  erase_reached();
  return true;
}

void RowTable::erase_reached() {
  changed_ = true;
  sum_.remove(cursor_.value());
  cursor_.erase();
}

bool RowTable::reach(lmdb::Cursor& cursor, std::string_view from) const {
  const bool found = cursor.first_from(from);
  if (from.empty()) return found;
  if (found && cursor.key() < from) refuse_row(name_, cursor.key(), "out of order");
  if (found ? !cursor.previous() : !cursor.last()) return found && cursor.first();
  if (cursor.key() >= from) refuse_row(name_, cursor.key(), "out of order");
  return cursor.next();
}

void RowTable::scan(
    std::string_view from,
    const std::function<bool(std::string_view key, std::string_view body)>& visitor) {
  const auto found = walk(from, {}, visitor);
  if (found) expect_sum(name_, *found, sum_);
}

TableSum RowTable::counted(std::string_view without) {
  return *walk({}, without, [](std::string_view, std::string_view) { return true; });
}

std::optional<TableSum> RowTable::walk(
    std::string_view from, std::string_view without,
    const std::function<bool(std::string_view key, std::string_view body)>& visitor) {
  lmdb::Cursor cursor(txn_, table_);
  std::string earlier;
  std::uint64_t rows = 0;
  TableSum sum;
  for (bool found = reach(cursor, from); found; found = cursor.next()) {
    const std::string_view body = open_row(name_, cursor.key(), cursor.value());
    if (rows++ > 0 && cursor.key() <= earlier) refuse_row(name_, cursor.key(), "out of order");
    earlier = cursor.key();
    if (without.empty() || earlier != without) sum.add(cursor.value());
    if (!visitor(cursor.key(), body)) return std::nullopt;
  }
  if (!from.empty()) return std::nullopt;
  if (rows != rows_total())
    throw CorruptError(std::string("table ") + name_ + " has " + std::to_string(rows) +
                       " rows and counts " + std::to_string(rows_total()));
  return sum;
}

void RowTable::check_look_ups() {
  // Within a page the order of keys suffices; which page a look-up takes is said elsewhere.
  const auto page_of = [](std::string_view key) {
    return reinterpret_cast<std::uintptr_t>(key.data()) / kPageBytes;
  };
  const auto look_up = [&](std::string_view key) {
    if (!txn_.holds(table_, key)) refuse_row(name_, key, "a look-up does not find it");
  };
  lmdb::Cursor cursor(txn_, table_);
  std::string_view earlier;
  for (bool found = cursor.first(); found; found = cursor.next()) {
    if (earlier.empty() || page_of(earlier) != page_of(cursor.key())) {
      if (!earlier.empty()) look_up(earlier);
      look_up(cursor.key());
    }
    earlier = cursor.key();
  }
  if (!earlier.empty()) look_up(earlier);
}

std::size_t RowTable::erase_while(std::string_view from,
                                  const std::function<bool(std::string_view key)>& doomed) {
  std::size_t erased = 0;
  for (bool found = reach(cursor_, from); found && doomed(cursor_.key()); found = cursor_.next()) {
    erase_reached();
    ++erased;
  }
  return erased;
}

std::optional<std::string> RowTable::last_key() {
  if (!cursor_.last()) return std::nullopt;
  return std::string(cursor_.key());
}

}  // namespace windlass::scheduler
