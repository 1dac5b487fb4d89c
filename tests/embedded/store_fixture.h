// A folder of its own for each test, and stores in it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "controller/embedded/sqlite_store.h"
#include "tests/api/resource_store_contract.h"

namespace datamesh::testing {

/// A new folder, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (root() / "datamesh-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
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

inline constexpr Time kStart{std::chrono::seconds(1'800'000'000)};

/// "Mesh" is cluster-scoped; the rest is as a program without a schema sees it.
inline embedded::KindTable test_kinds() {
  return {{"Mesh", {"datamesh.dev", "meshes", embedded::Scope::Cluster}},
          {"DataProduct", {"datamesh.dev", "dataproducts", embedded::Scope::Namespaced}},
          {"Namespace", {"", "namespaces", embedded::Scope::Cluster}}};
}

inline embedded::SqliteStore::Options store_options(const std::string& file, const Clock& clock) {
  return {.file = file, .clock = &clock, .kinds = test_kinds(), .seed = 7};
}

inline std::unique_ptr<embedded::SqliteStore> opened(embedded::SqliteStore::Options options) {
  auto store = embedded::SqliteStore::open(std::move(options));
  if (!store) throw std::runtime_error(to_string(store.error()));
  return std::move(*store);
}

inline std::string contents(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void overwrite(const std::string& file, std::size_t offset, const std::string& bytes) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace datamesh::testing
