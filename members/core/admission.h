// Who may connect, and what each may say: a key stands for one member, a member for one role, and a
// worker's key for one worker id. Pure.
#pragma once

#include "model/envelope.h"
#include "model/member.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace windlass::members {

enum class Refusal : std::uint8_t {
  // Of a connection.
  plaintext,
  wrong_key,
  broken_off,
  unknown_key,
  revoked,
  // Of a frame on a connection that was let in.
  wrong_role,        // it says it comes from another kind of process, or what only such a one says
  wrong_worker,      // it opens a session for another worker
  foreign_instance,  // it uses the name of another member's process
};
inline constexpr int kRefusalsTotal = 8;
std::string_view to_string(Refusal refusal);

// What a frame claims to be.
struct FrameClaim {
  InstanceId instance = 0;
  PeerKind source_kind = PeerKind::gateway;
  FrameKind kind = FrameKind::acknowledge;
  std::optional<OpenSession> opens;  // what it opens, when that is its kind
};

class Admission {
 public:
  Admission() = default;
  explicit Admission(MemberDirectory directory);

  // Keeps what is known of instances.
  void replace(MemberDirectory directory);
  const MemberDirectory& directory() const { return directory_; }

  std::optional<Refusal> judge_key(std::string_view key, WallTime now) const;
  // Also remembers whose the instance is: the first member that uses its name.
  std::optional<Refusal> judge_frame(std::string_view key, const FrameClaim& claim, WallTime now);

  // Whether the member that this instance belongs to may still speak. An unknown one may: it has
  // not said anything yet.
  bool still_admitted(InstanceId instance) const;

  // The name of the member with this key, for the log; empty when there is none.
  std::string_view name_of(std::string_view key) const;

  template <class Known>
  void forget_unless(Known&& known) {
    std::erase_if(owners_, [&](const auto& entry) { return !known(entry.first); });
  }

 private:
  const Member* find(std::string_view key) const;

  MemberDirectory directory_;
  std::map<std::string, std::size_t, std::less<>> by_key_;  // index in directory_.members
  std::map<InstanceId, std::string> owners_;                // names of members
};

// Whether a process of this kind ever sends such frames.
bool may_send(PeerKind kind, FrameKind frame);

}  // namespace windlass::members
