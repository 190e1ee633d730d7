// Every metric that Windlass exports, once: symbol, type, name, labels, buckets, meaning. The unit
// is the name's last word before _total. docs/METRICS.md and the checks of dashboards and alert
// rules are made from this list, so a metric that is not here does not exist.
//
// Labels are few-valued: roles, routes, kinds, outcomes. Never an id of a job, task, node or pool.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace windlass::runtime {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

struct MetricInfo {
  std::string_view name;
  MetricType type;
  std::string_view labels;  // comma separated, in the order their values are given
  std::string_view meaning;
};

// Histograms of seconds all use these buckets: 100 us to 100 s, three to a decade.
inline constexpr double kSecondsBuckets[] = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01,
                                             0.02,   0.05,   0.1,    0.2,   0.5,   1,     2,
                                             5,      10,     20,     50,    100};
// Histograms of anything else count: 1 to 100,000, three to a decade.
inline constexpr double kCountBuckets[] = {1,   2,    5,    10,   20,    50,    100,   200,
                                           500, 1000, 2000, 5000, 10000, 20000, 50000, 100000};

#define WINDLASS_METRICS(X)                                                                     \
  /* every role */                                                                              \
  X(build_info, gauge, "windlass_build_info", "role,version",                                   \
    "Always 1; says which program and version this is.")                                        \
  X(ready, gauge, "windlass_ready", "",                                                         \
    "1 while the role is ready to do its work (what /readyz says), else 0.")                    \
  /* gateway */                                                                                 \
  X(gateway_requests, counter, "windlass_gateway_requests_total", "operation,code",             \
    "Requests answered, by operation and HTTP status.")                                         \
  X(gateway_request_seconds, histogram, "windlass_gateway_request_seconds", "operation",        \
    "From the last byte of a request to the first of its answer.")                              \
  X(gateway_connections, gauge, "windlass_gateway_connections", "",                             \
    "Client connections that are open.")                                                        \
  X(gateway_connections_refused, counter, "windlass_gateway_connections_refused_total", "",     \
    "Connections told 503 because too many were open.")                                         \
  X(gateway_in_flight, gauge, "windlass_gateway_requests_in_flight", "",                        \
    "Requests that are being answered.")                                                        \
  X(gateway_bytes, counter, "windlass_gateway_bytes_total", "direction",                        \
    "Bytes of client connections, in and out.")                                                 \
  X(gateway_authentication_failures, counter, "windlass_gateway_authentication_failures_total", \
    "reason", "Requests refused before they were looked at.")                                   \
  /* broker */                                                                                  \
  X(broker_frames, counter, "windlass_broker_frames_total", "socket,outcome",                   \
    "Frames by socket (bus, bulk) and what became of them (forwarded, unroutable, refused).")   \
  X(broker_forwarded, counter, "windlass_broker_forwarded_total", "kind",                       \
    "Frames forwarded, by what they carry.")                                                    \
  X(broker_undeliverable, counter, "windlass_broker_undeliverable_total", "reason",             \
    "Frames given back to their sender or dropped, by reason (unknown, full, generation).")     \
  X(broker_bytes, counter, "windlass_broker_bytes_total", "socket", "Bytes forwarded.")         \
  X(broker_shards, gauge, "windlass_broker_shards", "", "Shards that somebody speaks for.")     \
  X(broker_peers, gauge, "windlass_broker_peers", "kind", "Peers with a live route, by kind.")  \
  /* bus, in every role but the broker */                                                       \
  X(bus_frames_sent, counter, "windlass_bus_frames_sent_total", "kind",                         \
    "Frames given to the bus, retransmissions included.")                                       \
  X(bus_frames_received, counter, "windlass_bus_frames_received_total", "kind",                 \
    "Frames taken from the bus.")                                                               \
  X(bus_retransmissions, counter, "windlass_bus_retransmissions_total", "",                     \
    "Frames sent again because no acknowledgement came.")                                       \
  X(bus_duplicates, counter, "windlass_bus_duplicates_total", "",                               \
    "Frames dropped because they had been seen.")                                               \
  /* scheduler */                                                                               \
  X(scheduler_commands, counter, "windlass_scheduler_commands_total", "kind,outcome",           \
    "Commands decided, by kind and outcome (done, refused).")                                   \
  X(scheduler_commits, counter, "windlass_scheduler_commits_total", "shard",                    \
    "Transactions committed.")                                                                  \
  X(scheduler_commit_seconds, histogram, "windlass_scheduler_commit_seconds", "",               \
    "Time of one commit, flush included.")                                                      \
  X(scheduler_batch_inputs, histogram, "windlass_scheduler_batch_inputs", "",                   \
    "Inputs handled in one commit.")                                                            \
  X(scheduler_assignments, counter, "windlass_scheduler_assignments_total", "shard",            \
    "Tasks put on nodes.")                                                                      \
  X(scheduler_completions, counter, "windlass_scheduler_completions_total", "shard,result",     \
    "Attempts that ended, by result (success, failure, lost).")                                 \
  X(scheduler_tasks, gauge, "windlass_scheduler_tasks", "shard,state",                          \
    "Tasks by state; completed ones are counted while they exist.")                             \
  X(scheduler_nodes, gauge, "windlass_scheduler_nodes", "shard,state", "Nodes by state.")       \
  X(scheduler_free_bytes, gauge, "windlass_scheduler_free_bytes", "",                           \
    "Free bytes of the file system under the data folder.")                                     \
  X(scheduler_refused_low_space, counter, "windlass_scheduler_refused_low_space_total", "",     \
    "Commands refused because the file system is nearly full.")                                 \
  /* worker */                                                                                  \
  X(worker_offers, gauge, "windlass_worker_offers", "state",                                    \
    "Node offers: free, granted, wiping.")                                                      \
  X(worker_attempts_started, counter, "windlass_worker_attempts_started_total", "executor",     \
    "Attempts started.")                                                                        \
  X(worker_attempts_running, gauge, "windlass_worker_attempts_running", "",                     \
    "Attempts that hold slots now.")                                                            \
  X(worker_reports_sent, counter, "windlass_worker_reports_sent_total", "",                     \
    "Completion reports given to the bus, repetitions not counted.")                            \
  X(worker_spool_reports, gauge, "windlass_worker_spool_reports", "",                           \
    "Completion reports that no shard has acknowledged yet.")                                   \
  X(worker_leases_expired, counter, "windlass_worker_leases_expired_total", "",                 \
    "Node leases that ran out, their attempts killed.")                                         \
  /* embedded blob endpoint */                                                                  \
  X(storage_requests, counter, "windlass_storage_requests_total", "operation,code",             \
    "Blob requests answered.")                                                                  \
  X(storage_bytes, counter, "windlass_storage_bytes_total", "direction",                        \
    "Bytes of blobs, in and out.")

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
