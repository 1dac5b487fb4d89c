#include "controller/catalog/row_filter.h"

#include <algorithm>
#include <array>
#include <optional>

#include "controller/base/text.h"

namespace datamesh::catalog {
namespace {

using Kind = RowFilter::Kind;

/// Words that name a column only within double quotes.
constexpr std::array<std::string_view, 10> kKeywords = {"and",  "between", "false", "in", "is",
                                                        "like", "not",     "null",  "or", "true"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_reserved(std::string_view word) { return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end(); }

struct Token {
  enum class Type { Word, Name, Text, Number, Symbol, End };
  Type type = Type::End;
  std::string text;  ///< words in lower case; names and texts without quotes
  std::size_t at = 0;
};

class Lexer {
 public:
  Lexer(std::string_view text, std::optional<RowFilterProblem>& problem) : text_(text), problem_(problem) {}

  /// The next token; End after a problem too.
  Token next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    const std::size_t start = at_;
    if (start == text_.size()) return {Token::Type::End, {}, start};
    const char c = text_[at_];
    if (c == '\'' || c == '"') return quoted(start);
    if (is_letter(c)) {
      while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
      return {Token::Type::Word, lower(text_.substr(start, at_ - start)), start};
    }
    const bool is_signed = (c == '-' || c == '+') && at_ + 1 < text_.size() && (is_digit(text_[at_ + 1]) || text_[at_ + 1] == '.');
    if (is_digit(c) || is_signed) return number(start);
    return symbol(start);
  }

 private:
  Token wrong(std::size_t at, std::string message, std::string suggestion) {
    if (!problem_) problem_ = RowFilterProblem{at, std::move(message), std::move(suggestion)};
    at_ = text_.size();
    return {Token::Type::End, {}, at};
  }

  /// A doubled quote stands for one.
  Token quoted(std::size_t start) {
    const char quote = text_[at_++];
    std::string out;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        out += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        out += text_[at_++];
      } else {
        ++at_;
        if (quote == '"' && out.empty()) return wrong(start, "a column without a name", "write the column between the quotes");
        return {quote == '"' ? Token::Type::Name : Token::Type::Text, std::move(out), start};
      }
    }
    return wrong(start, "the quote that begins here is not closed",
                 std::string("close it with ") + quote + "; a quote within the text is doubled");
  }

  std::size_t digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - start;
  }

  Token number(std::size_t start) {
    if (!is_digit(text_[at_])) ++at_;
    std::size_t count = digits();
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      const std::size_t fraction = digits();
      count = fraction == 0 ? 0 : count;
    }
    if (count != 0 && at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
      count = digits();
    }
    const bool goes_on = at_ < text_.size() && (is_letter(text_[at_]) || text_[at_] == '.');
    if (count == 0 || goes_on) return wrong(start, "this is no number", "write it as 12, -1.5 or 1e3, or a text as 'text'");
    std::string text = lower(text_.substr(start, at_ - start));
    if (text[0] == '+') text.erase(0, 1);
    return {Token::Type::Number, std::move(text), start};
  }

  Token symbol(std::size_t start) {
    static constexpr std::array<std::string_view, 11> kSymbols = {"<=", ">=", "<>", "!=", "<", ">", "=", "(", ")", ",", "."};
    for (const std::string_view each : kSymbols) {
      if (text_.substr(at_, each.size()) != each) continue;
      at_ += each.size();
      return {Token::Type::Symbol, std::string(each), start};
    }
    const bool is_ascii = text_[at_] > ' ' && text_[at_] <= '~';
    return wrong(start, is_ascii ? std::string("unexpected ") + text_[at_] : "unexpected character",
                 "columns are compared with =, <>, <, <=, >, >=, BETWEEN, IN, LIKE and IS NULL");
  }

  std::string_view text_;
  std::optional<RowFilterProblem>& problem_;
  std::size_t at_ = 0;
};

class FilterParser {
 public:
  explicit FilterParser(std::string_view text) : lexer_(text, problem_) { advance(); }

