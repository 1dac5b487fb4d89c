#include "controller/cli/manifest_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>

#include "controller/cli/mesh_check.h"

namespace datamesh::cli {
namespace {

namespace fs = std::filesystem;

/// What one file may hold; the parser has the same limit.
constexpr std::size_t kMostBytes = 8 << 20;

bool is_manifest(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

template <class Iterator>
Result<void> collect(const fs::path& folder, std::vector<std::string>& out) {
  std::error_code error;
  for (Iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error) && is_manifest(at->path())) out.push_back(at->path().string());
  }
  if (error) return fail(ErrorKind::Unavailable, "cannot read " + folder.string() + ": " + error.message());
  return {};
}

Result<std::vector<std::string>> expand(const std::string& argument, Depth depth) {
  std::error_code error;
  const fs::file_status status = fs::status(argument, error);
  if (argument == "-" || (fs::exists(status) && !fs::is_directory(status))) return std::vector{argument};
  if (!fs::exists(status)) return fail(ErrorKind::NotFound, "there is no file " + argument);
  std::vector<std::string> files;
  if (depth == Depth::AllFolders) {
    TRY(collect<fs::recursive_directory_iterator>(argument, files));
  } else {
    TRY(collect<fs::directory_iterator>(argument, files));
  }
  if (files.empty()) {
    return fail(ErrorKind::Invalid, "there is no .yaml, .yml or .json file in " + argument +
                                        (depth == Depth::OneFolder ? "; -R looks into its folders too" : ""));
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::string> read_text(std::istream& in, const std::string& name) {
  std::string text;
  std::vector<char> block(64 << 10);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMostBytes) return fail(ErrorKind::Invalid, name + " is larger than 8 MiB; split it");
  }
  if (in.bad()) return fail(ErrorKind::Unavailable, "cannot read " + name);
  return text;
}

Result<std::string> read_file(const std::string& name, Session& session) {
  if (name == "-") return read_text(*session.environment.in, "stdin");
  std::ifstream file(name, std::ios::binary);
  if (!file) return fail(ErrorKind::Unavailable, "cannot read " + name);
  return read_text(file, name);
}

void fill_namespace(Json& object, const std::string& ns, const api::SchemaRegistry& schema) {
  const api::KindFacts* const kind = schema.find(string_at(object, "kind"));
  if (kind == nullptr || kind->scope == api::Scope::Cluster || !member(object, "metadata").is_object()) return;
  if (api::key_of(object).ns.empty()) object["metadata"]["namespace"] = ns;
}

/// What is wrong between valid manifests.
std::vector<api::ManifestProblem> problems_together(std::vector<api::Manifest> manifests, Session& session) {
  for (api::Manifest& manifest : manifests) session.schema().apply_defaults(manifest.object);
  return mesh_problems(manifests, session.environment.clock->now());
}

}  // namespace

Result<api::ManifestSet> read_manifests(const FileSelection& selection, Session& session) {
  api::ManifestSet all;
  for (const std::string& argument : selection.files) {
    TRY_VALUE(const std::vector<std::string> files, expand(argument, selection.depth));
    for (const std::string& name : files) {
      TRY_VALUE(const std::string text, read_file(name, session));
      api::ManifestSet set = api::load_manifests(text, name == "-" ? "stdin" : name, session.schema());
      std::move(set.manifests.begin(), set.manifests.end(), std::back_inserter(all.manifests));
      std::move(set.problems.begin(), set.problems.end(), std::back_inserter(all.problems));
    }
  }
  for (api::Manifest& manifest : all.manifests) fill_namespace(manifest.object, selection.ns, session.schema());
  if (all.problems.empty()) all.problems = problems_together(all.manifests, session);
  return all;
}

Result<std::vector<api::Manifest>> read_valid_manifests(const FileSelection& selection, Session& session) {
  TRY_VALUE(api::ManifestSet set, read_manifests(selection, session));
  if (set.problems.empty()) return std::move(set.manifests);
  std::string text;
  for (const auto& problem : set.problems) text += (text.empty() ? "" : "\n") + to_string(problem);
  return fail(ErrorKind::Invalid, text);
}

}  // namespace datamesh::cli
