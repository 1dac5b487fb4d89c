#include "controller/base/json.h"

#include <functional>
#include <set>
#include <vector>

namespace datamesh {
namespace {

/// Watches depth and duplicate keys while nlohmann builds the value.
class Boundary {
 public:
  explicit Boundary(int max_depth) : max_depth_(max_depth) {}

  bool operator()(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        keys_.emplace_back();
        if (static_cast<int>(keys_.size()) > max_depth_) complain("nested too deeply");
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case Json::parse_event_t::key: {
        auto& seen = keys_.back();
        const std::string key = parsed.get<std::string>();
        if (!seen.insert(key).second) complain("duplicate key \"" + key + "\"");
        break;
      }
      case Json::parse_event_t::value: break;
    }
    return problem_.empty();
  }

  const std::string& problem() const { return problem_; }

 private:
  void complain(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
  }

  int max_depth_;
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

const Json kNull;

/// Nesting is bounded before the recursive parser sees the text.
bool too_deep(std::string_view text, int max_depth) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') {
      if (++depth > max_depth) return true;
    }
    if (c == '}' || c == ']') --depth;
  }
  return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text, int max_depth) {
  if (too_deep(text, max_depth)) {
    return fail(ErrorKind::Invalid, "JSON is nested deeper than " + std::to_string(max_depth));
  }
  Boundary boundary(max_depth);
  try {
    Json value = Json::parse(text, std::ref(boundary));
    if (!boundary.problem().empty()) return fail(ErrorKind::Invalid, "JSON: " + boundary.problem());
    return value;
  } catch (const Json::parse_error& e) {
    return fail(ErrorKind::Invalid,
                "JSON: malformed at byte " + std::to_string(e.byte));
  } catch (const Json::out_of_range&) {
    return fail(ErrorKind::Invalid, "JSON: a number is too large");
  }
}

std::string string_at(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

const Json& member(const Json& object, std::string_view key) {
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

const Json& at_path(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* here = &object;
  for (std::string_view name : path) here = &member(*here, name);
  return *here;
}

void merge_patch(Json& target, const Json& patch) { target.merge_patch(patch); }

std::string text_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) out[static_cast<std::size_t>(i)] = kDigits[hash & 15];
  return out;
}

std::string json_hash(const Json& value) { return text_hash(value.dump(-1, ' ', false, Json::error_handler_t::replace)); }

}  // namespace datamesh
