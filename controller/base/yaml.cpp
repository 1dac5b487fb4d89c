// The reader: yaml-cpp's events, our own values. YAML::Node is never used (its copies alias each other and its
// walks explode on aliases), and the parser sees one document at a time, because it takes what follows a complete
// one for another document and can loop on a stray comma.
#include "controller/base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "controller/base/json_path.h"
#include "controller/base/yaml_scalar.h"

namespace datamesh {
namespace {

constexpr std::string_view kStandardTag = "tag:yaml.org,2002:";

/// Ends the parse from inside an event; caught in this file.
struct Refusal {
  TextPosition at;
  std::string message;
};

[[noreturn]] void refuse(TextPosition at, std::string message) { throw Refusal{at, std::move(message)}; }

/// How many bytes the UTF-8 character at the front of `text` has; 0 when it is malformed.
/// Source: RFC 3629 section 4 (no overlong forms, no surrogates, nothing above U+10FFFF)
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Error error_at(TextPosition at, const std::string& message) {
  return Error{ErrorKind::Invalid, {},
               "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " + message, {},
               std::nullopt};
}

/// What all documents of one text have used up.
struct Spent {
  std::size_t nodes = 0;
  std::size_t alias_nodes = 0;
};

/// A finished value, and what it costs to have it again.
struct Finished {
  Json value;
  std::size_t cost = 1;
  int height = 0;  ///< levels of maps and lists
};

class DocumentBuilder final : public YAML::EventHandler {
 public:
  DocumentBuilder(const YamlLimits& limits, Spent& spent, int lines_before)
      : limits_(limits), spent_(spent), lines_before_(lines_before) {}

  YamlDocument take() {
    YamlDocument document{std::move(root_), 1, {}};
    document.positions.nodes() = std::move(nodes_);
    if (!document.positions.nodes().empty()) document.line = document.positions.nodes()[0].place.value.line;
    return document;
  }

  TextPosition position(const YAML::Mark& mark) const { return {mark.line + 1 + lines_before_, mark.column + 1}; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) refuse(position(mark), "unexpected content after the end of the document; is a '---' missing?");
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (is_key_next()) refuse(position(mark), "a key is missing before ':'");
    begin(position(mark));
    finish({nullptr, 1, 0}, anchor, position(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const TextPosition at = position(mark);
    // yaml-cpp makes one byte of Latin 1 of these two.
    if (!is_utf8(text)) refuse(at, R"(the escapes \_ and \N are not supported; write \u00A0 or \u0085)");
    Json value = scalar(tag, text, at);
    if (is_key_next()) return take_key(value, tag, at, anchor);
    begin(at);
    finish({std::move(value), 1 + text.size() / 64, 0}, anchor, at);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const TextPosition at = position(mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(at, "the alias stands inside the value it names");
    if (is_key_next()) refuse(at, "a key cannot be an alias");
    spent_.alias_nodes += found->second.cost;
    if (spent_.alias_nodes > limits_.alias_nodes) refuse(at, "the aliases expand to too much");
    begin(at);
    finish(Finished(found->second), 0, at);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Json::array(), "seq", tag, anchor, position(mark));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Json::object(), "map", tag, anchor, position(mark));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Json value;
    YAML::anchor_t anchor = 0;
    TextPosition at;
    std::size_t node = 0;
    std::size_t spent_before = 0;
    int height = 0;
    std::optional<std::string> key;
    TextPosition key_at;
  };

  bool is_key_next() const { return !frames_.empty() && frames_.back().value.is_object() && !frames_.back().key; }

  void spend(std::size_t cost, TextPosition at) {
    spent_.nodes += cost;
    if (spent_.nodes > limits_.nodes) refuse(at, "the text holds too many values");
  }

