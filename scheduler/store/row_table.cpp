#include "scheduler/store/row_table.h"

#include "model/assert.h"
#include "scheduler/store/crc32c.h"

namespace windlass::scheduler {

namespace {

constexpr char kRowFormat = 1;

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

RowTable::RowTable(const lmdb::Txn& txn, lmdb::Table table, const char* name, bool& changed)
    : txn_(txn), table_(table), name_(name), changed_(changed), cursor_(txn, table) {}

std::optional<std::string_view> RowTable::find(std::string_view key) {
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
  return true;
}

void RowTable::put(std::string_view key) {
  changed_ = true;
  if (behind_the_end(key))
    cursor_.append(key, bytes_.seal(key));
  else
    cursor_.put(key, bytes_.seal(key));
}

void RowTable::insert(std::string_view key) {
  changed_ = true;
  if (behind_the_end(key)) {
    cursor_.append(key, bytes_.seal(key));
    return;
  }
  const bool inserted = cursor_.insert(key, bytes_.seal(key));
  WINDLASS_ASSERT(inserted);
}

void RowTable::update(std::string_view key) {
  changed_ = true;
  const bool found = cursor_.find(key);
  WINDLASS_ASSERT(found);
  cursor_.replace(key, bytes_.seal(key));
}

bool RowTable::erase(std::string_view key) {
  if (!cursor_.find(key)) return false;
  changed_ = true;
  cursor_.erase();
  return true;
}

void RowTable::scan(
    std::string_view from,
    const std::function<bool(std::string_view key, std::string_view body)>& visitor) {
  lmdb::Cursor cursor(txn_, table_);
  std::string earlier;
  std::uint64_t rows = 0;
  for (bool found = cursor.first_from(from); found; found = cursor.next()) {
    const std::string_view body = open_row(name_, cursor.key(), cursor.value());
    if (rows++ > 0 && cursor.key() <= earlier) refuse_row(name_, cursor.key(), "out of order");
    earlier = cursor.key();
    if (!visitor(cursor.key(), body)) return;
  }
  if (from.empty() && rows != rows_total())
    throw CorruptError(std::string("table ") + name_ + " has " + std::to_string(rows) +
                       " rows and counts " + std::to_string(rows_total()));
}

std::size_t RowTable::erase_while(std::string_view from,
                                  const std::function<bool(std::string_view key)>& doomed) {
  std::size_t erased = 0;
  for (bool found = cursor_.first_from(from); found && doomed(cursor_.key());
       found = cursor_.next()) {
    changed_ = true;
    cursor_.erase();
    ++erased;
  }
  return erased;
}

std::optional<std::string> RowTable::last_key() {
  if (!cursor_.last()) return std::nullopt;
  return std::string(cursor_.key());
}

}  // namespace windlass::scheduler
