#include "schema/codec/message_bytes.h"

#include <cstring>
#include <memory>

namespace windlass::codec {

namespace {
constexpr std::size_t kScratchWords = 8192;  // 64 KiB: a collection of 100 tasks with room to spare
constexpr int kNestingMax = 32;              // our deepest message nests less than ten
}  // namespace

kj::ArrayPtr<capnp::word> scratch() {
  static thread_local const auto memory = std::make_unique<std::uint64_t[]>(kScratchWords);
  return kj::arrayPtr(reinterpret_cast<capnp::word*>(memory.get()), kScratchWords);
}

std::string to_bytes(capnp::MessageBuilder& builder) {
  const auto segments = builder.getSegmentsForOutput();
  if (segments.size() == 1) {
    // The header of a flat message: segments minus one, then the length of each, 32 bits each.
    const auto body = segments[0].asBytes();
    const auto words = static_cast<std::uint32_t>(segments[0].size());
    std::string out;
    out.reserve(8 + body.size());
    out.append(4, '\0');
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(words >> shift));
    out.append(reinterpret_cast<const char*>(body.begin()), body.size());
    return out;
  }
  const kj::Array<capnp::word> flat = capnp::messageToFlatArray(segments);
  const auto bytes = flat.asBytes();
  return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

AlignedWords::AlignedWords(std::string_view bytes) {
  const std::size_t count = bytes.size() / sizeof(capnp::word);
  if (bytes.size() % sizeof(capnp::word) != 0) throw Malformed("not a whole number of words");
  const char* data = bytes.data();
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(std::uint64_t) != 0) {
    copy_.resize(count);
    if (count > 0) std::memcpy(copy_.data(), data, bytes.size());
    data = reinterpret_cast<const char*>(copy_.data());
  }
  words_ = kj::arrayPtr(reinterpret_cast<const capnp::word*>(data), count);
}

capnp::ReaderOptions reading_limits(std::size_t words) {
  capnp::ReaderOptions options;
  // Each object is read once, so honest messages stay within their own length.
  options.traversalLimitInWords = 2 * words + 64;
  options.nestingLimit = kNestingMax;
  return options;
}

Error malformed(const char* what) {
  return Error{ErrorCode::invalid_input, std::string("malformed message: ") + what, {}};
}

}  // namespace windlass::codec
