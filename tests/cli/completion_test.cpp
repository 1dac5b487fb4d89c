// The completion scripts: they say what the parser knows, and the shells accept them.
#include "controller/cli/completion_script.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/cli/world.h"

namespace datamesh::cli {
namespace {

std::string script(const std::string& shell) {
  World world;
  const Outcome outcome = world.run({"completion", shell});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.out;
}

/// A file with `text` in it, for as long as this lives.
class TextFile {
 public:
  TextFile(const std::string& name, const std::string& text)
      : path(::testing::TempDir() + std::to_string(::getpid()) + name) {
    std::ofstream(path) << text;
  }
  ~TextFile() { std::remove(path.c_str()); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  const std::string path;
};

/// What `command` prints; its status goes to `status`.
std::string output_of(const std::string& command, int& status) {
  std::string out;
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  char block[4096];
  while (const std::size_t size = std::fread(block, 1, sizeof block, pipe)) out.append(block, size);
  status = ::pclose(pipe);
  return out;
}

bool is_installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// What bash completes `words` to, the last of which is being typed.
std::string completed(const std::string& words, int cursor) {
  const TextFile file("datamesh-completion.bash", script("bash"));
  int status = 0;
  const std::string out = output_of("bash -c 'source " + file.path + "; COMP_WORDS=(" + words + "); COMP_CWORD=" +
                                        std::to_string(cursor) + "; _datamesh; echo \"${COMPREPLY[*]}\"'",
                                    status);
  EXPECT_EQ(status, 0) << out;
  return out;
}

TEST(BashCompletion, CompletesCommandsKindsOptionsAndChoices) {
  EXPECT_EQ(completed("datamesh ap", 1), "apply\n");
  EXPECT_EQ(completed("datamesh get da", 2), "dataproducts\n");
  EXPECT_EQ(completed("datamesh get --all", 2), "--all-namespaces\n");
  EXPECT_EQ(completed("datamesh get dp -o y", 4), "yaml\n");
  EXPECT_EQ(completed("datamesh apply -o y", 3), "\n") << "apply has no yaml";
  EXPECT_EQ(completed("datamesh --color al", 2), "always\n");
  EXPECT_EQ(completed("datamesh lake la", 2), "lakeformation\n");
}

class Completion : public ::testing::TestWithParam<const char*> {};

TEST_P(Completion, IsValidForItsShell) {
  const std::string shell = GetParam();
  if (!is_installed(shell)) GTEST_SKIP() << shell << " is not installed";
  const TextFile file("datamesh-completion." + shell, script(shell));
  int status = 0;
  EXPECT_EQ(output_of(shell + " -n " + file.path, status), "");
  EXPECT_EQ(status, 0);
}

TEST_P(Completion, NamesEveryCommandAndLongOption) {
  const std::string text = script(GetParam());
  for (const char* command : {"up", "apply", "get", "describe", "delete", "plan", "explain", "who-can", "validate", "status",
                              "lake", "version", "completion"}) {
    EXPECT_NE(text.find(command), std::string::npos) << command;
  }
  for (const char* option : {"state-dir", "color", "filename", "prune", "dry-run", "watch", "wait-converged",
                             "exit-code", "metrics-listen", "faults"}) {
    EXPECT_NE(text.find(option), std::string::npos) << option;
  }
}

INSTANTIATE_TEST_SUITE_P(Shells, Completion, ::testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string(shell.param); });

}  // namespace
}  // namespace datamesh::cli
