#include "storage/store/generations.h"

#include "storage/store/file.h"

#include <algorithm>
#include <charconv>

namespace windlass::storage {
namespace {

constexpr Generation kReservedAtOnce = 36'000'000'000;  // one hour of ticks

}  // namespace

Generations::Generations(std::filesystem::path file) : file_(std::move(file)) {
  const auto text = read_small(file_);
  if (!text) return;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), reserved_);
  if (error != std::errc{}) throw FileError("not a number in", file_, EINVAL);
  last_ = reserved_;
}

Generation Generations::next(WallTime now) {
  const std::lock_guard lock(mutex_);
  const Generation given =
      std::max(last_ + 1, static_cast<Generation>(std::max<std::int64_t>(now.ticks, 1)));
  if (given >= reserved_) {
    const Generation mark = given + kReservedAtOnce;
    replace_small(file_, std::to_string(mark) + "\n");
    reserved_ = mark;
  }
  last_ = given;
  return given;
}

}  // namespace windlass::storage
