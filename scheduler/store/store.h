// The folder of one shard: an LMDB environment whose tables are the rows of scheduler/core/rows.h,
// the sessions and answers of the bus, and the log. One owner at a time, one batch at a time.
//
//   Store store(options);                 // lock, open or create, check
//   const ShardEpoch epoch = store.claim();
//   auto batch = store.begin();           // Rows over one write transaction; reads see its writes
//   ... shard.handle(input, now, *batch, effects) ...
//   batch->commit();                      // durable when it returns
//
// All errors are exceptions (errors.h) and end the process. There is no reader beside the batch but
// a backup (folder_copy.h): one that lives long keeps freed pages from being used again.
#pragma once

#include "model/session.h"
#include "scheduler/core/shard_store.h"
#include "scheduler/store/errors.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace windlass::scheduler {

class LocalJournal;
class StoreFolder;

struct StoreOptions {
  std::string folder;  // made when missing (0700); on a local disk
  ClusterGeneration generation = 0;
  ShardId shard = 0;
  ShardId shards_total = 1;

  // Address space of the map. The file grows only by what is written, so this may be far larger
  // than the disk; raising it takes a restart and nothing else.
  std::uint64_t map_bytes_max = 256ULL << 30;
  // The log keeps about this much; the oldest records go first. On a small disk it keeps less: a
  // sixteenth of the file system.
  std::uint64_t journal_bytes_max = 256ULL << 20;

  // New work is refused when less than this is free, so that what was accepted can still end. On a
  // small disk a tenth of the file system is enough.
  std::uint64_t space_reserve_bytes = 256ULL << 20;
  // ... and when the map is used to this share.
  unsigned map_use_percent_max = 80;

  // Each commit takes this much longer after its flush: a slow disk for measurements.
  std::chrono::milliseconds sync_delay{0};

  // Tests stand here: before a commit (an exception aborts the batch) and after it, when all is
  // durable but nobody knows yet (an exception is a commit of unknown outcome).
  std::function<void()> before_commit;
  std::function<void()> after_commit;
};

// One write transaction, and what is read meanwhile. Destroyed without commit(), it leaves nothing.
// Writes that change nothing are not made, and a batch without writes commits without a flush.
class Batch final : public ShardBatch {
 public:
  ~Batch() override;

  // Throws CommitError. The batch is over either way.
  void commit() override;
  // True once something was written.
  bool changed() const override { return changed_; }

  // ---- sessions and answers of the bus ----
  void each_session(const std::function<void(SessionState)>&) override;
  void put_session(const SessionState&) override;
  void erase_session(SessionId) override;  // with its answers
  // An answer kept for a command that may be asked again; opaque bytes.
  void put_answer(SessionId session, Sequence sequence, std::string_view answer) override;
  std::optional<std::string> answer(SessionId session, Sequence sequence) override;
  void erase_answers(SessionId session, Sequence through) override;

  // For a folder that was restored: it belongs to this generation from the commit on, whoever owned
  // it is fenced, event numbers go on far above all that were ever given, and what was said to and
  // heard from others (sessions, messages between shards, claims of nodes, the log) is void.
  void start_generation(ClusterGeneration generation);

  // ---- Rows ----
  ShardCounters counters() override;
  void each_pool(const std::function<void(PoolRecord)>&) override;
  void each_node(const std::function<void(NodeRecord)>&) override;
  void each_job(const std::function<void(JobRecord)>&) override;
  void each_job_schedule(const std::function<void(JobScheduleRecord)>&) override;
  void each_certificate(const std::function<void(CertificateRecord)>&) override;
  void each_open_task(const std::function<void(OpenTask)>&) override;
  void each_claim(const std::function<void(ClaimRecord)>&) override;
  void each_lingering(const std::function<void(LingeringAttempt)>&) override;
  void each_reservation(const std::function<void(Reservation)>&) override;
  void each_outbox(const std::function<void(OutboxRow)>&) override;
  void each_progress(const std::function<void(ShardProgress)>&) override;
  void each_job_node(const std::function<void(JobNodeRecord)>&) override;

  std::optional<TaskSeq> find_task(JobSeq job, std::string_view lower_id) override;
  std::optional<OpenTask> open_task(const TaskKey& key) override;
  std::optional<TaskRecord> done_task(const TaskKey& key) override;
  std::string document(const TaskKey& key) override;
  TaskWishes wishes(const TaskKey& key) override;
  NumberPage number_page(JobSeq job, std::uint32_t page) override;
  void each_number_page(
      JobSeq job, std::uint32_t first, std::uint32_t last,
      const std::function<void(std::uint32_t page, const NumberPage&)>& visitor) override;
  void put_number_page(JobSeq job, std::uint32_t page, const NumberPage&) override;
  void scan_task_ids(JobSeq job, std::string_view after_lower_id,
                     const std::function<bool(std::string_view, TaskSeq)>& visitor) override;

  void put_counters(const ShardCounters&) override;
  void put_pool(const PoolRecord&) override;
  void erase_pool(PoolSeq) override;
  void put_node(const NodeRecord&) override;
  void erase_node(NodeSeq) override;
  void put_job(const JobRecord&) override;
  void erase_job(JobSeq) override;
  void put_job_schedule(const JobScheduleRecord&) override;
  void erase_job_schedule(JobScheduleSeq) override;
  void put_certificate(const CertificateRecord&) override;
  void erase_certificate(std::string_view account, std::string_view thumbprint) override;

  void add_task(const OpenTask& task, std::string_view document) override;
  void put_open_task(const OpenTask&) override;
  void put_placed_task(const TaskRecord&) override;
  void complete_task(const TaskRecord&) override;
  void put_done_task(const TaskRecord&) override;
  void reopen_task(const OpenTask&) override;
  void erase_task(const TaskKey& key, std::string_view lower_id) override;
  bool erase_tasks(JobSeq job, std::size_t rows_max) override;

  void put_claim(const ClaimRecord&) override;
  void erase_claim(ClaimId) override;
  void put_lingering(const LingeringAttempt&) override;
  void erase_lingering(const AttemptId&) override;
  void put_reservation(const Reservation&) override;
  void erase_reservation(std::string_view account, std::string_view job_id) override;
  void put_outbox(const OutboxRow&) override;
  void erase_outbox(ShardId to, std::uint64_t id) override;
  void put_progress(const ShardProgress&) override;
  void put_job_node(const JobNodeRecord&) override;

 private:
  friend class Store;
  friend class LocalJournal;
  class Impl;
  explicit Batch(StoreFolder& folder);

  std::unique_ptr<Impl> impl_;
  bool changed_ = false;
};

class Store {
 public:
  explicit Store(StoreOptions options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Raises the epoch and commits it: whoever owned the shard before is fenced from now on.
  ShardEpoch claim();
  ShardEpoch epoch() const;  // of the last claim, by whoever made it

  // One at a time; the batch must be gone before the next, and before the store.
  std::unique_ptr<Batch> begin();

  // Between batches. Costs microseconds to milliseconds: ask about once a second. Also frees what
  // dead readers kept.
  Space space() const;

  const StoreOptions& options() const;

 private:
  friend class LocalJournal;

  std::unique_ptr<StoreFolder> folder_;
};

}  // namespace windlass::scheduler
