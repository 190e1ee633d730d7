// Bytes of one Cap'n Proto message, out and in. Only codec/*.cpp include this.
//
// Out: unpacked, flat, in one segment while it fits the thread's scratch memory. In: any bytes at
// all; what cannot be read becomes an Error, never a crash, and reading is bounded by the length of
// what came in.
#pragma once

#include "model/result.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::codec {

// Thrown while reading: a value that our types have no place for.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Zeroed memory of this thread, lent to one builder at a time (which zeroes it again).
kj::ArrayPtr<capnp::word> scratch();

std::string to_bytes(capnp::MessageBuilder& builder);

// The words of a message, copied only where the bytes do not lie on an 8-byte boundary.
class AlignedWords {
 public:
  explicit AlignedWords(std::string_view bytes);
  kj::ArrayPtr<const capnp::word> words() const { return words_; }
  // The copy, if one was needed; who keeps views into the message keeps this, too.
  std::vector<std::uint64_t> take_copy() { return std::move(copy_); }

 private:
  std::vector<std::uint64_t> copy_;
  kj::ArrayPtr<const capnp::word> words_;
};

capnp::ReaderOptions reading_limits(std::size_t words);
Error malformed(const char* what);

template <class Root, class Fill>
std::string build(Fill&& fill) {
  capnp::MallocMessageBuilder builder(scratch());
  fill(builder.initRoot<Root>());
  return to_bytes(builder);
}

// `take` gets the root's reader and returns the value.
template <class Value, class Root, class Take>
Result<Value> read(std::string_view bytes, Take&& take) {
  try {
    const AlignedWords aligned(bytes);
    capnp::FlatArrayMessageReader reader(aligned.words(), reading_limits(aligned.words().size()));
    Value value{};
    take(reader.getRoot<Root>(), value);
    return value;
  } catch (const kj::Exception& e) {
    return malformed(e.getDescription().cStr());
  } catch (const std::exception& e) {
    return malformed(e.what());
  }
}

}  // namespace windlass::codec
