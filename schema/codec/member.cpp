#include "schema/codec/member.h"

#include "schema/codec/fields.h"
#include "schema/member.capnp.h"

#include <capnp/compat/json.h>

namespace windlass::codec {

// PeerKind's place in the schema is checked in envelope.cpp.
template <>
inline constexpr int kEnumerators<PeerKind> = static_cast<int>(PeerKind::broker) + 1;
WINDLASS_ENUM(EnrolmentWish, copy, COPY)
WINDLASS_ENUM(EnrolmentOutcome, revoked, REVOKED)
static_assert(kEnumerators<EnrolmentOutcome> == kEnrolmentOutcomesTotal);

WINDLASS_STRUCT(Member, (name, Name), (role, Role), (worker, Worker), (key, Key),
                (previous_key, PreviousKey), (previous_until, PreviousUntil), (joined_at, JoinedAt),
                (revoked_at, RevokedAt), (bus, Bus), (bulk, Bulk))
WINDLASS_STRUCT(TokenRecord, (id, Id), (secret_hash, SecretHash), (role, Role), (made_at, MadeAt),
                (expires_at, ExpiresAt), (uses_left, UsesLeft))
WINDLASS_STRUCT(MemberDirectory, (cluster, Cluster), (generation, Generation), (version, Version),
                (enrolment, Enrolment), (enrolment_key, EnrolmentKey), (members, Members),
                (tokens, Tokens))
WINDLASS_STRUCT(JoinToken, (cluster, Cluster), (enrolment, Enrolment),
                (enrolment_key, EnrolmentKey), (id, Id), (secret, Secret), (role, Role),
                (expires_at, ExpiresAt))
WINDLASS_STRUCT(EnrolmentRequest, (wish, Wish), (cluster, Cluster), (token_id, TokenId),
                (token_secret, TokenSecret), (role, Role), (name, Name), (worker, Worker),
                (bus, Bus), (bulk, Bulk), (next_key, NextKey), (version_known, VersionKnown))
WINDLASS_STRUCT(BrokerPlace, (bus, Bus), (bulk, Bulk), (key, Key))
WINDLASS_STRUCT(EnrolmentReply, (outcome, Outcome), (cluster, Cluster), (generation, Generation),
                (name, Name), (role, Role), (worker, Worker), (brokers, Brokers),
                (directory, Directory))
WINDLASS_STRUCT(Membership, (cluster, Cluster), (generation, Generation), (name, Name),
                (role, Role), (worker, Worker), (key, Key), (secret_key, SecretKey),
                (enrolment, Enrolment), (enrolment_key, EnrolmentKey), (brokers, Brokers))

namespace {

template <class Wire, class Value>
std::string to_bytes_of(const Value& value) {
  return build<Wire>([&](auto root) { Codec<Value>::put(root, value); });
}
template <class Wire, class Value>
Result<Value> of_bytes(std::string_view bytes) {
  return read<Value, Wire>(bytes, [](auto root, Value& value) { Codec<Value>::take(root, value); });
}

template <class Wire, class Value>
std::string to_json_of(const Value& value) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<Wire>();
  Codec<Value>::put(root, value);
  capnp::JsonCodec json;
  json.setPrettyPrint(true);
  const kj::String text = json.encode(root.asReader());
  return std::string(text.begin(), text.size()) + "\n";
}
template <class Wire, class Value>
Result<Value> of_json(std::string_view text) {
  try {
    capnp::MallocMessageBuilder builder;
    auto root = builder.initRoot<Wire>();
    capnp::JsonCodec().decode(kj::arrayPtr(text.data(), text.size()), root);
    Value value{};
    Codec<Value>::take(root.asReader(), value);
    return value;
  } catch (const kj::Exception& e) {
    return malformed(e.getDescription().cStr());
  } catch (const std::exception& e) {
    return malformed(e.what());
  }
}

}  // namespace
}  // namespace windlass::codec

namespace windlass {

std::string encode(const EnrolmentRequest& value) {
  return codec::to_bytes_of<wire::EnrolmentRequest>(value);
}
Result<EnrolmentRequest> decode_enrolment_request(std::string_view bytes) {
  return codec::of_bytes<wire::EnrolmentRequest, EnrolmentRequest>(bytes);
}
std::string encode(const EnrolmentReply& value) {
  return codec::to_bytes_of<wire::EnrolmentReply>(value);
}
Result<EnrolmentReply> decode_enrolment_reply(std::string_view bytes) {
  return codec::of_bytes<wire::EnrolmentReply, EnrolmentReply>(bytes);
}
std::string encode(const JoinToken& value) {
  return codec::to_bytes_of<wire::JoinToken>(value);
}
Result<JoinToken> decode_join_token(std::string_view bytes) {
  return codec::of_bytes<wire::JoinToken, JoinToken>(bytes);
}

std::string json_text(const MemberDirectory& value) {
  return codec::to_json_of<wire::MemberDirectory>(value);
}
Result<MemberDirectory> member_directory_of_json(std::string_view text) {
  return codec::of_json<wire::MemberDirectory, MemberDirectory>(text);
}
std::string json_text(const Membership& value) {
  return codec::to_json_of<wire::Membership>(value);
}
Result<Membership> membership_of_json(std::string_view text) {
  return codec::of_json<wire::Membership, Membership>(text);
}

}  // namespace windlass