  tl::expected<RowFilter, RowFilterProblem> parse() {
    std::optional<RowFilter> out = combination(Kind::Or);
    if (out && here_.type != Token::Type::End) out = wrong("the filter should end here", "join comparisons with AND or OR");
    if (problem_) return tl::unexpected<RowFilterProblem>(std::move(*problem_));
    return std::move(*out);
  }

 private:
  void advance() { here_ = lexer_.next(); }
  bool is_word(std::string_view word) const { return here_.type == Token::Type::Word && here_.text == word; }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    advance();
    return true;
  }
  bool take_symbol(std::string_view symbol) {
    if (here_.type != Token::Type::Symbol || here_.text != symbol) return false;
    advance();
    return true;
  }
  std::nullopt_t wrong(std::string message, std::string suggestion) {
    if (!problem_) problem_ = RowFilterProblem{here_.at, std::move(message), std::move(suggestion)};
    return std::nullopt;
  }

  std::optional<RowFilter> combination(Kind kind) {
    const auto operand = [&] { return kind == Kind::Or ? combination(Kind::And) : negation(); };
    std::optional<RowFilter> first = operand();
    const std::string_view word = kind == Kind::Or ? "or" : "and";
    if (!first || !is_word(word)) return first;
    RowFilter out{kind, {}, {}, {}, first->at};
    out.operands.push_back(std::move(*first));
    while (take_word(word)) {
      std::optional<RowFilter> more = operand();
      if (!more) return std::nullopt;
      out.operands.push_back(std::move(*more));
    }
    return out;
  }

  std::optional<RowFilter> negation() {
    if (++depth_ > kMostRowFilterDepth) return wrong("parentheses and NOT nest too deep", "leave out what is not needed");
    std::optional<RowFilter> out = unguarded_negation();
    --depth_;
    return out;
  }

  std::optional<RowFilter> unguarded_negation() {
    if (take_word("not")) return negated(negation());
    if (take_symbol("(")) {
      std::optional<RowFilter> inner = combination(Kind::Or);
      if (inner && !take_symbol(")")) return wrong("a parenthesis is not closed", "close it with )");
      return inner;
    }
    return comparison();
  }

  static std::optional<RowFilter> negated(std::optional<RowFilter> inner) {
    if (!inner) return inner;
    RowFilter out{Kind::Not, {}, {}, {}, inner->at};
    out.operands.push_back(std::move(*inner));
    return out;
  }

  bool take_segment(RowFilter& out) {
    const bool is_name = here_.type == Token::Type::Name || (here_.type == Token::Type::Word && !is_reserved(here_.text));
    if (!is_name) return false;
    out.path.push_back(lower(here_.text));
    advance();
    return true;
  }

  bool constant(RowFilter& out) {
    RowConstant value{RowConstant::Type::Text, here_.text, here_.at};
    if (here_.type == Token::Type::Number) value.type = RowConstant::Type::Number;
    if (is_word("true") || is_word("false")) value.type = RowConstant::Type::Boolean;
    const bool is_text = here_.type == Token::Type::Text;
    if (value.type == RowConstant::Type::Text && !is_text) {
      no_constant();
      return false;
    }
    out.constants.push_back(std::move(value));
    advance();
    return true;
  }
  void no_constant() {
    if (is_word("null")) {
      wrong("nothing compares with NULL", "write IS NULL or IS NOT NULL");
    } else if (here_.type == Token::Type::Word) {
      wrong("a constant is needed here; columns cannot be compared with columns or functions",
            "write a text as '" + here_.text + "'");
    } else if (here_.type == Token::Type::Name) {
      wrong("a constant is needed here; double quotes are for columns", "write a text in single quotes");
    } else {
      wrong("a constant is needed here", "write a number, TRUE, FALSE, or a text in single quotes");
    }
  }

  std::optional<RowFilter> comparison() {
    RowFilter out{Kind::Equal, {}, {}, {}, here_.at};
    if (!take_segment(out)) {
      return here_.type == Token::Type::Text
                 ? wrong("a column is needed here; single quotes are for constants", "write the column without quotes")
                 : wrong("a column is needed here", "write for instance country = 'de'");
    }
    while (take_symbol(".")) {
      if (!take_segment(out)) return wrong("a field of a struct is needed here", "write for instance address.city");
    }
    if (take_symbol("(")) return function(out);
    if (const std::optional<Kind> kind = take_operator()) {
      out.kind = *kind;
      return constant(out) ? std::optional(std::move(out)) : std::nullopt;
    }
    return with_word(std::move(out));
  }

  std::nullopt_t function(const RowFilter& named) {
    if (!problem_) problem_ = RowFilterProblem{named.at, "functions are not allowed", "compare the column itself with a constant"};
    return std::nullopt;
  }

  std::optional<Kind> take_operator() {
    static constexpr std::array<std::pair<std::string_view, Kind>, 7> kOperators = {{{"=", Kind::Equal},
                                                                                     {"<>", Kind::NotEqual},
                                                                                     {"!=", Kind::NotEqual},
                                                                                     {"<=", Kind::LessEqual},
                                                                                     {"<", Kind::Less},
                                                                                     {">=", Kind::GreaterEqual},
                                                                                     {">", Kind::Greater}}};
    for (const auto& [symbol, kind] : kOperators) {
      if (take_symbol(symbol)) return kind;
    }
    return std::nullopt;
  }

  std::optional<RowFilter> with_word(RowFilter out) {
    if (take_word("is")) {
      const bool is_not = take_word("not");
      if (!take_word("null")) return wrong("NULL is needed here", "write IS NULL or IS NOT NULL");
      out.kind = Kind::IsNull;
      return is_not ? negated(std::move(out)) : std::move(out);
    }
    const bool is_not = take_word("not");
    std::optional<RowFilter> inner = with_list(std::move(out));
    return is_not ? negated(std::move(inner)) : inner;
  }

  std::optional<RowFilter> with_list(RowFilter out) {
    if (take_word("in")) {
      out.kind = Kind::In;
      if (!take_symbol("(")) return wrong("IN needs a list", "write IN ('a', 'b')");
      do {
        if (!constant(out)) return std::nullopt;
      } while (take_symbol(","));
      if (!take_symbol(")")) return wrong("the list is not closed", "close it with )");
      return out;
    }
    if (take_word("like")) {
      out.kind = Kind::Like;
      return constant(out) ? std::optional(std::move(out)) : std::nullopt;
    }
    if (!take_word("between")) {
      return wrong("a comparison is needed here", "write =, <>, <, <=, >, >=, BETWEEN, IN, LIKE or IS NULL");
    }
    out.kind = Kind::Between;
    if (!constant(out)) return std::nullopt;
    if (!take_word("and")) return wrong("BETWEEN needs two constants", "write BETWEEN 1 AND 9");
    return constant(out) ? std::optional(std::move(out)) : std::nullopt;
  }

  std::optional<RowFilterProblem> problem_;
  Lexer lexer_;
  Token here_;
  int depth_ = 0;
};

