#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "controller/base/yaml.h"

namespace datamesh {
namespace {

TEST(ToYaml, WritesBlocksWithSortedKeys) {
  const Json object = Json::parse(R"({
    "spec": {"tables": [{"name": "a", "columns": []}, {"name": "b", "tags": {"pii": "no"}}], "rows": [[1, 2], [{}]]},
    "kind": "DataProduct", "metadata": {"name": "orders", "labels": {}}, "flag": true, "none": null, "rate": 1.0})");
  EXPECT_EQ(to_yaml(object), R"(flag: true
kind: DataProduct
metadata:
  labels: {}
  name: orders
none: null
rate: 1.0
spec:
  rows:
  - - 1
    - 2
  - - {}
  tables:
  - columns: []
    name: a
  - name: b
    tags:
      pii: "no"
)");
}

TEST(ToYaml, QuotesWhatWouldBeReadAsAnotherType) {
  for (const char* text : {"1", "010", "0x1F", "1.5", "1e3", ".5", "+1", "-1", "true", "Yes", "off", "y", "N", "null",
                           "~", "", "2024-05-01", "12:30:45", "1_000", "111122223333", "-", "- a", "? a", "a: b", "a #b",
                           "#a", " a", "a ", "*a", "&a", "!a", "%a", "@a", "`a", "[a", "{a", "'a", "\"a", "|", ">", "=",
                           "<<", ".inf", "a:", "\t", "0o7", "0b1", "1e", "12e03"}) {
    const std::string yaml = to_yaml(Json{{"k", text}});
    EXPECT_EQ(yaml.substr(0, 4), "k: \"") << yaml;
  }
}

TEST(ToYaml, LeavesOrdinaryTextPlain) {
  for (const char* text : {"orders", "arn:aws:iam::111122223333:role/analyst", "5m", "24h", "s3://bucket/prefix",
                           "eu-west-1", "Orders, one row a day", "it's", "/path", "_x", "decimal(10,2)"}) {
    EXPECT_EQ(to_yaml(Json{{"k", text}}), "k: " + std::string(text) + "\n");
  }
}

TEST(ToYaml, WritesSeveralLinesAsABlock) {
  EXPECT_EQ(to_yaml(Json{{"k", {{"text", "a: 1\n  b\n\n# c"}}}}), "k:\n  text: |-\n    a: 1\n      b\n\n    # c\n");
  EXPECT_EQ(to_yaml(Json("x\n")), "|\n  x\n");
  EXPECT_EQ(to_yaml(Json("x\n\n")), "\"x\\n\\n\"\n");
}

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Json value(int depth) {
    switch (below(depth > 0 ? 9 : 7)) {
      case 0: return nullptr;
      case 1: return below(2) == 0;
      case 2: return static_cast<std::int64_t>(random_()) - 2'000'000'000;
      case 3: return std::uint64_t{random_()} << 32;
      case 4: return static_cast<double>(random_()) / 1000.0 - 1e6;
      case 5: return text();
      case 6: return word();
      case 7: return list(depth);
      default: return object(depth);
    }
  }

 private:
  unsigned below(unsigned bound) { return random_() % bound; }

  Json list(int depth) {
    Json list = Json::array();
    for (unsigned i = below(4); i > 0; --i) list.push_back(value(depth - 1));
    return list;
  }

  Json object(int depth) {
    Json object = Json::object();
    for (unsigned i = below(4); i > 0; --i) object[below(2) == 0 ? text() : word()] = value(depth - 1);
    return object;
  }

  std::string word() {
    static const std::vector<std::string> kWords{"yes", "no", "null", "~", "010", "1e5", "0x1f", ".inf", "-", "---", "...",
                                                 "<<", "=", "a: b", "a #b", "%TAG", "2024-01-01T00:00:00Z", "name", "|"};
    return kWords[below(static_cast<unsigned>(kWords.size()))];
  }

  std::string text() {
    static const std::vector<std::string> kPieces{"a", "B", "0", "7", " ", "  ", "\n", "\t", "\r", ":", ": ", "-", "- ",
                                                  "#", " #", "\"", "'", "\\", "{", "}", "[", "]", ",", "&", "*", "!", "|",
                                                  ">", "%", "@", "`", "?", "~", "e", ".", "_", "\x01", "\x7F", "é", "日",
                                                  "\xC2\x85", "\xE2\x80\xA8", "\xEF\xBB\xBF", "😀", "x", "---", "\n---\n"};
    std::string out;
    for (unsigned i = below(below(10) == 0 ? 1200 : 8); i > 0; --i) {
      out += kPieces[below(static_cast<unsigned>(kPieces.size()))];
    }
    return out;
  }

  std::mt19937 random_;
};

TEST(ToYaml, IsReadBackUnchanged) {
  for (unsigned seed = 0; seed < 4000; ++seed) {
    const Json value = Generator(seed).value(4);
    const std::string yaml = to_yaml(value);
    const auto back = parse_yaml(yaml);
    ASSERT_TRUE(back.has_value()) << "seed " << seed << ": " << back.error().message << "\n" << yaml;
    ASSERT_EQ(*back, value) << "seed " << seed << "\n" << yaml;
    ASSERT_EQ(back->dump(), value.dump()) << "seed " << seed << ": a number changed its kind";
  }
}

TEST(ToYaml, OfTextsOfEveryShapeIsReadBackUnchanged) {
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Generator generator(seed + 1'000'000);
    Json object = Json::object();
    for (int i = 0; i < 5; ++i) object["k" + std::to_string(i)] = generator.value(0);
    const auto back = parse_yaml(to_yaml(object));
    ASSERT_TRUE(back.has_value()) << "seed " << seed << ": " << back.error().message << "\n" << to_yaml(object);
    ASSERT_EQ(*back, object) << "seed " << seed;
  }
}

}  // namespace
}  // namespace datamesh
