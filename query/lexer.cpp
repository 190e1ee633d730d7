#include "query/lexer.h"

namespace windlass::query {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::size_t name_end(std::string_view text, std::size_t at) {
  while (at < text.size() && (starts_name(text[at]) || is_digit(text[at]))) ++at;
  return at;
}

// npos when the closing quote is missing.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] != '\'') continue;
    const bool escaped_quote = at + 1 < text.size() && text[at + 1] == '\'';
    if (!escaped_quote) return at + 1;
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace

Lexed lex(std::string_view text, std::size_t tokens_max) {
  Lexed lexed;
  std::size_t at = 0;
  const auto refuse = [&](std::string reason) {
    lexed.error = SyntaxError{at + 1, std::move(reason)};
  };
  for (;;) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at == text.size()) {
      lexed.tokens.push_back({TokenKind::end, {}, at + 1});
      return lexed;
    }
    if (lexed.tokens.size() == tokens_max) {
      refuse("the expression is too long");
      return lexed;
    }
    const char c = text[at];
    std::size_t end = at + 1;
    TokenKind kind = TokenKind::punctuation;
    if (starts_name(c)) {
      kind = TokenKind::name;
      end = name_end(text, at);
    } else if (is_digit(c) ||
               ((c == '-' || c == '+') && end < text.size() && is_digit(text[end]))) {
      kind = TokenKind::integer;
      while (end < text.size() && is_digit(text[end])) ++end;
    } else if (c == '\'') {
      kind = TokenKind::string;
      end = string_end(text, at);
      if (end == std::string_view::npos) {
        refuse("the string has no closing quote");
        return lexed;
      }
    } else if (c != '(' && c != ')' && c != ',' && c != '/') {
      refuse("unexpected character");
      return lexed;
    }
    lexed.tokens.push_back({kind, text.substr(at, end - at), at + 1});
    at = end;
  }
}

std::string string_value(const Token& token) {
  std::string value;
  const std::string_view inner = token.text.substr(1, token.text.size() - 2);
  value.reserve(inner.size());
  for (std::size_t i = 0; i < inner.size(); ++i) {
    value += inner[i];
    if (inner[i] == '\'') ++i;  // the second quote of a pair
  }
  return value;
}

}  // namespace windlass::query
