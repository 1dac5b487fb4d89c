// LF-tag expressions as people write them.
#include "controller/catalog/tag_expression.h"

#include <gtest/gtest.h>

namespace datamesh::catalog {
namespace {

std::string canonical(const std::string& text) {
  const auto parsed = parse_tag_expression(text);
  return parsed ? to_string(*parsed) : parsed.error().message;
}

TEST(TagExpression, HasOneFormHoweverItIsWritten) {
  const std::string expected = "classification=internal,public;cost-center=42";
  for (const char* text :
       {"classification in (public, internal) and cost-center = 42", "cost-center=42 AND classification IN(internal,public)",
        "  Classification in ('Public', internal, public)\n and cost-center in (42)"}) {
    EXPECT_EQ(canonical(text), expected) << text;
  }
}

TEST(TagExpression, TakesQuotedWordsAndAnyValue) {
  EXPECT_EQ(canonical("'data domain' = 'in and out' and pii in (no, *)"), "data domain=in and out;pii=*");
  EXPECT_EQ(canonical("inner = 1 and android = 2"), "android=2;inner=1");
}

TEST(TagExpression, SaysWhereItIsWrong) {
  EXPECT_EQ(canonical(""), "at character 1: expected the key of a tag");
  EXPECT_EQ(canonical("a"), "at character 2: expected = or in after \"a\"");
  EXPECT_EQ(canonical("a = "), "at character 5: expected a value");
  EXPECT_EQ(canonical("a in public"), "at character 6: expected ( after in");
  EXPECT_EQ(canonical("a in (x y)"), "at character 9: expected , or )");
  EXPECT_EQ(canonical("a = x b = y"), "at character 7: expected \"and\" or the end");
  EXPECT_EQ(canonical("a = x and a = y"), "at character 11: \"a\" is there already: list its values with in (…)");
  EXPECT_EQ(canonical("a = 'x"), "at character 5: the quote is not closed");
  EXPECT_EQ(canonical("a = 'x,y'"), "at character 5: a word of a tag holds none of , ; =");
  EXPECT_EQ(canonical("* = x"), "at character 1: * stands for a value, not for a key");
}

TEST(TagExpression, IsReadBackFromItsCanonicalForm) {
  const auto parsed = parse_tag_expression("a in (x, y) and b = *");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(expression_of(to_string(*parsed)), *parsed);
}

TEST(TagExpression, IsASubsetWithTheSameKeysAndNoOtherValues) {
  const auto of = [](const char* text) { return *parse_tag_expression(text); };
  const TagExpression whole = of("a in (x, y) and b = *");
  EXPECT_TRUE(is_subset(whole, whole));
  EXPECT_TRUE(is_subset(of("a = x and b = 1"), whole));
  EXPECT_FALSE(is_subset(of("a in (x, z) and b = 1"), whole));
  EXPECT_FALSE(is_subset(of("a = x"), whole));
  EXPECT_FALSE(is_subset(of("a = x and b = 1 and c = 2"), whole));
}

}  // namespace
}  // namespace datamesh::catalog
