// The Pratt parser of $filter: comparisons are the operands, `and` binds closer than `or`, `not`
// closer than both.
#include "model/ids.h"
#include "model/time_text.h"
#include "model/words.h"
#include "query/filter.h"
#include "query/lexer.h"

#include <charconv>

namespace windlass::query {

namespace {

// A literal as written, before it meets the property that gives it its meaning.
struct Literal {
  enum class Kind { string, integer, time, boolean, null } kind = Kind::null;
  std::string text;
  std::int64_t number = 0;
};

std::string_view name_of(ValueType type) {
  switch (type) {
    case ValueType::text:
      return "a string";
    case ValueType::time:
      return "a DateTime'...'";
    case ValueType::integer:
      return "an integer";
    case ValueType::boolean:
      return "true or false";
  }
  return "a value";
}

bool suits(Literal::Kind literal, ValueType type) {
  switch (type) {
    case ValueType::text:
      return literal == Literal::Kind::string;
    case ValueType::time:
      return literal == Literal::Kind::time;
    case ValueType::integer:
      return literal == Literal::Kind::integer;
    case ValueType::boolean:
      return literal == Literal::Kind::boolean;
  }
  return false;
}

}  // namespace

class FilterParser {
 public:
  FilterParser(std::vector<Token> tokens, const FilterSchema& schema)
      : tokens_(std::move(tokens)), schema_(schema) {}

  // The root becomes the last node.
  bool parse() {
    std::uint32_t root = 0;
    if (!parse_expression(0, 0, root)) return false;
    if (next().kind != TokenKind::end) return refuse("expected 'and', 'or' or the end");
    return true;
  }

  SyntaxError error;
  Filter filter;

 private:
  using Operator = Filter::Operator;
  using Kind = Filter::Kind;
  using Node = Filter::Node;

  enum BindingPower { kOr = 1, kAnd = 2, kNot = 3 };

  const Token& next() const { return tokens_[at_]; }
  bool next_is_word(std::string_view word) const {
    return next().kind == TokenKind::name && same_word(next().text, word);
  }
  bool next_is(char c) const {
    return next().kind == TokenKind::punctuation && next().text.front() == c;
  }
  bool take_word(std::string_view word) {
    if (!next_is_word(word)) return false;
    ++at_;
    return true;
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  bool refuse_at(std::size_t position, std::string reason) {
    error = {position, std::move(reason)};
    return false;
  }
  bool refuse(std::string reason) {
    const Token& token = next();
    const bool end = token.kind == TokenKind::end;
    if (end) reason += ", found the end";
    if (!end && token.text.size() <= 64) reason += ", found " + std::string(token.text);
    return refuse_at(token.position, std::move(reason));
  }

  std::uint32_t add(Node node) {
    filter.nodes_.push_back(std::move(node));
    return static_cast<std::uint32_t>(filter.nodes_.size() - 1);
  }

  bool parse_expression(int binding_power, std::size_t depth, std::uint32_t& out) {
    if (depth > kFilterDepthMax) return refuse_at(next().position, "too deeply nested");
    if (!parse_operand(depth, out)) return false;
    for (;;) {
      const bool is_and = next_is_word("and");
      const int power = is_and ? kAnd : kOr;
      if ((!is_and && !next_is_word("or")) || power <= binding_power) return true;
      ++at_;
      std::uint32_t right = 0;
      if (!parse_expression(power, depth + 1, right)) return false;
      Node node;
      node.kind = is_and ? Kind::all_of : Kind::any_of;
      node.left = out;
      node.right = right;
      out = add(std::move(node));
    }
  }

  bool parse_operand(std::size_t depth, std::uint32_t& out) {
    if (take_word("not")) {
      std::uint32_t inner = 0;
      if (!parse_expression(kNot, depth + 1, inner)) return false;
      Node node;
      node.kind = Kind::negation;
      node.left = inner;
      out = add(std::move(node));
      return true;
    }
    if (take('(')) {
      if (!parse_expression(0, depth + 1, out)) return false;
      if (!take(')')) return refuse("expected ')'");
      return true;
    }
    if (take_word("startswith")) return parse_prefix(out);
    return parse_comparison(out);
  }

  bool parse_prefix(std::uint32_t& out) {
    const FilterProperty* property = nullptr;
    if (!take('(')) return refuse("expected '('");
    if (!parse_property(property)) return false;
    if ((property->operators & kPrefix) == 0) {
      return refuse_at(operand_position_,
                       "startswith cannot be used with " + std::string(property->name));
    }
    if (!take(',')) return refuse("expected ','");
    if (next().kind != TokenKind::string) return refuse("expected a string");
    Node node;
    node.kind = Kind::prefix;
    node.property = property->property;
    node.text = lower_cased(string_value(next()));
    ++at_;
    if (!take(')')) return refuse("expected ')'");
    out = add(std::move(node));
    return true;
  }

  bool parse_comparison(std::uint32_t& out) {
    const FilterProperty* property = nullptr;
    Literal literal;
    Operator op = Operator::eq;
    const bool literal_first = at_literal();
    const std::size_t first_position = next().position;
    if (literal_first ? !parse_literal(literal) : !parse_property(property)) return false;
    const std::size_t op_position = next().position;
    if (!parse_operator(op)) return false;
    const std::size_t literal_position = literal_first ? first_position : next().position;
    if (literal_first ? !parse_property(property) : !parse_literal(literal)) return false;
    if (literal_first) op = turned(op);
    if ((property->operators & needed(op)) == 0) {
      return refuse_at(op_position,
                       "this operator cannot be used with " + std::string(property->name));
    }
    return add_comparison(*property, op, literal, literal_position, out);
  }

  bool add_comparison(const FilterProperty& property, Operator op, Literal& literal,
                      std::size_t position, std::uint32_t& out) {
    Node node;
    node.property = property.property;
    node.type = property.type;
    node.op = op;
    if (literal.kind == Literal::Kind::null) {
      if (op != Operator::eq && op != Operator::ne) {
        return refuse_at(position, "null can be compared with eq and ne only");
      }
      node.kind = Kind::presence;
    } else if (!suits(literal.kind, property.type)) {
      return refuse_at(position, std::string(property.name) + " is compared with " +
                                     std::string(name_of(property.type)));
    }
    node.text = lower_cased(literal.text);
    node.number = literal.number;
    out = add(std::move(node));
    return true;
  }

  bool at_literal() const {
    if (next().kind == TokenKind::string || next().kind == TokenKind::integer) return true;
    return next_is_word("true") || next_is_word("false") || next_is_word("null") ||
           next_is_word("datetime");
  }

  bool parse_literal(Literal& out) {
    const Token token = next();
    if (!at_literal()) return refuse("expected a string, number, boolean or DateTime'...'");
    ++at_;
    if (token.kind == TokenKind::string) {
      out = {Literal::Kind::string, string_value(token), 0};
      return true;
    }
    if (token.kind == TokenKind::integer) return parse_integer(token, out);
    if (same_word(token.text, "datetime")) return parse_time(out);
    if (same_word(token.text, "null")) {
      out.kind = Literal::Kind::null;
    } else {
      out = {Literal::Kind::boolean, {}, same_word(token.text, "true") ? 1 : 0};
    }
    return true;
  }

  bool parse_integer(const Token& token, Literal& out) {
    std::string_view digits = token.text;
    if (digits.front() == '+') digits.remove_prefix(1);
    std::int64_t number = 0;
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem != std::errc() || end != digits.data() + digits.size()) {
      return refuse_at(token.position, "the number is too large");
    }
    out = {Literal::Kind::integer, {}, number};
    return true;
  }

