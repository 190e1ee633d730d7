#include "schema/codec/shard_message.h"

#include "schema/codec/shapes.h"
#include "schema/shard.capnp.h"

namespace windlass::codec {

template <class Value>
struct Codec<Boxed<Value>> {
  template <class B, class V>
  static void put(B b, const V& v) {
    Codec<Value>::put(b, *v);
  }
  template <class R, class V>
  static void take(R r, V& v) {
    Codec<Value>::take(r, *v);
  }
};

WINDLASS_STRUCT(MakeJob, (account, Account), (incarnation, Incarnation), (spec, Spec))
WINDLASS_STRUCT(JobMade, (account, Account), (job_id, JobId), (incarnation, Incarnation),
                (error, Error), (shard, Shard), (version.event, Event),
                (version.last_modified, LastModified))
WINDLASS_STRUCT(JobGone, (account, Account), (job_id, JobId), (incarnation, Incarnation))
WINDLASS_STRUCT(EndJob, (account, Account), (job_id, JobId), (incarnation, Incarnation),
                (deletes, Deletes), (force, Force))
WINDLASS_STRUCT(JobEnded, (account, Account), (job_id, JobId), (incarnation, Incarnation))
WINDLASS_VARIANT(ShardRequest, wire::ShardRequest, (MakeJob, MakeJob, MAKE_JOB),
                 (JobMade, JobMade, JOB_MADE), (JobGone, JobGone, JOB_GONE),
                 (EndJob, EndJob, END_JOB), (JobEnded, JobEnded, JOB_ENDED))
WINDLASS_STRUCT(ShardMessage, (from, From), (id, Id), (request, Request))
WINDLASS_STRUCT(ShardAcknowledge, (by, By), (through, Through))

}  // namespace windlass::codec

namespace windlass {

std::string encode(const ShardMessage& value) {
  return codec::build<wire::ShardMessage>(
      [&](auto root) { codec::Codec<ShardMessage>::put(root, value); });
}
Result<ShardMessage> decode_shard_message(std::string_view bytes) {
  return codec::read<ShardMessage, wire::ShardMessage>(
      bytes, [](auto root, ShardMessage& value) { codec::Codec<ShardMessage>::take(root, value); });
}

std::string encode(const ShardAcknowledge& value) {
  return codec::build<wire::ShardAcknowledge>(
      [&](auto root) { codec::Codec<ShardAcknowledge>::put(root, value); });
}
Result<ShardAcknowledge> decode_shard_acknowledge(std::string_view bytes) {
  return codec::read<ShardAcknowledge, wire::ShardAcknowledge>(
      bytes, [](auto root, ShardAcknowledge& value) {
        codec::Codec<ShardAcknowledge>::take(root, value);
      });
}

}  // namespace windlass
