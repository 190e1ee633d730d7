// Every table but those of tasks.

#include "model/assert.h"
#include "scheduler/store/batch_impl.h"
#include "schema/codec/rows.h"

namespace windlass::scheduler {

namespace {

// More than a cluster can have made between its backup and its end.
constexpr EventNumber kEventsSkippedByRestore = EventNumber{1} << 32;

template <class Row>
Row decoded(TableName name, std::string_view body) {
  Result<Row> row = decode_row<Row>(body);
  if (!row) {
    throw CorruptError(std::string("table ") + kTableNames[static_cast<std::size_t>(name)] + ": " +
                       row.error().message);
  }
  return std::move(*row);
}

template <class Row>
void each(RowTable& table, TableName name, const std::function<void(Row)>& visitor) {
  table.scan("", [&](std::string_view, std::string_view body) {
    visitor(decoded<Row>(name, body));
    return true;
  });
}

template <class Row>
void put(RowTable& table, const Key& key, const Row& row) {
  table.begin_row() += encode_row(row);
  table.put(key);
}

Key lingering_key(const AttemptId& id) {
  return Key().number(id.task.job).number(id.task.task).number_32(id.attempt);
}

Key account_key(std::string_view account, std::string_view id) {
  return Key().terminated(lower_cased(account)).text(lower_cased(id));
}

}  // namespace

ShardCounters Batch::counters() {
  return impl_->committed.counters;
}

void Batch::put_counters(const ShardCounters& counters) {
  if (counters == impl_->committed.counters) return;  // so that reading costs no flush
  RowTable& meta = impl_->table(TableName::meta);
  meta.begin_row() += encode_row(counters);
  meta.put("counters");
  impl_->committed.counters = counters;
}

void Batch::start_generation(ClusterGeneration generation) {
  for (const TableName name : {TableName::sessions, TableName::answers, TableName::outbox,
                               TableName::progress, TableName::claims, TableName::log}) {
    impl_->table(name).erase_while("", [](std::string_view) { return true; });
  }
  ShardCounters raised = counters();
  raised.events += kEventsSkippedByRestore;
  put_counters(raised);
  Committed& committed = impl_->committed;
  committed.epoch += 1;
  RowTable& meta = impl_->table(TableName::meta);
  meta.begin_row() += Key().number(committed.epoch);
  meta.put("epoch");
  meta.begin_row() += Key().number(generation);
  meta.put("generation");
}

void Batch::each_pool(const std::function<void(PoolRecord)>& visitor) {
  each(impl_->table(TableName::pools), TableName::pools, visitor);
}
void Batch::put_pool(const PoolRecord& pool) {
  put(impl_->table(TableName::pools), Key().number(pool.seq), pool);
}
void Batch::erase_pool(PoolSeq pool) {
  impl_->table(TableName::pools).erase(Key().number(pool));
}

void Batch::each_node(const std::function<void(NodeRecord)>& visitor) {
  each(impl_->table(TableName::nodes), TableName::nodes, visitor);
}
void Batch::put_node(const NodeRecord& node) {
  put(impl_->table(TableName::nodes), Key().number(node.seq), node);
}
void Batch::erase_node(NodeSeq node) {
  impl_->table(TableName::nodes).erase(Key().number(node));
}

void Batch::each_job(const std::function<void(JobRecord)>& visitor) {
  each(impl_->table(TableName::jobs), TableName::jobs, visitor);
}
void Batch::put_job(const JobRecord& job) {
  put(impl_->table(TableName::jobs), Key().number(job.seq), job);
}
void Batch::erase_job(JobSeq job) {
  impl_->table(TableName::jobs).erase(Key().number(job));
}

void Batch::each_job_schedule(const std::function<void(JobScheduleRecord)>& visitor) {
  each(impl_->table(TableName::job_schedules), TableName::job_schedules, visitor);
}
void Batch::put_job_schedule(const JobScheduleRecord& schedule) {
  put(impl_->table(TableName::job_schedules), Key().number(schedule.seq), schedule);
}
void Batch::erase_job_schedule(JobScheduleSeq schedule) {
  impl_->table(TableName::job_schedules).erase(Key().number(schedule));
}

void Batch::each_certificate(const std::function<void(CertificateRecord)>& visitor) {
  each(impl_->table(TableName::certificates), TableName::certificates, visitor);
}
void Batch::put_certificate(const CertificateRecord& certificate) {
  put(impl_->table(TableName::certificates),
      account_key(certificate.account, certificate.thumbprint), certificate);
}
void Batch::erase_certificate(std::string_view account, std::string_view thumbprint) {
  impl_->table(TableName::certificates).erase(account_key(account, thumbprint));
}

void Batch::each_claim(const std::function<void(ClaimRecord)>& visitor) {
  each(impl_->table(TableName::claims), TableName::claims, visitor);
}
void Batch::put_claim(const ClaimRecord& claim) {
  put(impl_->table(TableName::claims), Key().number(claim.id), claim);
}
void Batch::erase_claim(ClaimId claim) {
  impl_->table(TableName::claims).erase(Key().number(claim));
}

void Batch::each_lingering(const std::function<void(LingeringAttempt)>& visitor) {
  each(impl_->table(TableName::lingering), TableName::lingering, visitor);
}
void Batch::put_lingering(const LingeringAttempt& attempt) {
  WINDLASS_ASSERT(attempt.id.shard == impl_->folder.options.shard);
  put(impl_->table(TableName::lingering), lingering_key(attempt.id), attempt);
}
void Batch::erase_lingering(const AttemptId& id) {
  impl_->table(TableName::lingering).erase(lingering_key(id));
}

void Batch::each_reservation(const std::function<void(Reservation)>& visitor) {
  each(impl_->table(TableName::reservations), TableName::reservations, visitor);
}
void Batch::put_reservation(const Reservation& reservation) {
  put(impl_->table(TableName::reservations), account_key(reservation.account, reservation.job_id),
      reservation);
}
void Batch::erase_reservation(std::string_view account, std::string_view job_id) {
  impl_->table(TableName::reservations).erase(account_key(account, job_id));
}

void Batch::each_outbox(const std::function<void(OutboxRow)>& visitor) {
  each(impl_->table(TableName::outbox), TableName::outbox, visitor);
}
void Batch::put_outbox(const OutboxRow& row) {
  put(impl_->table(TableName::outbox), Key().number(row.to).number(row.message.id), row);
}
void Batch::erase_outbox(ShardId to, std::uint64_t id) {
  impl_->table(TableName::outbox).erase(Key().number(to).number(id));
}

void Batch::each_progress(const std::function<void(ShardProgress)>& visitor) {
  each(impl_->table(TableName::progress), TableName::progress, visitor);
}
void Batch::put_progress(const ShardProgress& progress) {
  put(impl_->table(TableName::progress), Key().number(progress.shard), progress);
}

void Batch::each_job_node(const std::function<void(JobNodeRecord)>& visitor) {
  each(impl_->table(TableName::job_nodes), TableName::job_nodes, visitor);
}
void Batch::put_job_node(const JobNodeRecord& row) {
  put(impl_->table(TableName::job_nodes), Key().number(row.job).number(row.node), row);
}

void Batch::each_session(const std::function<void(SessionState)>& visitor) {
  each(impl_->table(TableName::sessions), TableName::sessions, visitor);
}
void Batch::put_session(const SessionState& session) {
  put(impl_->table(TableName::sessions), Key().number(session.id), session);
}
void Batch::erase_session(SessionId session) {
  impl_->table(TableName::sessions).erase(Key().number(session));
  erase_answers(session, UINT64_MAX);
}

void Batch::put_answer(SessionId session, Sequence sequence, std::string_view answer) {
  RowTable& answers = impl_->table(TableName::answers);
  answers.begin_row() += answer;
  answers.put(Key().number(session).number(sequence));
}
std::optional<std::string> Batch::answer(SessionId session, Sequence sequence) {
  const auto body = impl_->table(TableName::answers).find(Key().number(session).number(sequence));
  if (!body) return std::nullopt;
  return std::string(*body);
}
void Batch::erase_answers(SessionId session, Sequence through) {
  impl_->table(TableName::answers).erase_while(Key().number(session), [&](std::string_view key) {
    return number_at(key, 0) == session && number_at(key, 8) <= through;
  });
}

}  // namespace windlass::scheduler
