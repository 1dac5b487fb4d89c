#include "controller/cli/command_tree.h"

#include <CLI/CLI.hpp>

namespace datamesh::cli {
namespace {

/// The choices in a type name that a membership check has written: "FORMAT:{table,wide}".
std::vector<std::string> choices_in(const std::string& type) {
  std::vector<std::string> choices;
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return choices;
  std::string rest = type.substr(open + 1, close - open - 1);
  for (std::size_t comma = 0; comma != std::string::npos;) {
    comma = rest.find(',');
    choices.push_back(rest.substr(0, comma));
    if (comma != std::string::npos) rest.erase(0, comma + 1);
  }
  return choices;
}

Value value_of(const CLI::Option& option) {
  if (option.get_expected_max() == 0) return Value::None;
  const std::string type = option.get_type_name();
  return type.starts_with("FILE") || type.starts_with("DIR") ? Value::File : Value::Text;
}

CommandWord word_of(const CLI::App& app, std::string name) {
  CommandWord command{std::move(name), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      command.options.push_back({option->get_snames(), option->get_lnames(), option->get_description(),
                                 value_of(*option), choices_in(option->get_type_name())});
    } else {
      command.positionals.push_back({option->get_name(true), choices_in(option->get_type_name())});
    }
  }
  return command;
}

}  // namespace

std::vector<CommandWord> command_tree(const CLI::App& app) {
  std::vector<CommandWord> tree = {word_of(app, "")};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    tree.push_back(word_of(*command, command->get_name()));
  }
  return tree;
}

}  // namespace datamesh::cli
