// Rows in maps: what the store does, without a disk. Copyable, so a test can keep the rows of a
// commit and start a shard from them.
#pragma once

#include "model/assert.h"
#include "scheduler/core/rows.h"

#include <map>
#include <utility>

namespace windlass::test {

class MapRows final : public scheduler::Rows {
 public:
  using Key = std::pair<std::string, std::string>;

  ShardCounters counters() override { return counters_; }
  void each_pool(const std::function<void(PoolRecord)>& f) override { each(pools_, f); }
  void each_node(const std::function<void(NodeRecord)>& f) override { each(nodes_, f); }
  void each_job(const std::function<void(JobRecord)>& f) override { each(jobs_, f); }
  void each_job_schedule(const std::function<void(JobScheduleRecord)>& f) override {
    each(job_schedules_, f);
  }
  void each_certificate(const std::function<void(CertificateRecord)>& f) override {
    each(certificates_, f);
  }
  void each_open_task(const std::function<void(OpenTask)>& f) override { each(open_, f); }
  void each_claim(const std::function<void(ClaimRecord)>& f) override { each(claims_, f); }
  void each_lingering(const std::function<void(LingeringAttempt)>& f) override {
    each(lingering_, f);
  }
  void each_reservation(const std::function<void(Reservation)>& f) override {
    each(reservations_, f);
  }
  void each_outbox(const std::function<void(OutboxRow)>& f) override { each(outbox_, f); }
  void each_progress(const std::function<void(ShardProgress)>& f) override { each(progress_, f); }

  void each_job_node(const std::function<void(JobNodeRecord)>& f) override { each(job_nodes_, f); }

  std::optional<TaskSeq> find_task(JobSeq job, std::string_view lower_id) override {
    return find(ids_, std::pair{job, std::string(lower_id)});
  }
  std::optional<OpenTask> open_task(const TaskKey& key) override { return find(open_, key); }
  std::optional<TaskRecord> done_task(const TaskKey& key) override { return find(done_, key); }
  std::string document(const TaskKey& key) override {
    return find(documents_, key).value_or(std::string());
  }
  scheduler::TaskWishes wishes(const TaskKey& key) override {
    return find(wishes_, key).value_or(scheduler::TaskWishes());
  }
  scheduler::NumberPage number_page(JobSeq job, std::uint32_t page) override {
    return find(numbers_, std::pair(job, page)).value_or(scheduler::NumberPage());
  }
  void each_number_page(
      JobSeq job, std::uint32_t first, std::uint32_t last,
      const std::function<void(std::uint32_t, const scheduler::NumberPage&)>& visitor) override {
    for (auto it = numbers_.lower_bound({job, first});
         it != numbers_.end() && it->first.first == job && it->first.second <= last; ++it) {
      visitor(it->first.second, it->second);
    }
  }
  void put_number_page(JobSeq job, std::uint32_t page, const scheduler::NumberPage& bits) override {
    numbers_[{job, page}] = bits;
  }
  void scan_task_ids(JobSeq job, std::string_view after,
                     const std::function<bool(std::string_view, TaskSeq)>& visitor) override {
    auto it =
        after.empty() ? ids_.lower_bound({job, ""}) : ids_.upper_bound({job, std::string(after)});
    for (; it != ids_.end() && it->first.first == job; ++it) {
      if (!visitor(it->first.second, it->second)) return;
    }
  }

  void put_counters(const ShardCounters& counters) override { counters_ = counters; }
  void put_pool(const PoolRecord& pool) override { pools_[pool.seq] = pool; }
  void erase_pool(PoolSeq seq) override { pools_.erase(seq); }
  void put_node(const NodeRecord& node) override { nodes_[node.seq] = node; }
  void erase_node(NodeSeq seq) override { nodes_.erase(seq); }
  void put_job(const JobRecord& job) override { jobs_[job.seq] = job; }
  void erase_job(JobSeq seq) override { jobs_.erase(seq); }
  void put_job_schedule(const JobScheduleRecord& schedule) override {
    job_schedules_[schedule.seq] = schedule;
  }
  void erase_job_schedule(JobScheduleSeq seq) override { job_schedules_.erase(seq); }
  void put_certificate(const CertificateRecord& row) override {
    certificates_[{lower_cased(row.account), lower_cased(row.thumbprint)}] = row;
  }
  void erase_certificate(std::string_view account, std::string_view thumbprint) override {
    certificates_.erase({lower_cased(account), lower_cased(thumbprint)});
  }

