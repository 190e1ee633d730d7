#include "worker/guard_words.h"

#include <cerrno>

namespace windlass::worker {

exec::AttemptKey key_of_run(RunId run) {
  return {.job = run};
}

RunId run_of_key(const exec::AttemptKey& key) {
  return key.job;
}

exec::StartRequest start_request(StartProcess work, const std::string& nodes_folder,
                                 const TaskIdentity& identity) {
  const std::string folder = nodes_folder + "/" + work.node_id + "/" + work.folder;
  exec::StartRequest request;
  request.key = key_of_run(work.run);
  request.node = std::move(work.node_id);
  request.arguments = std::move(work.arguments);
  request.environment.reserve(work.environment.size());
  for (const EnvironmentSetting& setting : work.environment)
    request.environment.push_back(setting.name + "=" + setting.value);
  request.working_folder = folder + "/wd";
  request.stdout_path = folder + "/" + work.output_prefix + "stdout.txt";
  request.stderr_path = folder + "/" + work.output_prefix + "stderr.txt";
  request.keeps_children = work.keeps_children;
  if (!work.admin) request.user = identity.user;
  request.no_new_privileges = !work.admin;
  request.wall_clock_max = work.wall_clock_max;
  return request;
}

ProcessEnd process_end(const exec::Ended& ended) {
  ProcessEnd end;
  switch (ended.reason) {
    case exec::EndReason::exited:
      break;
    case exec::EndReason::wall_clock:
      end.cause = StopCause::wall_clock;
      break;
    case exec::EndReason::killed:  // the agent knows why, unless it died since
    case exec::EndReason::lease_ended:
    case exec::EndReason::lost:
      end.cause = StopCause::lost;
      break;
  }
  end.exit_code = ended.exit_code;
  end.end_time = ended.end_wall;
  end.usage = ended.usage;
  return end;
}

std::optional<FailureInfo> start_failure(const exec::StartFailed& failed) {
  const char* code = nullptr;
  ErrorCategory category = ErrorCategory::usererror;
  switch (failed.failure) {
    case exec::StartFailure::program_not_found:
      code = "CommandProgramNotFound";
      break;
    case exec::StartFailure::not_executable:
      code = "CommandLaunchFailed";
      break;
    case exec::StartFailure::user:
      code = "CommandLaunchFailed";
      category = ErrorCategory::servererror;
      break;
    case exec::StartFailure::working_folder:
    case exec::StartFailure::output_file:
      // The worker made the folder before it asked for the start: where it is gone, the attempt was
      // swept away under the start (a worker that ended meanwhile), which is no fault of the task's
      // and not so the next time. A full or failing disk would be: that must not go on for ever.
      if (failed.error_number == ENOENT) return std::nullopt;
      category = ErrorCategory::servererror;
      code = failed.error_number == ENOSPC || failed.error_number == EDQUOT ? "DiskFull"
                                                                            : "CommandLaunchFailed";
      break;
    case exec::StartFailure::resources:
    case exec::StartFailure::lease_ended:
    case exec::StartFailure::refused:
      return std::nullopt;
  }
  return FailureInfo{category, code, failed.message, {}};
}

}  // namespace windlass::worker
