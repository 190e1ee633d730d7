// Any value of our plain structs from a seed: every member gets something, lists are short,
// optional members come and go, variants take each alternative.
#pragma once

#include "model/boxed.h"
#include "model/envelope.h"
#include "model/file_message.h"
#include "model/shard_message.h"
#include "model/worker_message.h"

#include <boost/pfr.hpp>

#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace windlass::test {

// The last enumerator of each enum that travels.
template <class E>
inline constexpr E kLast = E{};
template <>
inline constexpr ErrorCode kLast<ErrorCode> = ErrorCode::io_error;
template <>
inline constexpr AutoUserScope kLast<AutoUserScope> = AutoUserScope::pool;
template <>
inline constexpr ElevationLevel kLast<ElevationLevel> = ElevationLevel::admin;
template <>
inline constexpr UploadCondition kLast<UploadCondition> = UploadCondition::taskfailure;
template <>
inline constexpr ErrorCategory kLast<ErrorCategory> = ErrorCategory::servererror;
template <>
inline constexpr ExecutionResult kLast<ExecutionResult> = ExecutionResult::failure;
template <>
inline constexpr PoolState kLast<PoolState> = PoolState::deleting;
template <>
inline constexpr AllocationState kLast<AllocationState> = AllocationState::stopping;
template <>
inline constexpr NodeFillType kLast<NodeFillType> = NodeFillType::pack;
template <>
inline constexpr JobDefaultOrder kLast<JobDefaultOrder> = JobDefaultOrder::creationtime;
template <>
inline constexpr NodeDeallocationOption kLast<NodeDeallocationOption> =
    NodeDeallocationOption::retaineddata;
template <>
inline constexpr NodeDisableSchedulingOption kLast<NodeDisableSchedulingOption> =
    NodeDisableSchedulingOption::taskcompletion;
template <>
inline constexpr NodeState kLast<NodeState> = NodeState::deallocated;
template <>
inline constexpr NodeRestart kLast<NodeRestart> = NodeRestart::start;
template <>
inline constexpr SchedulingState kLast<SchedulingState> = SchedulingState::disabled;
template <>
inline constexpr StartTaskState kLast<StartTaskState> = StartTaskState::completed;
template <>
inline constexpr JobState kLast<JobState> = JobState::deleting;
template <>
inline constexpr JobScheduleState kLast<JobScheduleState> = JobScheduleState::deleting;
template <>
inline constexpr PoolLifetime kLast<PoolLifetime> = PoolLifetime::job;
template <>
inline constexpr DisableTasks kLast<DisableTasks> = DisableTasks::wait;
template <>
inline constexpr OnAllTasksComplete kLast<OnAllTasksComplete> = OnAllTasksComplete::terminatejob;
template <>
inline constexpr OnTaskFailure kLast<OnTaskFailure> = OnTaskFailure::performexitoptionsjobaction;
template <>
inline constexpr TaskState kLast<TaskState> = TaskState::completed;
template <>
inline constexpr JobAction kLast<JobAction> = JobAction::terminate;
template <>
inline constexpr DependencyAction kLast<DependencyAction> = DependencyAction::block;
template <>
inline constexpr ExitCondition kLast<ExitCondition> = ExitCondition::otherwise;
template <>
inline constexpr NodeTaskState kLast<NodeTaskState> = NodeTaskState::completed;
template <>
inline constexpr AttemptEnd kLast<AttemptEnd> = AttemptEnd::coordination_failed;
template <>
inline constexpr SubtaskState kLast<SubtaskState> = SubtaskState::completed;
template <>
inline constexpr FileAction kLast<FileAction> = FileAction::delete_user;
template <>
inline constexpr PeerKind kLast<PeerKind> = PeerKind::broker;
template <>
inline constexpr FrameKind kLast<FrameKind> = FrameKind::file_replies;
template <>
inline constexpr UndeliverableReason kLast<UndeliverableReason> = UndeliverableReason::generation;
template <>
inline constexpr RefusalReason kLast<RefusalReason> = RefusalReason::resume_first;

class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

  template <class T>
  T make() {
    T value{};
    fill(value);
    return value;
  }

  void fill(bool& value) { value = below(2) == 1; }
  void fill(std::string& value) {
    value.resize(below(12));
    for (char& c : value) c = static_cast<char>(below(256));  // bytes are bytes
  }
  void fill(Duration& value) { value = Duration{static_cast<std::int64_t>(engine_())}; }
  void fill(NodeCounts& value) {  // holds an array, which pfr does not look into
    for (std::int32_t& count : value.by_state) fill(count);
    fill(value.total);
  }

  template <class T>
  void fill(Boxed<T>& value) {
    fill(*value);
  }
  template <class T>
  void fill(std::optional<T>& value) {
    if (below(2) == 1) fill(value.emplace());
  }
  template <class T>
  void fill(std::vector<T>& value) {
    value.resize(below(4));
    for (T& item : value) fill(item);
  }
  template <class... T>
  void fill(std::variant<T...>& value) {
    const std::size_t index = below(sizeof...(T));
    std::size_t i = 0;
    ((i++ == index ? fill(value.template emplace<T>()) : void()), ...);
  }
  template <class T>
  void fill(T& value) {
    if constexpr (std::is_enum_v<T>) {
      static_assert(static_cast<int>(kLast<T>) > 0, "name the last enumerator above");
      value = static_cast<T>(below(static_cast<std::uint64_t>(kLast<T>) + 1));
    } else if constexpr (std::is_arithmetic_v<T>) {
      value = static_cast<T>(engine_());
    } else {
      boost::pfr::for_each_field(value, [this](auto& member) { this->fill(member); });
    }
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace windlass::test
