// Logs as JSON lines, one object a line: {"time", "level", "msg", ...fields}. No secret reaches a line: the values
// of fields with secret-like names are replaced. Pure code does not log.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controller/base/clock.h"
#include "controller/base/json.h"

namespace datamesh {

enum class LogLevel { Debug, Info, Warn, Error };

/// "debug", "info", "warn", "error".
std::string_view to_string(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view name);

/// True for field names that hold secrets: tokens, passwords, keys, external ids, in any case and spelling.
bool is_secret_field(std::string_view name);
/// `value` with every member of a secret-like name, at any depth, replaced by "[redacted]".
Json redacted(Json value);

class Log {
 public:
  /// Gets one line without its newline.
  using Sink = std::function<void(std::string_view line)>;

  /// Writes to stderr. Safe to use from several threads.
  Log(const Clock& clock, LogLevel level);
  /// Writes to `sink`, called by one thread at a time.
  Log(const Clock& clock, LogLevel level, Sink sink);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view message, const Json& fields = {}) { write(LogLevel::Debug, message, fields); }
  void info(std::string_view message, const Json& fields = {}) { write(LogLevel::Info, message, fields); }
  void warn(std::string_view message, const Json& fields = {}) { write(LogLevel::Warn, message, fields); }
  void error(std::string_view message, const Json& fields = {}) { write(LogLevel::Error, message, fields); }

  /// Nothing when `level` is below the log's own.
  void write(LogLevel level, std::string_view message, const Json& fields);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datamesh