std::string in_quotes(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

std::string text_of_path(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& name : path) {
    const bool is_plain = is_letter(name[0]) && !is_reserved(name) &&
                          std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
    out += (out.empty() ? "" : ".") + (is_plain ? name : in_quotes(name, '"'));
  }
  return out;
}

std::string text_of(const RowConstant& constant) {
  if (constant.type == RowConstant::Type::Text) return in_quotes(constant.text, '\'');
  if (constant.type == RowConstant::Type::Number) return constant.text;
  return constant.text == "true" ? "TRUE" : "FALSE";
}

/// What stands between the column and its constants; `negation` is "" or "NOT ".
std::string text_of_comparison(const RowFilter& filter, const std::string& negation) {
  const std::string column = text_of_path(filter.path) + " ";
  const auto at = [&](std::size_t i) { return text_of(filter.constants[i]); };
  switch (filter.kind) {
    case Kind::Equal: return column + "= " + at(0);
    case Kind::NotEqual: return column + "<> " + at(0);
    case Kind::Less: return column + "< " + at(0);
    case Kind::LessEqual: return column + "<= " + at(0);
    case Kind::Greater: return column + "> " + at(0);
    case Kind::GreaterEqual: return column + ">= " + at(0);
    case Kind::IsNull: return column + "IS " + negation + "NULL";
    case Kind::Like: return column + negation + "LIKE " + at(0);
    case Kind::Between: return column + negation + "BETWEEN " + at(0) + " AND " + at(1);
    default: break;
  }
  std::string list;
  for (const RowConstant& each : filter.constants) list += (list.empty() ? "" : ", ") + text_of(each);
  return column + negation + "IN (" + list + ")";
}

