// The program: parses a command line and runs the command it names.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/environment.h"

namespace datamesh::cli {

/// Runs `arguments` (without the program's name) in `environment`. Returns the exit status.
int run(const std::vector<std::string>& arguments, Environment& environment);

/// `run` in the real world.
int main(int argc, const char* const* argv);

}  // namespace datamesh::cli
