#include "worker/core/grant_book.h"

#include "worker/core/archive.h"
#include "worker/core/crc32c.h"
#include "worker/core/fields.h"

namespace windlass::worker {

// As books of format 2 hold it.
template <class Archive>
void early_fields(Archive& archive, Grant& v) {
  archive(v.node_id, v.shard, v.claim, v.boot, v.offer_vm_size, v.plan, v.state, v.start_task_info,
          v.errors, v.returning);
}
// As books of format 3 hold it.
template <class Archive>
void later_fields(Archive& archive, Grant& v) {
  early_fields(archive, v);
  archive(v.restarts, v.after_retention);
}
template <class Archive>
void fields(Archive& archive, Grant& v) {
  later_fields(archive, v);
  archive(v.ip_address);
}
template <class Archive>
void fields(Archive& archive, AnsweredClaim& v) {
  archive(v.shard, v.claim, v.nodes);
}

namespace {

// The format's number is in the mark.
constexpr std::string_view kMark = "windlass grants 4\n";
constexpr std::string_view kLaterMark = "windlass grants 3\n";
constexpr std::string_view kEarlyMark = "windlass grants 2\n";
static_assert(kMark.size() == kEarlyMark.size());
static_assert(kMark.size() == kLaterMark.size());

}  // namespace

GenerationMet enter_generation(GrantBook& book, ClusterGeneration generation) {
  if (generation < book.generation) return GenerationMet::earlier;
  const bool later = book.generation != 0 && generation > book.generation;
  book.generation = generation;
  if (!later) return GenerationMet::same;
  book.grants.clear();
  book.claims.clear();
  return GenerationMet::later;
}

std::string encode_grant_book(const GrantBook& book) {
  std::string payload;
  ArchiveWriter writer(payload);
  std::uint64_t worker_id = book.worker_id;
  std::string host_boot_id = book.host_boot_id;
  std::uint64_t grants = book.grants.size();
  ClusterGeneration generation = book.generation;
  writer(worker_id, host_boot_id, generation, grants);
  for (const auto& [id, grant] : book.grants) writer(const_cast<Grant&>(grant));
  std::uint64_t claims = book.claims.size();
  writer(claims);
  for (const AnsweredClaim& claim : book.claims) writer(const_cast<AnsweredClaim&>(claim));

  std::string out(kMark);
  ArchiveWriter header(out);
  std::uint32_t crc = crc32c(payload);
  header(crc);
  return out + payload;
}

std::optional<GrantBook> decode_grant_book(std::string_view bytes) {
  const bool early = bytes.starts_with(kEarlyMark);
  const bool later = bytes.starts_with(kLaterMark);
  if (!early && !later && !bytes.starts_with(kMark)) return std::nullopt;
  if (bytes.size() < kMark.size() + 8) return std::nullopt;
  bytes.remove_prefix(kMark.size());
  ArchiveReader header(bytes.substr(0, 8));
  std::uint32_t crc = 0;
  header(crc);
  const std::string_view payload = bytes.substr(8);
  if (crc32c(payload) != crc) return std::nullopt;

  GrantBook book;
  ArchiveReader reader(payload);
  std::uint64_t grants = 0;
  reader(book.worker_id, book.host_boot_id, book.generation, grants);
  for (std::uint64_t i = 0; i < grants && !reader.failed(); ++i) {
    Grant grant;
    if (early)
      early_fields(reader, grant);
    else if (later)
      later_fields(reader, grant);
    else
      reader(grant);
    book.grants.emplace(grant.node_id, std::move(grant));
  }
  std::uint64_t claims = 0;
  reader(claims);
  for (std::uint64_t i = 0; i < claims && !reader.failed(); ++i) reader(book.claims.emplace_back());
  if (reader.failed()) return std::nullopt;
  return book;
}

}  // namespace windlass::worker
