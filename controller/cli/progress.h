// Says on stderr how far a command is, once it has taken longer than a second.
#pragma once

#include <string>

#include "controller/cli/environment.h"

namespace datamesh::cli {

class Progress {
 public:
  explicit Progress(Session& session);
  /// Clears its line on a terminal.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows `text`, at most once a second, on a terminal ten times. Nothing in the first second.
  void show(const std::string& text);

 private:
  Session& session_;
  Time next_;
  std::string shown_;
};

}  // namespace datamesh::cli
