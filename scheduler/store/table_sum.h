// What a table holds, in sixteen bytes that do not depend on the order in which its rows came and
// went. LMDB's pages have no checksums: a flipped bit can put an older page, whole in itself, in
// the place of a newer one, and every row on it is sealed. The sum tells that rows are not those
// that were committed; it names none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace windlass::scheduler {

struct TableSum {
  std::uint64_t rows = 0;
  std::uint64_t weights = 0;  // of all rows, modulo 2^64

  // Rows as they are stored (RowBytes::seal). Throws CorruptError when one is too short.
  void add(std::string_view sealed);
  void remove(std::string_view sealed);

  bool operator==(const TableSum&) const = default;
};

std::string in_words(const TableSum& sum);

// Throws CorruptError, which says what to do.
void expect_sum(const char* table, const TableSum& found, const TableSum& committed);

}  // namespace windlass::scheduler
