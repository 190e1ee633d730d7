// The story of a run: a line for each thing worth telling, and a hash over all lines and over what
// is too small to be told. Nothing in it varies between two runs of a seed: no address, no real
// time.
#pragma once

#include "model/time.h"

#include <cstdint>
#include <string_view>

namespace windlass::simulator {

class Trace {
 public:
  explicit Trace(bool print) : print_(print) {}

  void tell(MonoTime at, std::string_view who, std::string_view what);
  void mix(std::uint64_t number);
  std::uint64_t hash() const { return hash_; }

 private:
  void mix_bytes(std::string_view bytes);

  bool print_;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace windlass::simulator
