// A folder of its own for each test.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace datamesh::testing {

/// A new folder, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (root() / "datamesh-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  std::string path() const { return path_.string(); }
  std::string file(const std::string& name = "store.db") const { return (path_ / name).string(); }

 private:
  /// Memory where there is some: no test cuts the power, and waiting for a disk thousands of times takes minutes.
  static std::filesystem::path root() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code ignored;
    const bool usable = std::filesystem::is_directory(memory, ignored) && ::access(memory.c_str(), W_OK) == 0;
    return usable ? memory : std::filesystem::temp_directory_path();
  }

  std::filesystem::path path_;
};

}  // namespace datamesh::testing
