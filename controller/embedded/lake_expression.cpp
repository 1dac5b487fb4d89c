#include "controller/embedded/lake_expression.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "controller/embedded/lake_resource.h"

namespace datamesh::embedded::lake {
namespace {

using Kind = RowExpression::Kind;

/// Deeper nesting than this is refused, so that hostile texts cannot exhaust the stack.
constexpr int kMostDepth = 64;

struct Token {
  enum class Type { Word, Name, Constant, Symbol, End };
  Type type = Type::End;
  std::string text;  ///< words in lower case; names and constants without quotes
  std::size_t at = 0;
};

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/// Reads a quoted text; a doubled quote stands for one. nullopt when it does not end.
std::optional<std::string> read_quoted(std::string_view text, std::size_t& at) {
  const char quote = text[at++];
  std::string out;
  for (; at < text.size(); ++at) {
    if (text[at] != quote) {
      out += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == quote) {
      out += text[at++];
    } else {
      ++at;
      return out;
    }
  }
  return std::nullopt;
}

std::optional<std::vector<Token>> tokens_of(std::string_view text) {
  std::vector<Token> out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t start = at;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (c == '\'' || c == '"') {
      std::optional<std::string> quoted = read_quoted(text, at);
      if (!quoted) return std::nullopt;
      out.push_back({c == '"' ? Token::Type::Name : Token::Type::Constant, std::move(*quoted), start});
    } else if (is_word_char(c) || (c == '-' && at + 1 < text.size() && text[at + 1] >= '0' && text[at + 1] <= '9')) {
      ++at;
      while (at < text.size() && is_word_char(text[at])) ++at;
      const std::string word = lower(text.substr(start, at - start));
      const bool is_number = (word[0] >= '0' && word[0] <= '9') || word[0] == '-';
      out.push_back({is_number ? Token::Type::Constant : Token::Type::Word, word, start});
    } else {
      const std::string_view two = text.substr(at, 2);
      const bool is_pair = two == "<=" || two == ">=" || two == "<>" || two == "!=";
      out.push_back({Token::Type::Symbol, std::string(text.substr(at, is_pair ? 2 : 1)), start});
      at += is_pair ? 2 : 1;
    }
  }
  out.push_back({Token::Type::End, {}, text.size()});
  return out;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<RowExpression> parse() {
    TRY_VALUE(RowExpression out, combination(Kind::Or));
    if (here().type != Token::Type::End) return wrong();
    return out;
  }

 private:
  const Token& here() const { return tokens_[next_]; }
  bool is_word(std::string_view word) const { return here().type == Token::Type::Word && here().text == word; }
  bool is_symbol(std::string_view symbol) const {
    return here().type == Token::Type::Symbol && here().text == symbol;
  }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    ++next_;
    return true;
  }
  bool take_symbol(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    ++next_;
    return true;
  }
  tl::unexpected<Error> wrong() const {
    return fail(ErrorKind::Invalid, "Unsupported expression at character " + std::to_string(here().at + 1), {},
                "InvalidInputException");
  }

  Result<RowExpression> combination(Kind kind) {
    const auto operand = [&] { return kind == Kind::Or ? combination(Kind::And) : negation(); };
    TRY_VALUE(RowExpression first, operand());
    const std::string_view word = kind == Kind::Or ? "or" : "and";
    if (!is_word(word)) return first;
    RowExpression out{kind, {}, {}, {}};
    out.operands.push_back(std::move(first));
    while (take_word(word)) {
      TRY_VALUE(RowExpression more, operand());
      out.operands.push_back(std::move(more));
    }
    return out;
  }

  Result<RowExpression> negation() {
    if (++depth_ > kMostDepth) return wrong();
    Result<RowExpression> out = unguarded_negation();
    --depth_;
    return out;
  }

  Result<RowExpression> unguarded_negation() {
    if (take_word("not")) {
      TRY_VALUE(RowExpression inner, negation());
      return negated(std::move(inner));
    }
    if (take_symbol("(")) {
      TRY_VALUE(RowExpression inner, combination(Kind::Or));
      if (!take_symbol(")")) return wrong();
      return inner;
    }
    return comparison();
  }

  static RowExpression negated(RowExpression inner) {
    RowExpression out{Kind::Not, {}, {}, {}};
    out.operands.push_back(std::move(inner));
    return out;
  }

  Result<std::string> constant() {
    const bool is_boolean = is_word("true") || is_word("false");
    if (here().type != Token::Type::Constant && !is_boolean) return wrong();
    return tokens_[next_++].text;
  }

