#include "controller/kube/selector.h"

#include <algorithm>
#include <charconv>

namespace datamesh::kube {
namespace {

constexpr std::string_view kExpected = "in, notin, =, ==, !=, gt, lt";
/// More would only serve to keep the server busy.
constexpr std::size_t kMostRequirements = 1000;

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool holds(const Requirement& wanted, const std::string* value) {
  const auto listed = [&] { return std::find(wanted.values.begin(), wanted.values.end(), *value) != wanted.values.end(); };
  switch (wanted.op) {
    case Operator::Exists: return value != nullptr;
    case Operator::Absent: return value == nullptr;
    case Operator::In: return value != nullptr && listed();
    case Operator::NotIn: return value == nullptr || !listed();
    case Operator::Greater:
    case Operator::Less: {
      if (value == nullptr) return false;
      const auto number = whole_number(*value);
      const auto bound = whole_number(wanted.values[0]);
      return number && bound && (wanted.op == Operator::Greater ? *number > *bound : *number < *bound);
    }
  }
  return false;
}

std::string text_of(const Json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
}

/// Reads a label selector word by word.
class LabelParser {
 public:
  explicit LabelParser(std::string_view text) : rest_(text) {}

  Outcome<std::vector<Requirement>> parse() {
    std::vector<Requirement> all;
    for (skip(); !rest_.empty(); skip()) {
      TRY_VALUE(Requirement one, requirement());
      all.push_back(std::move(one));
      if (all.size() > kMostRequirements) return refuse("found ',', expected: end");
      skip();
      if (rest_.empty()) break;
      if (!eat(",")) return refuse("found '" + found() + "', expected: ',' or 'end of string'");
    }
    return all;
  }

 private:
  static tl::unexpected<Fault> refuse(const std::string& why) {
    return fail(bad_request("unable to parse requirement: " + why));
  }

  Outcome<Requirement> requirement() {
    if (eat("!")) {
      skip();
      const std::string key = word();
      if (key.empty()) return refuse("found '" + found() + "', expected: identifier");
      return Requirement{key, Operator::Absent, {}};
    }
    Requirement one{word(), Operator::Exists, {}};
    if (one.key.empty()) return refuse("found '" + found() + "', expected: !, identifier, or 'end of string'");
    skip();
    if (rest_.empty() || rest_.front() == ',') return one;
    TRY(read_operator(one));
    return one;
  }

  Outcome<void> read_operator(Requirement& one) {
    for (const auto& [sign, op] : {std::pair<std::string_view, Operator>{"!=", Operator::NotIn}, {"==", Operator::In},
                                   {"=", Operator::In}, {">", Operator::Greater}, {"<", Operator::Less}}) {
      if (!eat(sign)) continue;
      skip();
      one.op = op;
      one.values = {word()};
      return check_number(one);
    }
    const std::string name = word();
    if (name != "in" && name != "notin") {
      return refuse("found '" + (name.empty() ? found() : name) + "', expected: " + std::string(kExpected));
    }
    one.op = name == "in" ? Operator::In : Operator::NotIn;
    return read_values(one);
  }

  Outcome<void> read_values(Requirement& one) {
    skip();
    if (!eat("(")) return refuse("found '" + found() + "', expected: '('");
    for (;;) {
      skip();
      one.values.push_back(word());
      skip();
      if (eat(")")) return {};
      if (!eat(",")) return refuse("found '" + found() + "', expected: ',' or ')'");
    }
  }

  static Outcome<void> check_number(const Requirement& one) {
    const bool compares = one.op == Operator::Greater || one.op == Operator::Less;
    if (!compares || whole_number(one.values[0])) return {};
    return fail(bad_request("values[0][" + one.key + "]: Invalid value: " + go_quoted(one.values[0]) +
                            ": for 'Gt', 'Lt' operators, the value must be an integer"));
  }

  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool eat(std::string_view sign) {
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(sign.size());
    return true;
  }
  std::string word() {
    const std::size_t length = static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_word) - rest_.begin());
    std::string taken(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return taken;
  }
  std::string found() const { return std::string(rest_.substr(0, 1)); }

  std::string_view rest_;
};

}  // namespace

const Json& at_dots(const Json& object, std::string_view path) {
  const Json* here = &object;
  while (!path.empty()) {
    const std::string_view step = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), step.size() + 1));
    here = &member(*here, step);
  }
  return *here;
}

bool Selector::matches(const Json& object) const {
  const Json& present = at_path(object, {"metadata", "labels"});
  for (const Requirement& wanted : labels) {
    const Json& label = member(present, wanted.key);
    const std::string* value = label.is_string() ? &label.get_ref<const std::string&>() : nullptr;
    if (!holds(wanted, value)) return false;
  }
  for (const Requirement& wanted : fields) {
    const std::string value = text_of(at_dots(object, wanted.key));
    if (!holds(wanted, &value)) return false;
  }
  return true;
}

Outcome<std::vector<Requirement>> parse_label_selector(std::string_view text) { return LabelParser(text).parse(); }

Outcome<std::vector<Requirement>> parse_field_selector(std::string_view text, const ServedType& type) {
  const std::string whole(text);
  std::vector<Requirement> all;
  while (!text.empty()) {
    const std::string_view term = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), term.size() + 1));
    if (term.empty()) continue;
    const std::size_t sign = term.find('=');
    if (sign == std::string_view::npos) {
      return fail(bad_request("invalid selector: '" + whole + "'; can't understand '" + std::string(term) + "'"));
    }
    const bool negated = sign > 0 && term[sign - 1] == '!';
    const std::string label(term.substr(0, negated ? sign - 1 : sign));
    const std::size_t value = sign + (term.substr(sign).starts_with("==") ? 2 : 1);
    const auto known = std::find_if(type.fields.begin(), type.fields.end(),
                                    [&](const auto& field) { return field.first == label; });
    if (known == type.fields.end()) return fail(bad_request("field label not supported: " + label));
    all.push_back({known->second, negated ? Operator::NotIn : Operator::In, {std::string(term.substr(value))}});
  }
  return all;
}

Outcome<Selector> parse_selector(const std::map<std::string, std::string>& query, const ServedType& type) {
  Selector selector;
  if (const auto found = query.find("labelSelector"); found != query.end()) {
    TRY_VALUE(selector.labels, parse_label_selector(found->second));
  }
  if (const auto found = query.find("fieldSelector"); found != query.end()) {
    TRY_VALUE(selector.fields, parse_field_selector(found->second, type));
  }
  return selector;
}

std::optional<std::map<std::string, std::string>> as_equalities(const std::vector<Requirement>& labels) {
  std::map<std::string, std::string> map;
  for (const Requirement& one : labels) {
    const bool single = one.op == Operator::In && one.values.size() == 1;
    if (!single || !map.emplace(one.key, one.values[0]).second) return std::nullopt;
  }
  return map;
}

std::optional<std::string> required_value(const Selector& selector, std::string_view path) {
  for (const Requirement& one : selector.fields) {
    if (one.key == path && one.op == Operator::In) return one.values[0];
  }
  return std::nullopt;
}

}  // namespace datamesh::kube
