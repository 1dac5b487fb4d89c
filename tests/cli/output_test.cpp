#include "controller/cli/output.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "controller/cli/api_status.h"
#include "controller/cli/object_names.h"
#include "controller/cli/state_folder.h"

namespace datamesh::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({"NAME", "STATE", "AGE"});
  table.add({{"a"}, {"Ready"}, {"1m"}});
  table.add({{"longer"}, {""}, {"2m"}});
  EXPECT_EQ(table.take(Style(false)),
            "NAME     STATE   AGE\n"
            "a        Ready   1m\n"
            "longer           2m\n");
}

TEST(Table, LinesEndWithoutSpaces) {
  Table table({"NAME", "STATE"});
  table.add({{"a"}, {""}});
  EXPECT_EQ(table.take(Style(false)), "NAME   STATE\na\n");
}

TEST(Table, LaterRowsKeepTheWidthsAndRepeatNoTitles) {
  Table table({"NAME", "STATE"});
  table.add({{"longest"}, {"Ready"}});
  table.take(Style(false));
  table.add({{"a"}, {"Ready"}});
  EXPECT_EQ(table.take(Style(false)), "a         Ready\n");
}

TEST(Table, MarksCountAsOnePlace) {
  Table table;
  table.add({{"✓ a"}, {"x"}});
  table.add({{"… b"}, {"y"}});
  EXPECT_EQ(table.take(Style(false)), "✓ a   x\n… b   y\n");
}

TEST(Style, LeavesTextAloneWithoutColours) {
  EXPECT_EQ(Style(false)(Tone::Bad, "no"), "no");
  EXPECT_EQ(Style(true)(Tone::Bad, "no"), "\x1b[31mno\x1b[0m");
  EXPECT_EQ(Style(true)(Tone::Plain, "no"), "no");
}

TEST(Words, AreCounted) {
  EXPECT_EQ(counted(0, "table"), "0 tables");
  EXPECT_EQ(counted(1, "table"), "1 table");
  EXPECT_EQ(joined({}), "<none>");
  EXPECT_EQ(joined({"a", "b"}), "a, b");
}

TEST(Formats, AreReadByName) {
  EXPECT_EQ(parse_format("wide"), Format::Wide);
  EXPECT_EQ(parse_format("name"), Format::Name);
  EXPECT_EQ(parse_format("xml"), std::nullopt);
}

TEST(ObjectNames, AreReadInAllTheirForms) {
  const auto schema = api::SchemaRegistry::builtin();
  const auto read = [&](const std::vector<std::string>& arguments) -> std::string {
    const auto names = parse_object_names(arguments, schema);
    if (!names) return names.error().message;
    std::string text;
    for (const ObjectName& name : *names) text += name.kind->kind + ":" + name.name + " ";
    return text;
  };
  EXPECT_EQ(read({"dp"}), "DataProduct: ");
  EXPECT_EQ(read({"dataproducts", "a", "b"}), "DataProduct:a DataProduct:b ");
  EXPECT_EQ(read({"dp/a", "grant/b"}), "DataProduct:a Grant:b ");
  EXPECT_EQ(read({"grants,dp"}), "Grant: DataProduct: ");
  EXPECT_EQ(read({"all"}), "Account: DataProduct: Grant: LFTag: Mesh: ResourceLink: ");
  EXPECT_EQ(read({"grnats"}), "there is no kind \"grnats\"; did you mean \"grants\"?");
  EXPECT_EQ(read({"all", "a"}), "names need one kind before them, not \"all\"");
  EXPECT_EQ(read({"dp/a", "b"}), "\"b\" must be written KIND/NAME, as the others are");
}

TEST(ApiStatus, EveryErrorKindComesBackAsItself) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::Internal); ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    const Error back = error_of(status_response(Error{kind, "", "the words", "", {}}));
    EXPECT_EQ(back.kind, kind) << to_string(kind);
    EXPECT_EQ(back.message, "the words");
  }
}

class StateFolder : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static mode_t mode_of(const std::string& path) {
    struct stat facts {};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0);
    return facts.st_mode & 0777;
  }

  const std::string folder_ = ::testing::TempDir() + "state-" + std::to_string(::getpid());
};

TEST_F(StateFolder, IsForItsOwnerAlone) {
  ASSERT_TRUE(make_state_folder(folder_ + "/deeper"));
  EXPECT_EQ(mode_of(folder_ + "/deeper"), 0700U);
  ASSERT_TRUE(make_state_folder(folder_ + "/deeper")) << "a second time";
  ASSERT_TRUE(write_state_file(folder_ + "/deeper", kTokenFile, "abc"));
  EXPECT_EQ(mode_of(folder_ + "/deeper/token"), 0600U);
  EXPECT_EQ(read_state_file(folder_ + "/deeper", kTokenFile), "abc");
  EXPECT_EQ(read_state_file(folder_, kTokenFile), std::nullopt);
}

TEST_F(StateFolder, AnUnusableOneIsNamed) {
  const auto made = make_state_folder("/dev/null/state");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::Unavailable);
  EXPECT_NE(made.error().message.find("/dev/null/state"), std::string::npos);
  EXPECT_NE(made.error().message.find("--state-dir"), std::string::npos);
}

TEST_F(StateFolder, IsHeldByOneAtATime) {
  ASSERT_TRUE(make_state_folder(folder_));
  {
    const auto first = FolderLock::take(folder_);
    ASSERT_TRUE(first);
    const auto second = FolderLock::take(folder_);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find(folder_), std::string::npos);
  }
  EXPECT_TRUE(FolderLock::take(folder_));
}

TEST_F(StateFolder, ItsDefaultFollowsTheEnvironment) {
  const char* const names[] = {"DATAMESH_HOME", "XDG_STATE_HOME", "HOME"};
  for (const char* name : names) ::unsetenv(name);
  EXPECT_FALSE(default_state_folder());
  ::setenv("HOME", "/h", 1);
  EXPECT_EQ(*default_state_folder(), "/h/.local/state/datamesh");
  ::setenv("XDG_STATE_HOME", "/x", 1);
  EXPECT_EQ(*default_state_folder(), "/x/datamesh");
  ::setenv("DATAMESH_HOME", "/d", 1);
  EXPECT_EQ(*default_state_folder(), "/d");
}

TEST(Tokens, AreLongAndNeverTheSame) {
  EXPECT_EQ(random_token().size(), 32U);
  EXPECT_NE(random_token(), random_token());
}

}  // namespace
}  // namespace datamesh::cli
