// Tokens by which a task may ask for its own job (authenticationTokenSettings). Made when the task
// is added, kept in its document, given to its processes as AZ_BATCH_AUTHENTICATION_TOKEN, told to
// nobody else. A token says whose it is; whether it is right only the task's document knows, so it
// ends with its task.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass::gateway {

struct TaskToken {
  std::string account;
  std::string task_id;
};

std::string new_task_token(const std::string& account, const std::string& task_id);
// Whose it says it is; none if it is not of our form.
std::optional<TaskToken> parse_task_token(std::string_view text);
// In a time that does not depend on where they differ.
bool is_same_token(std::string_view presented, std::string_view kept);

// What follows "Bearer ", if that is how the request says who it is.
std::optional<std::string_view> bearer_of(std::string_view authorization);

}  // namespace windlass::gateway
