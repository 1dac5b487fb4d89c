// Row filters: what is read, where the mistake is said to be, and what fits a table.
#include "controller/catalog/row_filter.h"

#include <gtest/gtest.h>

#include <random>

namespace datamesh::catalog {
namespace {

std::string problem_of(const std::string& text) {
  const auto parsed = parse_row_filter(text);
  return parsed ? "none: " + canonical_text(*parsed) : describe(parsed.error(), text);
}

const std::vector<ColumnShape> kColumns = {
    {"id", "bigint", ""},       {"country", "string", ""}, {"amount", "decimal(6,2)", ""},
    {"small", "tinyint", ""},   {"open", "boolean", ""},   {"at", "timestamp", ""},
    {"score", "double", ""},    {"tags", "array<string>", ""}, {"props", "map<string,string>", ""},
    {"address", "struct<city:string,geo:struct<lat:double,lon:decimal(9,6)>>", ""}, {"born", "date", ""}};
const std::vector<ColumnShape> kKeys = {{"year", "int", ""}};

std::string unfit(const std::string& text) {
  const auto parsed = parse_row_filter(text);
  if (!parsed) return "not read: " + describe(parsed.error(), text);
  std::string out;
  for (const auto& each : problems_in(*parsed, kColumns, kKeys)) out += (out.empty() ? "" : "\n") + describe(each, text);
  return out;
}

TEST(RowFilter, IsWrittenInOneWay) {
  const std::pair<const char*, const char*> cases[] = {
      {"country='de'", "country = 'de'"},
      {"  COUNTRY != 'de'\n", "country <> 'de'"},
      {"a = 1 or b = 2 and c = 3", "a = 1 OR b = 2 AND c = 3"},
      {"(a = 1 or b = 2) and c = 3", "(a = 1 OR b = 2) AND c = 3"},
      {"((a = 1)) and (b = 2 and (c = 3))", "a = 1 AND (b = 2 AND c = 3)"},
      {"not a = 1", "NOT a = 1"},
      {"not (a = 1 and b = 2)", "NOT (a = 1 AND b = 2)"},
      {"not (a is null)", "a IS NOT NULL"},
      {"a not in ('x', 'it''s') and b between 1 and 2.50", "a NOT IN ('x', 'it''s') AND b BETWEEN 1 AND 2.50"},
      {"a like 'x%' and b not like '_'", "a LIKE 'x%' AND b NOT LIKE '_'"},
      {"open = true or open = FALSE", "open = TRUE OR open = FALSE"},
      {"\"Order\".\"select\" = -1.5E3 and \"and\" = +2", "order.select = -1.5e3 AND \"and\" = 2"},
      {"\"a b\" = 1 and \"say \"\"x\"\"\" = 2", "\"a b\" = 1 AND \"say \"\"x\"\"\" = 2"},
      {"date = '2026-01-01'", "date = '2026-01-01'"},
  };
  for (const auto& [text, canonical] : cases) EXPECT_EQ(canonical_row_filter(text), canonical) << text;
  EXPECT_EQ(canonical_row_filter("no filter"), "no filter");
}

TEST(RowFilter, SaysWhereTheMistakeIsAndWhatToWrite) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "line 1, character 1, at the end: a column is needed here; write for instance country = 'de'"},
      {"country = de", "line 1, character 11, at `de`: a constant is needed here; columns cannot be compared with columns or "
                       "functions; write a text as 'de'"},
      {"country = \"de\"", "line 1, character 11, at `\"de\"`: a constant is needed here; double quotes are for columns; write "
                           "a text in single quotes"},
      {"a = 1 AND\n'b' = 2", "line 2, character 1, at `'b' = 2`: a column is needed here; single quotes are for constants; "
                             "write the column without quotes"},
      {"a = 'ü' AND b", "line 1, character 14, at the end: a comparison is needed here; write =, <>, <, <=, >, >=, BETWEEN, "
                        "IN, LIKE or IS NULL"},
      {"a = NULL", "line 1, character 5, at `NULL`: nothing compares with NULL; write IS NULL or IS NOT NULL"},
      {"upper(a) = 'X'", "line 1, character 1, at `upper(a) = 'X'`: functions are not allowed; compare the column itself with "
                         "a constant"},
      {"a = 'open", "line 1, character 5, at `'open`: the quote that begins here is not closed; close it with '; a quote within "
                    "the text is doubled"},
      {"(a = 1", "line 1, character 7, at the end: a parenthesis is not closed; close it with )"},
      {"a = 1 b = 2", "line 1, character 7, at `b = 2`: the filter should end here; join comparisons with AND or OR"},
      {"a = 1; DROP", "line 1, character 6, at `; DROP`: unexpected ;; columns are compared with =, <>, <, <=, >, >=, BETWEEN, "
                      "IN, LIKE and IS NULL"},
      {"a = 1x", "line 1, character 5, at `1x`: this is no number; write it as 12, -1.5 or 1e3, or a text as 'text'"},
      {"a = 1.", "line 1, character 5, at `1.`: this is no number; write it as 12, -1.5 or 1e3, or a text as 'text'"},
      {"a IN ()", "line 1, character 7, at `)`: a constant is needed here; write a number, TRUE, FALSE, or a text in single quotes"},
      {"a BETWEEN 1", "line 1, character 12, at the end: BETWEEN needs two constants; write BETWEEN 1 AND 9"},
  };
  for (const auto& [text, problem] : cases) EXPECT_EQ(problem_of(text), problem);
}

