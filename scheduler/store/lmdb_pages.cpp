#include "scheduler/store/lmdb_pages.h"

#include "scheduler/store/errors.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace windlass::scheduler::lmdb {

namespace {

// A head is a page whose content begins behind the page's header. The last page in use and the
// commit stand side by side.
constexpr std::size_t kPageBytesInHead = 40;
constexpr std::size_t kRootInHead = 128;
constexpr std::size_t kLastPageInHead = 136;
constexpr std::size_t kCommitInHead = 144;

// A page: number, flags, how far the slots reach; slots, each where a node is; nodes.
constexpr std::size_t kFlagsInPage = 10;
constexpr std::size_t kSlotsEndInPage = 12;
constexpr std::size_t kSlots = 16;
constexpr unsigned kBranch = 1;
constexpr unsigned kLeaf = 2;

// A node: a number of 32 or 48 bits (bytes of the value, or a page), flags, bytes of the key; key;
// value.
constexpr std::size_t kNodeFlags = 4;
constexpr std::size_t kNodeKeyBytes = 6;
constexpr std::size_t kNodeKey = 8;
constexpr unsigned kValueElsewhere = 1;

// A table, as the list of tables has it.
constexpr std::size_t kRootInTable = 40;
constexpr std::size_t kTableBytes = 48;

// Of one look-up: what lies in a small table.
constexpr std::size_t kPagesMax = 64;

template <class Number>
std::optional<Number> number_in(std::string_view bytes, std::size_t offset) {
  Number number = 0;
  if (offset + sizeof number > bytes.size()) return std::nullopt;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

}  // namespace

Pages::Pages(int file) : file_(file) {
  std::uint32_t bytes = 0;
  read(kPageBytesInHead, &bytes, sizeof bytes);
  if (bytes < 512 || bytes > 1 << 16 || (bytes & (bytes - 1)) != 0)
    throw CorruptError("the file has pages of " + std::to_string(bytes) + " bytes");
  page_bytes_ = bytes;
}

void Pages::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  const ssize_t got = ::pread(file_, to, bytes, static_cast<off_t>(offset));
  if (got < 0) throw StoreError(std::string("pread of data.mdb: ") + std::strerror(errno));
  if (static_cast<std::size_t>(got) < bytes) throw CorruptError("data.mdb is too short");
}

std::array<Pages::Head, 2> Pages::heads() const {
  std::array<Head, 2> heads;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    read(i * page_bytes_ + kCommitInHead, &heads[i].commit, 8);
    read(i * page_bytes_ + kRootInHead, &heads[i].root, 8);
  }
  return heads;
}

void Pages::put_commit(std::size_t head, std::uint64_t commit) const {
  const off_t end = ::lseek(file_, 0, SEEK_END);
  const std::uint64_t words[2] = {static_cast<std::uint64_t>(end) / page_bytes_ - 1, commit};
  static_assert(kCommitInHead == kLastPageInHead + sizeof words[0]);
  const auto at = static_cast<off_t>(head * page_bytes_ + kLastPageInHead);
  if (end < 0 || ::pwrite(file_, words, sizeof words, at) != sizeof words ||
      ::fdatasync(file_) != 0)
    throw StoreError(std::string("write a head of data.mdb: ") + std::strerror(errno));
}

std::optional<std::string> Pages::value_in(const Head& head, std::string_view table,
                                           std::string_view key) const {
  Search tables{table, kPagesMax};
  const auto record = search(head.root, tables);
  if (!record || record->size() != kTableBytes) return std::nullopt;
  Search rows{key, kPagesMax};
  return search(*number_in<std::uint64_t>(*record, kRootInTable), rows);
}

std::optional<std::string> Pages::page(std::uint64_t number) const {
  if (number > static_cast<std::uint64_t>(INT64_MAX) / page_bytes_) return std::nullopt;
  std::string bytes(page_bytes_, '\0');
  const ssize_t got =
      ::pread(file_, bytes.data(), bytes.size(), static_cast<off_t>(number * page_bytes_));
  if (got != static_cast<ssize_t>(bytes.size())) return std::nullopt;
  return bytes;
}

// All pages below the root in turn: there are few, and order is not relied upon.
std::optional<std::string> Pages::search(std::uint64_t root, Search& wanted) const {
  if (wanted.pages_left == 0) return std::nullopt;
  --wanted.pages_left;
  const auto bytes = page(root);
  if (!bytes) return std::nullopt;
  const unsigned flags = *number_in<std::uint16_t>(*bytes, kFlagsInPage);
  const std::size_t slots_end = *number_in<std::uint16_t>(*bytes, kSlotsEndInPage);
  for (std::size_t slot = kSlots; slot < slots_end; slot += 2) {
    const auto at = number_in<std::uint16_t>(*bytes, slot);
    if (!at) return std::nullopt;
    const auto low = number_in<std::uint32_t>(*bytes, *at);
    const auto node_flags = number_in<std::uint16_t>(*bytes, *at + kNodeFlags);
    const auto key_bytes = number_in<std::uint16_t>(*bytes, *at + kNodeKeyBytes);
    if (!low || !node_flags || !key_bytes) return std::nullopt;
    if (flags == kBranch) {
      if (auto found = search(*low | std::uint64_t{*node_flags} << 32, wanted)) return found;
      continue;
    }
    if (flags != kLeaf) return std::nullopt;
    const std::size_t end = *at + kNodeKey + *key_bytes + *low;
    if ((*node_flags & kValueElsewhere) != 0) continue;
    if (end > bytes->size()) return std::nullopt;
    const std::string_view node = std::string_view(*bytes).substr(*at + kNodeKey);
    if (node.substr(0, *key_bytes) == wanted.key) return std::string(node.substr(*key_bytes, *low));
  }
  return std::nullopt;
}

}  // namespace windlass::scheduler::lmdb
