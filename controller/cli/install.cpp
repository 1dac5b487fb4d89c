// `datamesh install`: what a cluster needs before the operator can run in it.
#include <CLI/CLI.hpp>
#include <iostream>

#include "controller/base/yaml.h"
#include "controller/base/read_file.h"
#include "controller/cli/cluster.h"
#include "controller/cli/commands.h"
#include "controller/cli/install_objects.h"

namespace datamesh::cli {
namespace {

struct Options {
  ClusterOptions cluster;
  std::string ns = "datamesh-system";
  bool dry_run = false;
  bool apply = false;
};

Result<int> print(const std::vector<Json>& objects, Session& session) {
  for (const Json& object : objects) session.out() << "---\n" << to_yaml(object);
  return exit_status::kOk;
}

/// "CustomResourceDefinition/grants.datamesh.dev"
std::string name_of(const Json& object) { return string_at(object, "kind") + "/" + string_at(object.at("metadata"), "name"); }

Result<int> apply(const Options& options, const std::vector<Json>& objects, Session& session) {
  static const SystemClock kClock;
  TRY_VALUE(kube::ClusterAccess access, find_cluster(options.cluster));
  TRY_VALUE(const auto transport, kube::HttpTransport::create(std::move(access), kClock, read_file, {}));
  for (const Json& object : objects) {
    http::Request request;
    request.method = "PATCH";
    request.path = install_path(object);
    request.query = {{"fieldManager", "datamesh-install"}, {"force", "true"}};
    request.headers.add("Content-Type", "application/apply-patch+yaml");
    request.headers.add("Accept", "application/json");
    request.body = object.dump();
    TRY(kube::body_of(transport->send(request), name_of(object)));
    session.out() << name_of(object) << " applied\n" << std::flush;
  }
  return exit_status::kOk;
}

Result<int> run(const Options& options, Session& session) {
  if (options.dry_run == options.apply) {
    return fail(ErrorKind::Invalid, "install takes either --dry-run, which prints the objects, or --apply");
  }
  TRY_VALUE(const std::vector<Json> objects, install_objects(options.ns));
  return options.apply ? apply(options, objects, session) : print(objects, session);
}

}  // namespace

void add_install(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("install", "Put the kinds and the operator's rights into a cluster");
  add_cluster_options(*command, options->cluster);
  command->add_option("-n,--namespace", options->ns, "Where the operator will run")
      ->type_name("NAMESPACE")
      ->capture_default_str();
  command->add_flag("--dry-run", options->dry_run, "Print the objects as YAML and touch nothing");
  command->add_flag("--apply", options->apply, "Apply them by server-side apply; applying again changes nothing");
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
