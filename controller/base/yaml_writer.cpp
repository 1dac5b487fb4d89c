// The writer. Quotes are left out only where no reader could take the text for anything but that string.
#include <algorithm>
#include <array>

#include "controller/base/yaml.h"
#include "controller/base/yaml_scalar.h"

namespace datamesh {
namespace {

/// The longest key that a reader must accept without `?` is 1024 characters, quotes and escapes included.
constexpr std::size_t kLongestSimpleKey = 1000;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Starting with a digit, a text may still be a number, date or time to some reader, unless it holds a letter that
/// none of them has: "5m" and "24h" are safe.
bool looks_numeric(std::string_view text) {
  constexpr std::string_view kNumberLetters = "abcdefoxtzinABCDEFOXTZIN";
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return !is_letter(c) || kNumberLetters.find(c) != std::string_view::npos; });
}

bool is_plain_character(std::string_view text, std::size_t i) {
  const char c = text[i];
  if (is_letter(c) || is_digit(c)) return true;
  if (c == ':') return i + 1 < text.size() && text[i + 1] != ' ';
  if (c == ' ') return i + 1 < text.size();
  constexpr std::string_view kSafe = "_-./+=()$^;~,'\"!?%@*&";  // in block context none of them means anything inside
  return kSafe.find(c) != std::string_view::npos;
}

bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 10'000) return false;
  const char first = text[0];
  if (!is_letter(first) && first != '_' && first != '/' && (!is_digit(first) || looks_numeric(text))) return false;
  constexpr std::array<std::string_view, 4> kOldBooleans{"y", "Y", "n", "N"};
  if (std::find(kOldBooleans.begin(), kOldBooleans.end(), text) != kOldBooleans.end()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_plain_character(text, i)) return false;
  }
  const auto read = plain_scalar(text);
  return read.has_value() && read->is_string();
}

void append_hex(std::string& out, unsigned code) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(code >> shift) & 15];
}

/// What must be escaped beside ASCII controls: characters that some readers take for line ends or byte order marks.
/// Gives the length in bytes and the code; length 0 for others.
std::pair<std::size_t, unsigned> special_character(std::string_view text) {
  if (text.starts_with("\xC2\x85")) return {2, 0x85};
  if (text.starts_with("\xE2\x80\xA8")) return {3, 0x2028};
  if (text.starts_with("\xE2\x80\xA9")) return {3, 0x2029};
  if (text.starts_with("\xEF\xBB\xBF")) return {3, 0xFEFF};
  return {0, 0};
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto [length, code] = special_character(text.substr(i));
    if (length > 0) {
      append_hex(out, code);
      i += length;
      continue;
    }
    ++i;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) append_hex(out, static_cast<unsigned char>(c));
        else out += c;
    }
  }
  return out + "\"";
}

/// Several lines of printable text that begin with a non-blank and end in at most one line end read best as a block.
bool is_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text[0] == ' ' || text[0] == '\n') return false;
  if (text.ends_with("\n\n")) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n') || c >= 0x7F) return false;
    if (c == ' ' && (i + 1 == text.size() || text[i + 1] == '\n')) return false;
  }
  return true;
}

std::string scalar_text(const Json& value) {
  if (!value.is_string()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto& text = value.get_ref<const std::string&>();
  return is_plain(text) ? text : double_quoted(text);
}

class Writer {
 public:
  std::string take() { return std::move(out_); }

  /// Writes `value` after a key, a dash or at the start; `indent` is where a block in it begins.
  void write(const Json& value, int indent) {
    if (value.is_object() && !value.empty()) return members(value, indent);
    if (value.is_array() && !value.empty()) return elements(value, indent);
    if (value.is_string() && is_block(value.get_ref<const std::string&>())) {
      return block(value.get_ref<const std::string&>(), indent);
    }
    out_ += value.is_object() ? "{}" : value.is_array() ? "[]" : scalar_text(value);
    out_ += '\n';
  }

 private:
  void pad(int indent) { out_.append(static_cast<std::size_t>(indent), ' '); }

  /// The first member goes where the cursor stands: at the start of a line, or behind "- ".
  void members(const Json& object, int indent) {
    bool first = true;
    for (const auto& [key, value] : object.items()) {
      if (!first) pad(indent);
      first = false;
      const std::string text = scalar_text(Json(key));
      const bool simple = text.size() <= kLongestSimpleKey;
      if (!simple) {
        out_ += "? " + text + "\n";
        pad(indent);
      }
      out_ += simple ? text + ":" : ":";
      member_value(value, indent);
    }
  }

  void member_value(const Json& value, int indent) {
    const bool nested = value.is_structured() && !value.empty();
    if (!nested) {
      out_ += ' ';
      return write(value, indent + 2);
    }
    out_ += '\n';
    const int inner = value.is_array() ? indent : indent + 2;
    pad(inner);
    write(value, inner);
  }

  void elements(const Json& array, int indent) {
    bool first = true;
    for (const Json& element : array) {
      if (!first) pad(indent);
      first = false;
      out_ += "- ";
      write(element, indent + 2);
    }
  }

  void block(std::string_view text, int indent) {
    const bool ends_line = text.ends_with('\n');
    out_ += ends_line ? "|\n" : "|-\n";
    if (ends_line) text.remove_suffix(1);
    while (true) {
      const std::size_t newline = text.find('\n');
      const std::string_view line = text.substr(0, newline);
      if (!line.empty()) pad(std::max(indent, 2));
      out_.append(line) += '\n';
      if (newline == std::string_view::npos) return;
      text.remove_prefix(newline + 1);
    }
  }

  std::string out_;
};

}  // namespace

std::string to_yaml(const Json& value) {
  Writer writer;
  writer.write(value, 0);
  return writer.take();
}

}  // namespace datamesh
