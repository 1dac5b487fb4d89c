// Completion scripts for the shells, written from the command tree, so that they know what the parser knows. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/command_tree.h"

namespace datamesh::cli {

/// What the positional argument KIND can be.
using KindNames = std::vector<std::string>;

std::string bash_completion(const std::vector<CommandWord>& tree, const KindNames& kinds);
std::string zsh_completion(const std::vector<CommandWord>& tree, const KindNames& kinds);
std::string fish_completion(const std::vector<CommandWord>& tree, const KindNames& kinds);

}  // namespace datamesh::cli
