// `datamesh apply`: makes the declared objects what the manifests say.
#include <CLI/CLI.hpp>
#include <ostream>
#include <set>

#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/manifest_files.h"
#include "controller/cli/object_routes.h"
#include "controller/cli/options.h"
#include "controller/cli/progress.h"

namespace datamesh::cli {
namespace {

struct Options {
  FileSelection files;
  bool recursive = false;
  bool prune = false;
  bool dry_run = false;
  std::string selector;
  std::string output;
};

/// What became of one object: "created", "configured", "unchanged", "pruned", or "failed" with its error.
struct Applied {
  api::ObjectKey key;
  std::string action;
  std::string error;
};

/// `stored` with what the manifest declares: the whole spec, and its labels and annotations beside those that
/// others have set.
Json declared_onto(const Json& stored, const Json& manifest) {
  Json object = stored;
  for (const auto& [name, value] : manifest.items()) {
    if (name != "metadata" && name != "status") object[name] = value;
  }
  for (const char* const field : {"labels", "annotations"}) {
    const Json& declared = at_path(manifest, {"metadata", field});
    if (!declared.is_object()) continue;
    for (const auto& [name, value] : declared.items()) object["metadata"][field][name] = value;
  }
  return object;
}

class Applier {
 public:
  Applier(Session& session, ApiClient& client, const Options& options)
      : session_(session), client_(client), options_(options), progress_(session) {}

  /// Applies each; what fails is told and counted, and does not keep the others from being applied.
  Result<void> apply_all(const std::vector<api::Manifest>& manifests) {
    for (const api::Manifest& manifest : manifests) {
      const api::KindFacts* const kind = session_.schema().find(string_at(manifest.object, "kind"));
      const api::ObjectKey key = api::key_of(manifest.object);
      declared_.insert(key);
      const auto action = apply(*kind, key, manifest.object);
      if (!action && action.error().kind == ErrorKind::Unavailable) return fail(action.error());
      if (action) {
        report(*kind, key, *action);
      } else {
        complain(*kind, key, action.error());
      }
      progress_.show("applied " + std::to_string(applied_.size()) + " of " + std::to_string(manifests.size()));
    }
    return {};
  }

  /// Deletes what has the labels and was not declared.
  Result<void> prune() {
    for (const api::KindFacts* kind : session_.schema().kinds()) {
      TRY_VALUE(const Listing listing, client_.list({kind, std::nullopt, options_.selector}));
      for (const Json& object : listing.items) {
        const api::ObjectKey key = api::key_of(object);
        if (declared_.count(key) > 0) continue;
        if (!options_.dry_run) {
          const auto removed = client_.remove(*kind, key.ns, key.name);
          if (!removed && removed.error().kind != ErrorKind::NotFound) return fail(removed.error());
        }
        report(*kind, key, "pruned");
      }
    }
    return {};
  }

  int finish() const {
    if (options_.output == "json") {
      Json results = Json::array();
      for (const Applied& one : applied_) {
        results.push_back({{"kind", one.key.kind}, {"namespace", one.key.ns}, {"name", one.key.name},
                           {"action", one.action}});
        if (!one.error.empty()) results.back()["error"] = one.error;
      }
      session_.out() << pretty({{"results", results}, {"dryRun", options_.dry_run}});
    }
    return failures_ == 0 ? exit_status::kOk : exit_status::kFailure;
  }

 private:
  Result<std::string> apply(const api::KindFacts& kind, const api::ObjectKey& key, Json object) {
    session_.schema().apply_defaults(object);
    static constexpr int kMostAttempts = 5;  // somebody else may write between our read and our write
    for (int attempt = 1;; ++attempt) {
      auto stored = client_.get(kind, key.ns, key.name);
      if (!stored && stored.error().kind != ErrorKind::NotFound) return fail(stored.error());
      auto action = stored ? change(kind, *stored, object) : create(kind, object);
      const bool lost_race = !action && (action.error().kind == ErrorKind::Conflict ||
                                         action.error().kind == ErrorKind::AlreadyExists);
      if (!lost_race || attempt == kMostAttempts) return action;
    }
  }

