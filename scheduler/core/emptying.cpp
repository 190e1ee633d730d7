#include "scheduler/core/emptying.h"

#include "scheduler/core/attempts.h"
#include "scheduler/core/jobs.h"

#include <vector>

namespace windlass::scheduler {

TasksOfNode fate_of(NodeDeallocationOption option) {
  if (option == NodeDeallocationOption::requeue) return TasksOfNode::requeue;
  if (option == NodeDeallocationOption::terminate) return TasksOfNode::end;
  return TasksOfNode::keep;
}

void empty_node(Step& step, NodeSeq seq, TasksOfNode fate, Requeue requeue,
                const std::string& why) {
  if (fate == TasksOfNode::keep) return;
  std::vector<RunningTask> tasks;
  for (const auto& [attempt, slots] : step.state().find_node(seq)->slots.held()) {
    const RunningTask* running = step.state().find_running_instance(attempt.task);
    if (running != nullptr && running->record.attempt == attempt.attempt) tasks.push_back(*running);
  }
  for (const RunningTask& task : tasks) {
    if (fate == TasksOfNode::requeue) {
      requeue_running(step, task, requeue == Requeue::counted);
      continue;
    }
    if (step.state().find_running(task.record.key) == nullptr) continue;  // ended with its job
    end_task(step, task.record, why);
    act_on_ended_task(step, task.record.key.job, outcome_of_ended(task.record).job_action);
    after_task(step, task.record.key.job);
  }
}

}  // namespace windlass::scheduler
