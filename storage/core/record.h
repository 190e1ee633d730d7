// What we know of a container and of a blob besides its bytes, and how that is written to a file.
#pragma once

#include "model/time.h"
#include "storage/core/request.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::storage {

// A number that rises with every change in the store and never repeats: wall time in ticks of
// 100 ns, or one more than the last. ETags and data files are named by it.
using Generation = std::uint64_t;

std::string etag_of(Generation generation);  // "\"0x8DE...\"", quotes included

struct ContainerRecord {
  Generation changed = 0;
  WallTime modified;
  Metadata metadata;
  bool operator==(const ContainerRecord&) const = default;
};

struct ContentHeaders {
  std::string type;
  std::string encoding;
  std::string language;
  std::string disposition;
  std::string cache_control;
  std::string md5;  // base64; of the whole content, computed or as the client gave it
  bool operator==(const ContentHeaders&) const = default;
};

struct CommittedBlock {
  std::string id;  // base64
  std::uint64_t size = 0;
  bool operator==(const CommittedBlock&) const = default;
};

struct BlobRecord {
  std::string name;
  Generation data = 0;  // which data file holds the bytes
  std::uint64_t size = 0;
  Generation changed = 0;
  WallTime created;
  WallTime modified;
  ContentHeaders content;
  Metadata metadata;
  std::vector<CommittedBlock> blocks;  // in order; empty when it came by Put Blob
  bool operator==(const BlobRecord&) const = default;

  Validators validators() const;
};

// A file starts with its kind and format version, has one "key value" a line with percent-encoded
// values, and ends with a checksum. Reading gives nothing for anything else.
std::string encode(const ContainerRecord& record);
std::string encode(const BlobRecord& record);
std::optional<ContainerRecord> decode_container(std::string_view text);
std::optional<BlobRecord> decode_blob(std::string_view text);

}  // namespace windlass::storage
