// `datamesh iam-policy`: what the operator's role of an account must be allowed.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/api/codec.h"
#include "controller/base/partition.h"
#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/manifest_files.h"
#include "controller/cli/options.h"
#include "controller/engine/engine.h"
#include "controller/lake/iam_policy.h"
#include "controller/mesh/mesh.h"
#include "reconcilers/claim.h"

namespace datamesh::cli {
namespace {

struct Options {
  FileSelection files;
  bool recursive = false;
  std::string account;
  std::string output;
};

Result<std::vector<Json>> declared_in_files(const Options& options, Session& session) {
  FileSelection files = options.files;
  files.depth = options.recursive ? Depth::AllFolders : Depth::OneFolder;
  TRY_VALUE(const auto manifests, read_valid_manifests(files, session));
  std::vector<Json> out;
  for (const api::Manifest& manifest : manifests) {
    Json object = manifest.object;
    (void)session.schema().admit(object);  // valid already; this fills the defaults in
    out.push_back(std::move(object));
  }
  return out;
}

Result<std::vector<Json>> declared_on_server(Session& session) {
  TRY_VALUE(const auto connection, session.connect());
  ApiClient client(*connection);
  std::vector<Json> out;
  for (const api::KindFacts* kind : session.schema().kinds()) {
    TRY_VALUE(Listing listing, client.list({kind, std::nullopt, ""}));
    for (Json& object : listing.items) out.push_back(std::move(object));
  }
  return out;
}

/// The Account that `name` means: "namespace/name", or its 12 digits.
Result<const api::Resource*> find_account(const mesh::Mesh& mesh, const std::string& name) {
  std::string known;
  for (const auto& [key, resource] : mesh.all()) {
    const auto* account = std::get_if<api::AccountSpec>(&resource->spec);
    if (account == nullptr) continue;
    const std::string full = key.ns + "/" + key.name;
    if (name == full || name == account->account_id) return resource.get();
    known += (known.empty() ? "" : ", ") + full;
  }
  return fail(ErrorKind::NotFound, "--account: \"" + name + "\" is not declared; there is " + (known.empty() ? "none" : known));
}

/// All that is claimed in the catalogs of `account`.
std::vector<lake::NeededEntry> entries_of(const mesh::Mesh& mesh, const std::string& account, Time now) {
  std::vector<lake::NeededEntry> out;
  for (const auto& [key, resource] : mesh.all()) {
    for (reconcilers::Claim& claim : reconcilers::claims_of(*resource, mesh, now).claims) {
      if (claim.key.catalog.account != account) continue;
      out.push_back({std::move(claim.key), std::move(claim.value), claim.release == reconcilers::Release::Retain});
    }
  }
  return out;
}

Result<int> run(const Options& options, Session& session) {
  TRY_VALUE(const std::vector<Json> objects,
            options.files.files.empty() ? declared_on_server(session) : declared_in_files(options, session));
  mesh::Mesh mesh;
  for (const Json& object : objects) {
    TRY_VALUE(api::Resource resource, api::decode(object));
    mesh.put(std::move(resource));
  }
  TRY_VALUE(const api::Resource* account, find_account(mesh, options.account));
  const auto& spec = mesh::spec_of<api::AccountSpec>(*account);
  const auto entries = entries_of(mesh, spec.account_id, session.environment.clock->now());
  std::set<std::string> regions(spec.regions.begin(), spec.regions.end());
  for (const lake::NeededEntry& entry : entries) regions.insert(entry.key.catalog.region);
  lake::PolicyPlace place{spec.account_id, std::string(partition_of(*regions.begin())), {regions.begin(), regions.end()}, {}};
  for (const api::NoticeQueue& each : spec.notice_queues) {
    const lake::QueueRef queue = engine::queue_of(spec, each);
    place.notice_queues.push_back(lake::arn_of_queue(queue.url, place.partition, queue.reader.region));
  }
  const auto statements = lake::least_policy(place, entries);
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
