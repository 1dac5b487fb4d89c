// `datamesh iam-policy`: what the operator's role of an account must be allowed.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/cli/commands.h"
#include "controller/cli/declared_mesh.h"
#include "controller/cli/options.h"
#include "controller/cli/output.h"
#include "controller/engine/policy_place.h"

namespace datamesh::cli {
namespace {

struct Options {
  FileSelection files;
  bool recursive = false;
  std::string account;
  std::string output;
};

Result<int> run(const Options& options, Session& session) {
  FileSelection files = options.files;
  files.depth = options.recursive ? Depth::AllFolders : Depth::OneFolder;
  TRY_VALUE(const DeclaredMesh declared, read_declared(files, session));
  TRY_VALUE(const api::Resource* account, find_account(declared.mesh, options.account));
  const auto& spec = mesh::spec_of<api::AccountSpec>(*account);
  const auto entries = entries_of(declared.mesh, spec.account_id, session.environment.clock->now());
  const auto statements = lake::least_policy(engine::policy_place(spec, entries), entries);
  const std::string name = "datamesh-operator";
  if (options.output == "terraform") {
    session.out() << lake::terraform_text(statements, name);
  } else {
    session.out() << pretty(options.output == "cloudformation" ? lake::cloudformation_json(statements, name)
                                                               : lake::policy_json(statements));
  }
  return exit_status::kOk;
}

}  // namespace

void add_iam_policy(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("iam-policy", "Print the least that the operator's role of an account needs in IAM");
  command->add_option("--account", options->account, "The account: NAMESPACE/NAME, or its 12 digits")->required()->type_name("ACCOUNT");
  add_file_option(*command, options->files.files);
  add_namespace_option(*command, options->files.ns);
  command->add_flag("-R,--recursive", options->recursive, "Look into the folders of folders too");
  add_output_option(*command, options->output, {"json", "terraform", "cloudformation"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
