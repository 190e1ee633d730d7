// Words, numbers, strings and punctuation of the small languages that clients write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::query {

enum class TokenKind : std::uint8_t { name, integer, string, punctuation, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;     // as written; a string keeps its quotes
  std::size_t position = 1;  // of its first character, counted from 1
};

// A mistake, before it becomes an Error about some parameter or property.
struct SyntaxError {
  std::size_t position = 1;
  std::string reason;
};

struct Lexed {
  std::vector<Token> tokens;         // the last one is `end`
  std::optional<SyntaxError> error;  // when set, the tokens are those in front of it
};

// Tokens are views into `text`.
Lexed lex(std::string_view text, std::size_t tokens_max);

// What a string token means: its quotes gone, '' one quote.
std::string string_value(const Token& token);

}  // namespace windlass::query
