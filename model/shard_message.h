// What shards say to each other: the reservation of job ids (docs/PROTOCOL.md). Sent from an outbox
// row until acknowledged; `id` rises by one for each message of a sender to a receiver, and a
// receiver takes them in order, each once.
#pragma once

#include "model/boxed.h"
#include "model/command.h"

#include <variant>

namespace windlass {

// Home to target: the id is reserved, make the job.
struct MakeJob {
  std::string account;
  std::uint64_t incarnation = 0;
  Boxed<JobSpec> spec;
  bool operator==(const MakeJob&) const = default;
};
// Target to home: made (version says when), or refused.
struct JobMade {
  std::string account;
  std::string job_id;
  std::uint64_t incarnation = 0;
  std::optional<Error> error;
  ShardId shard = 0;
  Version version;
  bool operator==(const JobMade&) const = default;
};
// Target to home: the job is gone, drop the reservation if the incarnation still matches.
struct JobGone {
  std::string account;
  std::string job_id;
  std::uint64_t incarnation = 0;
  bool operator==(const JobGone&) const = default;
};

// Home to target: the job's schedule has been terminated or deleted, and the job with it.
struct EndJob {
  std::string account;
  std::string job_id;
  std::uint64_t incarnation = 0;
  bool deletes = false;
  bool force = false;
  bool operator==(const EndJob&) const = default;
};
// Target to home: the job of a schedule is completed.
struct JobEnded {
  std::string account;
  std::string job_id;
  std::uint64_t incarnation = 0;
  bool operator==(const JobEnded&) const = default;
};

using ShardRequest = std::variant<MakeJob, JobMade, JobGone, EndJob, JobEnded>;

struct ShardMessage {
  ShardId from = 0;
  std::uint64_t id = 0;
  ShardRequest request;
  bool operator==(const ShardMessage&) const = default;
};
// All messages of `from` to the sender of this, up to `through`, are durable at the receiver.
struct ShardAcknowledge {
  ShardId by = 0;
  std::uint64_t through = 0;
  bool operator==(const ShardAcknowledge&) const = default;
};

}  // namespace windlass
