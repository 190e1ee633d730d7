#include "worker/exec/attempt.h"

namespace windlass::worker::exec {

std::string to_text(const AttemptKey& key) {
  return std::to_string(key.shard) + '.' + std::to_string(key.job) + '.' +
         std::to_string(key.task) + '.' + std::to_string(key.attempt) + '.' +
         std::to_string(key.kind);
}

std::string_view to_text(StartFailure failure) {
  switch (failure) {
    case StartFailure::program_not_found:
      return "program_not_found";
    case StartFailure::not_executable:
      return "not_executable";
    case StartFailure::working_folder:
      return "working_folder";
    case StartFailure::output_file:
      return "output_file";
    case StartFailure::user:
      return "user";
    case StartFailure::resources:
      return "resources";
    case StartFailure::lease_ended:
      return "lease_ended";
    case StartFailure::refused:
      return "refused";
  }
  return "unknown";
}

std::string_view to_text(EndReason reason) {
  switch (reason) {
    case EndReason::exited:
      return "exited";
    case EndReason::killed:
      return "killed";
    case EndReason::wall_clock:
      return "wall_clock";
    case EndReason::lease_ended:
      return "lease_ended";
    case EndReason::lost:
      return "lost";
  }
  return "unknown";
}

}  // namespace windlass::worker::exec
