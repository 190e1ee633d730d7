#include "model/command_line.h"

#include <utility>

namespace windlass {

namespace {

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

// In double quotes a backslash keeps its place before anything else.
bool escapable_in_double_quotes(char c) {
  return c == '$' || c == '`' || c == '"' || c == '\\';
}

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./:=,+@%").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::vector<std::string>> split_command_line(std::string_view line) {
  enum class In { nothing, word, single_quotes, double_quotes };
  std::vector<std::string> words;
  std::string word;
  In in = In::nothing;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\0') return std::nullopt;
    if (in == In::single_quotes) {
      if (c == '\'') {
        in = In::word;
      } else {
        word += c;
      }
      continue;
    }
    if (c == '\\') {
      if (i + 1 == line.size()) return std::nullopt;
      const char next = line[++i];
      if (next == '\0') return std::nullopt;
      if (next == '\n') continue;
      if (in == In::double_quotes) {
        if (!escapable_in_double_quotes(next)) word += c;
      } else {
        in = In::word;
      }
      word += next;
      continue;
    }
    if (in == In::double_quotes) {
      if (c == '"') {
        in = In::word;
      } else {
        word += c;
      }
      continue;
    }
    if (blank(c)) {
      if (in == In::word) words.push_back(std::exchange(word, {}));
      in = In::nothing;
    } else if (c == '\'') {
      in = In::single_quotes;
    } else if (c == '"') {
      in = In::double_quotes;
    } else {
      in = In::word;
      word += c;
    }
  }
  if (in == In::single_quotes || in == In::double_quotes) return std::nullopt;
  if (in == In::word) words.push_back(std::move(word));
  return words;
}

std::string quote_argument(std::string_view argument) {
  bool all_plain = !argument.empty();
  for (const char c : argument) all_plain = all_plain && plain(c);
  if (all_plain) return std::string(argument);
  std::string quoted = "'";
  for (const char c : argument) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  quoted += '\'';
  return quoted;
}

std::string join_command_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += quote_argument(word);
  }
  return line;
}

}  // namespace windlass
