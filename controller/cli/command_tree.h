// The commands and options that the parser knows, as plain values for whoever describes them. Pure.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace datamesh::cli {

enum class Value { None, Text, File };

struct OptionWord {
  std::vector<std::string> shorts;   ///< "f"
  std::vector<std::string> longs;    ///< "filename"
  std::string description;
  Value value = Value::None;         ///< what stands after it
  std::vector<std::string> choices;  ///< the values there are, when they are few
  bool operator==(const OptionWord&) const = default;
};

struct PositionalWord {
  std::string name;
  std::vector<std::string> choices;
  bool operator==(const PositionalWord&) const = default;
};

struct CommandWord {
  std::string name;  ///< empty: the program itself
  std::string description;
  std::vector<OptionWord> options;
  std::vector<PositionalWord> positionals;
  bool operator==(const CommandWord&) const = default;
};

/// The program first, then its commands.
std::vector<CommandWord> command_tree(const CLI::App& app);

}  // namespace datamesh::cli
