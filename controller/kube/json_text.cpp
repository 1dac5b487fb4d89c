#include "controller/kube/json_text.h"

#include <algorithm>
#include <set>

#include "controller/base/json_path.h"

namespace datamesh::kube {
namespace {

/// As parse_json: what a client may send is no deeper.
constexpr std::size_t kMaxDepth = 100;
constexpr std::size_t kMostDuplicates = 100;

/// Builds a value from the events of the parser, and watches depth and keys.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.key = std::move(name);
    if (!level.seen.insert(level.key).second && result_.duplicates.size() < kMostDuplicates) {
      result_.duplicates.push_back(path());
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    position_ = position;
    return false;
  }

  JsonText take() { return std::move(result_); }
  bool too_deep() const { return too_deep_; }
  std::size_t position() const { return position_; }

 private:
  struct Level {
    Json* value = nullptr;
    std::string key;
    std::set<std::string> seen;
  };

  Json* place(Json value) {
    if (levels_.empty()) {
      result_.value = std::move(value);
      return &result_.value;
    }
    Level& level = levels_.back();
    if (level.value->is_array()) {
      level.value->push_back(std::move(value));
      return &level.value->back();
    }
    Json& member = (*level.value)[level.key];
    member = std::move(value);
    return &member;
  }

  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json empty) {
    if (levels_.size() == kMaxDepth) {
      too_deep_ = true;
      return false;
    }
    levels_.push_back({place(std::move(empty)), {}, {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  std::string path() const {
    std::string text;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const Level& level = levels_[i];
      if (level.value->is_array()) {
        text = element_path(text, level.value->size() - 1);
      } else {
        text += (text.empty() ? "" : ".") + level.key;
      }
    }
    return text;
  }

  JsonText result_;
  std::vector<Level> levels_;
  std::size_t position_ = 0;
  bool too_deep_ = false;
};

/// What Go's reader says about the character before `position`.
std::string complaint(std::string_view text, std::size_t position) {
  std::string_view rest = text;
  while (!rest.empty() && std::string_view(" \t\r\n").find(rest.back()) != std::string_view::npos) rest.remove_suffix(1);
  if (position == 0 || position > rest.size()) return "unexpected end of JSON input";
  const char wrong = text[position - 1];
  std::string_view before = text.substr(0, position - 1);
  while (!before.empty() && std::string_view(" \t\r\n").find(before.back()) != std::string_view::npos) before.remove_suffix(1);
  const bool wants_key = !before.empty() && before.back() == '{';
  return "invalid character '" + std::string(1, wrong) + "' looking for beginning of " +
         (wants_key ? "object key string" : "value");
}

}  // namespace

Outcome<JsonText> read_json(std::string_view text) {
  Builder builder;
  if (Json::sax_parse(text, &builder)) return builder.take();
  if (builder.too_deep()) return fail(bad_request("exceeded max depth"));
  return fail(bad_request(complaint(text, builder.position())));
}

}  // namespace datamesh::kube
