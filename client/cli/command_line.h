// What model/command_line.h leaves to who writes command lines for people.
#pragma once

#include <string>
#include <string_view>

namespace windlass::cli {

// /bin/sh -c '...': for pipes, redirections and variables.
std::string shell_command_line(std::string_view script);

// JSON carries text: bytes that are no UTF-8 cannot be sent.
bool valid_utf8(std::string_view text);

}  // namespace windlass::cli
