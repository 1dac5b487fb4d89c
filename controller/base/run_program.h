// Runs another program and takes what it prints; for credential plugins.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/result.h"

namespace datamesh {

struct ProgramCall {
  std::string command;  ///< a path, or a name that is looked up in PATH
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  ///< beside ours, and before it
  Millis timeout{60'000};
};

/// What the program wrote to stdout, at most 1 MiB. Its stdin is empty, its stderr is ours. Blocks.
/// Errors: NotFound when there is no such program; Transient when it fails, is too late, or prints too much.
Result<std::string> run_program(const ProgramCall& call);

}  // namespace datamesh
