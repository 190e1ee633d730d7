#include "schema/codec/dense_task.h"

#include <functional>
#include <string_view>

namespace windlass::codec {

namespace {

// Which fields follow. The common ones have the low bits, so that the flags take two bytes.
enum Flag : std::uint32_t {
  kStateMask = 0x3,
  kRan = 1u << 2,  // attempt, retry and requeue counts are not all zero
  kPreviousState = 1u << 3,
  kPreviousStateTime = 1u << 4,
  kStartTime = 1u << 5,
  kEndTime = 1u << 6,
  kExitCode = 1u << 7,
  kResult = 1u << 8,
  kNode = 1u << 9,
  kSlots = 1u << 10,        // not one
  kConstraints = 1u << 11,  // not those of kUsual
  kDependsOn = 1u << 12,
  kAffinity = 1u << 13,
  kFailure = 1u << 14,
  kLastRetryTime = 1u << 15,
  kLastRequeueTime = 1u << 16,
  kDependsOnRanges = 1u << 17,
  kExitRules = 1u << 18,
  kSatisfiesUnlikeResult = 1u << 19,
  kUsage = 1u << 20,
  kInstances = 1u << 21,  // of a multi-instance task, with its subtasks
  kFlagsEnd = 1u << 22
};

// Part of the format: these never change, whatever the model's defaults become.
const TaskConstraints kUsual{.retries_max = 0,
                             .max_wall_clock_time = Duration{INT64_MAX},
                             .retention_time = Duration{7LL * 24 * 3600 * 10'000'000}};

constexpr std::size_t kNodesRemembered = 64;

bool satisfies_by_result(const TaskRecord& record) {
  return record.result == ExecutionResult::success;
}

std::uint32_t flags_of(const TaskRecord& record, bool depends, bool depends_on_ranges,
                       bool affinity) {
  auto flags = static_cast<std::uint32_t>(record.state);
  const auto set = [&flags](bool condition, Flag flag) {
    if (condition) flags |= flag;
  };
  set(record.attempt != 0 || record.retry_count != 0 || record.requeue_count != 0, kRan);
  set(record.previous_state.has_value(), kPreviousState);
  set(record.previous_state_time.has_value(), kPreviousStateTime);
  set(record.start_time.has_value(), kStartTime);
  set(record.end_time.has_value(), kEndTime);
  set(record.exit_code.has_value(), kExitCode);
  set(record.result.has_value(), kResult);
  set(record.node.has_value(), kNode);
  set(record.required_slots != 1, kSlots);
  set(record.constraints != kUsual, kConstraints);
  set(depends, kDependsOn);
  set(affinity, kAffinity);
  set(record.failure.has_value(), kFailure);
  set(record.last_retry_time.has_value(), kLastRetryTime);
  set(record.last_requeue_time.has_value(), kLastRequeueTime);
  set(depends_on_ranges, kDependsOnRanges);
  set(!record.exit_rules.empty(), kExitRules);
  set(record.usage != TaskUsage{}, kUsage);
  set(record.satisfies_dependents != satisfies_by_result(record), kSatisfiesUnlikeResult);
  set(record.instances != 0 || record.coordinated || !record.subtasks.empty(), kInstances);
  return flags;
}

// Differences wrap around, so any two numbers have one.
std::int64_t difference(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a - b);
}

// Times of a task lie close to each other: each is told from the one before.
class Times {
 public:
  explicit Times(WallTime first) : last_(first.ticks) {}
  void put(DenseWriter& out, WallTime time) {
    out.signed_number(difference(time.ticks, last_));
    last_ = time.ticks;
  }
  WallTime take(DenseReader& in) {
    last_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(last_) +
                                      static_cast<std::uint64_t>(in.signed_number()));
    return {last_};
  }

 private:
  std::int64_t last_;
};

template <class E>
E take_enum(DenseReader& in, E last) {
  const std::uint64_t value = in.number();
  if (value > static_cast<std::uint64_t>(last)) throw Malformed("enumerator out of range");
  return static_cast<E>(value);
}

