// The words that enumerators have on the wire (canonical form). `$filter` compares with them, the
// REST JSON shows them, logs print them.
#pragma once

#include "model/job.h"
#include "model/job_schedule.h"
#include "model/pool.h"
#include "model/task.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace windlass {

// Specialised below: the words of E in the order of its enumerators.
template <class E>
struct WordsOf;

#define WINDLASS_WORDS(E, ...)                                                     \
  template <>                                                                      \
  struct WordsOf<E> {                                                              \
    static constexpr auto kWords = std::to_array<std::string_view>({__VA_ARGS__}); \
  }

WINDLASS_WORDS(AutoUserScope, "task", "pool");
WINDLASS_WORDS(ElevationLevel, "nonadmin", "admin");
WINDLASS_WORDS(UploadCondition, "taskcompletion", "tasksuccess", "taskfailure");
WINDLASS_WORDS(ErrorCategory, "usererror", "servererror");
WINDLASS_WORDS(ExecutionResult, "success", "failure");
WINDLASS_WORDS(PoolState, "active", "deleting");
WINDLASS_WORDS(AllocationState, "steady", "resizing", "stopping");
WINDLASS_WORDS(NodeFillType, "spread", "pack");
WINDLASS_WORDS(JobDefaultOrder, "none", "creationtime");
WINDLASS_WORDS(NodeDisableSchedulingOption, "requeue", "terminate", "taskcompletion");
WINDLASS_WORDS(NodeDeallocationOption, "requeue", "terminate", "taskcompletion", "retaineddata");
WINDLASS_WORDS(NodeState, "creating", "starting", "waitingforstarttask", "starttaskfailed", "idle",
               "running", "offline", "rebooting", "reimaging", "leavingpool", "unknown", "unusable",
               "preempted", "deallocating", "deallocated");
WINDLASS_WORDS(NodeRestart, "reboot", "reimage", "deallocate", "start");
WINDLASS_WORDS(SchedulingState, "enabled", "disabled");
WINDLASS_WORDS(StartTaskState, "running", "completed");
WINDLASS_WORDS(PoolLifetime, "jobschedule", "job");
WINDLASS_WORDS(JobState, "active", "disabling", "disabled", "enabling", "terminating", "completed",
               "deleting");
WINDLASS_WORDS(JobScheduleState, "active", "completed", "disabled", "terminating", "deleting");
WINDLASS_WORDS(DisableTasks, "requeue", "terminate", "wait");
WINDLASS_WORDS(OnAllTasksComplete, "noaction", "terminatejob");
WINDLASS_WORDS(OnTaskFailure, "noaction", "performexitoptionsjobaction");
WINDLASS_WORDS(JobAction, "none", "disable", "terminate");
WINDLASS_WORDS(DependencyAction, "satisfy", "block");
WINDLASS_WORDS(NodeTaskState, "running", "completed");
WINDLASS_WORDS(SubtaskState, "preparing", "running", "completed");
WINDLASS_WORDS(TaskState, "active", "preparing", "running", "completed");

#undef WINDLASS_WORDS

static_assert(WordsOf<NodeState>::kWords.size() == kNodeStatesTotal);

// ASCII comparison without case.
bool same_word(std::string_view a, std::string_view b);

template <class E>
constexpr std::string_view word(E value) {
  return WordsOf<E>::kWords[static_cast<std::size_t>(value)];
}

// Any case is accepted. Nothing for a word that E does not have.
template <class E>
std::optional<E> parse_word(std::string_view text) {
  for (std::size_t i = 0; i < WordsOf<E>::kWords.size(); ++i) {
    if (same_word(WordsOf<E>::kWords[i], text)) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace windlass
