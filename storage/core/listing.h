// Pages of names in order: prefix, delimiter, marker, how many. The set of names and the reading
// of each entry are the caller's.
#pragma once

#include "storage/core/record.h"
#include "storage/core/refusal.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::storage {

inline constexpr std::size_t kListEntriesMax = 5000;
// A page ends early when its XML has grown to this; entries may be large.
inline constexpr std::size_t kListBytesMax = 8u << 20;

struct ListRequest {
  std::string prefix;
  std::string delimiter;
  std::string marker;      // as sent
  std::string start;       // the marker decoded: where to go on
  std::string maxresults;  // as sent; repeated in the answer
  std::size_t count = kListEntriesMax;
  bool with_metadata = false;
};

// include= values that can only name things we never have (snapshots, tags and so on) are
// accepted, the others are not built.
Outcome<ListRequest> parse_list_request(const Query& query);

struct ListEntry {
  std::string name;
  bool is_prefix = false;
  bool operator==(const ListEntry&) const = default;
};

struct ListPage {
  std::vector<ListEntry> entries;
  std::string next;  // where the next page starts; empty at the end
};

// Names in byte order. Names that share a stretch up to the delimiter fold into one prefix entry.
ListPage select_page(const std::set<std::string, std::less<>>& names, const ListRequest& request);

std::string marker_of(std::string_view next);  // opaque to clients

struct ListedContainer {
  std::string name;
  ContainerRecord record;
};

// One entry of a finished blob list: a record, or a prefix.
struct ListedBlob {
  ListEntry entry;
  BlobRecord record;
};

std::string container_list_xml(std::string_view service_url, const ListRequest& request,
                               const std::vector<ListedContainer>& containers,
                               std::string_view next);

// Ends early at kListBytesMax, with the marker moved to the first entry left out.
std::string blob_list_xml(std::string_view service_url, std::string_view container,
                          const ListRequest& request, const std::vector<ListedBlob>& blobs,
                          std::string_view next);

struct StagedBlock {
  std::string id;  // base64
  std::uint64_t size = 0;
};

std::string block_list_xml(const std::vector<CommittedBlock>* committed,
                           const std::vector<StagedBlock>* uncommitted);

}  // namespace windlass::storage
