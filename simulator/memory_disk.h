// A shard's folder in memory: what was committed survives every crash, what was not is gone. A
// batch changes the tables in place and takes everything back unless it is committed.
#pragma once

#include "model/assert.h"
#include "scheduler/core/shard_store.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace windlass::simulator {

struct MemoryTables {
  ShardEpoch epoch = 0;
  ShardCounters counters;
  std::map<PoolSeq, PoolRecord> pools;
  std::map<NodeSeq, NodeRecord> nodes;
  std::map<JobSeq, JobRecord> jobs;
  std::map<JobScheduleSeq, JobScheduleRecord> job_schedules;
  std::map<std::pair<std::string, std::string>, CertificateRecord> certificates;
  std::map<TaskKey, OpenTask> open;
  std::map<TaskKey, TaskRecord> done;
  std::map<TaskKey, std::string> documents;
  std::map<TaskKey, scheduler::TaskWishes> wishes;  // as the documents say
  std::map<std::pair<JobSeq, std::string>, TaskSeq> ids;
  std::map<std::pair<JobSeq, std::uint32_t>, scheduler::NumberPage> numbers;
  std::map<ClaimId, ClaimRecord> claims;
  std::map<AttemptId, LingeringAttempt> lingering;
  std::map<std::pair<std::string, std::string>, Reservation> reservations;
  std::map<std::pair<ShardId, std::uint64_t>, OutboxRow> outbox;
  std::map<ShardId, ShardProgress> progress;
  std::map<std::pair<JobSeq, NodeSeq>, JobNodeRecord> job_nodes;
  std::map<SessionId, SessionState> sessions;
  std::map<std::pair<SessionId, Sequence>, std::string> answers;
};

struct MemoryDisk {
  MemoryTables tables;

  // Called around each commit of a batch that changed something. The first may throw, which is the
  // process's death: the batch is lost.
  std::function<void()> before_commit = [] {};
  std::function<void(EventNumber first_event, const ShardEvents& events)> after_commit =
      [](EventNumber, const ShardEvents&) {};

  ShardEvents appended;  // of the batch under way
  EventNumber first_appended = 0;
};

// The disk outlives the store.
class MemoryStore final : public scheduler::ShardStore {
 public:
  explicit MemoryStore(MemoryDisk& disk) : disk_(disk) {}

  ShardEpoch claim() override { return ++disk_.tables.epoch; }
  std::unique_ptr<scheduler::ShardBatch> begin() override;
  void append(EventNumber first_event, const ShardEvents& events) override {
    disk_.first_appended = first_event;
    disk_.appended = events;
  }
  scheduler::Space space() const override { return {}; }
  std::uint64_t journal_bytes() const override { return 0; }

 private:
  MemoryDisk& disk_;
};

class MemoryBatch final : public scheduler::ShardBatch {
 public:
  explicit MemoryBatch(MemoryDisk& disk) : disk_(disk), tables_(disk.tables) {}
  ~MemoryBatch() override;

  void commit() override;
  bool changed() const override { return !undo_.empty(); }

  void each_session(const std::function<void(SessionState)>& f) override {
    each(tables_.sessions, f);
  }
  void put_session(const SessionState& row) override { put(tables_.sessions, row.id, row); }
  void erase_session(SessionId id) override;
  void put_answer(SessionId session, Sequence sequence, std::string_view answer) override {
    put(tables_.answers, {session, sequence}, std::string(answer));
  }
  std::optional<std::string> answer(SessionId session, Sequence sequence) override {
    return find(tables_.answers, {session, sequence});
  }
  void erase_answers(SessionId session, Sequence through) override;

  ShardCounters counters() override { return tables_.counters; }
  void each_pool(const std::function<void(PoolRecord)>& f) override { each(tables_.pools, f); }
  void each_node(const std::function<void(NodeRecord)>& f) override { each(tables_.nodes, f); }
  void each_job(const std::function<void(JobRecord)>& f) override { each(tables_.jobs, f); }
  void each_job_schedule(const std::function<void(JobScheduleRecord)>& f) override {
    each(tables_.job_schedules, f);
  }
  void each_certificate(const std::function<void(CertificateRecord)>& f) override {
    each(tables_.certificates, f);
  }
  void each_open_task(const std::function<void(OpenTask)>& f) override { each(tables_.open, f); }
  void each_claim(const std::function<void(ClaimRecord)>& f) override { each(tables_.claims, f); }
  void each_lingering(const std::function<void(LingeringAttempt)>& f) override {
    each(tables_.lingering, f);
  }
  void each_reservation(const std::function<void(Reservation)>& f) override {
    each(tables_.reservations, f);
  }
  void each_outbox(const std::function<void(OutboxRow)>& f) override { each(tables_.outbox, f); }
  void each_progress(const std::function<void(ShardProgress)>& f) override {
    each(tables_.progress, f);
  }

  void each_job_node(const std::function<void(JobNodeRecord)>& f) override {
    each(tables_.job_nodes, f);
  }