  Result<RowExpression> comparison() {
    const bool is_column = here().type == Token::Type::Word || here().type == Token::Type::Name;
    if (!is_column) return wrong();
    RowExpression out{Kind::Equal, lower(tokens_[next_++].text), {}, {}};
    if (here().type == Token::Type::Symbol) return with_symbol(std::move(out));
    if (take_word("is")) {
      const bool is_not = take_word("not");
      if (!take_word("null")) return wrong();
      out.kind = Kind::IsNull;
      return is_not ? negated(std::move(out)) : out;
    }
    const bool is_not = take_word("not");
    TRY_VALUE(out, with_word(std::move(out)));
    return is_not ? negated(std::move(out)) : out;
  }

  Result<RowExpression> with_symbol(RowExpression out) {
    if (take_symbol("=")) {
      out.kind = Kind::Equal;
    } else if (take_symbol("<>") || take_symbol("!=")) {
      out.kind = Kind::NotEqual;
    } else if (take_symbol("<=")) {
      out.kind = Kind::LessEqual;
    } else if (take_symbol("<")) {
      out.kind = Kind::Less;
    } else if (take_symbol(">=")) {
      out.kind = Kind::GreaterEqual;
    } else if (take_symbol(">")) {
      out.kind = Kind::Greater;
    } else {
      return wrong();
    }
    TRY_VALUE(std::string value, constant());
    out.constants.push_back(std::move(value));
    return out;
  }

  Result<RowExpression> with_word(RowExpression out) {
    if (take_word("in")) {
      out.kind = Kind::In;
      if (!take_symbol("(")) return wrong();
      do {
        TRY_VALUE(std::string value, constant());
        out.constants.push_back(std::move(value));
      } while (take_symbol(","));
      if (!take_symbol(")")) return wrong();
      return out;
    }
    const bool is_between = is_word("between");
    if (!is_between && !is_word("like")) return wrong();
    ++next_;
    out.kind = is_between ? Kind::Between : Kind::Like;
    TRY_VALUE(std::string first, constant());
    out.constants.push_back(std::move(first));
    if (!is_between) return out;
    if (!take_word("and")) return wrong();
    TRY_VALUE(std::string second, constant());
    out.constants.push_back(std::move(second));
    return out;
  }

  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

int compare(const std::string& a, const std::string& b) {
  const std::optional<double> left = number_of(a);
  const std::optional<double> right = number_of(b);
  if (left && right) return *left < *right ? -1 : (*left > *right ? 1 : 0);
  return a.compare(b);
}

/// SQL LIKE: `%` for any run of characters, `_` for one. Works along both texts without recursion.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

bool compares(const RowExpression& e, const std::string& value) {
  const auto by = [&](std::size_t i) { return compare(value, e.constants[i]); };
  switch (e.kind) {
    case Kind::Equal: return by(0) == 0;
    case Kind::NotEqual: return by(0) != 0;
    case Kind::Less: return by(0) < 0;
    case Kind::LessEqual: return by(0) <= 0;
    case Kind::Greater: return by(0) > 0;
    case Kind::GreaterEqual: return by(0) >= 0;
    case Kind::Between: return by(0) >= 0 && by(1) <= 0;
    case Kind::Like: return is_like(value, e.constants[0]);
    case Kind::In:
      return std::any_of(e.constants.begin(), e.constants.end(),
                         [&](const std::string& one) { return compare(value, one) == 0; });
    default: return false;
  }
}

void collect(const RowExpression& expression, std::vector<std::string>& out) {
  if (!expression.column.empty()) out.push_back(expression.column);
  for (const RowExpression& operand : expression.operands) collect(operand, out);
}

}  // namespace

Result<RowExpression> parse_row_expression(std::string_view text) {
  std::optional<std::vector<Token>> tokens = tokens_of(text);
  if (!tokens) {
    return fail(ErrorKind::Invalid, "Unsupported expression: a quote is not closed", {}, "InvalidInputException");
  }
  return Parser(std::move(*tokens)).parse();
}

std::vector<std::string> columns_in(const RowExpression& expression) {
  std::vector<std::string> out;
  collect(expression, out);
  return out;
}

bool passes(const RowExpression& e, const std::function<const std::string*(const std::string&)>& value_of) {
  const auto one = [&](const RowExpression& operand) { return passes(operand, value_of); };
  switch (e.kind) {
    case Kind::And: return std::all_of(e.operands.begin(), e.operands.end(), one);
    case Kind::Or: return std::any_of(e.operands.begin(), e.operands.end(), one);
    case Kind::Not: return !one(e.operands.front());
    case Kind::IsNull: return value_of(e.column) == nullptr;
    default: break;
  }
  const std::string* value = value_of(e.column);
  return value != nullptr && compares(e, *value);
}

}  // namespace datamesh::embedded::lake
