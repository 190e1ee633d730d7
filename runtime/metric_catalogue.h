// Every metric that Windlass exports, once: symbol, type, name, labels, meaning. The unit is the
// name's last word before _total. docs/METRICS.md and the checks of dashboards and alert rules are
// made from this list, so a metric that is not here does not exist.
//
// Labels are few-valued: roles, routes, kinds, outcomes, shards. Never an id of a job, task, node
// or pool: who wants to know which one asks the API.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace windlass::runtime {

// The last three are histograms; they differ in their buckets.
enum class MetricType : std::uint8_t { counter, gauge, latency, lifetime, amount };

struct MetricInfo {
  std::string_view name;
  MetricType type;
  std::string_view labels;  // comma separated, in the order their values are given
  std::string_view meaning;
};

// Latencies, of what a program does: 100 us to 100 s, three to a decade.
inline constexpr double kLatencyBuckets[] = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01,
                                             0.02,   0.05,   0.1,    0.2,   0.5,   1,     2,
                                             5,      10,     20,     50,    100};
// Lifetimes, of what users' tasks do: a millisecond to a day and more.
inline constexpr double kLifetimeBuckets[] = {
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,  0.2,  0.5,   1,     2,     5,     10,
    20,    50,    100,   200,  500,  1000, 2000, 5000, 10000, 20000, 50000, 100000};
// Amounts count something: 1 to 100,000, three to a decade.
inline constexpr double kAmountBuckets[] = {1,   2,    5,    10,   20,    50,    100,   200,
                                            500, 1000, 2000, 5000, 10000, 20000, 50000, 100000};

constexpr std::span<const double> buckets_of(MetricType type) {
  switch (type) {
    case MetricType::latency:
      return kLatencyBuckets;
    case MetricType::lifetime:
      return kLifetimeBuckets;
    case MetricType::amount:
      return kAmountBuckets;
    default:
      return {};
  }
}

