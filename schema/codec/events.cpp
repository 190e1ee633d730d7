#include "schema/codec/events.h"

#include "schema/codec/dense_task.h"
#include "schema/codec/rows.h"

namespace windlass {

namespace {

using codec::DenseReader;
using codec::DenseWriter;
using codec::Malformed;
using codec::TaskNeighbour;

// Part of the format: numbers are never reused.
enum Kind : std::uint64_t {
  kPoolPut = 1,
  kPoolErased = 2,
  kNodePut = 3,
  kNodeErased = 4,
  kJobPut = 5,
  kJobErased = 6,
  kTasksWereAdded = 7,
  kTasksWereAddedWithDocuments = 8,
  kTaskPut = 9,
  kTaskErased = 10,
  kClaimPut = 11,
  kClaimErased = 12,
  kLingeringPut = 13,
  kLingeringErased = 14,
  kReservationPut = 15,
  kReservationErased = 16,
  kOutboxPut = 17,
  kOutboxErased = 18,
  kShardReceived = 19,
  kLeasesBounded = 20,
  kJobNodePut = 21,
  kJobSchedulePut = 22,
  kJobScheduleErased = 23,
  kCertificatePut = 24,
  kCertificateErased = 25
};

// Keys of neighbouring task events lie close to each other.
struct Context {
  TaskNeighbour task;
  TaskKey key;
};

void put_key(DenseWriter& out, Context& context, const TaskKey& key) {
  out.signed_number(static_cast<std::int64_t>(key.job - context.key.job));
  out.signed_number(static_cast<std::int64_t>(key.task - context.key.task));
  context.key = key;
}

TaskKey take_key(DenseReader& in, Context& context) {
  context.key.job += static_cast<std::uint64_t>(in.signed_number());
  context.key.task += static_cast<std::uint64_t>(in.signed_number());
  return context.key;
}

struct EventWriter {
  DenseWriter& out;
  Context& context;
  EventDocuments documents;

  template <class Row>
  void row(Kind kind, const Row& value) {
    out.number(kind);
    out.text(encode_row(value));
  }