  Result<std::string> create(const api::KindFacts& kind, const Json& object) {
    if (!options_.dry_run) TRY(client_.create(kind, object));
    return "created";
  }

  Result<std::string> change(const api::KindFacts& kind, const Json& stored, const Json& object) {
    const Json wanted = declared_onto(stored, object);
    if (wanted == stored) return "unchanged";
    if (at_path(stored, {"metadata", "deletionTimestamp"}).is_string()) {
      session_.err() << "warning: " << display_name(kind, stored) << " is being deleted\n";
    }
    if (options_.dry_run) return "configured";
    TRY_VALUE(const Json updated, client_.update(kind, wanted));
    const bool same = at_path(updated, {"metadata", "resourceVersion"}) ==
                      at_path(stored, {"metadata", "resourceVersion"});
    return same ? "unchanged" : "configured";
  }

  void report(const api::KindFacts& kind, const api::ObjectKey& key, const std::string& action) {
    applied_.push_back({key, action, ""});
    if (options_.output == "json") return;
    const Tone tone = action == "created" ? Tone::Good : action == "unchanged" ? Tone::Dim : Tone::Warning;
    session_.out() << display_name(kind, key.name) << " " << session_.style(tone, action)
                   << (options_.dry_run ? " (dry run)" : "") << "\n";
  }

  void complain(const api::KindFacts& kind, const api::ObjectKey& key, const Error& error) {
    ++failures_;
    applied_.push_back({key, "failed", error.message});
    session_.err() << session_.style(Tone::Bad, "error: ") << display_name(kind, key.name) << ": " << error.message
                   << "\n";
  }

  Session& session_;
  ApiClient& client_;
  const Options& options_;
  Progress progress_;
  std::set<api::ObjectKey> declared_;
  std::vector<Applied> applied_;
  int failures_ = 0;
};

/// An object that pruning by these labels would not know again must not be applied with it.
Result<void> check_labels(const std::vector<api::Manifest>& manifests, const std::string& selector) {
  TRY_VALUE(const auto labels, parse_selector(selector));
  for (const api::Manifest& manifest : manifests) {
    if (matches(manifest.object, labels)) continue;
    return fail(ErrorKind::Invalid, manifest.file + ":" + std::to_string(manifest.line) + ": " +
                                        to_string(api::key_of(manifest.object)) + " has not the labels " + selector +
                                        ", which --prune goes by");
  }
  return {};
}

Result<int> run(const Options& options, Session& session) {
  FileSelection files = options.files;
  files.depth = options.recursive ? Depth::AllFolders : Depth::OneFolder;
  TRY_VALUE(const std::vector<api::Manifest> manifests, read_valid_manifests(files, session));
  if (options.prune) TRY(check_labels(manifests, options.selector));
  TRY_VALUE(const auto connection, session.connect());
  ApiClient client(*connection);
  Applier applier(session, client, options);
  TRY(applier.apply_all(manifests));
  if (options.prune) TRY(applier.prune());
  return applier.finish();
}

}  // namespace

void add_apply(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("apply", "Create or change the objects that manifests declare");
  add_file_option(*command, options->files.files);
  command->get_option("--filename")->required();
  add_namespace_option(*command, options->files.ns);
  command->add_flag("-R,--recursive", options->recursive, "Look into the folders of folders too");
  add_selector_option(*command, options->selector);
  command->add_flag("--prune", options->prune, "Delete objects with the labels of -l that the manifests lack")
      ->needs(command->get_option("--selector"));
  command->add_flag("--dry-run", options->dry_run, "Say what would be done, and do nothing");
  add_output_option(*command, options->output, {"name", "json"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
