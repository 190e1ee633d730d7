// Planted bugs: mistakes that somebody could make, or once made, each behind a name. They exist
// only in builds with WINDLASS_MUSEUM; elsewhere WINDLASS_PLANTED(...) is the constant false and
// leaves no trace in the program (tests/tidy/museum). The simulator must find each of them within a
// number of seeds, or it is the simulator that is broken (simulator/README.md).
#pragma once

#ifdef WINDLASS_MUSEUM

#include <string_view>

// name, what the mistake is
#define WINDLASS_MUSEUM_BUGS(X)                                                                \
  X(ack_before_commit, "answers to clients go out before the commit")                          \
  X(orders_before_commit, "workers are told what to do before the commit")                     \
  X(commit_error_ignored, "a shard goes on after a commit that failed")                        \
  X(inbox_not_stored, "how far a session was taken is not part of the commit")                 \
  X(inbox_stored_apart, "how far a session was taken is a transaction of its own")             \
  X(answer_not_stored, "the answer to a command is not part of the commit")                    \
  X(duplicates_taken, "a repeated message is taken again")                                     \
  X(refused_and_done, "tasks are added to a job that is over, and refused")                    \
  X(rest_forgotten, "a collection is added in two steps, and the second never comes")          \
  X(counters_not_stored, "a shard that starts counts its events and jobs anew")                \
  X(epoch_not_claimed, "a shard that starts goes on in the epoch of its last start")           \
  X(old_epoch_accepted, "frames of a shard's earlier epoch are taken")                         \
  X(lease_not_waited_for, "attempts run elsewhere before their lease has ended")               \
  X(lease_from_wall_clock, "leases are counted by the wall clock")                             \
  X(lease_from_arrival, "a worker counts a lease from its arrival, not from its own asking")   \
  X(parting_lease_forgotten, "a parting lease is not written down for the next start")         \
  X(range_one_short, "a dependency on a range of numbers does without one of them")            \
  X(exit_action_forgotten, "what the exit conditions of a task want of its job is not done")   \
  X(failed_preparation_ignored, "tasks start on a node where their job's preparation failed")  \
  X(blocked_not_recovered, "tasks that will never start are not known any more after a start") \
  X(parting_lease_not_counted, "a worker without a node is not waited for after a parting")    \
  X(takeover_without_waiting,                                                                  \
    "a shard that starts does not wait for the leases of its epoch before")                    \
  X(lingering_not_recovered, "a shard that starts forgets attempts that are yet to end")       \
  X(added_again_beside_lingering,                                                              \
    "a task deleted and added again starts beside its old attempt when its parent ends last")  \
  X(slot_freed_early, "an attempt that is to end frees its slots before it has ended")         \
  X(end_said_before_kill, "a worker says that an attempt has ended when it is to end")         \
  X(stale_report_accepted, "the success of a superseded attempt counts")                       \
  X(attempt_number_reused, "an attempt that runs again keeps its number")                      \
  X(retries_unlimited, "a task is tried once more than it may be")                             \
  X(lost_attempt_costs_a_retry, "an attempt that was lost counts as a retry of the user's")    \
  X(dependency_ignored, "a task runs when any parent has ended, whatever became of it")        \
  X(dependency_on_unfinished, "a parent that runs counts as if it had succeeded")              \
  X(stopped_job_goes_on, "a job that is disabled or over still starts tasks")                  \
  X(ended_job_disabled, "a job that is over can be disabled, and enabled again")               \
  X(version_from_wall_clock, "the version of a task that ends is a time of the wall clock")    \
  X(account_not_in_key, "entities of all accounts share their names")                          \
  X(shrink_reenters, "giving back a node begins the pool's resize anew in the midst of it")    \
  X(reports_in_any_order, "a worker's reports are handled as they arrive")                     \
  X(repeated_claim_is_silent, "the answer to a repeated claim does not say how its nodes are") \
  X(missing_attempts_believed, "attempts that a worker does not know are believed to run")     \
  X(primary_begins_alone,                                                                      \
    "a multi-instance task begins when the coordination command of its primary has ended")     \
  X(gang_order_not_repeated,                                                                   \
    "a primary that did not hear that all instances are ready is not told again")              \
  X(requests_not_repeated, "what a worker may not have heard is not said again")               \
  X(second_resync_believed, "a resync is believed that was said before the last orders")       \
  X(shard_messages_not_repeated, "what another shard may not have heard is not said again")

namespace windlass::museum {

enum class Bug {
  none,
#define WINDLASS_MUSEUM_NAME(name, what) name,
  WINDLASS_MUSEUM_BUGS(WINDLASS_MUSEUM_NAME)
#undef WINDLASS_MUSEUM_NAME
};

inline Bug chosen = Bug::none;  // set once, before anything runs

}  // namespace windlass::museum

#define WINDLASS_PLANTED(bug) (::windlass::museum::chosen == ::windlass::museum::Bug::bug)

#else

#define WINDLASS_PLANTED(bug) false

#endif