void put_node(DenseWriter& out, TaskNeighbour& neighbour, const TaskNode& node) {
  std::uint8_t& place =
      neighbour.places[std::hash<std::string_view>{}(node.node_id) % neighbour.places.size()];
  if (place != 0 && neighbour.nodes[place - 1U] == node) {
    out.number(neighbour.nodes.size() - (place - 1U));  // how far back
    return;
  }
  out.number(0);  // a new one
  out.text(node.pool_id);
  out.text(node.node_id);
  out.number(node.worker);
  if (neighbour.alone || neighbour.nodes.size() == kNodesRemembered) return;
  neighbour.nodes.push_back(node);
  place = static_cast<std::uint8_t>(neighbour.nodes.size());
}

TaskNode take_node(DenseReader& in, TaskNeighbour& neighbour) {
  const std::uint64_t back = in.number();
  if (back > neighbour.nodes.size()) throw Malformed("refers to no node");
  if (back > 0) return neighbour.nodes[neighbour.nodes.size() - back];
  TaskNode node;
  node.pool_id = in.text();
  node.node_id = in.text();
  node.worker = in.number();
  if (neighbour.nodes.size() < kNodesRemembered) neighbour.nodes.push_back(node);
  return node;
}

void put_failure(DenseWriter& out, const FailureInfo& failure) {
  out.number(static_cast<std::uint64_t>(failure.category));
  out.text(failure.code);
  out.text(failure.message);
  out.number(failure.details.size());
  for (const NameValue& detail : failure.details) {
    out.text(detail.name);
    out.text(detail.value);
  }
}

FailureInfo take_failure(DenseReader& in) {
  FailureInfo failure;
  failure.category = take_enum(in, ErrorCategory::servererror);
  failure.code = in.text();
  failure.message = in.text();
  const std::size_t details = in.count();
  for (std::size_t i = 0; i < details; ++i) {
    NameValue& detail = failure.details.emplace_back();
    detail.name = in.text();
    detail.value = in.text();
  }
  return failure;
}

// A rule's optional actions: 0 is none, else the enumerator and one.
template <class E>
void put_optional(DenseWriter& out, const std::optional<E>& value) {
  out.number(value ? static_cast<std::uint64_t>(*value) + 1 : 0);
}

template <class E>
std::optional<E> take_optional(DenseReader& in, E last) {
  const std::uint64_t value = in.number();
  if (value == 0) return std::nullopt;
  if (value - 1 > static_cast<std::uint64_t>(last)) throw Malformed("enumerator out of range");
  return static_cast<E>(value - 1);
}

void put_exit_rules(DenseWriter& out, const std::vector<ExitRule>& rules) {
  out.number(rules.size());
  for (const ExitRule& rule : rules) {
    out.number(static_cast<std::uint64_t>(rule.condition));
    out.signed_number(rule.first);
    out.signed_number(rule.last);
    put_optional(out, rule.job_action);
    put_optional(out, rule.dependency_action);
  }
}

std::vector<ExitRule> take_exit_rules(DenseReader& in) {
  std::vector<ExitRule> rules(in.count());
  for (ExitRule& rule : rules) {
    rule.condition = take_enum(in, ExitCondition::otherwise);
    rule.first = in.signed_number_32();
    rule.last = in.signed_number_32();
    rule.job_action = take_optional(in, JobAction::terminate);
    rule.dependency_action = take_optional(in, DependencyAction::block);
  }
  return rules;
}

void put_usage(DenseWriter& out, const TaskUsage& usage) {
  out.signed_number(usage.resources.user_cpu_time.count());
  out.signed_number(usage.resources.kernel_cpu_time.count());
  out.number(usage.resources.read_operations);
  out.number(usage.resources.write_operations);
  out.number(usage.resources.read_bytes);
  out.number(usage.resources.write_bytes);
  out.signed_number(usage.earlier_wall_clock_time.count());
}

