// Certificates: kept and shown, as old clients expect. No node uses them, so of what a client gives
// only the public part is kept.
#pragma once

#include "model/common.h"

#include <string>

namespace windlass {

struct CertificateRecord {
  std::string account;
  std::string thumbprint;   // SHA-1 in hex, as it was given
  std::string public_data;  // DER
  Version version;
  WallTime creation_time;
  bool operator==(const CertificateRecord&) const = default;
};

// They are their account's, of no pool or job: one shard keeps all of them (docs/PROTOCOL.md).
inline constexpr ShardId kCertificatesShard = 0;

}  // namespace windlass