TEST(RowFilter, IsBounded) {
  const std::string within = "a = '" + std::string(kMostRowFilterBytes - 6, 'x') + "'";
  ASSERT_EQ(within.size(), 2047u);
  EXPECT_TRUE(parse_row_filter(within));
  EXPECT_FALSE(parse_row_filter(within + " "));
  EXPECT_TRUE(parse_row_filter(std::string(60, '(') + "a = 1" + std::string(60, ')')));
  EXPECT_FALSE(parse_row_filter(std::string(70, '(') + "a = 1" + std::string(70, ')')));
  std::string nots;
  for (int i = 0; i < 70; ++i) nots += "NOT ";
  EXPECT_FALSE(parse_row_filter(nots + "a = 1"));
}

TEST(RowFilter, FitsConstantsOfTheColumnsType) {
  for (const char* fits : {"id = 9223372036854775807", "id = -9223372036854775808", "country LIKE 'd%'", "amount = 9999.99",
                           "amount = -0.5", "small = -128", "open = TRUE", "at > '2026-02-28 23:59:59.123'", "score = 1e3",
                           "address.city = 'x'", "address.geo.lon < 1.5", "address IS NOT NULL", "born = '2024-02-29'",
                           "year IN (2024, 2025)", "country IS NULL"}) {
    EXPECT_EQ(unfit(fits), "") << fits;
  }
  const std::pair<const char*, const char*> cases[] = {
      {"id = '5'", "line 1, character 6, at `'5'`: the constant does not fit id, which is of type bigint; write a whole number "
                   "that it can hold, for instance 42"},
      {"born = '2026-02-30'", "line 1, character 8, at `'2026-02-30'`: the constant does not fit born, which is of type date; "
                              "write a day of the calendar, for instance '2026-02-28'"},
      {"nope = 1", "line 1, character 1, at `nope = 1`: the table has no column nope; its columns are id, country, amount, small, "
                   "open, at, score, tags, props, address, born, year"},
      {"tags = 'x'", "line 1, character 1, at `tags = 'x'`: tags is of type array<string>, which no row filter can compare; use "
                     "another column"},
      {"address = 'x'", "line 1, character 1, at `address = 'x'`: address is of type "
                        "struct<city:string,geo:struct<lat:double,lon:decimal(9,6)>>: only its fields can be compared; write "
                        "address.field"},
      {"address.zip = 'x'", "line 1, character 1, at `address.zip = 'x'`: address has no field zip; its type is "
                            "struct<city:string,geo:struct<lat:double,lon:decimal(9,6)>>"},
      {"year IS NULL", "line 1, character 1, at `year IS NULL`: IS NULL is not allowed on the partition key year; leave it out: "
                       "it always has a value"},
  };
  for (const auto& [text, problem] : cases) EXPECT_EQ(unfit(text), problem);
  for (const char* no : {"id = 9223372036854775808", "id = 1.0", "id = 1e3", "small = 128", "small = -129", "amount = 10000",
                         "amount = 1.234", "amount = 1e1", "open = 'true'", "open = 1", "country = 1", "country = TRUE",
                         "at = '2026-02-28'", "at = '2026-02-28 24:00:00'", "born = 20260228", "id LIKE '1%'", "score = '1'",
                         "props IS NULL", "country.x = 1", "year = '2024'", "id IN (1, 'x')", "id BETWEEN 1 AND 'x'"}) {
    EXPECT_NE(unfit(no), "") << no;
  }
}