TaskUsage take_usage(DenseReader& in) {
  TaskUsage usage;
  usage.resources.user_cpu_time = Duration{in.signed_number()};
  usage.resources.kernel_cpu_time = Duration{in.signed_number()};
  usage.resources.read_operations = in.number();
  usage.resources.write_operations = in.number();
  usage.resources.read_bytes = in.number();
  usage.resources.write_bytes = in.number();
  usage.earlier_wall_clock_time = Duration{in.signed_number()};
  return usage;
}

void put_optional(DenseWriter& out, Times& times, const std::optional<WallTime>& time) {
  out.number(time ? 1 : 0);
  if (time) times.put(out, *time);
}

std::optional<WallTime> take_optional_time(DenseReader& in, Times& times) {
  if (in.number() == 0) return std::nullopt;
  return times.take(in);
}

void put_subtask(DenseWriter& out, TaskNeighbour& neighbour, Times& times, const Subtask& subtask) {
  out.number(static_cast<std::uint64_t>(subtask.state));
  times.put(out, subtask.state_time);
  put_optional(out, subtask.previous_state);
  put_optional(out, times, subtask.previous_state_time);
  put_node(out, neighbour, subtask.node);
  out.number(subtask.ready ? 1 : 0);
  put_optional(out, times, subtask.start_time);
  put_optional(out, times, subtask.end_time);
  out.number(subtask.exit_code ? 1 : 0);
  if (subtask.exit_code) out.signed_number(*subtask.exit_code);
  out.number(subtask.failure ? 1 : 0);
  if (subtask.failure) put_failure(out, *subtask.failure);
  put_optional(out, subtask.result);
}

Subtask take_subtask(DenseReader& in, TaskNeighbour& neighbour, Times& times) {
  Subtask subtask;
  subtask.state = take_enum(in, SubtaskState::completed);
  subtask.state_time = times.take(in);
  subtask.previous_state = take_optional(in, SubtaskState::completed);
  subtask.previous_state_time = take_optional_time(in, times);
  subtask.node = take_node(in, neighbour);
  subtask.ready = in.number() != 0;
  subtask.start_time = take_optional_time(in, times);
  subtask.end_time = take_optional_time(in, times);
  if (in.number() != 0) subtask.exit_code = in.signed_number_32();
  if (in.number() != 0) subtask.failure = take_failure(in);
  subtask.result = take_optional(in, ExecutionResult::failure);
  return subtask;
}

}  // namespace

void put_dense_task(DenseWriter& out, TaskNeighbour& neighbour, const TaskRecord& record,
                    const std::vector<std::string>& depends_on_ids,
                    const std::vector<TaskIdRange>& depends_on_ranges,
                    std::string_view affinity_id) {
  out.number(
      flags_of(record, !depends_on_ids.empty(), !depends_on_ranges.empty(), !affinity_id.empty()));
  out.text(record.id);
  out.signed_number(difference(record.version.event, neighbour.event));
  neighbour.event = record.version.event;
  Times times(neighbour.creation_time);
  times.put(out, record.creation_time);
  neighbour.creation_time = record.creation_time;
  times.put(out, record.version.last_modified);
  times.put(out, record.state_time);
  if (record.previous_state) out.number(static_cast<std::uint64_t>(*record.previous_state));
  if (record.previous_state_time) times.put(out, *record.previous_state_time);
  if (record.attempt != 0 || record.retry_count != 0 || record.requeue_count != 0) {
    out.number(record.attempt);
    out.signed_number(record.retry_count);
    out.signed_number(record.requeue_count);
  }
  if (record.start_time) times.put(out, *record.start_time);
  if (record.end_time) times.put(out, *record.end_time);
  if (record.exit_code) out.signed_number(*record.exit_code);
  if (record.result) out.number(static_cast<std::uint64_t>(*record.result));
  if (record.node) put_node(out, neighbour, *record.node);
  if (record.required_slots != 1) out.signed_number(record.required_slots);
  if (record.constraints != kUsual) {
    out.signed_number(record.constraints.retries_max);
    out.signed_number(record.constraints.max_wall_clock_time.count());
    out.signed_number(record.constraints.retention_time.count());
  }
  if (!depends_on_ids.empty()) {
    out.number(depends_on_ids.size());
    for (const std::string& id : depends_on_ids) out.text(id);
  }
  if (!affinity_id.empty()) out.text(affinity_id);
  if (record.failure) put_failure(out, *record.failure);
  if (record.last_retry_time) times.put(out, *record.last_retry_time);
  if (record.last_requeue_time) times.put(out, *record.last_requeue_time);
  if (!depends_on_ranges.empty()) {
    out.number(depends_on_ranges.size());
    for (const TaskIdRange& range : depends_on_ranges) {
      out.signed_number(range.start);
      out.signed_number(range.end);
    }
  }
  if (!record.exit_rules.empty()) put_exit_rules(out, record.exit_rules);
  if (record.usage != TaskUsage{}) put_usage(out, record.usage);
  if (record.instances == 0 && !record.coordinated && record.subtasks.empty()) return;
  out.signed_number(record.instances);
  out.number(record.coordinated ? 1 : 0);
  out.number(record.subtasks.size());
  for (const Subtask& subtask : record.subtasks) put_subtask(out, neighbour, times, subtask);
}

