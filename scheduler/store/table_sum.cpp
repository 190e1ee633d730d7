#include "scheduler/store/table_sum.h"

#include "scheduler/store/errors.h"

#include <cstring>

namespace windlass::scheduler {

namespace {

constexpr std::size_t kSealBytes = 5;  // format and checksum, which covers key and body

// The seal tells rows apart already; this spreads it, so that changes in several rows do not cancel
// each other out.
std::uint64_t weight(std::string_view sealed) {
  if (sealed.size() < kSealBytes) throw CorruptError("a row is too short for its checksum");
  std::uint64_t bits = 0;
  std::memcpy(&bits, sealed.data(), kSealBytes);
  bits += sealed.size() * 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebULL;
  return bits ^ bits >> 31;
}

}  // namespace

void TableSum::add(std::string_view sealed) {
  rows += 1;
  weights += weight(sealed);
}

void TableSum::remove(std::string_view sealed) {
  rows -= 1;
  weights -= weight(sealed);
}

std::string in_words(const TableSum& sum) {
  return std::to_string(sum.rows) + " rows of sum " + std::to_string(sum.weights);
}

void expect_sum(const char* table, const TableSum& found, const TableSum& committed) {
  if (found == committed) return;
  throw CorruptError(std::string("table ") + table + " has " + in_words(found) + ", and " +
                     in_words(committed) +
                     " were committed: the file is damaged (restore a backup, see \"A shard is "
                     "damaged\" in docs/OPERATING.md)");
}

}  // namespace windlass::scheduler
