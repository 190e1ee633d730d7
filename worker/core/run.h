// One command of a node from its assignment to the moment when nothing of it is left: an attempt of
// a task, or a try of the node's start task.
#pragma once

#include "model/worker_message.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace windlass::worker {

// Names a run to files and guard. Never used again, also not by a later process of this worker.
using RunId = std::uint64_t;

enum class RunPhase : std::uint8_t {
  held,       // waits for the first lease
  staging,    // folder and resource files
  resting,    // the host could not begin it; will be lost soon
  running,    // the guard has it (or is about to)
  uploading,  // the process group is empty; output files are on their way
  // Of instances of a multi-instance task (instances.cpp):
  coordinating,  // the guard has its coordination command
  ready,    // that has ended well; what it left goes on, and the rest is the shard's to ask for
  clearing  // it is over but for what the coordination command left, which is being killed
};

// Why we end it, if we do. The first cause stands, except that a lost lease overrules.
enum class StopCause : std::uint8_t { none, asked, wall_clock, lost };

// What the guard says when no process is left.
struct ProcessEnd {
  StopCause cause = StopCause::none;  // as the guard acted by itself: wall_clock or lost
  std::int32_t exit_code = 0;
  WallTime end_time;
  ResourceUsage usage;
  bool operator==(const ProcessEnd&) const = default;
};

struct Run {
  RunId id = 0;
  ShardId shard = 0;
  std::string node_id;
  std::string folder;                    // relative to the node's root
  std::optional<Assignment> assignment;  // absent: the node's start task
  WallTime start_time;
  StopCause stop = StopCause::none;
  // The name of its coordination command to the guard; 0: it has none, or that has yet to begin.
  RunId coordination = 0;
  bool command_begun = false;  // the task's own command, after the coordination command

  // Not kept across restarts of the worker; those begin at running.
  RunPhase phase = RunPhase::held;
  MonoTime started{};  // of staging: the wall-clock limit counts from here
  MonoTime staging_deadline{};
  MonoTime rest_until{};
  bool delete_folder = false;
  std::vector<OutputFile> output_files;
  std::vector<EnvironmentSetting> environment;
  std::vector<std::string> arguments;
  std::optional<ProcessEnd> ended;  // while uploading or clearing
  bool coordination_over = false;   // no process of that is left
  bool command_wanted = false;      // the shard has said BeginCommand
  struct Conclusion {               // while clearing
    AttemptEnd end = AttemptEnd::exited;
    std::optional<FailureInfo> failure;
  };
  std::optional<Conclusion> conclusion;

  bool is_instance() const { return assignment && assignment->instance; }
  // What its coordination command left may live.
  bool has_coordination() const { return coordination != 0 && !coordination_over; }
  // Where its commands run. A subtask's place is in the folder of the task, which goes as a whole.
  std::string command_folder() const {
    if (!is_instance() || assignment->instance->number == 0) return folder;
    return folder + "/" + std::to_string(assignment->instance->number);
  }
  bool is_start_task() const { return !assignment.has_value(); }
};

}  // namespace windlass::worker