  bool parse_time(Literal& out) {
    if (next().kind != TokenKind::string) return refuse("expected a string behind DateTime");
    const std::optional<WallTime> time = parse_timestamp(string_value(next()));
    if (!time) return refuse("expected an ISO 8601 or RFC 1123 time");
    ++at_;
    out = {Literal::Kind::time, {}, time->ticks};
    return true;
  }

  bool parse_property(const FilterProperty*& out) {
    operand_position_ = next().position;
    if (next().kind != TokenKind::name) return refuse("expected a property or a literal");
    std::string name(next().text);
    for (++at_; take('/');) {
      if (next().kind != TokenKind::name) return refuse("expected a name behind '/'");
      name += '/';
      name += next().text;
      ++at_;
    }
    for (const FilterProperty& property : schema_.properties) {
      if (property.name != name) continue;
      out = &property;
      return true;
    }
    if (name.size() > 64) name = "this name";
    return refuse_at(operand_position_,
                     name + " is not a filterable property of " + std::string(schema_.list));
  }

  bool parse_operator(Operator& out) {
    static constexpr std::string_view kWords[] = {"eq", "ne", "gt", "ge", "lt", "le"};
    for (std::size_t i = 0; i < std::size(kWords); ++i) {
      if (!take_word(kWords[i])) continue;
      out = static_cast<Operator>(i);
      return true;
    }
    return refuse("expected eq, ne, gt, ge, lt or le");
  }

  // For `literal op property`.
  static Operator turned(Operator op) {
    switch (op) {
      case Operator::gt:
        return Operator::lt;
      case Operator::ge:
        return Operator::le;
      case Operator::lt:
        return Operator::gt;
      case Operator::le:
        return Operator::ge;
      case Operator::eq:
      case Operator::ne:
        return op;
    }
    return op;
  }

  static Operators needed(Operator op) {
    if (op == Operator::eq) return kEqual;
    return op == Operator::ne ? kNotEqual : kOrdered;
  }

  std::vector<Token> tokens_;
  const FilterSchema& schema_;
  std::size_t at_ = 0;
  std::size_t operand_position_ = 1;  // of the property read last
};

namespace {

Error filter_error(std::string_view text, const SyntaxError& mistake) {
  const std::string reason =
      mistake.reason + " (position " + std::to_string(mistake.position) + ")";
  constexpr std::size_t kShownMax = 1024;
  Error error = query_error(ErrorCode::invalid_query_parameter_value, "$filter",
                            text.substr(0, kShownMax), reason);
  error.message = "The value of the query parameter $filter is invalid: " + reason + ".";
  return error;
}

}  // namespace

Result<Filter> parse_filter(std::string_view text, const FilterSchema& schema) {
  if (text.size() > kFilterBytesMax) {
    return filter_error(text, {kFilterBytesMax + 1, "the expression is too long"});
  }
  Lexed lexed = lex(text, kFilterTokensMax);
  if (lexed.error) return filter_error(text, *lexed.error);
  if (lexed.tokens.front().kind == TokenKind::end) return Filter();
  FilterParser parser(std::move(lexed.tokens), schema);
  if (!parser.parse()) return filter_error(text, parser.error);
  return std::move(parser.filter);
}

}  // namespace windlass::query
