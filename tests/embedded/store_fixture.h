// Stores in a folder of its own for each test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "controller/embedded/sqlite_store.h"
#include "tests/api/resource_store_contract.h"
#include "tests/temporary_folder.h"

namespace datamesh::testing {

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
