// What can go wrong at a seam, as a value. One table (engine/schedule) maps a kind to what happens next.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace datamesh {

enum class ErrorKind {
  NotFound,       ///< the thing is absent (404, EntityNotFoundException)
  AlreadyExists,  ///< a create met something of that name
  Conflict,       ///< a stale resourceVersion or VersionId, or ConcurrentModificationException: read again
  Gone,           ///< history was compacted, or a watch was dropped: list again
  Invalid,        ///< the request is wrong and stays wrong
  Denied,         ///< the caller may not do this
  Throttled,      ///< too many requests
  Transient,      ///< the other side had a passing fault, or the response was lost
  Eventual,       ///< right soon: a principal or share that has not propagated yet
  LimitExceeded,  ///< a quota
  Expired,        ///< credentials or an invitation ran out
  Cancelled,      ///< stopped by us
  Unavailable,    ///< a local resource fails: disk full, database damaged, port in use
  Internal,       ///< a broken invariant of ours
};

/// The name of `kind` as it appears in metrics, reasons and JSON ("NotFound").
std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string code;     ///< the other side's own word ("EntityNotFoundException"); may be empty
  std::string message;  ///< for a person; holds no secret
  std::string origin;   ///< who said so ("glue:CreateTable", "store", "crds/grants.yaml:12:3")
  std::optional<std::chrono::milliseconds> retry_after;

  bool operator==(const Error&) const = default;
};

/// "glue:CreateTable: AlreadyExistsException: Table already exists", leaving out what is empty.
std::string to_string(const Error& error);

}  // namespace datamesh
