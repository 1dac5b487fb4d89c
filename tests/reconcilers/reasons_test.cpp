// The reasons of the code and those of the documentation are the same.
#include "reconcilers/reasons.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace datamesh::reconcilers {
namespace {

namespace fs = std::filesystem;
const fs::path kRoot = DATAMESH_SOURCE_DIR;

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The first cells of the rows below every "| Reason | Means | What to do |".
std::set<std::string> documented() {
  std::set<std::string> out;
  for (const auto& file : fs::directory_iterator(kRoot / "docs/resources")) {
    std::ifstream in(file.path());
    bool in_table = false;
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("| Reason |")) {
        in_table = true;
      } else if (!line.starts_with("|")) {
        in_table = false;
      } else if (in_table && line.starts_with("| `")) {
        out.insert(line.substr(3, line.find('`', 3) - 3));
      }
    }
  }
  return out;
}

TEST(Reasons, AreAllDocumentedAndNoOther) {
  const std::set<std::string> declared(reason::kAll.begin(), reason::kAll.end());
  EXPECT_EQ(declared.size(), reason::kAll.size()) << "one of them is listed twice";
  EXPECT_EQ(documented(), declared);
}

TEST(Reasons, AreAllInTheListThatTheDocumentationIsComparedWith) {
  const std::string text = read(kRoot / "reconcilers/reasons.h");
  const std::string before_list = text.substr(0, text.find("kAll"));
  std::set<std::string> declared;
  const std::string marker = "std::string_view k";
  for (std::size_t at = before_list.find(marker); at != std::string::npos; at = before_list.find(marker, at + 1)) {
    const std::size_t open = before_list.find('"', at), close = before_list.find('"', open + 1);
    declared.insert(before_list.substr(open + 1, close - open - 1));
  }
  EXPECT_EQ(declared, std::set<std::string>(reason::kAll.begin(), reason::kAll.end()));
}

TEST(Reasons, AreAllEmittedSomewhere) {
  std::string code;
  for (const char* folder : {"reconcilers", "controller/engine"}) {
    for (const auto& file : fs::directory_iterator(kRoot / folder)) {
      if (file.path().filename() != "reasons.h") code += read(file.path());
    }
  }
  for (const std::string_view each : reason::kAll) {
    EXPECT_NE(code.find("reason::k" + std::string(each)), std::string::npos) << each << " is never given";
  }
}

TEST(Reasons, AreWrittenByNameOnly) {
  // A reason as a bare text could be one that is neither listed nor documented.
  for (const char* folder : {"reconcilers", "controller/engine"}) {
    for (const auto& file : fs::directory_iterator(kRoot / folder)) {
      if (file.path().filename() == "reasons.h") continue;
      const std::string code = read(file.path());
      for (const std::string_view each : reason::kAll) {
        // Also the types of conditions, and a state of entries.
        if (each == "Authorized" || each == "Conflict" || each == "InForce") continue;
        EXPECT_EQ(code.find('"' + std::string(each) + '"'), std::string::npos) << each << " in " << file.path();
      }
    }
  }
}

}  // namespace
}  // namespace datamesh::reconcilers