void take_dense_task(DenseReader& in, TaskNeighbour& neighbour, OpenTask& task) {
  TaskRecord& record = task.record;
  const std::uint64_t flags = in.number();
  if (flags >= kFlagsEnd) throw Malformed("written by a later version");
  record.state = static_cast<TaskState>(flags & kStateMask);
  static_assert(static_cast<int>(TaskState::completed) == kStateMask);
  record.id = in.text();
  neighbour.event += static_cast<std::uint64_t>(in.signed_number());
  record.version.event = neighbour.event;
  Times times(neighbour.creation_time);
  record.creation_time = neighbour.creation_time = times.take(in);
  record.version.last_modified = times.take(in);
  record.state_time = times.take(in);
  if (flags & kPreviousState) record.previous_state = take_enum(in, TaskState::completed);
  if (flags & kPreviousStateTime) record.previous_state_time = times.take(in);
  if (flags & kRan) {
    record.attempt = in.number_as<AttemptNumber>();
    record.retry_count = in.signed_number_32();
    record.requeue_count = in.signed_number_32();
  }
  if (flags & kStartTime) record.start_time = times.take(in);
  if (flags & kEndTime) record.end_time = times.take(in);
  if (flags & kExitCode) record.exit_code = in.signed_number_32();
  if (flags & kResult) record.result = take_enum(in, ExecutionResult::failure);
  if (flags & kNode) record.node = take_node(in, neighbour);
  if (flags & kSlots) record.required_slots = in.signed_number_32();
  record.constraints = kUsual;
  if (flags & kConstraints) {
    record.constraints.retries_max = in.signed_number_32();
    record.constraints.max_wall_clock_time = Duration{in.signed_number()};
    record.constraints.retention_time = Duration{in.signed_number()};
  }
  if (flags & kDependsOn) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count; ++i) task.depends_on_ids.emplace_back(in.text());
  }
  if (flags & kAffinity) task.affinity_id = in.text();
  if (flags & kFailure) record.failure = take_failure(in);
  if (flags & kLastRetryTime) record.last_retry_time = times.take(in);
  if (flags & kLastRequeueTime) record.last_requeue_time = times.take(in);
  if (flags & kDependsOnRanges) {
    task.depends_on_ranges.resize(in.count());
    for (TaskIdRange& range : task.depends_on_ranges) {
      range.start = in.signed_number_32();
      range.end = in.signed_number_32();
    }
  }
  if (flags & kExitRules) record.exit_rules = take_exit_rules(in);
  if (flags & kUsage) record.usage = take_usage(in);
  record.satisfies_dependents =
      satisfies_by_result(record) != ((flags & kSatisfiesUnlikeResult) != 0);
  if (flags & kInstances) {
    record.instances = in.signed_number_32();
    record.coordinated = in.number() != 0;
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count; ++i)
      record.subtasks.push_back(take_subtask(in, neighbour, times));
  }
}

}  // namespace windlass::codec
