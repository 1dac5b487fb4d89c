#include "controller/cli/declared_mesh.h"

#include "controller/api/codec.h"
#include "controller/cli/api_client.h"
#include "reconcilers/claim.h"

namespace datamesh::cli {
namespace {

Result<std::vector<Json>> declared_in_files(const FileSelection& files, Session& session) {
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

}  // namespace

Result<DeclaredMesh> read_declared(const FileSelection& files, Session& session) {
  DeclaredMesh out;
  TRY_VALUE(out.objects, files.files.empty() ? declared_on_server(session) : declared_in_files(files, session));
  for (const Json& object : out.objects) {
    TRY_VALUE(api::Resource resource, api::decode(object));
    out.mesh.put(std::move(resource));
  }
  return out;
}

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

std::vector<lake::NeededEntry> entries_of(const api::Resource& resource, const mesh::Mesh& mesh, const std::string& account, Time now) {
  std::vector<lake::NeededEntry> out;
  for (reconcilers::Claim& claim : reconcilers::claims_of(resource, mesh, now).claims) {
    if (claim.key.catalog.account != account) continue;
    out.push_back({std::move(claim.key), std::move(claim.value), claim.release == reconcilers::Release::Retain});
  }
  return out;
}

std::vector<lake::NeededEntry> entries_of(const mesh::Mesh& mesh, const std::string& account, Time now) {
  std::vector<lake::NeededEntry> out;
  for (const auto& [key, resource] : mesh.all()) {
    auto some = entries_of(*resource, mesh, account, now);
    out.insert(out.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  return out;
}

}  // namespace datamesh::cli
