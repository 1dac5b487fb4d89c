#include "controller/catalog/tag_expression.h"

#include <algorithm>

namespace datamesh::catalog {
namespace {

/// Lake Formation's limits for a key and for a value of ours.
constexpr std::size_t kLongestWord = 128;

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_word_character(char c) {
  const char low = folded(c);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || std::string_view("_.:/@+-%*").find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  Result<TagExpression> expression() {
    TagExpression out;
    while (true) {
      TRY(term(out));
      skip_space();
      if (at_ == text_.size()) return out;
      if (!keyword("and")) return wrong("expected \"and\" or the end");
    }
  }

 private:
  Result<void> term(TagExpression& out) {
    skip_space();
    const std::size_t begin = at_;
    TRY_VALUE(const std::string key, word("the key of a tag"));
    if (key == "*") return wrong_at(begin, "* stands for a value, not for a key");
    auto [slot, is_new] = out.terms.try_emplace(key);
    if (!is_new) return wrong_at(begin, "\"" + key + "\" is there already: list its values with in (…)");
    skip_space();
    if (take('=')) return value(slot->second);
    if (!keyword("in")) return wrong("expected = or in after \"" + key + "\"");
    skip_space();
    if (!take('(')) return wrong("expected ( after in");
    do {
      TRY(value(slot->second));
      skip_space();
    } while (take(','));
    if (!take(')')) return wrong("expected , or )");
    return {};
  }

  Result<void> value(std::set<std::string>& values) {
    skip_space();
    TRY_VALUE(std::string text, word("a value"));
    values.insert(std::move(text));
    if (values.contains("*")) values = {"*"};
    return {};
  }

  Result<std::string> word(const std::string& what) {
    const std::size_t begin = at_;
    std::string out;
    if (take('\'')) {
      while (at_ < text_.size() && text_[at_] != '\'') out += folded(text_[at_++]);
      if (!take('\'')) return wrong_at(begin, "the quote is not closed");
      if (out.find_first_of(",;=") != std::string::npos) return wrong_at(begin, "a word of a tag holds none of , ; =");
    } else {
      while (at_ < text_.size() && is_word_character(text_[at_])) out += folded(text_[at_++]);
    }
    if (out.empty()) return wrong_at(begin, "expected " + what);
    if (out.size() > kLongestWord) return wrong_at(begin, what + " has at most 128 characters");
    return out;
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// `name` as a word of its own.
  bool keyword(std::string_view name) {
    const std::string_view rest = text_.substr(at_);
    const bool same = rest.size() >= name.size() && std::equal(name.begin(), name.end(), rest.begin(), [](char a, char b) {
      return a == folded(b);
    });
    if (!same || (rest.size() > name.size() && is_word_character(rest[name.size()]))) return false;
    at_ += name.size();
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  tl::unexpected<Error> wrong(const std::string& what) const { return wrong_at(at_, what); }
  static tl::unexpected<Error> wrong_at(std::size_t at, const std::string& what) {
    return fail(ErrorKind::Invalid, "at character " + std::to_string(at + 1) + ": " + what);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<TagExpression> parse_tag_expression(std::string_view text) { return ExpressionParser(text).expression(); }

std::string to_string(const TagExpression& expression) {
  std::string out;
  for (const auto& [key, values] : expression.terms) {
    out += (out.empty() ? "" : ";") + key + "=";
    std::string joined;
    for (const std::string& value : values) joined += (joined.empty() ? "" : ",") + value;
    out += joined;
  }
  return out;
}

std::string to_text(const TagExpression& expression) {
  const auto word = [](const std::string& text) {
    return text == "*" || std::all_of(text.begin(), text.end(), is_word_character) ? text : "'" + text + "'";
  };
  std::string out;
  for (const auto& [key, values] : expression.terms) {
    std::string listed;
    for (const std::string& value : values) listed += (listed.empty() ? "" : ", ") + word(value);
    out += (out.empty() ? "" : " and ") + word(key) + (values.size() == 1 ? " = " + listed : " in (" + listed + ")");
  }
  return out;
}

TagExpression expression_of(std::string_view detail) {
  TagExpression out;
  while (!detail.empty()) {
    const std::string_view part = detail.substr(0, detail.find(';'));
    detail.remove_prefix(std::min(detail.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals == part.npos) continue;
    auto& values = out.terms[std::string(part.substr(0, equals))];
    for (std::string_view rest = part.substr(equals + 1); !rest.empty();) {
      const std::string_view value = rest.substr(0, rest.find(','));
      values.emplace(value);
      rest.remove_prefix(std::min(rest.size(), value.size() + 1));
    }
  }
  return out;
}

bool is_subset(const TagExpression& part, const TagExpression& whole) {
  return part.terms.size() == whole.terms.size() &&
         std::all_of(whole.terms.begin(), whole.terms.end(), [&](const auto& term) {
           const auto found = part.terms.find(term.first);
           if (found == part.terms.end()) return false;
           if (term.second.contains("*")) return true;
           return std::includes(term.second.begin(), term.second.end(), found->second.begin(), found->second.end());
         });
}

}  // namespace datamesh::catalog
