// Bytes of the two parts of a frame: envelope and bundle, and of the small bodies. Decoding takes
// any bytes; what is not such a message is an Error.
#pragma once

#include "model/envelope.h"
#include "model/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windlass {

std::string encode(const Envelope& value);
Result<Envelope> decode_envelope(std::string_view bytes);

std::string encode(const HelloBody& value);
Result<HelloBody> decode_hello_body(std::string_view bytes);
std::string encode(const StatusBody& value);
Result<StatusBody> decode_status_body(std::string_view bytes);
std::string encode(const Undeliverable& value);
Result<Undeliverable> decode_undeliverable(std::string_view bytes);
std::string encode(const OpenSession& value);
Result<OpenSession> decode_open_session(std::string_view bytes);
std::string encode(const SessionRefused& value);
Result<SessionRefused> decode_session_refused(std::string_view bytes);

std::string encode_bundle(std::span<const BundleEntry> entries);

// The entries of a bundle, as views into the bytes it was made from, or into its own aligned copy
// where those bytes did not lie on an 8-byte boundary.
class Bundle {
 public:
  static Result<Bundle> decode(std::string_view bytes);
  const std::vector<BundleEntry>& entries() const { return entries_; }

 private:
  std::vector<BundleEntry> entries_;
  std::vector<std::uint64_t> copy_;
};

}  // namespace windlass
