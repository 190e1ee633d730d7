// A task's command line, split into words as a POSIX shell would (quotes and backslash) but without
// any expansion, and the inverse. Commands are started directly, never by a shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass {

// Spaces, tabs and newlines separate words; '...' is literal; in "..." a backslash escapes $ ` "
// \ and newline only; elsewhere it escapes the next character; backslash newline vanishes. Empty
// when a quote is not closed, when the last character is a lone backslash, or when a NUL is inside.
std::optional<std::vector<std::string>> split_command_line(std::string_view line);

// One word that split_command_line (and a POSIX shell, behind a command) reads back as `argument`.
// Plain words stay as they are; others go into single quotes.
std::string quote_argument(std::string_view argument);

// split_command_line(join_command_line(words)) == words, for words without NUL.
std::string join_command_line(const std::vector<std::string>& words);

}  // namespace windlass
