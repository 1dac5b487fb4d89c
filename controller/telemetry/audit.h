// The audit log: one JSON line for each thing that the operator did or decided, kept for good; the latest are at hand.
#pragma once

#include <cstddef>
#include <deque>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::telemetry {

/// Safe to use from several threads.
class AuditLog {
 public:
  /// Appends to `file`, made when it is missing, readable for its owner only; empty: keeps lines in memory only.
  /// What the file already holds at its end is at hand again.
  /// Errors: Unavailable, naming the file.
  static Result<std::unique_ptr<AuditLog>> open(const std::string& file);

  /// False when the line could not be written to the file, for want of space most likely; it is at hand all the same.
  bool append(const Json& line);

  /// {"lines": [...]}: the latest lines, oldest first, whose "because" names `object`; all when it is empty.
  Json latest(const std::string& object, std::size_t limit) const;

 private:
  AuditLog() = default;
  void remember(Json line);

  mutable std::mutex mutex_;
  std::ofstream file_;
  std::deque<Json> lines_;
};

}  // namespace datamesh::telemetry
