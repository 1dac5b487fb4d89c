#include "controller/cli/declaration_places.h"

#include "controller/api/resource_store.h"
#include "controller/cli/style.h"

namespace datamesh::cli {
namespace {

void collect(const Json& steps, const DeclarationPlaces& places, Json& out) {
  for (const Json& step : steps) {
    for (const Json& name : member(step, "because")) {
      const auto found = places.find(name.get<std::string>());
      if (found != places.end()) out[found->first] = found->second;
    }
  }
}

}  // namespace

Result<DeclarationPlaces> places_in(const AccessOptions& options, Session& session) {
  FileSelection files = options.files;
  files.depth = options.recursive ? Depth::AllFolders : Depth::OneFolder;
  DeclarationPlaces out;
  if (files.files.empty()) return out;
  TRY_VALUE(const api::ManifestSet set, read_manifests(files, session));
  for (const api::Manifest& manifest : set.manifests) {
    out.emplace(to_string(api::key_of(manifest.object)), manifest.file + ":" + std::to_string(manifest.line));
  }
  return out;
}

std::string with_place(const std::string& declaration, const DeclarationPlaces& places) {
  const auto found = places.find(declaration);
  return found == places.end() ? declaration : declaration + " (" + found->second + ")";
}

Json with_places(Json answer, const DeclarationPlaces& places) {
  if (places.empty()) return answer;
  Json out = Json::object();
  collect(member(answer, "steps"), places, out);
  for (const Json& each : member(answer, "principals")) collect(member(each, "steps"), places, out);
  answer["places"] = std::move(out);
  return answer;
}

std::string because_of(const Json& step, const DeclarationPlaces& places) {
  std::vector<std::string> out;
  for (const Json& name : member(step, "because")) out.push_back(with_place(name.get<std::string>(), places));
  if (!out.empty()) return "for " + joined(out);
  if (member(step, "implicit") == true) return "the operator's or an administrator's own";
  return member(step, "undeclared") == true ? "undeclared" : "";
}

std::string text_of_cells(const Json& cells) {
  std::string out;
  for (const Json& each : cells) {
    const std::string rows = string_at(each, "rows");
    out += (out.empty() ? "" : "; ") + string_at(each, "columns") + (rows == "all rows" ? "" : " where " + rows);
  }
  return out;
}

}  // namespace datamesh::cli
