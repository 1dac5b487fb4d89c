#include "controller/embedded/lake_expression.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace datamesh::embedded::lake {
namespace {

using Kind = RowExpression::Kind;

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
  const auto by = [&](std::size_t i) { return compare(value, e.constants[i].text); };
  switch (e.kind) {
    case Kind::Equal: return by(0) == 0;
    case Kind::NotEqual: return by(0) != 0;
    case Kind::Less: return by(0) < 0;
    case Kind::LessEqual: return by(0) <= 0;
    case Kind::Greater: return by(0) > 0;
    case Kind::GreaterEqual: return by(0) >= 0;
    case Kind::Between: return by(0) >= 0 && by(1) <= 0;
    case Kind::Like: return is_like(value, e.constants[0].text);
    case Kind::In:
      return std::any_of(e.constants.begin(), e.constants.end(),
                         [&](const catalog::RowConstant& one) { return compare(value, one.text) == 0; });
    default: return false;
  }
}

/// SQL's three values: nullopt is unknown.
using Truth = std::optional<bool>;
using ValueOf = std::function<const std::string*(const std::string&)>;

Truth truth_of(const RowExpression& e, const ValueOf& value_of);

/// Of AND, `settled` is false: one false operand settles it. Of OR, true.
Truth combined(const RowExpression& e, const ValueOf& value_of, bool settled) {
  Truth out = !settled;
  for (const RowExpression& operand : e.operands) {
    const Truth one = truth_of(operand, value_of);
    if (one == settled) return settled;
    if (!one) out = std::nullopt;
  }
  return out;
}

Truth truth_of(const RowExpression& e, const ValueOf& value_of) {
  if (e.kind == Kind::And || e.kind == Kind::Or) return combined(e, value_of, e.kind == Kind::Or);
  if (e.kind == Kind::Not) {
    const Truth inner = truth_of(e.operands.front(), value_of);
    return inner ? Truth(!*inner) : inner;
  }
  std::string name;
  for (const std::string& part : e.path) name += (name.empty() ? "" : ".") + part;
  const std::string* value = value_of(name);
  if (e.kind == Kind::IsNull) return value == nullptr;
  return value == nullptr ? Truth() : Truth(compares(e, *value));
}

}  // namespace

Result<RowExpression> parse_row_expression(std::string_view text) {
  auto parsed = catalog::parse_row_filter(text);
  if (parsed) return std::move(*parsed);
  return fail(ErrorKind::Invalid, "Unsupported expression: " + describe(parsed.error(), text), {}, "InvalidInputException");
}

bool passes(const RowExpression& expression, const ValueOf& value_of) { return truth_of(expression, value_of) == true; }

}  // namespace datamesh::embedded::lake
