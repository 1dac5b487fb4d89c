// `datamesh completion`: the completion script of a shell.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/cli/commands.h"
#include "controller/cli/completion_script.h"

namespace datamesh::cli {
namespace {

KindNames kind_names(const api::SchemaRegistry& schema) {
  KindNames names;
  for (const api::KindFacts* kind : schema.kinds()) names.push_back(kind->plural);
  names.emplace_back("all");
  return names;
}

std::string script_for(const std::string& shell, const CLI::App& app, const api::SchemaRegistry& schema) {
  const std::vector<CommandWord> tree = command_tree(app);
  const KindNames kinds = kind_names(schema);
  if (shell == "bash") return bash_completion(tree, kinds);
  if (shell == "zsh") return zsh_completion(tree, kinds);
  return fish_completion(tree, kinds);
}

}  // namespace

void add_completion(CLI::App& app, Command& chosen) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* const command = app.add_subcommand("completion", "Print the completion script of a shell");
  command->add_option("SHELL", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &app, &chosen] {
    chosen = [shell, &app](Session& session) -> Result<int> {
      session.out() << script_for(*shell, app, session.schema());
      return exit_status::kOk;
    };
  });
}

}  // namespace datamesh::cli
