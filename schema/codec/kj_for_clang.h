// Included in front of everything that clang compiles with Cap'n Proto (cmake/Windlass.cmake).
// Cap'n Proto 0.9 leaves these two operators to C++20, which makes them of the ones turned round:
// so says g++ 12, but not clang from 16 on (P2468), and its headers need them.
#pragma once

#include <kj/string.h>

namespace kj {

inline bool operator==(const char* a, const StringPtr& b) {
  return b == StringPtr(a);
}
inline bool operator!=(const char* a, const StringPtr& b) {
  return b != StringPtr(a);
}

}  // namespace kj
