// One process at a time uses a store: two would take each other's locks for their own.
#pragma once

#include <string>

#include "controller/base/result.h"

namespace datamesh::embedded {

/// Holds `<file>.lock` until destroyed. The kernel lets go of it when the process ends, however it ends.
class FileLock {
 public:
  /// Makes the folder of `file` when it is absent.
  /// Errors: Unavailable when another process (or another store in this one) holds the lock, naming its process id;
  /// Unavailable when the folder cannot be made or written.
  static Result<FileLock> acquire(const std::string& file);
  FileLock() = default;  ///< holds nothing
  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace datamesh::embedded
