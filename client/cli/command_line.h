// From arguments to a Batch command line and back. The service does not run a shell: it splits the
// line into words as a POSIX shell would, with quotes and backslashes but without any expansion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace windlass::cli {

// One word, quoted where needed. Any bytes but NUL survive.
std::string quoted_word(std::string_view word);

// The line whose words are exactly these arguments.
std::string command_line_of(const std::vector<std::string>& arguments);

// /bin/sh -c '...': for pipes, redirections and variables.
std::string shell_command_line(std::string_view script);

// JSON carries text: bytes that are no UTF-8 cannot be sent.
bool valid_utf8(std::string_view text);

}  // namespace windlass::cli
