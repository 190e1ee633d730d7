// CRC-32C (Castagnoli), as the processor computes it where it can. Protects what lies on disk from
// bits that flip; it is no signature.
#pragma once

#include <cstdint>
#include <string_view>

namespace windlass::scheduler {

// The checksum of `earlier` bytes followed by these: crc32c(b, crc32c(a)) = crc32c(a + b).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t earlier = 0);

}  // namespace windlass::scheduler
