#include "members/core/admission.h"

#include <utility>

namespace windlass::members {

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::plaintext:
      return "plaintext";
    case Refusal::wrong_key:
      return "wrong_key";
    case Refusal::broken_off:
      return "broken_off";
    case Refusal::unknown_key:
      return "unknown_key";
    case Refusal::revoked:
      return "revoked";
    case Refusal::wrong_role:
      return "wrong_role";
    case Refusal::wrong_worker:
      return "wrong_worker";
    case Refusal::foreign_instance:
      return "foreign_instance";
  }
  return "unknown";
}

bool may_send(PeerKind kind, FrameKind frame) {
  switch (frame) {
    case FrameKind::broker_hello:
    case FrameKind::acknowledge:
      return kind != PeerKind::broker;
    case FrameKind::open_session:
      return kind == PeerKind::gateway || kind == PeerKind::worker;
    case FrameKind::commands:
    case FrameKind::file_requests:
      return kind == PeerKind::gateway;
    case FrameKind::reports:
    case FrameKind::file_replies:
      return kind == PeerKind::worker;
    case FrameKind::session_opened:
    case FrameKind::session_refused:
    case FrameKind::answers:
    case FrameKind::orders:
    case FrameKind::shard_messages:
    case FrameKind::shard_acknowledges:
      return kind == PeerKind::scheduler;
    case FrameKind::broker_status:
    case FrameKind::undeliverable:
      return false;  // brokers do not connect to brokers
  }
  return false;
}

Admission::Admission(MemberDirectory directory) {
  replace(std::move(directory));
}

void Admission::replace(MemberDirectory directory) {
  directory_ = std::move(directory);
  by_key_.clear();
  for (std::size_t i = 0; i < directory_.members.size(); ++i) {
    const Member& member = directory_.members[i];
    by_key_.emplace(member.key, i);
    if (!member.previous_key.empty()) by_key_.emplace(member.previous_key, i);
  }
}

const Member* Admission::find(std::string_view key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : &directory_.members[it->second];
}

std::string_view Admission::name_of(std::string_view key) const {
  const Member* member = find(key);
  return member == nullptr ? std::string_view() : std::string_view(member->name);
}

std::optional<Refusal> Admission::judge_key(std::string_view key, WallTime now) const {
  const Member* member = find(key);
  if (member == nullptr) return Refusal::unknown_key;
  if (member->revoked_at) return Refusal::revoked;
  // A key whose time after a rotation is over is as good as taken back.
  const bool previous = key == member->previous_key;
  if (previous && (!member->previous_until || *member->previous_until <= now))
    return Refusal::revoked;
  return std::nullopt;
}

std::optional<Refusal> Admission::judge_frame(std::string_view key, const FrameClaim& claim,
                                              WallTime now) {
  if (const auto refusal = judge_key(key, now)) return refusal;
  const Member& member = *find(key);
  if (claim.source_kind != member.role || !may_send(member.role, claim.kind))
    return Refusal::wrong_role;
  if (claim.opens) {
    if (claim.opens->kind != member.role) return Refusal::wrong_role;
    if (member.role == PeerKind::worker && claim.opens->worker != member.worker)
      return Refusal::wrong_worker;
  }
  const auto [owner, fresh] = owners_.try_emplace(claim.instance, member.name);
  if (!fresh && owner->second != member.name) return Refusal::foreign_instance;
  return std::nullopt;
}

bool Admission::still_admitted(InstanceId instance) const {
  const auto owner = owners_.find(instance);
  if (owner == owners_.end()) return true;
  for (const Member& member : directory_.members) {
    if (member.name == owner->second && !member.revoked_at) return true;
  }
  return false;
}

}  // namespace windlass::members
