#include "scheduler/core/assignment.h"

namespace windlass::scheduler {

Assignment assignment_to(const State& state, const Job& job, const Node& node) {
  const JobSpec& spec = job.record.spec;
  Assignment assignment;
  assignment.id.shard = state.shard();
  assignment.account = job.record.account;
  assignment.job_id = spec.id;
  assignment.node_id = node.record.id;
  assignment.node_boot = node.record.boot;
  assignment.common_environment_settings = spec.common_environment_settings;
  if (spec.preparation_task) assignment.preparation_id = spec.preparation_task->id;
  return assignment;
}

Assignment task_assignment(Step& step, const Job& job, const TaskRecord& task, const Node& node) {
  Assignment assignment = assignment_to(step.state(), job, node);
  assignment.id.task = task.key;
  assignment.id.attempt = task.attempt;
  assignment.task_id = task.id;
  assignment.required_slots = slots_held(job.record, task, node);
  assignment.max_wall_clock_time = task.constraints.max_wall_clock_time;
  assignment.retention_time = task.constraints.retention_time;
  assignment.document = step.rows.document(task.key);
  return assignment;
}

}  // namespace windlass::scheduler
