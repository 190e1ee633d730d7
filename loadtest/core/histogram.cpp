#include "loadtest/core/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace windlass::loadtest {

namespace {
constexpr unsigned kBits = 7;
constexpr std::uint64_t kLinear = std::uint64_t{1} << (kBits + 1);  // below: a bucket each
}  // namespace

std::uint32_t Histogram::bucket_of(std::uint64_t value) {
  if (value < kLinear) return static_cast<std::uint32_t>(value);
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
  return static_cast<std::uint32_t>((std::uint64_t{shift} << kBits) + (value >> shift));
}

std::uint64_t Histogram::middle_of(std::uint32_t bucket) {
  if (bucket < kLinear) return bucket;
  const unsigned shift = (bucket >> kBits) - 1;
  const std::uint64_t first = (bucket - (std::uint64_t{shift} << kBits)) << shift;
  return first + (std::uint64_t{1} << shift) / 2;
}

void Histogram::add(std::uint32_t bucket, std::uint64_t times, std::uint64_t value) {
  buckets_[bucket] += times;
  count_ += times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::add_bucket(std::uint32_t bucket, std::uint64_t times) {
  if (times != 0) add(bucket, times, middle_of(bucket));
}

void Histogram::set_extremes(std::uint64_t min, std::uint64_t max) {
  min_ = min;
  max_ = max;
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  for (const auto& [bucket, times] : other.buckets_) buckets_[bucket] += times;
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Histogram::mean() const {
  double sum = 0;
  for (const auto& [bucket, times] : buckets_) {
    sum += static_cast<double>(middle_of(bucket)) * static_cast<double>(times);
  }
  return count_ == 0 ? 0 : sum / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double share) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const std::uint64_t rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  if (rank >= count_) return max_;
  std::uint64_t seen = 0;
  for (const auto& [bucket, times] : buckets_) {
    seen += times;
    if (seen >= rank) return std::clamp(middle_of(bucket), min_, max_);
  }
  return max_;
}

}  // namespace windlass::loadtest
