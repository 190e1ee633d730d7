#include "schema/codec/envelope.h"

#include "schema/codec/fields.h"
#include "schema/envelope.capnp.h"

namespace windlass::codec {

WINDLASS_ENUM(PeerKind, broker, BROKER)
WINDLASS_ENUM(UndeliverableReason, generation, GENERATION)
WINDLASS_ENUM(RefusalReason, resume_first, RESUME_FIRST)
WINDLASS_ENUM(FrameKind, file_replies, FILE_REPLIES)
static_assert(kEnumerators<FrameKind> == kFrameKindsTotal);

template <>
struct Codec<Destination> {
  template <class B, class V>
  static void put(B b, const V& v) {
    if (const auto* shard = std::get_if<ToShardOf>(&v))
      b.setShard(shard->shard);
    else if (const auto* instance = std::get_if<ToInstance>(&v))
      b.setInstance(instance->instance);
    else
      b.setBroker();
  }
  template <class R, class V>
  static void take(R r, V& v) {
    if (r.isShard())
      v = ToShardOf{r.getShard()};
    else if (r.isInstance())
      v = ToInstance{r.getInstance()};
    else if (r.isBroker())
      v = ToBroker{};
    else
      throw Malformed("unknown destination");
  }
};

WINDLASS_STRUCT(Envelope, (generation, Generation), (source, Source), (source_kind, SourceKind),
                (source_shard, SourceShard), (destination, Destination), (kind, Kind),
                (epoch, Epoch), (session, Session), (sequence, Sequence),
                (taken.acknowledged_through, AcknowledgedThrough), (taken.above, Above),
                (credit, Credit), (released_through, ReleasedThrough),
                (settled_through, SettledThrough))
WINDLASS_STRUCT(ShardClaim, (shard, Shard), (epoch, Epoch))
WINDLASS_STRUCT(HelloBody, (shards_total, ShardsTotal), (claims, Claims))
WINDLASS_STRUCT(StatusBody, (shards_total, ShardsTotal), (routes, Routes))
WINDLASS_STRUCT(Undeliverable, (destination, Destination), (kind, Kind), (reason, Reason))
WINDLASS_STRUCT(OpenSession, (kind, Kind), (worker, Worker), (resume, Resume))
WINDLASS_STRUCT(SessionRefused, (reason, Reason))

}  // namespace windlass::codec

namespace windlass {

std::string encode(const Envelope& value) {
  return codec::build<wire::Envelope>([&](auto root) { codec::Codec<Envelope>::put(root, value); });
}
Result<Envelope> decode_envelope(std::string_view bytes) {
  return codec::read<Envelope, wire::Envelope>(
      bytes, [](auto root, Envelope& value) { codec::Codec<Envelope>::take(root, value); });
}

std::string encode(const HelloBody& value) {
  return codec::build<wire::HelloBody>(
      [&](auto root) { codec::Codec<HelloBody>::put(root, value); });
}
Result<HelloBody> decode_hello_body(std::string_view bytes) {
  return codec::read<HelloBody, wire::HelloBody>(
      bytes, [](auto root, HelloBody& value) { codec::Codec<HelloBody>::take(root, value); });
}

std::string encode(const StatusBody& value) {
  return codec::build<wire::StatusBody>(
      [&](auto root) { codec::Codec<StatusBody>::put(root, value); });
}
Result<StatusBody> decode_status_body(std::string_view bytes) {
  return codec::read<StatusBody, wire::StatusBody>(
      bytes, [](auto root, StatusBody& value) { codec::Codec<StatusBody>::take(root, value); });
}

std::string encode(const Undeliverable& value) {
  return codec::build<wire::Undeliverable>(
      [&](auto root) { codec::Codec<Undeliverable>::put(root, value); });
}
Result<Undeliverable> decode_undeliverable(std::string_view bytes) {
  return codec::read<Undeliverable, wire::Undeliverable>(
      bytes,
      [](auto root, Undeliverable& value) { codec::Codec<Undeliverable>::take(root, value); });
}

std::string encode(const OpenSession& value) {
  return codec::build<wire::OpenSession>(
      [&](auto root) { codec::Codec<OpenSession>::put(root, value); });
}
Result<OpenSession> decode_open_session(std::string_view bytes) {
  return codec::read<OpenSession, wire::OpenSession>(
      bytes, [](auto root, OpenSession& value) { codec::Codec<OpenSession>::take(root, value); });
}

std::string encode(const SessionRefused& value) {
  return codec::build<wire::SessionRefused>(
      [&](auto root) { codec::Codec<SessionRefused>::put(root, value); });
}
Result<SessionRefused> decode_session_refused(std::string_view bytes) {
  return codec::read<SessionRefused, wire::SessionRefused>(
      bytes,
      [](auto root, SessionRefused& value) { codec::Codec<SessionRefused>::take(root, value); });
}

std::string encode_bundle(std::span<const BundleEntry> entries) {
  return codec::build<wire::Bundle>([&](wire::Bundle::Builder root) {
    auto list = root.initEntries(static_cast<unsigned>(entries.size()));
    unsigned i = 0;
    for (const BundleEntry& entry : entries) {
      auto item = list[i++];
      item.setInReplyTo(entry.in_reply_to);
      item.setMessage(capnp::Data::Reader(reinterpret_cast<const kj::byte*>(entry.message.data()),
                                          entry.message.size()));
    }
  });
}

Result<Bundle> Bundle::decode(std::string_view bytes) {
  try {
    codec::AlignedWords aligned(bytes);
    capnp::FlatArrayMessageReader reader(aligned.words(),
                                         codec::reading_limits(aligned.words().size()));
    Bundle bundle;
    const auto list = reader.getRoot<wire::Bundle>().getEntries();
    bundle.entries_.reserve(list.size());
    for (const auto item : list) {
      const auto message = item.getMessage();
      bundle.entries_.push_back(
          {item.getInReplyTo(), {reinterpret_cast<const char*>(message.begin()), message.size()}});
    }
    bundle.copy_ = aligned.take_copy();
    return bundle;
  } catch (const kj::Exception& e) {
    return codec::malformed(e.getDescription().cStr());
  } catch (const std::exception& e) {
    return codec::malformed(e.what());
  }
}

}  // namespace windlass