  void operator()(const PoolPut& event) { row(kPoolPut, event.pool); }
  void operator()(const PoolErased& event) {
    out.number(kPoolErased);
    out.number(event.pool);
  }
  void operator()(const NodePut& event) { row(kNodePut, event.node); }
  void operator()(const NodeErased& event) {
    out.number(kNodeErased);
    out.number(event.node);
  }
  void operator()(const JobPut& event) { row(kJobPut, *event.job); }
  void operator()(const JobErased& event) {
    out.number(kJobErased);
    out.number(event.job);
  }
  void operator()(const TasksWereAdded& event) {
    const bool inlined = documents == EventDocuments::inlined;
    out.number(inlined ? kTasksWereAddedWithDocuments : kTasksWereAdded);
    out.number(event.job);
    out.number(event.tasks.size());
    for (const AddedTask& added : event.tasks) {
      const OpenTask& task = added.task;
      put_key(out, context, task.record.key);
      codec::put_dense_task(out, context.task, task.record, task.depends_on_ids,
                            task.depends_on_ranges, task.affinity_id);
      if (inlined) out.text(added.document);
    }
  }
  void operator()(const TaskPut& event) {
    out.number(kTaskPut);
    put_key(out, context, event.task.key);
    codec::put_dense_task(out, context.task, event.task, {}, {}, {});
  }
  void operator()(const TaskErased& event) {
    out.number(kTaskErased);
    put_key(out, context, event.key);
    out.text(event.id);
  }
  void operator()(const ClaimPut& event) { row(kClaimPut, event.claim); }
  void operator()(const ClaimErased& event) {
    out.number(kClaimErased);
    out.number(event.claim);
  }
  void operator()(const LingeringPut& event) { row(kLingeringPut, event.attempt); }
  void operator()(const LingeringErased& event) {
    out.number(kLingeringErased);
    out.number(event.id.shard);
    put_key(out, context, event.id.task);
    out.number(event.id.attempt);
  }
  void operator()(const ReservationPut& event) { row(kReservationPut, event.reservation); }
  void operator()(const ReservationErased& event) {
    out.number(kReservationErased);
    out.text(event.account);
    out.text(event.job_id);
  }
  void operator()(const OutboxPut& event) { row(kOutboxPut, event.row); }
  void operator()(const OutboxErased& event) {
    out.number(kOutboxErased);
    out.number(event.to);
    out.number(event.through);
  }
  void operator()(const ShardReceived& event) {
    out.number(kShardReceived);
    out.number(event.from);
    out.number(event.through);
  }
  void operator()(const LeasesBounded& event) {
    out.number(kLeasesBounded);
    out.signed_number(event.longest.count());
  }
  void operator()(const JobNodePut& event) { row(kJobNodePut, event.record); }
  void operator()(const JobSchedulePut& event) { row(kJobSchedulePut, *event.schedule); }
  void operator()(const JobScheduleErased& event) {
    out.number(kJobScheduleErased);
    out.number(event.schedule);
  }
  void operator()(const CertificatePut& event) { row(kCertificatePut, event.certificate); }
  void operator()(const CertificateErased& event) {
    out.number(kCertificateErased);
    out.text(event.account);
    out.text(event.thumbprint);
  }
};

template <class Row>
Row take_row(DenseReader& in) {
  Result<Row> row = decode_row<Row>(in.text());
  if (!row) throw Malformed(row.error().message);
  return std::move(*row);
}

TasksWereAdded take_added(DenseReader& in, Context& context, bool inlined) {
  TasksWereAdded event;
  event.job = in.number();
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count; ++i) {
    AddedTask& added = event.tasks.emplace_back();
    added.task.record.key = take_key(in, context);
    codec::take_dense_task(in, context.task, added.task);
    if (inlined) added.document = in.text();
  }
  return event;
}

TaskPut take_task_put(DenseReader& in, Context& context) {
  OpenTask task;
  task.record.key = take_key(in, context);
  codec::take_dense_task(in, context.task, task);
  if (!task.depends_on_ids.empty() || !task.depends_on_ranges.empty() || !task.affinity_id.empty())
    throw Malformed("a change of a task with dependencies");
  return {std::move(task.record)};
}

// In the order of writing: braced lists are evaluated from left to right.
ShardEvent take_event(DenseReader& in, Context& context) {
  switch (in.number()) {
    case kPoolPut:
      return PoolPut{take_row<PoolRecord>(in)};
    case kPoolErased:
      return PoolErased{in.number()};
    case kNodePut:
      return NodePut{take_row<NodeRecord>(in)};
    case kNodeErased:
      return NodeErased{in.number()};
    case kJobPut:
      return JobPut{take_row<JobRecord>(in)};
    case kJobErased:
      return JobErased{in.number()};
    case kTasksWereAdded:
      return take_added(in, context, false);
    case kTasksWereAddedWithDocuments:
      return take_added(in, context, true);
    case kTaskPut:
      return take_task_put(in, context);
    case kTaskErased:
      return TaskErased{take_key(in, context), std::string(in.text())};
    case kClaimPut:
      return ClaimPut{take_row<ClaimRecord>(in)};
    case kClaimErased:
      return ClaimErased{in.number()};
    case kLingeringPut:
      return LingeringPut{take_row<LingeringAttempt>(in)};
    case kLingeringErased: {
      LingeringErased event;
      event.id.shard = in.number_as<ShardId>();
      event.id.task = take_key(in, context);
      event.id.attempt = in.number_as<AttemptNumber>();
      return event;
    }
    case kReservationPut:
      return ReservationPut{take_row<Reservation>(in)};
    case kReservationErased:
      return ReservationErased{std::string(in.text()), std::string(in.text())};
    case kOutboxPut:
      return OutboxPut{take_row<OutboxRow>(in)};
    case kOutboxErased:
      return OutboxErased{in.number_as<ShardId>(), in.number()};
    case kShardReceived:
      return ShardReceived{in.number_as<ShardId>(), in.number()};
    case kLeasesBounded:
      return LeasesBounded{Duration{in.signed_number()}};
    case kJobNodePut:
      return JobNodePut{take_row<JobNodeRecord>(in)};
    case kJobSchedulePut:
      return JobSchedulePut{take_row<JobScheduleRecord>(in)};
    case kJobScheduleErased:
      return JobScheduleErased{in.number()};
    case kCertificatePut:
      return CertificatePut{take_row<CertificateRecord>(in)};
    case kCertificateErased:
      return CertificateErased{std::string(in.text()), std::string(in.text())};
    default:
      throw Malformed("an event of a kind that this version does not know");
  }
}

}  // namespace

std::string encode_events(const ShardEvents& events, EventDocuments documents) {
  std::string bytes;
  {
    DenseWriter out(bytes);
    Context context;
    out.number(events.size());
    for (const ShardEvent& event : events) std::visit(EventWriter{out, context, documents}, event);
  }
  return bytes;
}

Result<ShardEvents> decode_events(std::string_view bytes) {
  try {
    DenseReader in(bytes);
    Context context;
    const std::size_t count = in.count();
    ShardEvents events;
    for (std::size_t i = 0; i < count; ++i) events.push_back(take_event(in, context));
    if (!in.at_end()) return codec::malformed("bytes behind the last event");
    return events;
  } catch (const Malformed& e) {
    return codec::malformed(e.what());
  }
}

}  // namespace windlass
