// What a shard keeps on disk, as the core sees it: typed rows behind an interface. The store (LMDB)
// implements it over the write transaction of the current batch, tests over maps; so a read sees
// the batch's own earlier writes, and everything of one batch becomes durable together.
#pragma once

#include "model/shard_rows.h"
#include "scheduler/core/numbers.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::scheduler {

// Where and after what a task asks to run.
struct TaskWishes {
  std::vector<std::string> depends_on_ids;
  std::string affinity_id;
  std::vector<TaskIdRange> depends_on_ranges;
  bool operator==(const TaskWishes&) const = default;
};

class Rows {
 public:
  virtual ~Rows() = default;

  // Whole tables; recovery reads them once, in key order.
  virtual ShardCounters counters() = 0;
  virtual void each_pool(const std::function<void(PoolRecord)>&) = 0;
  virtual void each_node(const std::function<void(NodeRecord)>&) = 0;
  virtual void each_job(const std::function<void(JobRecord)>&) = 0;
  virtual void each_job_schedule(const std::function<void(JobScheduleRecord)>&) = 0;
  virtual void each_certificate(const std::function<void(CertificateRecord)>&) = 0;
  virtual void each_open_task(const std::function<void(OpenTask)>&) = 0;  // by (job, task)
  virtual void each_claim(const std::function<void(ClaimRecord)>&) = 0;
  virtual void each_lingering(const std::function<void(LingeringAttempt)>&) = 0;
  virtual void each_reservation(const std::function<void(Reservation)>&) = 0;
  virtual void each_outbox(const std::function<void(OutboxRow)>&) = 0;  // by (receiver, id)
  virtual void each_progress(const std::function<void(ShardProgress)>&) = 0;
  virtual void each_job_node(const std::function<void(JobNodeRecord)>&) = 0;

  // Single rows.
  virtual std::optional<TaskSeq> find_task(JobSeq job, std::string_view lower_id) = 0;
  virtual std::optional<OpenTask> open_task(const TaskKey& key) = 0;
  virtual std::optional<TaskRecord> done_task(const TaskKey& key) = 0;
  virtual std::string document(const TaskKey& key) = 0;  // empty when there is none
  // Out of the document: what the row of an ended task has forgotten.
  virtual TaskWishes wishes(const TaskKey& key) = 0;

  virtual NumberPage number_page(JobSeq job, std::uint32_t page) = 0;  // empty when there is none
  // Those pages of a job that were ever put, from `first` to `last`, in order.
  virtual void each_number_page(
      JobSeq job, std::uint32_t first, std::uint32_t last,
      const std::function<void(std::uint32_t page, const NumberPage&)>& visitor) = 0;

  // Ids of a job's tasks in order, strictly after `after_lower_id`; stops when the visitor says
  // false.
  virtual void scan_task_ids(
      JobSeq job, std::string_view after_lower_id,
      const std::function<bool(std::string_view lower_id, TaskSeq)>& visitor) = 0;

  virtual void put_counters(const ShardCounters&) = 0;
  virtual void put_pool(const PoolRecord&) = 0;
  virtual void erase_pool(PoolSeq) = 0;
  virtual void put_node(const NodeRecord&) = 0;
  virtual void erase_node(NodeSeq) = 0;
  virtual void put_job(const JobRecord&) = 0;
  virtual void erase_job(JobSeq) = 0;
  virtual void put_job_schedule(const JobScheduleRecord&) = 0;
  virtual void erase_job_schedule(JobScheduleSeq) = 0;
  virtual void put_certificate(const CertificateRecord&) = 0;
  virtual void erase_certificate(std::string_view account, std::string_view thumbprint) = 0;

  virtual void put_number_page(JobSeq job, std::uint32_t page, const NumberPage&) = 0;

  // A new task: id, document and open row at once. Keys of a job rise, so rows append.
  virtual void add_task(const OpenTask& task, std::string_view document) = 0;
  virtual void put_open_task(const OpenTask&) = 0;
  // The same of one that has a place: it waits for nothing and wishes nothing any more.
  virtual void put_placed_task(const TaskRecord&) = 0;
  virtual void complete_task(const TaskRecord&) = 0;  // open -> done
  virtual void put_done_task(const TaskRecord&) = 0;
  virtual void reopen_task(const OpenTask&) = 0;  // done -> open: reactivation
  // Every row of the task: id, document, open or done.
  virtual void erase_task(const TaskKey& key, std::string_view lower_id) = 0;
  // Of a job that is deleted, and whose tasks nobody asks for any more: removes up to `rows_max`
  // rows of each table, in key order, which costs far less than one task after the other. False:
  // nothing was left.
  virtual bool erase_tasks(JobSeq job, std::size_t rows_max) = 0;

  virtual void put_claim(const ClaimRecord&) = 0;
  virtual void erase_claim(ClaimId) = 0;
  virtual void put_lingering(const LingeringAttempt&) = 0;
  virtual void erase_lingering(const AttemptId&) = 0;
  virtual void put_reservation(const Reservation&) = 0;
  virtual void erase_reservation(std::string_view account, std::string_view job_id) = 0;
  virtual void put_outbox(const OutboxRow&) = 0;
  virtual void erase_outbox(ShardId to, std::uint64_t id) = 0;
  virtual void put_progress(const ShardProgress&) = 0;
  virtual void put_job_node(const JobNodeRecord&) = 0;  // removed by erase_tasks
};

}  // namespace windlass::scheduler
