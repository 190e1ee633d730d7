// When requests are due. An open loop sends each at its time, whatever became of those before it,
// and counts its latency from that time: a server that stalls is charged for everyone who would
// have come meanwhile (no coordinated omission). A closed loop has no times: a connection sends its
// next request when the last one is answered.
#pragma once

#include <cstdint>
#include <random>

namespace windlass::loadtest {

enum class Rhythm : std::uint8_t {
  closed,
  even,     // equal distances
  poisson,  // as independent clients come; drawn from the seed
  bursts    // all of a second at its beginning
};

class Arrivals {
 public:
  // `per_second` must be positive unless the rhythm is closed.
  Arrivals(Rhythm rhythm, double per_second, std::uint64_t seed);

  // Nanoseconds from the start to the next request; never less than the last answer. Closed: 0.
  std::int64_t next();

 private:
  Rhythm rhythm_;
  double per_second_;
  std::mt19937_64 random_;
  double due_ = 0;  // seconds
  std::int64_t drawn_ = 0;
};

}  // namespace windlass::loadtest
