// What worker and spawner say to each other over their local socket: frames of a length (u32), a
// type (u8) and fields in our own little-endian encoding. Pure functions; every read is checked,
// because a broken peer must not break this side.
//
// One binary plays both parts, but not always of the same build: an upgraded worker meets the
// spawner of its predecessor. Hello and Welcome carry the version, and their layout never changes.
#pragma once

#include "worker/exec/attempt.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace windlass::worker::exec {

inline constexpr std::uint32_t kProtocolVersion = 2;
inline constexpr std::size_t kFrameBytesMax = 8U << 20;  // execve takes far less

// ---- worker to spawner ---------------------------------------------------------------------

// Opens a connection: answered with Welcome, the running attempts and what is unacknowledged. Also
// sent later, to have the list again.
struct Hello {
  std::uint32_t version = kProtocolVersion;
  bool operator==(const Hello&) const = default;
};
struct KillRequest {
  AttemptKey key;
  Duration grace{};
  bool operator==(const KillRequest&) const = default;
};
struct LeaseRequest {
  std::string node;
  std::optional<MonoTime> deadline;  // none: forget the node
  bool operator==(const LeaseRequest&) const = default;
};
struct AcknowledgeRequest {
  AttemptKey key;
  bool operator==(const AcknowledgeRequest&) const = default;
};
struct ShutDownRequest {
  Duration grace{};
  bool operator==(const ShutDownRequest&) const = default;
};
using Request = std::variant<Hello, StartRequest, KillRequest, LeaseRequest, AcknowledgeRequest,
                             ShutDownRequest>;

// ---- spawner to worker ---------------------------------------------------------------------

struct Welcome {
  std::uint32_t version = kProtocolVersion;
  std::uint64_t instance = 0;
  std::int32_t pid = 0;
  std::string mechanism;
  std::vector<Started> running;
  std::vector<AttemptKey> unacknowledged;
  bool operator==(const Welcome&) const = default;
};
using Reply = std::variant<Welcome, Started, StartFailed, Ended, Settled>;

// Appends one whole frame. False, and nothing appended, when it would be too long.
bool append_frame(std::string& out, const Request& request);
bool append_frame(std::string& out, const Reply& reply);

// The inverse, for the content of one frame. Empty when it is malformed in any way.
std::optional<Request> decode_request(std::string_view frame);
std::optional<Reply> decode_reply(std::string_view frame);

// Cuts a stream of bytes into frames.
class FrameReader {
 public:
  void append(std::string_view bytes);
  // The next whole frame without its length; valid until the next call. Empty: more is needed, or
  // the stream is broken.
  std::optional<std::string_view> next();
  bool broken() const { return broken_; }  // a frame announced itself longer than allowed

 private:
  std::string buffer_;
  std::size_t position_ = 0;  // of what is not yet handed out
  bool broken_ = false;
};

}  // namespace windlass::worker::exec
