// CRC32C (Castagnoli): what tells a torn or rotten record from a whole one.
#pragma once

#include <cstdint>
#include <string_view>

namespace windlass::worker {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace windlass::worker
