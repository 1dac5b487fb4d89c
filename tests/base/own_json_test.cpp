// Our own JSON is read quickly and as exactly as by the careful parser.
#include <gtest/gtest.h>

#include <limits>

#include "controller/base/json.h"

namespace datamesh {
namespace {

TEST(OwnJson, IsReadAsItWasWritten) {
  const Json value = {{"text", "ümläut \"quoted\" \n \\ /"},
                      {"empty", ""},
                      {"largest", std::numeric_limits<std::uint64_t>::max()},
                      {"smallest", std::numeric_limits<std::int64_t>::min()},
                      {"zero", 0},
                      {"fraction", 0.1},
                      {"huge", 1e300},
                      {"flags", {true, false, nullptr}},
                      {"nested", {{"list", Json::array()}, {"object", Json::object()}}}};
  EXPECT_EQ(*parse_own_json(value.dump()), value);
}

TEST(OwnJson, HasTheTypesOfTheCarefulParser) {
  for (const char* text : {"1", "0", "-1", "1.0", "18446744073709551615", "9223372036854775807", "\"a\"", "[]", "{}",
                           "null", "true"}) {
    EXPECT_EQ(parse_own_json(text)->type(), parse_json(text)->type()) << text;
  }
}

TEST(OwnJson, MayNestDeeperThanOthersMay) {
  // Not deeper: nlohmann writes recursively, and a sanitizer's frames are wide.
  const std::string text = std::string(500, '[') + std::string(500, ']');
  EXPECT_EQ(parse_own_json(text)->dump(), text);
}

TEST(Json, ANumberBeyondAnyDoubleIsInvalid) {
  for (const char* text : {"1e999", "[-1e999]", "{\"a\":444444e4444444444444444444}"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().message, "JSON: a number is too large");
    EXPECT_FALSE(parse_own_json(text)) << text;
  }
}

TEST(OwnJson, ThatIsDamagedIsInvalid) {
  for (const char* text : {"", "{\"half", "{\"a\":}", "[1,]", "nul", "\"\xff\""}) {
    const auto value = parse_own_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().kind, ErrorKind::Invalid);
  }
}

}  // namespace
}  // namespace datamesh
