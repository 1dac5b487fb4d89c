// `datamesh validate`: holds manifests to the schemas, without a server.
#include <CLI/CLI.hpp>
#include <ostream>
#include <set>

#include "controller/cli/commands.h"
#include "controller/cli/manifest_files.h"
#include "controller/cli/options.h"

namespace datamesh::cli {
namespace {

struct Options {
  FileSelection files;
  bool recursive = false;
  std::string output;
};

Json as_json(const api::ManifestSet& set) {
  Json problems = Json::array();
  for (const auto& problem : set.problems) {
    problems.push_back({{"file", problem.file}, {"line", problem.at.line}, {"column", problem.at.column},
                        {"path", problem.problem.path}, {"message", problem.problem.message},
                        {"suggestion", problem.problem.suggestion}});
  }
  return {{"objects", set.manifests.size()}, {"problems", std::move(problems)}};
}

Result<int> run(const Options& options, Session& session) {
  FileSelection files = options.files;
  files.depth = options.recursive ? Depth::AllFolders : Depth::OneFolder;
  TRY_VALUE(const api::ManifestSet set, read_manifests(files, session));
  if (options.output == "json") {
    session.out() << pretty(as_json(set));
  } else {
    for (const auto& problem : set.problems) session.out() << to_string(problem) << "\n";
    if (set.problems.empty()) session.out() << counted(set.manifests.size(), "object") << " valid\n";
  }
  return set.problems.empty() ? exit_status::kOk : exit_status::kFailure;
}

}  // namespace

void add_validate(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("validate", "Check manifests without a server");
  add_file_option(*command, options->files.files);
  command->get_option("--filename")->required();
  command->add_flag("-R,--recursive", options->recursive, "Look into the folders of folders too");
  add_output_option(*command, options->output, {"text", "json"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