TEST(RowFilter, IsImpossibleOnATableWithAReservedColumn) {
  const auto parsed = parse_row_filter("id = 1");
  const auto problems = problems_in(*parsed, {{"id", "int", ""}, {"xmin", "string", ""}}, {});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].message, "the table has a column xmin, a name that Lake Formation keeps for itself");
}

TEST(RowFilter, TellsEveryMistakeInOrder) {
  EXPECT_EQ(unfit("id = 'a' OR (nope = 1 AND year = 'b')"),
            "line 1, character 6, at `'a' OR (nope = 1 AND yea…`: the constant does not fit id, which is of type bigint; write a "
            "whole number that it can hold, for instance 42\n"
            "line 1, character 14, at `nope = 1 AND year = 'b')`: the table has no column nope; its columns are id, country, amount, "
            "small, open, at, score, tags, props, address, born, year\n"
            "line 1, character 34, at `'b')`: the constant does not fit year, which is of type int; write a whole number that it can "
            "hold, for instance 42");
}

// ---- generated filters ----------------------------------------------------------------------------------------

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  RowFilter filter(int depth) {
    RowFilter out;
    const int form = below(depth == 0 ? 10 : 16);
    if (form >= 10) {
      out.kind = form < 12 ? RowFilter::Kind::Not : form < 14 ? RowFilter::Kind::And : RowFilter::Kind::Or;
      const int count = out.kind == RowFilter::Kind::Not ? 1 : 2 + below(2);
      for (int i = 0; i < count; ++i) out.operands.push_back(filter(depth - 1));
      return out;
    }
    out.kind = static_cast<RowFilter::Kind>(static_cast<int>(RowFilter::Kind::Equal) + form);
    for (int n = 1 + below(2); n > 0; --n) out.path.push_back(pick({"a", "b_1", "and", "with space", "say \"x\"", "dot.ted", "ü", "1st"}));
    int constants = out.kind == RowFilter::Kind::IsNull ? 0 : out.kind == RowFilter::Kind::Between ? 2 : 1;
    if (out.kind == RowFilter::Kind::In) constants = 1 + below(3);
    for (; constants > 0; --constants) {
      const auto type = static_cast<RowConstant::Type>(below(3));
      const std::string text = type == RowConstant::Type::Text     ? pick({"", "it's", "x\ny", "''", "NULL", "ü\""})
                               : type == RowConstant::Type::Number ? pick({"0", "-1.5", "1e-3", "007"})
                                                                   : pick({"true", "false"});
      out.constants.push_back({type, text, 0});
    }
    return out;
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::string pick(const std::vector<std::string>& from) { return from[static_cast<std::size_t>(below(static_cast<int>(from.size())))]; }

 private:
  std::mt19937 random_;
};

TEST(RowFilterProperty, WhatIsWrittenReadsBackEqual) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    const RowFilter filter = Generator(seed).filter(4);
    const std::string text = canonical_text(filter);
    if (text.size() > kMostRowFilterBytes) continue;
    const auto again = parse_row_filter(text);
    ASSERT_TRUE(again) << text << "\n" << describe(again.error(), text);
    ASSERT_EQ(*again, filter) << text;
    ASSERT_EQ(canonical_text(*again), text);
  }
}

TEST(RowFilterProperty, AnyTextIsReadOrItsMistakeIsShown) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Generator random(seed);
    std::string text = canonical_text(random.filter(3));
    for (int n = 1 + random.below(3); n > 0; --n) {
      const auto at = static_cast<std::size_t>(random.below(static_cast<int>(text.size())));
      random.below(2) == 0 ? text.erase(at, 1) : text.insert(at, 1, random.pick({"'", "\"", "(", ")", " ", "x", "=", ",", "9"})[0]);
      if (text.empty()) text = "x";
    }
    const auto parsed = parse_row_filter(text);
    if (parsed) {
      EXPECT_EQ(*parse_row_filter(canonical_text(*parsed)), *parsed) << text;
    } else {
      EXPECT_LE(parsed.error().at, text.size()) << text;
      EXPECT_FALSE(describe(parsed.error(), text).empty());
    }
  }
}

}  // namespace
}  // namespace datamesh::catalog