  void add_task(const OpenTask& task, std::string_view document) override {
    const TaskKey key = task.record.key;
    WINDLASS_ASSERT(ids_.emplace(std::pair{key.job, lower_cased(task.record.id)}, key.task).second);
    WINDLASS_ASSERT(open_.emplace(key, task).second);
    documents_[key] = document;
    wishes_[key] = {task.depends_on_ids, task.affinity_id, task.depends_on_ranges};
  }
  void put_open_task(const OpenTask& task) override {
    WINDLASS_ASSERT(open_.contains(task.record.key));
    open_[task.record.key] = task;
  }
  void put_placed_task(const TaskRecord& task) override { put_open_task({task, {}, {}, {}}); }
  void complete_task(const TaskRecord& task) override {
    WINDLASS_ASSERT(open_.erase(task.key) == 1);
    WINDLASS_ASSERT(done_.emplace(task.key, task).second);
  }
  void put_done_task(const TaskRecord& task) override {
    WINDLASS_ASSERT(done_.contains(task.key));
    done_[task.key] = task;
  }
  void reopen_task(const OpenTask& task) override {
    WINDLASS_ASSERT(done_.erase(task.record.key) == 1);
    open_[task.record.key] = task;
  }
  void erase_task(const TaskKey& key, std::string_view lower_id) override {
    WINDLASS_ASSERT(ids_.erase({key.job, std::string(lower_id)}) == 1);
    WINDLASS_ASSERT(open_.erase(key) + done_.erase(key) == 1);
    documents_.erase(key);
    wishes_.erase(key);
  }
  bool erase_tasks(JobSeq job, std::size_t rows_max) override {
    const auto erase = [&](auto& rows, auto from, auto job_of) {
      std::size_t erased = 0;
      auto it = rows.lower_bound(from);
      while (erased < rows_max && it != rows.end() && job_of(it->first) == job) {
        it = rows.erase(it);
        ++erased;
      }
      return erased > 0;
    };
    const auto of_key = [](const TaskKey& key) { return key.job; };
    const bool ids = erase(ids_, std::pair<JobSeq, std::string>(job, ""),
                           [](const auto& key) { return key.first; });
    const bool documents = erase(documents_, TaskKey{job, 0}, of_key);
    erase(wishes_, TaskKey{job, 0}, of_key);
    const bool open = erase(open_, TaskKey{job, 0}, of_key);
    const bool done = erase(done_, TaskKey{job, 0}, of_key);
    const bool numbers = erase(numbers_, std::pair<JobSeq, std::uint32_t>(job, 0),
                               [](const auto& key) { return key.first; });
    const bool nodes = erase(job_nodes_, std::pair<JobSeq, NodeSeq>(job, 0),
                             [](const auto& key) { return key.first; });
    return ids || documents || open || done || numbers || nodes;
  }

  void put_claim(const ClaimRecord& claim) override { claims_[claim.id] = claim; }
  void erase_claim(ClaimId id) override { claims_.erase(id); }
  void put_lingering(const LingeringAttempt& attempt) override { lingering_[attempt.id] = attempt; }
  void erase_lingering(const AttemptId& id) override { lingering_.erase(id); }
  void put_reservation(const Reservation& row) override {
    reservations_[{lower_cased(row.account), lower_cased(row.job_id)}] = row;
  }
  void erase_reservation(std::string_view account, std::string_view job_id) override {
    reservations_.erase({lower_cased(account), lower_cased(job_id)});
  }
  void put_outbox(const OutboxRow& row) override { outbox_[{row.to, row.message.id}] = row; }
  void erase_outbox(ShardId to, std::uint64_t id) override { outbox_.erase({to, id}); }
  void put_progress(const ShardProgress& progress) override {
    progress_[progress.shard] = progress;
  }
  void put_job_node(const JobNodeRecord& row) override { job_nodes_[{row.job, row.node}] = row; }

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

  ShardCounters counters_;
  std::map<PoolSeq, PoolRecord> pools_;
  std::map<NodeSeq, NodeRecord> nodes_;
  std::map<JobSeq, JobRecord> jobs_;
  std::map<JobScheduleSeq, JobScheduleRecord> job_schedules_;
  std::map<Key, CertificateRecord> certificates_;
  std::map<TaskKey, OpenTask> open_;
  std::map<TaskKey, TaskRecord> done_;
  std::map<TaskKey, std::string> documents_;
  std::map<TaskKey, scheduler::TaskWishes> wishes_;
  std::map<std::pair<JobSeq, std::uint32_t>, scheduler::NumberPage> numbers_;
  std::map<std::pair<JobSeq, std::string>, TaskSeq> ids_;
  std::map<ClaimId, ClaimRecord> claims_;
  std::map<AttemptId, LingeringAttempt> lingering_;
  std::map<Key, Reservation> reservations_;
  std::map<std::pair<ShardId, std::uint64_t>, OutboxRow> outbox_;
  std::map<ShardId, ShardProgress> progress_;
  std::map<std::pair<JobSeq, NodeSeq>, JobNodeRecord> job_nodes_;
};

}  // namespace windlass::test
