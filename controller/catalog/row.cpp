#include "controller/catalog/row.h"

#include <algorithm>
#include <cstdlib>

#include "controller/base/text.h"

namespace datamesh::catalog {
namespace {

using Kind = RowFilter::Kind;

std::string joined(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& name : path) out += (out.empty() ? "" : ".") + name;
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// ---- reading ----------------------------------------------------------------------------------------------------

/// Takes the values out of equalities that are joined by AND; false when there is anything else.
bool collect(const RowFilter& filter, Row& out) {
  if (filter.kind == Kind::And) {
    return std::all_of(filter.operands.begin(), filter.operands.end(),
                       [&](const RowFilter& operand) { return collect(operand, out); });
  }
  if (filter.kind == Kind::IsNull) return out.emplace(joined(filter.path), std::nullopt).second;
  return filter.kind == Kind::Equal && out.emplace(joined(filter.path), filter.constants.front().text).second;
}

/// "country=de,amount=5": values without quotes, up to the next comma.
Result<Row> parse_pairs(std::string_view text) {
  Row out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view pair = text.substr(at, end - at);
    const std::size_t equals = pair.find('=');
    const std::string column = lower(trimmed(pair.substr(0, std::min(equals, pair.size()))));
    const auto wrong = [&](const std::string& what) {
      return fail(ErrorKind::Invalid, "row, character " + std::to_string(at + 1) + ": " + what +
                                          "; write country=de,amount=5 or \"country = 'de' AND amount = 5\"");
    };
    if (equals == pair.npos || column.empty()) return wrong("expected COLUMN=VALUE");
    std::string_view value = trimmed(pair.substr(equals + 1));
    const bool quoted = value.size() >= 2 && value.front() == '\'' && value.back() == '\'';
    if (quoted) value = value.substr(1, value.size() - 2);
    const bool is_null = !quoted && lower(value) == "null";
    if (!out.emplace(column, is_null ? std::nullopt : std::optional(std::string(value))).second) {
      return wrong("column " + column + " is there already");
    }
    at = end + 1;
  }
  return out;
}

// ---- numbers ----------------------------------------------------------------------------------------------------

/// A decimal number as sign, digits without leading and trailing zeros, and the place of the point: 0.DIGITS * 10^exponent.
struct Decimal {
  bool negative = false;
  std::string digits;
  long exponent = 0;
};

/// Exponents beyond this stand for nothing that a column can hold.
constexpr long kMostExponent = 100'000;

std::optional<Decimal> decimal_of(std::string_view text) {
  Decimal out;
  if (text.starts_with('-') || text.starts_with('+')) {
    out.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  bool point = false, any = false;
  std::size_t at = 0;
  for (; at < text.size() && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9')); ++at) {
    if (text[at] == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    any = true;
    out.digits += text[at];
    if (!point) ++out.exponent;
  }
  if (!any) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    const std::string rest(text.substr(at + 1));
    char* end = nullptr;
    const long shift = std::strtol(rest.c_str(), &end, 10);
    if (rest.empty() || *end != '\0' || rest.front() == ' ' || std::labs(shift) > kMostExponent) return std::nullopt;
    out.exponent += shift;
  }
  const std::size_t leading = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.digits.erase(0, leading);
  out.exponent -= static_cast<long>(leading);
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  if (out.digits.empty()) return Decimal{};
  return out;
}

/// Less than 0, 0, or more: as `a` stands to `b`.
int compared(const Decimal& a, const Decimal& b) {
  const int sign_a = a.digits.empty() ? 0 : a.negative ? -1 : 1;
  const int sign_b = b.digits.empty() ? 0 : b.negative ? -1 : 1;
  if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
  if (sign_a == 0) return 0;
  if (a.exponent != b.exponent) return (a.exponent < b.exponent) == (sign_a > 0) ? -1 : 1;
  // Both begin with a digit that is not 0, at the same place: texts compare as numbers do.
  return sign_a * a.digits.compare(b.digits);
}

/// nullopt: they cannot be compared.
std::optional<int> compared(const std::string& value, const RowConstant& constant) {
  switch (constant.type) {
    case RowConstant::Type::Text: return value.compare(constant.text);
    case RowConstant::Type::Boolean: {
      const std::string text = lower(value);
      if (text != "true" && text != "false") return std::nullopt;
      return text.compare(constant.text);
    }
    case RowConstant::Type::Number: break;
  }
  const auto number = decimal_of(value), other = decimal_of(constant.text);
  if (!number || !other) return std::nullopt;
  return compared(*number, *other);
}

// ---- the logic --------------------------------------------------------------------------------------------------

Truth truth(bool value) { return value ? Truth::True : Truth::False; }
Truth negated(Truth value) { return value == Truth::Unknown ? value : truth(value == Truth::False); }

/// % stands for any text, _ for one character.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0, from = 0, star = pattern.npos, restart = 0;
  while (at < text.size()) {
    if (from < pattern.size() && pattern[from] == '%') {
      star = from++;
      restart = at;
    } else if (from < pattern.size() && (pattern[from] == '_' || pattern[from] == text[at])) {
      ++from;
      ++at;
    } else if (star != pattern.npos) {
      from = star + 1;
      at = ++restart;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', from) == pattern.npos;
}

Truth holds(Kind kind, int order) {
  switch (kind) {
    case Kind::NotEqual: return truth(order != 0);
    case Kind::Less: return truth(order < 0);
    case Kind::LessEqual: return truth(order <= 0);
    case Kind::Greater: return truth(order > 0);
    case Kind::GreaterEqual: return truth(order >= 0);
    default: return truth(order == 0);
  }
}

Truth comparison(Kind kind, const std::string& value, const RowConstant& constant) {
  if (kind == Kind::Like) return truth(is_like(value, constant.text));
  const auto order = compared(value, constant);
  return order ? holds(kind, *order) : Truth::Unknown;
}

Truth all_of(const std::vector<Truth>& values) {
  return values.empty() ? Truth::True : *std::min_element(values.begin(), values.end());
}
Truth any_of(const std::vector<Truth>& values) {
  return values.empty() ? Truth::False : *std::max_element(values.begin(), values.end());
}

}  // namespace

Result<Row> parse_row(std::string_view text) {
  if (trimmed(text).empty()) return fail(ErrorKind::Invalid, "the row is empty; write country=de,amount=5");
  Row out;
  if (const auto filter = parse_row_filter(text); filter && collect(*filter, out)) return out;
  return parse_pairs(text);
}

std::string to_string(const Row& row) {
  std::string out;
  for (const auto& [column, value] : row) {
    out += (out.empty() ? "" : ", ") + column + (value ? " = '" + *value + "'" : " is NULL");
  }
  return out;
}

std::string_view to_string(Truth truth) {
  return truth == Truth::True ? "true" : truth == Truth::False ? "false" : "unknown";
}

Truth truth_of(const RowFilter& filter, const Row& row) {
  std::vector<Truth> parts;
  for (const RowFilter& operand : filter.operands) parts.push_back(truth_of(operand, row));
  if (filter.kind == Kind::And) return all_of(parts);
  if (filter.kind == Kind::Or) return any_of(parts);
  if (filter.kind == Kind::Not) return negated(parts.front());
  const auto found = row.find(joined(filter.path));
  const bool is_null = found == row.end() || !found->second;
  if (filter.kind == Kind::IsNull) return truth(is_null);
  if (is_null) return Truth::Unknown;
  const std::string& value = *found->second;
  if (filter.kind == Kind::Between) {
    return all_of({comparison(Kind::GreaterEqual, value, filter.constants[0]),
                   comparison(Kind::LessEqual, value, filter.constants[1])});
  }
  for (const RowConstant& constant : filter.constants) {
    parts.push_back(comparison(filter.kind == Kind::In ? Kind::Equal : filter.kind, value, constant));
  }
  return any_of(parts);
}

std::vector<std::string> columns_not_given(const RowFilter& filter, const Row& row) {
  std::vector<std::string> out;
  if (!filter.path.empty() && !row.contains(joined(filter.path))) out.push_back(joined(filter.path));
  for (const RowFilter& operand : filter.operands) {
    for (std::string& column : columns_not_given(operand, row)) out.push_back(std::move(column));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace datamesh::catalog
