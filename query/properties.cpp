#include "query/properties.h"

#include "model/words.h"

namespace windlass::query {

namespace {

PropertyValue text(std::string_view value) {
  return value.empty() ? PropertyValue{} : PropertyValue{value};
}

template <class T>
PropertyValue given(const std::optional<T>& value) {
  if (!value) return {};
  if constexpr (std::is_same_v<T, WallTime>) return *value;
  if constexpr (std::is_integral_v<T>) return static_cast<std::int64_t>(*value);
  if constexpr (std::is_enum_v<T>) return word(*value);
}

}  // namespace

PropertyValue property_of(const PoolView& pool, Property property) {
  const PoolRecord& record = pool.record;
  switch (property) {
    case Property::id:
      return std::string_view(record.spec.id);
    case Property::state:
      return word(record.state);
    case Property::state_transition_time:
      return record.state_time;
    case Property::allocation_state:
      return word(record.allocation_state);
    case Property::allocation_state_transition_time:
      return record.allocation_state_time;
    case Property::creation_time:
      return record.creation_time;
    case Property::last_modified:
      return record.version.last_modified;
    case Property::enable_auto_scale:
      return false;  // no pool scales by itself yet: api/ refuses the wish
    case Property::enable_inter_node_communication:
      return record.spec.enable_inter_node_communication;
    case Property::vm_size:
      return std::string_view(record.spec.vm_size);
    default:
      return {};
  }
}

PropertyValue property_of(const JobRecord& job, Property property) {
  switch (property) {
    case Property::id:
      return std::string_view(job.spec.id);
    case Property::state:
      return word(job.state);
    case Property::state_transition_time:
      return job.state_time;
    case Property::creation_time:
    case Property::start_time:  // of executionInfo: a job starts when it is created
      return job.creation_time;
    case Property::last_modified:
      return job.version.last_modified;
    case Property::end_time:
      return given(job.end_time);
    case Property::pool_id:
      return text(job.spec.pool_id);
    default:
      return {};
  }
}

PropertyValue property_of(const JobScheduleRecord& schedule, Property property) {
  switch (property) {
    case Property::id:
      return std::string_view(schedule.spec.id);
    case Property::state:
      return word(schedule.state);
    case Property::state_transition_time:
      return schedule.state_time;
    case Property::creation_time:
      return schedule.creation_time;
    case Property::last_modified:
      return schedule.version.last_modified;
    case Property::end_time:
      return given(schedule.end_time);
    case Property::do_not_run_until:
      return given(schedule.spec.schedule.do_not_run_until);
    case Property::do_not_run_after:
      return given(schedule.spec.schedule.do_not_run_after);
    default:
      return {};
  }
}

// It has one state only, from its beginning on.
PropertyValue property_of(const CertificateRecord& certificate, Property property) {
  switch (property) {
    case Property::state:
      return std::string_view("active");
    case Property::state_transition_time:
      return certificate.creation_time;
    default:
      return {};
  }
}

PropertyValue property_of(const TaskRecord& task, Property property) {
  switch (property) {
    case Property::id:
      return std::string_view(task.id);
    case Property::state:
      return word(task.state);
    case Property::state_transition_time:
      return task.state_time;
    case Property::creation_time:
      return task.creation_time;
    case Property::last_modified:
      return task.version.last_modified;
    case Property::start_time:
      return given(task.start_time);
    case Property::end_time:
      return given(task.end_time);
    case Property::exit_code:
      return given(task.exit_code);
    case Property::result:
      return given(task.result);
    case Property::node_id:
      return task.node ? text(task.node->node_id) : PropertyValue{};
    case Property::pool_id:
      return task.node ? text(task.node->pool_id) : PropertyValue{};
    default:
      return {};
  }
}

PropertyValue property_of(const JobNodeView& view, Property property) {
  const NodeTaskRun& preparation = view.record.preparation;
  const NodeTaskRun* release = view.record.release ? &*view.record.release : nullptr;
  switch (property) {
    case Property::pool_id:
      return text(view.record.pool_id);
    case Property::node_id:
      return text(view.record.node_id);
    case Property::state:
      return word(preparation.state);
    case Property::start_time:
      return preparation.start_time;
    case Property::end_time:
      return given(preparation.end_time);
    case Property::exit_code:
      return given(preparation.exit_code);
    case Property::result:
      return given(preparation.result);
    case Property::release_state:
      return release != nullptr ? PropertyValue{word(release->state)} : PropertyValue{};
    case Property::release_start_time:
      return release != nullptr ? PropertyValue{release->start_time} : PropertyValue{};
    case Property::release_end_time:
      return release != nullptr ? given(release->end_time) : PropertyValue{};
    case Property::release_exit_code:
      return release != nullptr ? given(release->exit_code) : PropertyValue{};
    case Property::release_result:
      return release != nullptr ? given(release->result) : PropertyValue{};
    default:
      return {};
  }
}

PropertyValue property_of(const NodeRecord& node, Property property) {
  const StartTaskInfo* start = node.start_task_info ? &*node.start_task_info : nullptr;
  switch (property) {
    case Property::id:
      return std::string_view(node.id);
    case Property::state:
      return word(node.state);
    case Property::state_transition_time:
      return node.state_time;
    case Property::last_boot_time:
      return node.last_boot_time;
    case Property::allocation_time:
      return node.allocation_time;
    case Property::start_task_state:
      return start != nullptr ? PropertyValue{word(start->state)} : PropertyValue{};
    case Property::result:
      return start != nullptr ? given(start->result) : PropertyValue{};
    case Property::exit_code:
      return start != nullptr ? given(start->exit_code) : PropertyValue{};
    case Property::start_time:
      return start != nullptr ? PropertyValue{start->start_time} : PropertyValue{};
    case Property::end_time:
      return start != nullptr ? given(start->end_time) : PropertyValue{};
    default:
      return {};
  }
}

PropertyValue property_of(const NodeView& node, Property property) {
  return property_of(node.record, property);
}

PropertyValue property_of(const PoolNodeCounts& counts, Property property) {
  if (property != Property::pool_id) return {};
  return std::string_view(counts.pool_id);
}

PropertyValue property_of(const FileProperties& file, Property property) {
  if (property != Property::name) return {};
  return std::string_view(file.name);
}

}  // namespace windlass::query