#define WINDLASS_METRICS(X)                                                                        \
  /* every role */                                                                                 \
  X(build_info, gauge, "windlass_build_info", "role,version",                                      \
    "Always 1; says which program and version this is.")                                           \
  X(ready, gauge, "windlass_ready", "",                                                            \
    "1 while the role is ready to do its work (what /readyz says), else 0.")                       \
  X(log_lines, counter, "windlass_log_lines_total", "level",                                       \
    "Lines of the log that a person should look at (warn, error).")                                \
  X(process_cpu_seconds, counter, "process_cpu_seconds_total", "",                                 \
    "Processor time of this process, user and system.")                                            \
  X(process_resident_memory, gauge, "process_resident_memory_bytes", "",                           \
    "Resident memory of this process.")                                                            \
  X(process_virtual_memory, gauge, "process_virtual_memory_bytes", "",                             \
    "Address space of this process; a scheduler maps far more than it uses.")                      \
  X(process_open_fds, gauge, "process_open_fds", "", "Open file descriptors of this process.")     \
  X(process_max_fds, gauge, "process_max_fds", "", "File descriptors that this process may open.") \
  X(process_start_time, gauge, "process_start_time_seconds", "",                                   \
    "When this process was started, in seconds since 1970.")                                       \
  /* gateway */                                                                                    \
  X(gateway_requests, counter, "windlass_gateway_requests_total", "operation,code",                \
    "Requests answered, by operation and HTTP status.")                                            \
  X(gateway_request_seconds, latency, "windlass_gateway_request_seconds", "operation",             \
    "From the last byte of a request to the first of its answer.")                                 \
  X(gateway_connections, gauge, "windlass_gateway_connections", "",                                \
    "Client connections that are open.")                                                           \
  X(gateway_connections_refused, counter, "windlass_gateway_connections_refused_total", "",        \
    "Connections told 503 because too many were open.")                                            \
  X(gateway_in_flight, gauge, "windlass_gateway_requests_in_flight", "",                           \
    "Requests that are being answered.")                                                           \
  X(gateway_bytes, counter, "windlass_gateway_bytes_total", "direction",                           \
    "Bytes of client connections, in and out.")                                                    \
  X(gateway_authentication_failures, counter, "windlass_gateway_authentication_failures_total",    \
    "reason", "Requests refused before they were looked at.")                                      \
  X(gateway_shards, gauge, "windlass_gateway_shards", "state",                                     \
    "Shards as this gateway sees them: reachable, away.")                                          \
  X(gateway_certificate_not_after, gauge, "windlass_gateway_certificate_not_after_seconds", "",    \
    "When the certificate of the HTTPS door ends, in seconds since 1970. Only where there is "     \
    "one.")                                                                                        \
  /* broker */                                                                                     \
  X(broker_frames, counter, "windlass_broker_frames_total", "socket,outcome",                      \
    "Frames by socket (bus, bulk) and what became of them (forwarded, unroutable, refused).")      \
  X(broker_forwarded, counter, "windlass_broker_forwarded_total", "kind",                          \
    "Frames forwarded, by what they carry.")                                                       \
  X(broker_undeliverable, counter, "windlass_broker_undeliverable_total", "reason",                \
    "Frames given back to their sender or dropped, by reason (unknown, full, generation).")        \
  X(broker_bytes, counter, "windlass_broker_bytes_total", "socket", "Bytes forwarded.")            \
  X(broker_shards, gauge, "windlass_broker_shards", "state",                                       \
    "Shards of the cluster: routed (somebody speaks for it), away.")                               \
  X(broker_peers, gauge, "windlass_broker_peers", "kind", "Peers with a live route, by kind.")     \
  X(broker_peers_refused, counter, "windlass_broker_peers_refused_total", "reason",                \
    "Connections and frames of peers that may not (plaintext, unknown_key, revoked...).")          \
  X(broker_enrolments, counter, "windlass_broker_enrolments_total", "outcome",                     \
    "What the enrolment door was asked, by outcome.")                                              \
  /* bus, in every role but the broker */                                                          \
  X(bus_frames_sent, counter, "windlass_bus_frames_sent_total", "kind",                            \
    "Frames given to the bus, retransmissions included.")                                          \
  X(bus_frames_received, counter, "windlass_bus_frames_received_total", "kind",                    \
    "Frames taken from the bus.")                                                                  \
  X(bus_retransmissions, counter, "windlass_bus_retransmissions_total", "",                        \
    "Messages sent again because no acknowledgement came.")                                        \
  X(bus_duplicates, counter, "windlass_bus_duplicates_total", "",                                  \
    "Messages dropped because they had been seen.")                                                \
  X(bus_frames_dropped, counter, "windlass_bus_frames_dropped_total", "reason",                    \
    "Frames that came to nothing: malformed (unreadable), fenced (of an old epoch, session or "    \
    "generation), unsendable (no broker took it), undeliverable (a broker gave it back). What is " \
    "numbered is sent again.")                                                                     \
  X(bus_sessions, gauge, "windlass_bus_sessions", "",                                              \
    "Sessions between this process and shards (or, in a scheduler, of its shards with peers).")    \
  X(bus_unacknowledged, gauge, "windlass_bus_unacknowledged_messages", "",                         \
    "Messages under way or queued that the other side has not yet acknowledged or answered.")      \
  X(bus_credit_used, gauge, "windlass_bus_credit_used_ratio", "",                                  \
    "Unacknowledged messages of the fullest session, as a share of its credit; beyond 1 they "     \
    "wait.")                                                                                       \
  /* scheduler */                                                                                  \
  X(scheduler_commands, counter, "windlass_scheduler_commands_total", "kind",                      \
    "Commands (they change something) and questions that arrived.")                                \
  X(scheduler_refusals, counter, "windlass_scheduler_refusals_total", "code",                      \
    "Commands and questions refused, by error code.")                                              \
  X(scheduler_refused_low_space, counter, "windlass_scheduler_refused_low_space_total", "",        \
    "Commands refused because the file system is nearly full.")                                    \
  X(scheduler_commits, counter, "windlass_scheduler_commits_total", "shard",                       \
    "Transactions committed.")                                                                     \
  X(scheduler_commit_seconds, latency, "windlass_scheduler_commit_seconds", "",                    \
    "Time of one commit, flush included.")                                                         \
  X(scheduler_batch_inputs, amount, "windlass_scheduler_batch_inputs", "",                         \
    "Inputs handled in one commit.")                                                               \
  X(scheduler_tasks_added, counter, "windlass_scheduler_tasks_added_total", "shard",               \
    "Tasks accepted.")                                                                             \
  X(scheduler_assignments, counter, "windlass_scheduler_assignments_total", "shard",               \
    "Tasks put on nodes.")                                                                         \
  X(scheduler_completions, counter, "windlass_scheduler_completions_total", "shard,result",        \
    "Attempts that ended: success, failure (these end the task); retried (its command failed and " \
    "has retries left), requeued (by request), lost (with node, worker or lease).")                \
  X(scheduler_task_failures, counter, "windlass_scheduler_task_failures_total", "reason",          \
    "Tasks that ended in failure, by failureInfo.code; codes outside the list are `other`.")       \
  X(scheduler_task_wait_seconds, lifetime, "windlass_scheduler_task_wait_seconds", "",             \
    "From being added (or put back) to being put on a node; time for dependencies included.")      \
  X(scheduler_task_start_seconds, lifetime, "windlass_scheduler_task_start_seconds", "",           \
    "From being put on a node to the start of the process: the way there and its resource files. " \
    "Known when the task completes.")                                                              \
  X(scheduler_task_run_seconds, lifetime, "windlass_scheduler_task_run_seconds", "",               \
    "From the start of the process to its end, as the worker says. Known when the task "           \
    "completes.")                                                                                  \
  X(scheduler_task_total_seconds, lifetime, "windlass_scheduler_task_total_seconds", "",           \
    "From being added to being completed.")                                                        \
  X(scheduler_tasks, gauge, "windlass_scheduler_tasks", "shard,state",                             \
    "Tasks by state; completed ones are counted while they exist.")                                \
  X(scheduler_tasks_waiting, gauge, "windlass_scheduler_tasks_waiting", "shard,reason",            \
    "Active tasks by what they wait for: slots (all busy), nodes (the pool has none that takes "   \
    "tasks), wide (needs more slots than its pool's nodes have), no_pool, job (disabled or "       \
    "ending), job_limit (maxParallelTasks), dependencies, attempt (its last one has not been "     \
    "reported empty). The ready tasks of a job share a reason: that of the narrowest.")            \
  X(scheduler_oldest_waiting_seconds, gauge, "windlass_scheduler_oldest_waiting_seconds", "shard", \
    "How long the task that could run and has waited longest has been active; 0 when there is "    \
    "none.")                                                                                       \
  X(scheduler_jobs, gauge, "windlass_scheduler_jobs", "shard,state", "Jobs by state.")             \
  X(scheduler_pools, gauge, "windlass_scheduler_pools", "shard,state",                             \
    "Pools by allocation state (steady, resizing, stopping), or deleting.")                        \
  X(scheduler_nodes, gauge, "windlass_scheduler_nodes", "shard,state", "Nodes by state.")          \
  X(scheduler_nodes_target, gauge, "windlass_scheduler_nodes_target", "shard",                     \
    "Nodes that pools want, dedicated and spot.")                                                  \
  X(scheduler_slots, gauge, "windlass_scheduler_slots", "shard,state",                             \
    "Task slots of nodes: used; free; closed (not used, on nodes that take no task now).")         \
  X(scheduler_workers, gauge, "windlass_scheduler_workers", "shard,state",                         \
    "Workers that a shard knows: connected; away (its lease runs on, or it speaks for nodes).")    \
  X(scheduler_leases_expired, counter, "windlass_scheduler_leases_expired_total", "shard",         \
    "Workers that were silent for a whole lease: their nodes became unknown, their attempts "      \
    "lost, their free offers forgotten.")                                                          \
  X(scheduler_stale_reports, counter, "windlass_scheduler_stale_reports_total", "shard",           \
    "Messages of workers about attempts, boots or claims that are superseded: dropped (fenced).")  \
  X(scheduler_lingering_attempts, gauge, "windlass_scheduler_lingering_attempts", "shard",         \
    "Attempts whose task has gone on without them, and whose worker has not reported them empty.") \
  X(scheduler_outbox_messages, gauge, "windlass_scheduler_outbox_messages", "shard",               \
    "Messages to other shards that these have not acknowledged.")                                  \
  X(scheduler_clock_skew_seconds, gauge, "windlass_scheduler_clock_skew_seconds", "direction",     \
    "By how much a worker's clock was ahead or behind, at least, in the reports of the last "      \
    "minutes: it said that an attempt ended after its report arrived, or started before it was "   \
    "ordered. The true difference is larger by as much as the way took.")                          \
  X(scheduler_free_bytes, gauge, "windlass_scheduler_free_bytes", "shard",                         \
    "Bytes that the shard can still write: free on its file system, and free inside its file.")    \
  X(scheduler_needed_bytes, gauge, "windlass_scheduler_needed_bytes", "shard",                     \
    "With fewer free bytes than this the shard refuses new work, so that what it has can end.")    \
  X(scheduler_accepts_work, gauge, "windlass_scheduler_accepts_work", "shard",                     \
    "1 while the shard takes new work, 0 while its disk or map is too full.")                      \
  X(scheduler_store_bytes, gauge, "windlass_scheduler_store_bytes", "shard,part",                  \
    "The shard's LMDB file: used pages, free pages (used again before the file grows).")           \
  X(scheduler_store_limit_bytes, gauge, "windlass_scheduler_store_limit_bytes", "shard",           \
    "With more used bytes than this the shard refuses new work.")                                  \
  X(scheduler_journal_bytes, gauge, "windlass_scheduler_journal_bytes", "shard",                   \
    "The shard's journal, a table of the same file.")                                              \
  /* worker */                                                                                     \
  X(worker_offers, gauge, "windlass_worker_offers", "state",                                       \
    "Node offers: free, granted, wiping.")                                                         \
  X(worker_attempts_started, counter, "windlass_worker_attempts_started_total", "executor",        \
    "Attempts started.")                                                                           \
  X(worker_attempts_ended, counter, "windlass_worker_attempts_ended_total", "end",                 \
    "Attempts reported over: exited, wall_clock, stopped, not_started, upload_failed, lost.")      \
  X(worker_attempts_running, gauge, "windlass_worker_attempts_running", "",                        \
    "Attempts that hold slots now.")                                                               \
  X(worker_reports_sent, counter, "windlass_worker_reports_sent_total", "",                        \
    "Completion reports given to the bus, repetitions not counted.")                               \
  X(worker_spool_reports, gauge, "windlass_worker_spool_reports", "",                              \
    "Completion reports that no shard has acknowledged yet.")                                      \
  X(worker_oldest_report_seconds, gauge, "windlass_worker_oldest_report_seconds", "",              \
    "Age of the oldest of them; 0 when there is none.")                                            \
  X(worker_spool_bytes, gauge, "windlass_worker_spool_bytes", "",                                  \
    "The spool file: what a worker that is killed still knows.")                                   \
  X(worker_stale_orders, counter, "windlass_worker_stale_orders_total", "",                        \
    "Orders about nodes, boots or attempts that are gone: dropped (fenced).")                      \
  X(worker_leases_expired, counter, "windlass_worker_leases_expired_total", "",                    \
    "Node leases that ran out, their attempts killed.")                                            \
  X(worker_folders_cleared, counter, "windlass_worker_folders_cleared_total", "",                  \
    "Folders of tasks whose content was deleted: their retention was over, or job or node gone.")  \
  X(worker_free_bytes, gauge, "windlass_worker_free_bytes", "",                                    \
    "Free bytes of the file system under the nodes' folders.")                                     \
  /* embedded blob endpoint */                                                                     \
  X(storage_requests, counter, "windlass_storage_requests_total", "operation,code",                \
    "Blob requests answered.")                                                                     \
  X(storage_request_seconds, latency, "windlass_storage_request_seconds", "operation",             \
    "Time of a blob request, body included.")                                                      \
  X(storage_bytes, counter, "windlass_storage_bytes_total", "direction",                           \
    "Bytes of blobs, in and out.")                                                                 \
  X(storage_free_bytes, gauge, "windlass_storage_free_bytes", "",                                  \
    "Free bytes of the file system under the blob folder.")

namespace metric {
#define WINDLASS_X(symbol, type, name, labels, meaning) \
  inline constexpr MetricInfo symbol{name, MetricType::type, labels, meaning};
WINDLASS_METRICS(WINDLASS_X)
#undef WINDLASS_X
}  // namespace metric

inline constexpr MetricInfo kMetricCatalogue[] = {
#define WINDLASS_X(symbol, type, name, labels, meaning) metric::symbol,
    WINDLASS_METRICS(WINDLASS_X)
#undef WINDLASS_X
};

}  // namespace windlass::runtime
