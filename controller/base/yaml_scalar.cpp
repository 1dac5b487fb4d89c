#include "controller/base/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace datamesh {
namespace {

/// Words count in three spellings: yes, Yes, YES.
bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  const auto upper = [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); };
  bool lower_tail = true, upper_tail = true;
  for (std::size_t i = 1; i < word.size(); ++i) {
    lower_tail = lower_tail && text[i] == word[i];
    upper_tail = upper_tail && text[i] == upper(word[i]);
  }
  if (text[0] == word[0]) return lower_tail;
  return text[0] == upper(word[0]) && (lower_tail || upper_tail);
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return is_word(text, word); });
}

constexpr std::array<std::string_view, 3> kTrue{"true", "yes", "on"};
constexpr std::array<std::string_view, 3> kFalse{"false", "no", "off"};

bool is_infinite_or_nan(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text.starts_with('.') && (is_word(text.substr(1), "inf") || text == ".nan" || text == ".NaN" || text == ".NAN");
}

/// Strips the prefix that names the base of an integer; a leading zero alone means octal.
int take_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char mark = digits[1];
  const int base = mark == 'x' || mark == 'X' ? 16 : mark == 'o' || mark == 'O' ? 8 : mark == 'b' || mark == 'B' ? 2 : 0;
  digits.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

std::optional<Json> integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const int base = take_base(text);
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!negative) return Json(magnitude);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + 1;
  if (magnitude > kMost) return std::nullopt;
  return Json(static_cast<std::int64_t>(0 - magnitude));
}

std::size_t take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  text.remove_prefix(count);
  return count;
}

/// Sign, digits with at most one point, exponent; no infinity, no hexadecimal.
bool is_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t digits = take_digits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const bool whole = digits > 0;
    digits += take_digits(text);
    if (!whole && digits == 0) return false;
  }
  if (digits == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return take_digits(text) > 0 && text.empty();
}

Result<Json> number_or_string(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  if (auto whole = integer(digits)) return *whole;
  if (!is_decimal(digits)) return Json(text);
  const char* begin = digits.data() + (digits[0] == '+' ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(begin, digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
    return fail(ErrorKind::Invalid, "the number is out of range; put it in quotes if it is text");
  }
  return Json(value);
}

}  // namespace

Result<Json> plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || is_word(text, "null")) return Json(nullptr);
  if (is_one_of(text, kTrue)) return Json(true);
  if (is_one_of(text, kFalse)) return Json(false);
  if (is_infinite_or_nan(text)) {
    return fail(ErrorKind::Invalid, "infinity and not-a-number are not supported; put it in quotes if it is text");
  }
  const char first = text[0];
  if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') return number_or_string(text);
  return Json(text);
}

}  // namespace datamesh
