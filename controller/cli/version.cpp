// `datamesh version`.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/cli/commands.h"
#include "controller/cli/options.h"
#include "controller/cli/version.h"

namespace datamesh::cli {

void add_version(CLI::App& app, Command& chosen) {
  const auto output = std::make_shared<std::string>();
  CLI::App* const command = app.add_subcommand("version", "Print the version");
  add_output_option(*command, *output, {"text", "json"});
  command->callback([output, &chosen] {
    chosen = [output](Session& session) -> Result<int> {
      if (*output == "json") {
        session.out() << pretty({{"version", kVersion}, {"apiVersions", {"datamesh.dev/v1alpha1"}}});
      } else {
        session.out() << "datamesh " << kVersion << "\n";
      }
      return exit_status::kOk;
    };
  });
}

}  // namespace datamesh::cli
