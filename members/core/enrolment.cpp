#include "members/core/enrolment.h"

#include <algorithm>
#include <utility>

namespace windlass::members {

namespace {

constexpr std::string_view kRoles[] = {"gateway", "worker", "scheduler", "broker"};

Enrolled refused(EnrolmentOutcome outcome) {
  Enrolled enrolled;
  enrolled.reply.outcome = outcome;
  return enrolled;
}

Enrolled welcomed(const MemberDirectory& directory, const Member& member, bool changed) {
  Enrolled enrolled;
  enrolled.reply.cluster = directory.cluster;
  enrolled.reply.generation = directory.generation;
  enrolled.reply.name = member.name;
  enrolled.reply.role = member.role;
  enrolled.reply.worker = member.worker;
  enrolled.reply.brokers = broker_places(directory);
  enrolled.changed = changed;
  return enrolled;
}

Member* with_key(MemberDirectory& directory, std::string_view key) {
  for (Member& member : directory.members) {
    if (member.key == key || (!member.previous_key.empty() && member.previous_key == key))
      return &member;
  }
  return nullptr;
}

Enrolled join(MemberDirectory& directory, const EnrolmentRequest& request, std::string_view key,
              std::string_view secret_digest, WallTime now) {
  const auto token =
      std::find_if(directory.tokens.begin(), directory.tokens.end(), [&](const TokenRecord& t) {
        return t.id == request.token_id && t.secret_hash == secret_digest;
      });
  if (token == directory.tokens.end()) return refused(EnrolmentOutcome::unknown_token);
  if (token->role != request.role) return refused(EnrolmentOutcome::wrong_role);
  // The reply to its first question was lost: the key says that it is the same joiner.
  if (const Member* known = with_key(directory, key)) {
    if (known->revoked_at) return refused(EnrolmentOutcome::revoked);
    if (known->role != request.role) return refused(EnrolmentOutcome::wrong_role);
    return welcomed(directory, *known, false);
  }
  if (token->expires_at <= now) return refused(EnrolmentOutcome::token_expired);
  if (token->uses_left == 0) return refused(EnrolmentOutcome::token_used);
  Member member;
  member.name = request.name;
  member.role = request.role;
  member.worker = request.role == PeerKind::worker ? request.worker : 0;
  member.key = key;
  member.joined_at = now;
  if (request.role == PeerKind::broker) {
    member.bus = request.bus;
    member.bulk = request.bulk;
  }
  if (const auto why = add_member(directory, member)) return refused(*why);
  --token->uses_left;
  return welcomed(directory, member, true);
}

Enrolled rotate(MemberDirectory& directory, Member& member, std::string_view key,
                const EnrolmentRequest& request, WallTime now) {
  if (request.next_key.empty()) return refused(EnrolmentOutcome::malformed);
  if (member.role == PeerKind::broker) return refused(EnrolmentOutcome::wrong_role);
  if (member.key == request.next_key) return welcomed(directory, member, false);  // asked twice
  if (with_key(directory, request.next_key) != nullptr) return refused(EnrolmentOutcome::key_taken);
  if (member.key != key) return refused(EnrolmentOutcome::revoked);  // replaced already
  member.previous_key = std::exchange(member.key, request.next_key);
  member.previous_until = now + kPreviousKeyLife;
  return welcomed(directory, member, true);
}

bool good_key(const Member& member, std::string_view key, WallTime now) {
  if (member.revoked_at) return false;
  return member.key == key || (member.previous_until && *member.previous_until > now);
}

}  // namespace

std::string_view to_string(EnrolmentOutcome outcome) {
  static constexpr std::string_view kNames[] = {
      "done",          "malformed",   "busy",       "wrong_cluster", "unknown_token",
      "token_expired", "token_used",  "wrong_role", "name_taken",    "key_taken",
      "worker_taken",  "unknown_key", "revoked"};
  static_assert(std::size(kNames) == kEnrolmentOutcomesTotal);
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view role_name(PeerKind role) {
  return kRoles[static_cast<std::size_t>(role)];
}

std::optional<PeerKind> role_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kRoles); ++i) {
    if (kRoles[i] == name) return static_cast<PeerKind>(i);
  }
  return std::nullopt;
}