  static Json scalar(const std::string& tag, const std::string& text, TextPosition at) {
    if (tag == "!" || tag == std::string(kStandardTag) + "str") return text;
    auto value = plain_scalar(text);
    if (!value) refuse(at, value.error().message);
    if (tag.empty() || tag == "?") return std::move(*value);
    const auto is = [&](std::string_view name) { return tag == std::string(kStandardTag).append(name); };
    const bool matches = (is("null") && value->is_null()) || (is("bool") && value->is_boolean()) ||
                         (is("int") && value->is_number_integer()) || (is("float") && value->is_number());
    if (!matches) refuse(at, "the tag " + tag + " is not supported here");
    return std::move(*value);
  }

  void take_key(const Json& value, const std::string& tag, TextPosition at, YAML::anchor_t anchor) {
    Frame& frame = frames_.back();
    if (anchor != 0) refuse(at, "a key cannot have an anchor");
    if (!value.is_string()) refuse(at, "the key " + value.dump() + " is not a string; put it in quotes");
    std::string key = value.get<std::string>();
    if (key == "<<" && tag != "!") refuse(at, "merge keys are not supported");
    if (frame.value.contains(key)) refuse(at, "duplicate key \"" + key + "\"");
    spend(1 + key.size() / 64, at);
    frame.key = std::move(key);
    frame.key_at = at;
  }

  /// Notes where the value that starts at `at` stands.
  void begin(TextPosition at) {
    YamlPositions::Node node{{}, {at, at}, 0};
    if (!frames_.empty() && frames_.back().key) {
      node.key = *frames_.back().key;
      node.place.key = frames_.back().key_at;
    }
    nodes_.push_back(std::move(node));
    nodes_.back().end = static_cast<std::uint32_t>(nodes_.size());
  }

  void finish(Finished finished, YAML::anchor_t anchor, TextPosition at) {
    spend(finished.cost, at);
    if (static_cast<int>(frames_.size()) + finished.height > limits_.depth) refuse(at, "nested too deeply");
    if (anchor != 0) {
      spend(finished.cost, at);
      anchors_[anchor] = finished;
    }
    put(std::move(finished));
  }

  void put(Finished finished) {
    if (frames_.empty()) {
      root_ = std::move(finished.value);
      return;
    }
    Frame& frame = frames_.back();
    frame.height = std::max(frame.height, finished.height);
    if (frame.value.is_array()) {
      frame.value.push_back(std::move(finished.value));
      return;
    }
    frame.value[*frame.key] = std::move(finished.value);
    frame.key.reset();
  }

  void open(Json empty, std::string_view type, const std::string& tag, YAML::anchor_t anchor, TextPosition at) {
    if (!tag.empty() && tag != "?" && tag != "!" && tag != std::string(kStandardTag).append(type)) {
      refuse(at, "the tag " + tag + " is not supported here");
    }
    if (is_key_next()) refuse(at, "a key must be a string, not a map or list");
    if (static_cast<int>(frames_.size()) >= limits_.depth) refuse(at, "nested too deeply");
    begin(at);
    spend(1, at);
    frames_.push_back({std::move(empty), anchor, at, nodes_.size() - 1, spent_.nodes, 0, std::nullopt, {}});
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    nodes_[frame.node].end = static_cast<std::uint32_t>(nodes_.size());
    Finished finished{std::move(frame.value), 1 + spent_.nodes - frame.spent_before, frame.height + 1};
    if (frame.anchor != 0) {
      spend(finished.cost, frame.at);
      anchors_[frame.anchor] = finished;
    }
    put(std::move(finished));
  }

  const YamlLimits& limits_;
  Spent& spent_;
  int lines_before_;
  bool started_ = false;
  Json root_;
  std::vector<YamlPositions::Node> nodes_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Finished> anchors_;
};

TextPosition position_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  const std::size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(offset - line_start) + 1};
}