bool is_combination(Kind kind) { return kind == Kind::And || kind == Kind::Or; }
bool takes_not(Kind kind) {
  return kind == Kind::IsNull || kind == Kind::Like || kind == Kind::Between || kind == Kind::In;
}

void collect(const RowFilter& filter, std::vector<std::string>& out) {
  if (!filter.path.empty()) out.push_back(filter.path.front());
  for (const RowFilter& operand : filter.operands) collect(operand, out);
}

}  // namespace

bool RowFilter::operator==(const RowFilter& other) const {
  return kind == other.kind && path == other.path && constants == other.constants && operands == other.operands;
}

std::string describe(const RowFilterProblem& problem, std::string_view text) {
  const std::string_view before = text.substr(0, problem.at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  // Characters, not bytes: the bytes that continue a character of UTF-8 do not count.
  const auto column = 1 + std::count_if(before.begin() + static_cast<std::ptrdiff_t>(start), before.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  std::string_view rest = text.substr(std::min(problem.at, text.size()));
  std::size_t length = std::min<std::size_t>(rest.find('\n'), 24);
  while (length < rest.size() && length > 0 && (static_cast<unsigned char>(rest[length]) & 0xC0) == 0x80) --length;
  std::string shown(rest.substr(0, length));
  for (char& c : shown) c = static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  const std::string where = shown.empty() ? "at the end" : "at `" + shown + (length < rest.size() ? "…`" : "`");
  return "line " + std::to_string(line) + ", character " + std::to_string(column) + ", " + where + ": " + problem.message +
         (problem.suggestion.empty() ? "" : "; " + problem.suggestion);
}

tl::expected<RowFilter, RowFilterProblem> parse_row_filter(std::string_view text) {
  if (text.size() > kMostRowFilterBytes) {
    return tl::unexpected<RowFilterProblem>({kMostRowFilterBytes, "a row filter has less than 2048 characters",
                                             "shorten it, for instance with IN instead of OR, or make two Grants of it"});
  }
  return FilterParser(text).parse();
}

std::string canonical_text(const RowFilter& filter) {
  if (filter.kind == Kind::Not) {
    const RowFilter& inner = filter.operands.front();
    if (takes_not(inner.kind)) return text_of_comparison(inner, "NOT ");
    return is_combination(inner.kind) ? "NOT (" + canonical_text(inner) + ")" : "NOT " + canonical_text(inner);
  }
  if (!is_combination(filter.kind)) return text_of_comparison(filter, "");
  std::string out;
  for (const RowFilter& operand : filter.operands) {
    const bool in_parentheses = operand.kind == filter.kind || operand.kind == Kind::Or;
    if (!out.empty()) out += filter.kind == Kind::And ? " AND " : " OR ";
    out += in_parentheses ? "(" + canonical_text(operand) + ")" : canonical_text(operand);
  }
  return out;
}

std::string canonical_row_filter(const std::string& text) {
  const auto parsed = parse_row_filter(text);
  if (!parsed) return text;
  std::string canonical = canonical_text(*parsed);
  return canonical.size() > kMostRowFilterBytes ? text : canonical;
}

std::vector<std::string> columns_of(const RowFilter& filter) {
  std::vector<std::string> out;
  collect(filter, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace datamesh::catalog
