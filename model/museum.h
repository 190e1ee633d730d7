// Planted bugs: mistakes that somebody could make, or once made, each behind a name. They exist
// only in builds with WINDLASS_MUSEUM; elsewhere WINDLASS_PLANTED(...) is the constant false and
// leaves no trace in the program. The simulator must find each of them within a number of seeds, or
// it is the simulator that is broken (simulator/README.md).
#pragma once

#ifdef WINDLASS_MUSEUM

#include <string_view>

// name, what the mistake is
#define WINDLASS_MUSEUM_BUGS(X)                                                         \
  X(ack_before_commit, "answers and acknowledgements go out before the commit")         \
  X(inbox_not_stored, "how far a session was taken is not part of the commit")          \
  X(answer_not_stored, "the answer to a command is not part of the commit")             \
  X(lease_not_waited_for, "attempts run elsewhere before their lease has ended")        \
  X(takeover_without_waiting,                                                           \
    "a shard that starts does not wait for the leases of its epoch before")             \
  X(slot_freed_early, "an attempt that is to end frees its slots before it has ended")  \
  X(stale_report_accepted, "the report of a superseded attempt counts")                 \
  X(retries_unlimited, "a task is tried once more than it may be")                      \
  X(dependency_ignored, "a task runs when any parent has ended, whatever became of it") \
  X(stopped_job_goes_on, "a job that is disabled or over still starts tasks")           \
  X(reports_in_any_order, "a worker's reports are handled as they arrive")

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
