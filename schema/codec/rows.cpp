#include "schema/codec/rows.h"

#include "schema/codec/shapes.h"
#include "schema/codec/shard_message.h"
#include "schema/rows.capnp.h"

namespace windlass::codec {

WINDLASS_ENUM(PeerKind, broker, BROKER)
WINDLASS_ENUM(ReservationState, held, HELD)

WINDLASS_STRUCT(AccountUsage, (account, Account), (since, Since), (work, Work),
                (node_time_ended, NodeTimeEnded))
WINDLASS_STRUCT(ShardCounters, (events, Events), (pools, Pools), (nodes, Nodes), (jobs, Jobs),
                (claims, Claims), (incarnations, Incarnations), (lease_longest, LeaseLongest),
                (job_schedules, JobSchedules), (accounts, Accounts))
WINDLASS_STRUCT(ClaimRecord, (id, Id), (pool, Pool), (worker, Worker), (count, Count),
                (dedicated, Dedicated))
WINDLASS_STRUCT(LingeringAttempt, (id, Id), (node, Node), (slots, Slots), (job_id, JobId),
                (task_id, TaskId), (delete_folder, DeleteFolder))
WINDLASS_STRUCT(Reservation, (account, Account), (job_id, JobId), (incarnation, Incarnation),
                (state, State), (target, Target), (origin.session, OriginSession),
                (origin.sequence, OriginSequence))
WINDLASS_STRUCT(ShardProgress, (shard, Shard), (received_through, ReceivedThrough),
                (sent_last, SentLast))
WINDLASS_STRUCT(SessionState, (id, Id), (kind, Kind), (instance, Instance), (worker, Worker),
                (inbox.acknowledged_through, AcknowledgedThrough), (inbox.above, Above))

}  // namespace windlass::codec

namespace windlass {

#define WINDLASS_ROW(Type)                                                                   \
  std::string encode_row(const Type& row) {                                                  \
    return codec::build<wire::Type>([&](auto root) { codec::Codec<Type>::put(root, row); }); \
  }                                                                                          \
  template <>                                                                                \
  Result<Type> decode_row<Type>(std::string_view bytes) {                                    \
    return codec::read<Type, wire::Type>(                                                    \
        bytes, [](auto root, Type& row) { codec::Codec<Type>::take(root, row); });           \
  }

WINDLASS_ROW(ShardCounters)
WINDLASS_ROW(PoolRecord)
WINDLASS_ROW(NodeRecord)
WINDLASS_ROW(JobRecord)
WINDLASS_ROW(JobScheduleRecord)
WINDLASS_ROW(CertificateRecord)
WINDLASS_ROW(ClaimRecord)
WINDLASS_ROW(LingeringAttempt)
WINDLASS_ROW(Reservation)
WINDLASS_ROW(ShardProgress)
WINDLASS_ROW(SessionState)
WINDLASS_ROW(JobNodeRecord)

// The message is encoded first: there is one scratch memory a thread, and it has one user at a
// time.
std::string encode_row(const OutboxRow& row) {
  const std::string message = encode(row.message);
  return codec::build<wire::OutboxRow>([&](wire::OutboxRow::Builder root) {
    root.setTo(row.to);
    root.setMessage(codec::bytes_to_wire<capnp::Data::Reader>(message));
  });
}
template <>
Result<OutboxRow> decode_row<OutboxRow>(std::string_view bytes) {
  return codec::read<OutboxRow, wire::OutboxRow>(
      bytes, [](wire::OutboxRow::Reader root, OutboxRow& row) {
        row.to = root.getTo();
        std::string encoded;
        codec::bytes_from_wire(root.getMessage(), encoded);
        Result<ShardMessage> message = decode_shard_message(encoded);
        if (!message) throw codec::Malformed(message.error().message);
        row.message = std::move(*message);
      });
}

}  // namespace windlass