bool is_member_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kNameBytesMax &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Enrolled enrol(MemberDirectory& directory, const EnrolmentRequest& request, std::string_view key,
               std::string_view secret_digest, WallTime now) {
  if (request.cluster != directory.cluster) return refused(EnrolmentOutcome::wrong_cluster);
  Enrolled enrolled;
  if (request.wish == EnrolmentWish::join) {
    enrolled = join(directory, request, key, secret_digest, now);
  } else {
    Member* member = with_key(directory, key);
    if (member == nullptr) return refused(EnrolmentOutcome::unknown_key);
    if (!good_key(*member, key, now)) return refused(EnrolmentOutcome::revoked);
    if (request.wish == EnrolmentWish::rotate) {
      enrolled = rotate(directory, *member, key, request, now);
    } else if (request.wish == EnrolmentWish::copy) {
      if (member->role != PeerKind::broker) return refused(EnrolmentOutcome::wrong_role);
      enrolled = welcomed(directory, *member, false);
      if (request.version_known != directory.version) {
        enrolled.reply.directory = directory;
        enrolled.reply.directory->tokens.clear();
      }
    } else {
      const bool moved = member->role == PeerKind::broker && !request.bus.empty() &&
                         (member->bus != request.bus || member->bulk != request.bulk);
      if (moved) {
        member->bus = request.bus;
        member->bulk = request.bulk;
      }
      enrolled = welcomed(directory, *member, moved);
    }
  }
  if (enrolled.changed) ++directory.version;
  return enrolled;
}

std::optional<EnrolmentOutcome> add_member(MemberDirectory& directory, Member member) {
  if (!is_member_name(member.name)) return EnrolmentOutcome::malformed;
  if (member.role == PeerKind::worker && member.worker == 0) return EnrolmentOutcome::malformed;
  if (member.role == PeerKind::broker && (member.bus.empty() || member.bulk.empty()))
    return EnrolmentOutcome::malformed;
  if (directory.members.size() >= kMembersMax) return EnrolmentOutcome::busy;
  for (const Member& other : directory.members) {
    // A revoked key never comes back; a revoked member's name and worker id may.
    if (other.key == member.key || other.previous_key == member.key)
      return EnrolmentOutcome::key_taken;
    if (other.revoked_at) continue;
    if (other.name == member.name) return EnrolmentOutcome::name_taken;
    if (member.worker != 0 && other.worker == member.worker) return EnrolmentOutcome::worker_taken;
  }
  directory.members.push_back(std::move(member));
  return std::nullopt;
}

bool revoke(MemberDirectory& directory, std::string_view name_or_key, WallTime now) {
  for (Member& member : directory.members) {
    if (member.revoked_at || (member.name != name_or_key && member.key != name_or_key)) continue;
    member.revoked_at = now;
    ++directory.version;
    return true;
  }
  return false;
}

void add_token(MemberDirectory& directory, TokenRecord token) {
  std::erase_if(directory.tokens,
                [&](const TokenRecord& old) { return old.expires_at <= token.made_at; });
  directory.tokens.push_back(std::move(token));
  ++directory.version;
}

std::vector<BrokerPlace> broker_places(const MemberDirectory& directory) {
  std::vector<BrokerPlace> places;
  for (const Member& member : directory.members) {
    if (member.role == PeerKind::broker && !member.revoked_at)
      places.push_back({member.bus, member.bulk, member.key});
  }
  return places;
}

bool Pace::take(MonoTime now) {
  if (at_) {
    const double seconds = static_cast<double>((now - *at_).count()) / 10'000'000.0;
    left_ = std::min(burst_, left_ + seconds * per_second_);
  }
  at_ = now;
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

}  // namespace windlass::members
