// Latencies in log-linear buckets: 128 to each power of two, so that a value is told within 0.4 %
// whatever its size, in a few kilobytes.
#pragma once

#include <cstdint>
#include <map>

namespace windlass::loadtest {

class Histogram {
 public:
  void record(std::uint64_t nanoseconds) { add(bucket_of(nanoseconds), 1, nanoseconds); }
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const { return max_; }
  double mean() const;

  // The smallest value that at least `share` (0..1) of all values do not exceed; 0 without values.
  std::uint64_t percentile(double share) const;

  // For files: the values' buckets with their counts, and the extremes, which are exact.
  const std::map<std::uint32_t, std::uint64_t>& buckets() const { return buckets_; }
  void add_bucket(std::uint32_t bucket, std::uint64_t times);
  void set_extremes(std::uint64_t min, std::uint64_t max);

  static std::uint32_t bucket_of(std::uint64_t value);
  static std::uint64_t middle_of(std::uint32_t bucket);

 private:
  void add(std::uint32_t bucket, std::uint64_t times, std::uint64_t value);

  std::map<std::uint32_t, std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
};

}  // namespace windlass::loadtest