/// YAML knows no control characters but tab and line ends, and yaml-cpp takes some of them for its own marks.
void refuse_bad_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      refuse(position_of(text, i), "control characters are not allowed");
    }
    const std::size_t length = character_length(text.substr(i));
    if (length == 0) refuse(position_of(text, i), "the text is not valid UTF-8");
    i += length;
  }
}

/// The parser reads a flow collection to its end before it reports the start, at 200 bytes a token.
void refuse_many_tokens(std::string_view text, std::size_t limit) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool flow = c == '[' || c == ']' || c == '{' || c == '}' || c == ',';
    if (flow && ++count > limit) refuse(position_of(text, i), "the text holds too many values");
  }
}

bool is_separator(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

struct Chunk {
  std::string_view text;
  int lines_before = 0;
};

/// Splits before every line that starts a document.
std::vector<Chunk> split_documents(std::string_view text) {
  std::vector<Chunk> chunks;
  std::size_t start = 0, at = 0;
  int start_line = 0, line = 0;
  while (at < text.size()) {
    const std::size_t newline = std::min(text.find('\n', at), text.size());
    if (at > start && is_separator(text.substr(at, newline - at))) {
      chunks.push_back({text.substr(start, at - start), start_line});
      start = at;
      start_line = line;
    }
    at = newline + 1;
    ++line;
  }
  chunks.push_back({text.substr(start), start_line});
  return chunks;
}

/// With an end mark behind it, an open quote at the end of the text is an error; yaml-cpp would close it silently.
std::string closed(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out.back() != '\n') out += '\n';
  return out + "...\n";
}

/// The document in `chunk`; nullopt when there is nothing but comments, or null.
std::optional<YamlDocument> parse_chunk(const Chunk& chunk, const YamlLimits& limits, Spent& spent) {
  DocumentBuilder builder(limits, spent, chunk.lines_before);
  std::istringstream stream(closed(chunk.text));
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    const bool placed = !e.mark.is_null();
    refuse(placed ? builder.position(e.mark) : TextPosition{chunk.lines_before + 1, 1}, e.msg);
  }
  YamlDocument document = builder.take();
  if (document.value.is_null()) return std::nullopt;
  return document;
}

std::vector<YamlDocument> parse_all(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    refuse({}, "the text is larger than " + std::to_string(limits.bytes) + " bytes");
  }
  refuse_bad_characters(text);
  refuse_many_tokens(text, limits.nodes);
  std::vector<YamlDocument> documents;
  Spent spent;
  for (const Chunk& chunk : split_documents(text)) {
    auto document = parse_chunk(chunk, limits, spent);
    if (!document) continue;
    if (documents.size() == limits.documents) {
      refuse({document->line, 1}, "more than " + std::to_string(limits.documents) + " documents");
    }
    documents.push_back(std::move(*document));
  }
  return documents;
}

}  // namespace

YamlPositions::Place YamlPositions::find(std::string_view path) const {
  if (nodes_.empty()) return {};
  std::size_t here = 0;
  for (const PathStep& step : split_path(path)) {
    std::size_t child = here + 1;
    for (std::size_t i = 0; child < nodes_[here].end; child = nodes_[child].end, ++i) {
      if (step.is_index ? i == step.index : nodes_[child].key == step.key) break;
    }
    if (child >= nodes_[here].end) break;
    here = child;
  }
  return nodes_[here].place;
}

Result<std::vector<YamlDocument>> parse_yaml_documents(std::string_view text, const YamlLimits& limits) {
  try {
    return parse_all(text, limits);
  } catch (const Refusal& refusal) {
    return fail(error_at(refusal.at, refusal.message));
  }
}

Result<Json> parse_yaml(std::string_view text, const YamlLimits& limits) {
  TRY_VALUE(auto documents, parse_yaml_documents(text, limits));
  if (documents.empty()) return Json(nullptr);
  if (documents.size() > 1) return fail(error_at({documents[1].line, 1}, "only one document is expected"));
  return std::move(documents[0].value);
}

}  // namespace datamesh
