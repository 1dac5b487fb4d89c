// Rows as people write them, and what row filters say of them.
#include "controller/catalog/row.h"

#include <gtest/gtest.h>

namespace datamesh::catalog {
namespace {

std::string says(const std::string& filter, const std::string& row) {
  const auto parsed = parse_row_filter(filter);
  const auto read = parse_row(row);
  if (!parsed || !read) return parsed ? read.error().message : parsed.error().message;
  return std::string(to_string(truth_of(*parsed, *read)));
}

TEST(Row, IsReadFromEqualitiesOrFromPairs) {
  const Row row{{"country", "de"}, {"amount", "5"}, {"city", std::nullopt}};
  EXPECT_EQ(*parse_row("country = 'de' AND amount = 5 AND city IS NULL"), row);
  EXPECT_EQ(*parse_row("country=de, Amount=5,city=null"), row);
  EXPECT_EQ(*parse_row("address.city='Bad Ems'"), (Row{{"address.city", "Bad Ems"}}));
  EXPECT_EQ(to_string(row), "amount = '5', city is NULL, country = 'de'");
}

TEST(Row, ThatMakesNoSenseIsRefusedWithThePlace) {
  EXPECT_EQ(parse_row("country=de,amount").error().message,
            "row, character 12: expected COLUMN=VALUE; write country=de,amount=5 or \"country = 'de' AND amount = 5\"");
  EXPECT_FALSE(parse_row("country=de,country=fr"));
  EXPECT_FALSE(parse_row("  "));
  EXPECT_FALSE(parse_row("=de"));
}

TEST(RowFilter, ComparesNumbersAsNumbersAndExactly) {
  EXPECT_EQ(says("amount = 10", "amount=10.00"), "true");
  EXPECT_EQ(says("amount < 9", "amount=10"), "false") << "not as texts";
  EXPECT_EQ(says("amount > -2", "amount=-10"), "false");
  EXPECT_EQ(says("amount = 1e3", "amount=1000"), "true");
  EXPECT_EQ(says("amount = 0", "amount=-0.0"), "true");
  EXPECT_EQ(says("amount < 0.30000000000000000001", "amount=0.3"), "true");
  EXPECT_EQ(says("amount = 9007199254740993", "amount=9007199254740992"), "false");
  EXPECT_EQ(says("amount BETWEEN 1 AND 5", "amount=5"), "true");
  EXPECT_EQ(says("amount = 5", "amount=five"), "unknown");
}

TEST(RowFilter, ComparesTextsDatesAndBooleans) {
  EXPECT_EQ(says("country IN ('de', 'fr')", "country=fr"), "true");
  EXPECT_EQ(says("country = 'DE'", "country=de"), "false");
  EXPECT_EQ(says("day >= '2026-02-01'", "day=2026-01-31"), "false");
  EXPECT_EQ(says("open = TRUE", "open=true"), "true");
  EXPECT_EQ(says("open = TRUE", "open=maybe"), "unknown");
  EXPECT_EQ(says("name LIKE 'a%_c%'", "name=abbc"), "true");
  EXPECT_EQ(says("name LIKE 'a_c'", "name=ac"), "false");
  EXPECT_EQ(says("name NOT LIKE '%x%'", "name=abc"), "true");
}

TEST(RowFilter, KnowsThreeValues) {
  EXPECT_EQ(says("country = 'de'", "amount=1"), "unknown");
  EXPECT_EQ(says("NOT country = 'de'", "amount=1"), "unknown");
  EXPECT_EQ(says("country = 'de' AND amount = 2", "amount=1"), "false");
  EXPECT_EQ(says("country = 'de' OR amount = 1", "amount=1"), "true");
  EXPECT_EQ(says("country IS NULL", "amount=1"), "true");
  EXPECT_EQ(says("country IS NOT NULL", "country=de"), "true");
  EXPECT_EQ(says("country NOT IN ('de', 'fr')", "amount=1"), "unknown");
}

TEST(RowFilter, NamesTheColumnsThatItMisses) {
  const auto filter = parse_row_filter("country = 'de' AND (amount > 1 OR address.city = 'x')");
  EXPECT_EQ(columns_not_given(*filter, *parse_row("amount=1")), (std::vector<std::string>{"address.city", "country"}));
}

}  // namespace
}  // namespace datamesh::catalog
