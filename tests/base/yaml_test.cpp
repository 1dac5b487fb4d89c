#include "controller/base/yaml.h"

#include <gtest/gtest.h>

#include <string>

namespace datamesh {
namespace {

std::string error_of(std::string_view text, const YamlLimits& limits = {}) {
  const auto documents = parse_yaml_documents(text, limits);
  return documents ? "accepted: " + std::to_string(documents->size()) + " documents" : documents.error().message;
}

Json values_of(std::string_view text) {
  const auto documents = parse_yaml_documents(text);
  Json values = Json::array();
  if (!documents) return documents.error().message;
  for (const auto& document : *documents) values.push_back(document.value);
  return values;
}

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

struct ScalarCase {
  const char* text;
  Json value;
};

TEST(YamlScalar, IsReadAsKubernetesReadsIt) {
  const ScalarCase cases[] = {
      {"a", "a"}, {"\"1\"", "1"}, {"'true'", "true"}, {"1", 1}, {"-5", -5}, {"+5", 5}, {"0", 0}, {"010", 8},
      {"-010", -8}, {"0o17", 15}, {"0x1F", 31}, {"0b101", 5}, {"1_000", 1000}, {"08", 8.0}, {"1.5", 1.5},
      {".5", 0.5}, {"5.", 5.0}, {"1e3", 1000.0}, {"-1.5e-3", -0.0015}, {"18446744073709551615", 18446744073709551615u},
      {"-9223372036854775808", std::int64_t{-9223372036854775807} - 1}, {"18446744073709551616", 18446744073709551616.0},
      {"yes", true}, {"On", true}, {"TRUE", true}, {"no", false}, {"off", false}, {"False", false},
      {"y", "y"}, {"N", "N"}, {"tRUE", "tRUE"}, {"~", nullptr}, {"null", nullptr}, {"", nullptr}, {"Null", nullptr},
      {"\"\"", ""}, {"1:30", "1:30"}, {"2024-05-01", "2024-05-01"}, {"5m", "5m"}, {"1.2.3", "1.2.3"}, {"0x", "0x"},
      {"-", "-"}, {"!!str 5", "5"}, {"!!int \"5\"", 5}, {"!!float 5", 5}, {"! 5", "5"}, {"_1", "_1"},
      {"012345678901", 12345678901.0}, {"012345670123", 1402433619}, {"1e", "1e"}, {"infinity", "infinity"},
  };
  for (const auto& [text, value] : cases) {
    if (std::string(text) == "-") continue;  // a dash alone is a list in a document
    EXPECT_EQ(values_of(std::string("k: ") + text), Json::array({Json{{"k", value}}})) << text;
  }
}

TEST(YamlDocuments, AreSplitAtTheirSeparators) {
  EXPECT_EQ(values_of("---\na: 1\n---\n# only a comment\n---\n--- \nb: 2\n"), Json::array({{{"a", 1}}, {{"b", 2}}}));
  EXPECT_EQ(values_of("--- {a: 1}\n--- # note\n- x\n"), Json::array({{{"a", 1}}, Json::array({"x"})}));
  EXPECT_EQ(values_of("a: 1\r\n---\r\nb: 2\r\n"), Json::array({{{"a", 1}}, {{"b", 2}}}));
  EXPECT_EQ(values_of("a: 1\n...\n"), Json::array({{{"a", 1}}}));
  EXPECT_EQ(values_of("\xEF\xBB\xBF" "a: 1\n"), Json::array({{{"a", 1}}}));
  EXPECT_EQ(values_of("a: |\n  x\n  ---\n  y\n"), Json::array({{{"a", "x\n---\ny\n"}}}));
  EXPECT_EQ(values_of(""), Json::array());
  EXPECT_EQ(values_of("# nothing\n\n---\n"), Json::array());
}

TEST(YamlDocuments, KeepAliasesAsCopies) {
  EXPECT_EQ(values_of("a: &x {k: [1, 2]}\nb: *x\nc: *x\n"),
            Json::parse(R"([{"a": {"k": [1, 2]}, "b": {"k": [1, 2]}, "c": {"k": [1, 2]}}])"));
}

struct RefusalCase {
  const char* name;
  std::string text;
  const char* message;
};

TEST(YamlRefusal, NamesLineAndColumn) {
  const RefusalCase cases[] = {
      {"duplicate key", "a: 1\nb: 2\na: 3\n", "line 3, column 1: duplicate key \"a\""},
      {"nested duplicate key", "---\nx: 1\n---\na:\n  b: 1\n  b: 2\n", "line 6, column 3: duplicate key \"b\""},
      {"merge key", "x: &x {a: 1}\ny: {<<: *x}\n", "line 2, column 5: merge keys are not supported"},
      {"recursive alias", "a: &a [*a]\n", "line 1, column 8: the alias stands inside the value it names"},
      {"custom tag", "a: !foo b\n", "line 1, column 4: the tag !foo is not supported here"},
      {"binary tag", "a: !!binary aGk=\n", "line 1, column 4: the tag tag:yaml.org,2002:binary is not supported here"},
      {"wrong tag", "a: !!int abc\n", "line 1, column 4: the tag tag:yaml.org,2002:int is not supported here"},
      {"tag of another shape", "a: !!map [1]\n", "line 1, column 4: the tag tag:yaml.org,2002:map is not supported here"},
      {"number as key", "a: 1\n5: x\n", "line 2, column 1: the key 5 is not a string; put it in quotes"},
      {"boolean as key", "on: x\n", "line 1, column 1: the key true is not a string; put it in quotes"},
      {"map as key", "? {a: 1}\n: x\n", "line 1, column 3: a key must be a string, not a map or list"},
      {"infinity", "a: .inf\n", "line 1, column 4: infinity and not-a-number are not supported; put it in quotes if it is text"},
      {"number out of range", "a: 1e999\n", "line 1, column 4: the number is out of range; put it in quotes if it is text"},
      {"missing separator", "{a: b}\n- c\n", "line 2, column 1: unexpected content after the end of the document; is a '---' missing?"},
      {"missing separator after end mark", "a: 1\n...\nb: 2\n", "line 3, column 1: unexpected content after the end of the document; is a '---' missing?"},
      {"invalid UTF-8", "a: 1\nb: \"\xC3\x28\"\n", "line 2, column 5: the text is not valid UTF-8"},
      {"overlong UTF-8", "a: \xC0\x80\n", "line 1, column 4: the text is not valid UTF-8"},
      {"surrogate", "a: \xED\xA0\x80\n", "line 1, column 4: the text is not valid UTF-8"},
      {"an escape that yaml-cpp does not know", "a: \"x\\_y\"\n",
       R"(line 1, column 4: the escapes \_ and \N are not supported; write \u00A0 or \u0085)"},
      {"UTF-16", std::string("\xFF\xFE" "a\0:\0", 6), "line 1, column 1: the text is not valid UTF-8"},
      {"zero byte", std::string("a: b\0c\n", 7), "line 1, column 5: control characters are not allowed"},
      {"end mark of the parser", "a: b\x04 c\n", "line 1, column 5: control characters are not allowed"},
  };
  for (const auto& [name, text, message] : cases) EXPECT_EQ(error_of(text), message) << name;
}

TEST(YamlRefusal, OfBrokenTextHasThePlaceInTheWholeFile) {
  EXPECT_EQ(error_of("---\na: 1\n---\nb: 1\n  c: 2\n").substr(0, 17), "line 5, column 4:");
  EXPECT_EQ(error_of("a: 1\n---\nb: [1,\n").substr(0, 7), "line 4,");
  EXPECT_EQ(error_of("a: 1\n---\na: \"open\nb: c\n").substr(0, 7), "line 5,");
  EXPECT_EQ(error_of("a: 'open").substr(0, 7), "line 2,");
}

TEST(YamlRefusal, EndsOnStrayCommas) {
  for (const char* text : {",", ",a", "a: 1\n---\n,b\n", "- ,\n", "a: ,\n", "? ,", "{,}", "]", "}", "a: ]"}) {
    EXPECT_EQ(error_of(text).substr(0, 5), "line ") << text;
  }
}

TEST(YamlLimit, RefusesHugeText) {
  YamlLimits limits;
  limits.bytes = 10;
  EXPECT_EQ(error_of("a: 12345678\n", limits), "line 1, column 1: the text is larger than 10 bytes");
}

TEST(YamlLimit, RefusesDeepNesting) {
  EXPECT_EQ(values_of(repeat("[", 100) + repeat("]", 100)).size(), 1u);
  EXPECT_EQ(error_of(repeat("[", 101) + repeat("]", 101)), "line 1, column 101: nested too deeply");
  EXPECT_EQ(error_of(repeat("[", 1'000'000)).substr(0, 5), "line ");
  EXPECT_EQ(error_of(repeat("- ", 1'000'000)).substr(0, 5), "line ");
  EXPECT_EQ(error_of(repeat("{a: ", 100'000)).substr(0, 5), "line ");
  EXPECT_EQ(error_of(repeat("? ", 100'000)).substr(0, 5), "line ");
}

TEST(YamlLimit, RefusesNestingByAliases) {
  std::string text = "a0: &a0 " + repeat("[", 40) + repeat("]", 40) + "\n";
  for (int i = 1; i < 4; ++i) {
    const std::string n = std::to_string(i), before = std::to_string(i - 1);
    text += "a" + n + ": &a" + n + " " + repeat("[", 40) + "*a" + before + repeat("]", 40) + "\n";
  }
  EXPECT_EQ(error_of(text), "line 3, column 49: nested too deeply");
}

TEST(YamlLimit, RefusesAliasBombs) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string n = std::to_string(i), before = "*a" + std::to_string(i - 1);
    text += "a" + n + ": &a" + n + " [" + before + repeat("," + before, 9) + "]\n";
  }
  EXPECT_EQ(error_of(text), "line 5, column 38: the aliases expand to too much");
}

TEST(YamlLimit, CountsTheLengthOfAliasedText) {
  const std::string text = "a: &a " + repeat("x", 1'000'000) + "\nb: [*a" + repeat(",*a", 20) + "]\n";
  EXPECT_EQ(error_of(text), "line 2, column 23: the aliases expand to too much");
}

TEST(YamlLimit, CountsAnchoredCopies) {
  YamlLimits limits;
  limits.nodes = 1000;
  const std::string list = "[" + repeat("x,", 100) + "x]";
  EXPECT_EQ(error_of("a: " + repeat("[ ", 20) + list + repeat("]", 20), limits), "accepted: 1 documents");
  EXPECT_NE(error_of("a: &a1 [&a2 [&a3 [&a4 [&a5 [&a6 [&a7 [&a8 [&a9 [&b " + list + repeat("]", 9), limits)
                .find("the text holds too many values"),
            std::string::npos);
}

TEST(YamlLimit, RefusesMoreFlowThanTheParserCouldBuffer) {
  EXPECT_EQ(error_of(repeat("[", 8'000'000)), "line 1, column 1000001: the text holds too many values");
  EXPECT_EQ(error_of("[\n" + repeat("x,\n", 1'200'000)), "line 1000001, column 2: the text holds too many values");
}

TEST(YamlLimit, RefusesTooManyDocuments) {
  YamlLimits limits;
  limits.documents = 2;
  EXPECT_EQ(error_of("--- a\n--- b\n--- c\n", limits), "line 3, column 1: more than 2 documents");
}

TEST(YamlLimit, ReadsTenThousandDocuments) {
  EXPECT_EQ(error_of(repeat("---\nkind: Grant\nspec: {tables: [a, b]}\n", 10'000)), "accepted: 10000 documents");
}

TEST(YamlPositions, NameKeysValuesAndElements) {
  const auto documents = parse_yaml_documents(
      "x: 1\n---\n# note\nspec:\n  tables:\n  - name: a\n  - name: b\n    columns: [{name: id,\n      type: int}]\n"
      "  labels: {a.b/c: v}\n");
  ASSERT_TRUE(documents.has_value());
  const YamlPositions& at = (*documents)[1].positions;
  using Place = YamlPositions::Place;
  EXPECT_EQ((*documents)[1].line, 4);
  EXPECT_EQ(at.find(""), (Place{{4, 1}, {4, 1}}));
  EXPECT_EQ(at.find("spec"), (Place{{4, 1}, {5, 3}}));
  EXPECT_EQ(at.find("spec.tables[1]"), (Place{{7, 5}, {7, 5}}));
  EXPECT_EQ(at.find("spec.tables[1].columns[0].type"), (Place{{9, 7}, {9, 13}}));
  EXPECT_EQ(at.find("spec.labels[\"a.b/c\"]"), (Place{{10, 12}, {10, 19}}));
}

TEST(YamlPositions, OfWhatIsMissingAreThoseOfItsNearestAncestor) {
  const auto documents = parse_yaml_documents("a: &x {k: 1}\nb: *x\n");
  ASSERT_TRUE(documents.has_value());
  const YamlPositions& at = (*documents)[0].positions;
  EXPECT_EQ(at.find("b.k"), (YamlPositions::Place{{2, 1}, {2, 4}}));
  EXPECT_EQ(at.find("a.none.deeper"), (YamlPositions::Place{{1, 1}, {1, 4}}));
  EXPECT_EQ(YamlPositions().find("a"), YamlPositions::Place());
}

TEST(ParseYaml, WantsOneDocument) {
  EXPECT_EQ(parse_yaml("").value(), Json(nullptr));
  EXPECT_EQ(parse_yaml("a: 1").value(), Json({{"a", 1}}));
  EXPECT_EQ(parse_yaml("--- a\n--- b\n").error().message, "line 2, column 1: only one document is expected");
}

}  // namespace
}  // namespace datamesh
