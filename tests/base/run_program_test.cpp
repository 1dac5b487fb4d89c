// Another program's output comes whole, or its failure is told.
#include "controller/base/run_program.h"

#include <gtest/gtest.h>

namespace datamesh {
namespace {

TEST(RunProgram, GivesWhatItPrints) {
  const auto out = run_program({"sh", {"-c", "printf \"$GREETING $1\"", "-", "you"}, {{"GREETING", "hello"}}});
  ASSERT_TRUE(out) << to_string(out.error());
  EXPECT_EQ(*out, "hello you");
}

TEST(RunProgram, SaysWhenItFails) {
  EXPECT_EQ(run_program({"/nowhere/at-all", {}, {}}).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(run_program({"sh", {"-c", "exit 3"}, {}}).error().message, "it failed with exit status 3");
  EXPECT_EQ(run_program({"sh", {"-c", "sleep 60"}, {}, Millis(50)}).error().message, "it printed no answer in time");
  EXPECT_EQ(run_program({"sh", {"-c", "head -c 2000000 /dev/zero"}, {}}).error().message, "it printed more than 1 MiB");
}

}  // namespace
}  // namespace datamesh
