// Tokens by which a task may ask for its own job (authenticationTokenSettings). The gateway that
// adds the task draws a secret into its document; the worker makes the token from that and the
// job's id for the task's processes (AZ_BATCH_AUTHENTICATION_TOKEN), and gateways make it again to
// compare. So a token is good for one job, also where a job schedule makes many from one document,
// and it ends with its task.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass {

// Whose token it is, or says it is.
struct TaskTokenName {
  std::string account;
  std::string task_id;
};

std::string new_token_secret();
std::string task_token(const std::string& secret, const TaskTokenName& name,
                       std::string_view job_id);
// None if it is not of our form. Says nothing about whether it is right.
std::optional<TaskTokenName> parse_task_token(std::string_view text);
// In a time that does not depend on where they differ.
bool is_same_token(std::string_view presented, std::string_view wanted);

}  // namespace windlass