  std::optional<TaskSeq> find_task(JobSeq job, std::string_view lower_id) override {
    return find(tables_.ids, {job, std::string(lower_id)});
  }
  std::optional<OpenTask> open_task(const TaskKey& key) override { return find(tables_.open, key); }
  std::optional<TaskRecord> done_task(const TaskKey& key) override {
    return find(tables_.done, key);
  }
  std::string document(const TaskKey& key) override {
    return find(tables_.documents, key).value_or(std::string());
  }
  scheduler::TaskWishes wishes(const TaskKey& key) override {
    return find(tables_.wishes, key).value_or(scheduler::TaskWishes());
  }
  scheduler::NumberPage number_page(JobSeq job, std::uint32_t page) override {
    return find(tables_.numbers, {job, page}).value_or(scheduler::NumberPage());
  }
  void each_number_page(
      JobSeq job, std::uint32_t first, std::uint32_t last,
      const std::function<void(std::uint32_t, const scheduler::NumberPage&)>& visitor) override;
  void put_number_page(JobSeq job, std::uint32_t page, const scheduler::NumberPage& bits) override {
    put(tables_.numbers, {job, page}, bits);
  }
  void scan_task_ids(JobSeq job, std::string_view after,
                     const std::function<bool(std::string_view, TaskSeq)>& visitor) override;

  void put_counters(const ShardCounters& row) override;
  void put_pool(const PoolRecord& row) override { put(tables_.pools, row.seq, row); }
  void erase_pool(PoolSeq seq) override { erase(tables_.pools, seq); }
  void put_node(const NodeRecord& row) override { put(tables_.nodes, row.seq, row); }
  void erase_node(NodeSeq seq) override { erase(tables_.nodes, seq); }
  void put_job(const JobRecord& row) override { put(tables_.jobs, row.seq, row); }
  void erase_job(JobSeq seq) override { erase(tables_.jobs, seq); }
  void put_job_schedule(const JobScheduleRecord& row) override {
    put(tables_.job_schedules, row.seq, row);
  }
  void erase_job_schedule(JobScheduleSeq seq) override { erase(tables_.job_schedules, seq); }
  void put_certificate(const CertificateRecord& row) override {
    put(tables_.certificates, {lower_cased(row.account), lower_cased(row.thumbprint)}, row);
  }
  void erase_certificate(std::string_view account, std::string_view thumbprint) override {
    erase(tables_.certificates, {lower_cased(account), lower_cased(thumbprint)});
  }

  void add_task(const OpenTask& task, std::string_view document) override;
  void put_open_task(const OpenTask& task) override;
  void put_placed_task(const TaskRecord& task) override;
  void complete_task(const TaskRecord& task) override;
  void put_done_task(const TaskRecord& task) override;
  void reopen_task(const OpenTask& task) override;
  void erase_task(const TaskKey& key, std::string_view lower_id) override;
  bool erase_tasks(JobSeq job, std::size_t rows_max) override;

  void put_claim(const ClaimRecord& row) override { put(tables_.claims, row.id, row); }
  void erase_claim(ClaimId id) override { erase(tables_.claims, id); }
  void put_lingering(const LingeringAttempt& row) override { put(tables_.lingering, row.id, row); }
  void erase_lingering(const AttemptId& id) override { erase(tables_.lingering, id); }
  void put_reservation(const Reservation& row) override {
    put(tables_.reservations, {lower_cased(row.account), lower_cased(row.job_id)}, row);
  }
  void erase_reservation(std::string_view account, std::string_view job_id) override {
    erase(tables_.reservations, {lower_cased(account), lower_cased(job_id)});
  }
  void put_outbox(const OutboxRow& row) override {
    put(tables_.outbox, {row.to, row.message.id}, row);
  }
  void erase_outbox(ShardId to, std::uint64_t id) override { erase(tables_.outbox, {to, id}); }
  void put_progress(const ShardProgress& row) override { put(tables_.progress, row.shard, row); }
  void put_job_node(const JobNodeRecord& row) override {
    put(tables_.job_nodes, {row.job, row.node}, row);
  }

 private:
  template <class Map, class Visit>
  static void each(const Map& map, const Visit& visit) {
    for (const auto& [key, value] : map) visit(value);
  }
  template <class Map>
  static auto find(const Map& map, const typename Map::key_type& key)
      -> std::optional<typename Map::mapped_type> {
    const auto found = map.find(key);
    if (found == map.end()) return std::nullopt;
    return found->second;
  }
  template <class Map>
  void put(Map& map, const typename Map::key_type& key, typename Map::mapped_type value) {
    const auto found = map.find(key);
    if (found == map.end()) {
      undo_.push_back([&map, key] { map.erase(key); });
      map.emplace(key, std::move(value));
    } else if (!(found->second == value)) {
      undo_.push_back([&map, key, old = found->second] { map[key] = old; });
      found->second = std::move(value);
    }
  }
  template <class Map>
  std::size_t erase(Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    if (found == map.end()) return 0;
    undo_.push_back([&map, key, old = found->second] { map[key] = old; });
    map.erase(found);
    return 1;
  }
  template <class Map, class Within>
  std::size_t erase_from(Map& map, const typename Map::key_type& first, std::size_t rows_max,
                         const Within& within) {
    std::vector<typename Map::key_type> keys;
    for (auto it = map.lower_bound(first);
         it != map.end() && keys.size() < rows_max && within(it->first); ++it)
      keys.push_back(it->first);
    for (const auto& key : keys) erase(map, key);
    return keys.size();
  }

  MemoryDisk& disk_;
  MemoryTables& tables_;
  std::vector<std::function<void()>> undo_;
};

}  // namespace windlass::simulator
