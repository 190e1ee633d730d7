#include "simulator/trace.h"

#include <cstdio>

namespace windlass::simulator {

void Trace::mix(std::uint64_t number) {
  hash_ ^= number;
  hash_ *= 0x100000001b3ULL;
  hash_ ^= hash_ >> 29;
}

void Trace::mix_bytes(std::string_view bytes) {
  for (const char c : bytes) {
    hash_ ^= static_cast<unsigned char>(c);
    hash_ *= 0x100000001b3ULL;
  }
}

void Trace::tell(MonoTime at, std::string_view who, std::string_view what) {
  mix(static_cast<std::uint64_t>(at.ticks));
  mix_bytes(who);
  mix_bytes(what);
  if (!print_) return;
  std::printf("%10.4f  %-12.*s %.*s\n", static_cast<double>(at.ticks) / 1e7,
              static_cast<int>(who.size()), who.data(), static_cast<int>(what.size()), what.data());
}

}  // namespace windlass::simulator
