// LMDB's file as it lies on disk, without LMDB: for what LMDB does not show. The same in all of
// LMDB 0.9 on machines of 64 bits that are little-endian.
//
// The file begins with two heads, written in turn, each of a commit and the root of its tree. LMDB
// takes the later one and says nothing of the other, whose tree is whole, too: its pages are free
// for a commit only after the next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace windlass::scheduler::lmdb {

inline constexpr std::uint64_t kNoPage = ~std::uint64_t{0};

class Pages {
 public:
  struct Head {
    std::uint64_t commit = 0;
    std::uint64_t root = 0;  // of the list of tables
  };

  // The file stays open with its owner. Throws StoreError.
  explicit Pages(int file);

  std::array<Head, 2> heads() const;  // throws StoreError

  // The value under a key of a small table, as this head's tree has it. Nothing when there is none,
  // or what is met is no tree.
  std::optional<std::string> value_in(const Head& head, std::string_view table,
                                      std::string_view key) const;

  // Says that a head is of this commit, which may use pages up to the end of the file; durable when
  // it returns. Not while LMDB has the file. Throws StoreError.
  void put_commit(std::size_t head, std::uint64_t commit) const;

 private:
  struct Search {
    std::string_view key;
    std::size_t pages_left;
  };

  void read(std::uint64_t offset, void* to, std::size_t bytes) const;
  std::optional<std::string> page(std::uint64_t number) const;
  std::optional<std::string> search(std::uint64_t root, Search& search) const;

  int file_;
  std::size_t page_bytes_ = 0;
};

}  // namespace windlass::scheduler::lmdb
