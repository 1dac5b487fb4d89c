// `datamesh preflight`: which IAM actions the operator's roles lack, and who needs them. What a running operator has found
// out, or for manifests what IAM says now.
#include <CLI/CLI.hpp>
#include <map>
#include <ostream>
#include <set>

#include "controller/aws/machine_settings.h"
#include "controller/cli/commands.h"
#include "controller/cli/declared_mesh.h"
#include "controller/cli/options.h"
#include "controller/cli/output.h"
#include "controller/cli/remote_access.h"
#include "controller/engine/policy_place.h"
#include "controller/lake/preflight.h"
#include "controller/mesh/topology.h"

namespace datamesh::cli {
namespace {

constexpr std::size_t kShownResources = 3;

struct Options {
  FileSelection files;
  bool recursive = false;
  std::string account;
  std::string output;
  std::vector<std::string> allowed_endpoints;
};

/// What is said about one account: {"account", "accountId", "role", "permitted", "message", "missing": [{"action", "why",
/// "resources", "neededBy"}]}
using Finding = Json;

/// The actions that the account's resources need beyond those of reading, and which resources need them.
std::map<std::string, std::vector<std::string>> needers(const mesh::Mesh& mesh, const api::AccountSpec& spec, Time now) {
  const auto actions_of = [&](const std::vector<lake::NeededEntry>& entries) {
    std::set<std::string> out;
    for (const lake::Statement& each : lake::needs_to_ask(engine::policy_place(spec, entries), entries)) {
      out.insert(each.actions.begin(), each.actions.end());
    }
    return out;
  };
  const std::set<std::string> reading = actions_of({});
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [key, resource] : mesh.all()) {
    const auto entries = entries_of(*resource, mesh, spec.account_id, now);
    if (entries.empty()) continue;
    for (const std::string& action : actions_of(entries)) {
      if (!reading.contains(action)) out[action].push_back(to_string(key));
    }
  }
  return out;
}

Json missing_json(const std::vector<lake::MissingAction>& missing) {
  Json out = Json::array();
  for (const lake::MissingAction& each : missing) {
    out.push_back({{"action", each.action}, {"why", lake::to_string(each.why)}, {"resources", each.resources}});
  }
  return out;
}

/// What the operator wrote into the status of the Account.
void take_status(const std::vector<Json>& objects, const api::ObjectKey& key, Finding& finding) {
  finding["message"] = "the operator has not asked yet";
  for (const Json& object : objects) {
    if (api::key_of(object) != key) continue;
    const Json& status = member(object, "status");
    for (const Json& condition : member(status, "conditions")) {
      if (string_at(condition, "type") != "Permitted") continue;
      finding["permitted"] = string_at(condition, "status");
      finding["message"] = string_at(condition, "message");
    }
    if (member(status, "missingActions").is_array()) finding["missing"] = member(status, "missingActions");
  }
}

void ask(RemoteAccess& access, const DeclaredMesh& declared, const api::AccountSpec& spec, Time now, Finding& finding) {
  const auto entries = entries_of(declared.mesh, spec.account_id, now);
  const auto api = access.as_operator(spec);
  const auto found = lake::simulate(*api, {spec.account_id, spec.regions.front()}, mesh::operator_role(spec),
                                    lake::needs_to_ask(engine::policy_place(spec, entries), entries));
  if (!found) {
    finding["message"] = to_string(found.error());
    return;
  }
  finding["missing"] = missing_json(found->missing);
  finding["permitted"] = !found->missing.empty() ? "False" : found->undecided.empty() ? "True" : "Unknown";
  const std::string missing = lake::sentence_of(found->missing), undecided = lake::sentence_of(found->undecided);
  finding["message"] = missing + (missing.empty() || undecided.empty() ? "" : "; ") + undecided;
}

std::vector<std::string> first_few(const Json& names) {
  std::vector<std::string> out;
  for (const Json& name : names) {
    if (out.size() == kShownResources) {
      out.push_back(std::to_string(names.size() - kShownResources) + " more");
      break;
    }
    out.push_back(name.get<std::string>());
  }
  return out;
}

void print(const Finding& finding, Session& session) {
  const std::string permitted = string_at(finding, "permitted");
  const Json& missing = member(finding, "missing");
  session.out() << session.style(Tone::Bold, string_at(finding, "account")) << " (" << string_at(finding, "role") << "): ";
  if (permitted == "True") {
    session.out() << session.style(Tone::Good, "permitted") << "\n";
    return;
  }
  if (missing.empty()) {
    session.out() << session.style(Tone::Warning, "unknown") << "\n  " << string_at(finding, "message") << "\n";
    return;
  }
  session.out() << session.style(Tone::Bad, counted(missing.size(), "action") + " missing") << "\n";
  Table table({"ACTION", "WHY", "NEEDED BY"}, "  ");
  for (const Json& each : missing) {
    table.add({{string_at(each, "action")}, {string_at(each, "why")}, {joined(first_few(each["neededBy"]))}});
  }
  session.out() << table.take(session.style);
}

/// Nothing is asked about accounts of the embedded lake, nor about an Account that stands behind its twin.
bool is_asked(const mesh::Mesh& mesh, const api::Resource& resource, const api::Resource* wanted) {
  const auto* spec = std::get_if<api::AccountSpec>(&resource.spec);
  if (spec == nullptr || spec->connection.type != api::ConnectionType::Aws) return false;
  return (wanted == nullptr || wanted == &resource) && mesh.accounts_with_id(spec->account_id).front() == &resource;
}

int exit_status_of(const std::vector<Finding>& findings) {
  int out = exit_status::kOk;
  for (const Finding& each : findings) {
    if (each["permitted"] == "False") return exit_status::kNo;
    if (each["permitted"] == "Unknown") out = exit_status::kFailure;
  }
  return out;
}

Result<int> run(const Options& options, Session& session) {
  FileSelection files = options.files;
  files.depth = options.recursive ? Depth::AllFolders : Depth::OneFolder;
  TRY_VALUE(const DeclaredMesh declared, read_declared(files, session));
  const api::Resource* wanted = nullptr;
  if (!options.account.empty()) {
    TRY_VALUE(wanted, find_account(declared.mesh, options.account));
  }
  const Time now = session.environment.clock->now();
  RemoteAccess access(*session.environment.clock, aws::this_machine(), options.allowed_endpoints);
  std::vector<Finding> findings;
  for (const auto& [key, resource] : declared.mesh.all()) {
    if (!is_asked(declared.mesh, *resource, wanted)) continue;
    const auto& spec = mesh::spec_of<api::AccountSpec>(*resource);
    Finding finding = {{"account", key.ns + "/" + key.name}, {"accountId", spec.account_id}, {"role", mesh::operator_role(spec)},
                       {"permitted", "Unknown"}, {"message", ""}, {"missing", Json::array()}};
    options.files.files.empty() ? take_status(declared.objects, key, finding) : ask(access, declared, spec, now, finding);
    auto who = needers(declared.mesh, spec, now);
    for (Json& each : finding["missing"]) {
      auto& names = who[string_at(each, "action")];
      if (names.empty()) names.push_back(to_string(key));  // reading is for the account as such
      each["neededBy"] = names;
    }
    findings.push_back(std::move(finding));
  }
  if (options.output == "json") {
    session.out() << pretty(findings);
  } else if (findings.empty()) {
    session.out() << "No account of AWS: the embedded lake has no IAM.\n";
  } else {
    for (const Finding& each : findings) print(each, session);
  }
  return exit_status_of(findings);
}

}  // namespace

void add_preflight(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("preflight", "Show which IAM actions the operator's roles lack, and who needs them");
  command->add_option("--account", options->account, "One account only: NAMESPACE/NAME, or its 12 digits")->type_name("ACCOUNT");
  add_file_option(*command, options->files.files);
  add_namespace_option(*command, options->files.ns);
  command->add_flag("-R,--recursive", options->recursive, "Look into the folders of folders too");
  command->add_option("--allow-endpoint", options->allowed_endpoints,
                      "An address that Accounts may name as their endpoint, beside those of AWS; repeatable")
      ->type_name("URL")
      ->allow_extra_args(false);
  add_output_option(*command, options->output, {"text", "json"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
