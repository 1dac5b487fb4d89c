// `datamesh delete`: deletes objects by name or by the manifests that declare them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/manifest_files.h"
#include "controller/cli/object_names.h"
#include "controller/cli/options.h"
#include "controller/cli/progress.h"

namespace datamesh::cli {
namespace {

struct Options {
  std::vector<std::string> objects;
  std::string ns;
  std::vector<std::string> files;
  bool recursive = false;
  bool ignore_not_found = false;
  bool wait = false;
  std::string timeout = "60s";
  std::string output;
};

struct Doomed {
  const api::KindFacts* kind = nullptr;
  std::string ns;
  std::string name;
};

Result<std::vector<Doomed>> doomed_objects(const Options& options, Session& session) {
  std::vector<Doomed> doomed;
  if (!options.files.empty()) {
    const FileSelection files{options.files, options.recursive ? Depth::AllFolders : Depth::OneFolder, options.ns};
    TRY_VALUE(const std::vector<api::Manifest> manifests, read_valid_manifests(files, session));
    for (const api::Manifest& manifest : manifests) {
      const api::ObjectKey key = api::key_of(manifest.object);
      doomed.push_back({session.schema().find(key.kind), key.ns, key.name});
    }
    std::reverse(doomed.begin(), doomed.end());  // what refers to others usually stands after them
    return doomed;
  }
  TRY_VALUE(const std::vector<ObjectName> names, parse_object_names(options.objects, session.schema()));
  for (const ObjectName& name : names) {
    if (name.name.empty()) return fail(ErrorKind::Invalid, "name the objects to delete: KIND NAME, or KIND/NAME");
    doomed.push_back({name.kind, options.ns, name.name});
  }
  if (doomed.empty()) return fail(ErrorKind::Invalid, "name the objects to delete, or their manifests with -f");
  return doomed;
}

/// Waits until the objects have gone. Errors: Transient when time is up.
Result<void> await_gone(const std::vector<Doomed>& doomed, Time deadline, ApiClient& client, Session& session) {
  Progress progress(session);
  for (const Doomed& one : doomed) {
    for (;;) {
      const auto left = client.get(*one.kind, one.ns, one.name);
      if (!left && left.error().kind == ErrorKind::NotFound) break;
      if (!left) return fail(left.error());
      if (session.environment.clock->now() >= deadline) {
        return fail(ErrorKind::Transient, display_name(*one.kind, one.name) + " is still being released; see datamesh "
                                              "describe " + one.kind->singular + " " + one.name);
      }
      progress.show("waiting for " + display_name(*one.kind, one.name) + " to be released");
      session.environment.sleep(Millis(100));
    }
  }
  return {};
}

Result<int> run(const Options& options, Session& session) {
  const auto timeout = parse_duration(options.timeout);
  if (!timeout) return fail(ErrorKind::Invalid, "\"" + options.timeout + "\" is no duration; write 60s or 5m");
  TRY_VALUE(const std::vector<Doomed> doomed, doomed_objects(options, session));
  TRY_VALUE(const auto connection, session.connect());
  ApiClient client(*connection);
  const Time deadline = session.environment.clock->now() + *timeout;
  int status = exit_status::kOk;
  Json results = Json::array();
  for (const Doomed& one : doomed) {
    const auto removed = client.remove(*one.kind, one.ns, one.name);
    const bool absent = !removed && removed.error().kind == ErrorKind::NotFound;
    if (absent && options.ignore_not_found) continue;
    if (!removed) {
      session.err() << session.style(Tone::Bad, "error: ") << removed.error().message << "\n";
      status = exit_status::kFailure;
      continue;
    }
    results.push_back({{"kind", one.kind->kind}, {"namespace", one.ns}, {"name", one.name}, {"action", "deleted"}});
    if (options.output != "json") {
      session.out() << display_name(*one.kind, one.name) << " " << session.style(Tone::Warning, "deleted") << "\n";
    }
  }
  if (options.wait) TRY(await_gone(doomed, deadline, client, session));
  if (options.output == "json") session.out() << pretty({{"results", results}});
  return status;
}

}  // namespace

void add_delete(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("delete", "Delete objects; what they made is released first");
  CLI::Option* const objects = command->add_option("KIND", options->objects, "A kind and names, or KIND/NAME");
  add_file_option(*command, options->files);
  command->get_option("--filename")->excludes(objects);
  add_namespace_option(*command, options->ns);
  command->add_flag("-R,--recursive", options->recursive, "Look into the folders of folders too");
  command->add_flag("--ignore-not-found", options->ignore_not_found, "What is not there is no failure");
  command->add_flag("--wait", options->wait, "Wait until the objects have gone");
  command->add_option("--timeout", options->timeout, "How long --wait waits")
      ->type_name("DURATION")
      ->capture_default_str();
  add_output_option(*command, options->output, {"name", "json"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
