// The scheduling settings of a shard, each with its reason.
#pragma once

#include "model/time.h"

#include <cstddef>

namespace windlass::scheduler {

struct Settings {
  // A node's attempts live on a lease. The worker counts from the sending of its renewal; the shard
  // waits `lease + lease_margin` on its own clock, which covers drift between the two.
  Duration lease = std::chrono::seconds(30);
  Duration lease_margin = std::chrono::seconds(3);
  // What a shard that stops on purpose grants, so that upgrades disturb no running task.
  Duration lease_parting = std::chrono::minutes(10);
  // After this long as `unknown` a node is `unusable`.
  Duration unknown_node_patience = std::chrono::minutes(3);
  // An empty job that terminates when all tasks are complete waits this long for its first task.
  Duration empty_job_grace = std::chrono::seconds(5);
  // The pool of a job that has ended stays this long: what its tasks wrote is still read.
  Duration auto_pool_grace = std::chrono::seconds(10);
  // Outbox messages to other shards are sent again after this.
  Duration outbox_resend = std::chrono::milliseconds(500);
  // Rows of a deleted job's tasks removed from each table in one batch.
  std::size_t erased_rows_per_batch_max = 500;
  // Jobs of a deleted schedule that are told in one batch to go.
  std::size_t ended_jobs_per_batch_max = 100;
  // Tasks of a job that fail in one batch because they will never start.
  std::size_t blocked_tasks_per_batch_max = 500;
  // Releases of ended jobs that begin in one batch.
  std::size_t releases_per_batch_max = 500;
  // Entries looked at for one page of a list; the page may then be short, even empty.
  std::size_t scanned_entries_max = 50'000;
  // A page of tasks ends when its documents reach this.
  std::size_t page_bytes_max = 4 * 1024 * 1024;
};

}  // namespace windlass::scheduler
