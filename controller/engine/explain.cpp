// `datamesh explain`: the evaluation of snapshots, with the declarations behind each hop and the change that would
// mend the first one that is missing.
#include <algorithm>

#include "controller/catalog/evaluate.h"
#include "controller/engine/impl.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {

using api::ObjectKey;
using api::Resource;

namespace {

/// "namespace/product[/table[/column]]" in its parts.
std::vector<std::string> parts_of(const std::string& object) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at <= object.size()) {
    const std::size_t end = std::min(object.find('/', at), object.size());
    out.push_back(object.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// How accounts are called in the mesh, for people.
std::string account_name(const mesh::Mesh& mesh, const std::string& id) {
  const auto found = mesh.accounts_with_id(id);
  return found.empty() ? "account " + id : "Account " + found.front()->key.ns + "/" + found.front()->key.name;
}

/// The smallest change that would mend the missing hop.
std::string remedy(const catalog::Hop& hop, const catalog::AccessQuery& query, const ObjectKey& product,
                   const mesh::Mesh& mesh) {
  const std::string account = catalog::account_of_principal(query.principal);
  const std::string permission(to_string(query.permission));
  switch (hop.kind) {
    case catalog::HopKind::Permission:
      return "apply a Grant in namespace " + product.ns + " with product " + product.name + ", principal " +
             query.principal + " and permission " + permission;
    case catalog::HopKind::AccountPermission:
      return "apply a Grant in namespace " + product.ns + " with product " + product.name + ", " +
             account_name(mesh, account) + " and permission " + permission;
    case catalog::HopKind::Share:
      return "accept the resource share in " + account_name(mesh, account) +
             "; the operator does so once the Account is declared and a Grant names it";
    case catalog::HopKind::LocalPermission:
      return "apply a Grant in the namespace of " + account_name(mesh, account) + " with a link to " + product.ns + "/" +
             product.name + ", principal " + query.principal + " and permission " + permission;
    case catalog::HopKind::Link:
      return "apply a ResourceLink in the namespace of " + account_name(mesh, account) + " to product " + product.ns +
             "/" + product.name;
  }
  return {};
}

std::string_view hop_name(catalog::HopKind kind) {
  switch (kind) {
    case catalog::HopKind::Permission: return "Permission";
    case catalog::HopKind::AccountPermission: return "AccountPermission";
    case catalog::HopKind::Share: return "Share";
    case catalog::HopKind::LocalPermission: return "LocalPermission";
    case catalog::HopKind::Link: return "Link";
  }
  return {};
}

}  // namespace

Result<Json> Engine::Impl::explain(const AccessQuestion& question) const {
  const auto parts = parts_of(question.object);
  if (parts.size() < 2 || parts.size() > 4) {
    return fail(ErrorKind::Invalid, "the object must be namespace/product[/table[/column]]", question.object);
  }
  const auto permission = catalog::parse_permission(question.action);
  if (!permission) return fail(ErrorKind::Invalid, "unknown permission", question.action);
  const ObjectKey key{"DataProduct", parts[0], parts[1]};
  const Resource* product = mesh_.find(key);
  if (product == nullptr) return fail(ErrorKind::NotFound, to_string(key) + " is not declared", "explain");
  const mesh::AccountAnswer owner = mesh::owner_of(*product, mesh_);
  if (!owner) return fail(ErrorKind::NotFound, owner.missing + " is not declared", to_string(key));
  const auto& spec = mesh::spec_of<api::DataProductSpec>(*product);
  const auto regions = mesh::regions_of(spec, mesh::producer_of(*product, mesh_).spec());
  catalog::AccessQuery query;
  query.principal = question.principal;
  query.permission = *permission;
  query.governing = {owner.spec().account_id, regions.empty() ? "" : regions.front()};
  query.database = spec.database;
  query.table = parts.size() > 2 ? parts[2] : "";
  query.column = parts.size() > 3 ? parts[3] : "";
  const catalog::Snapshot* governing = snapshot(query.governing);
  if (governing == nullptr) {
    return fail(ErrorKind::NotFound, "catalog " + to_string(query.governing) + " has not been read yet", "explain");
  }
  const std::string account = catalog::account_of_principal(query.principal);
  const catalog::Snapshot* local =
      account == query.governing.account ? nullptr : snapshot({account, query.governing.region});
  const catalog::Access access = evaluate(query, *governing, local);
  Json steps = Json::array();
  Json missing;
  for (const catalog::Hop& hop : access.hops) {
    Json because = Json::array();
    const auto id = hop.entry ? ledger_.lookup({hop.catalog, *hop.entry}) : std::nullopt;
    if (id) {
      for (const ResourceState* party : ledger_.parties(*id)) because.push_back(to_string(party->key));
    }
    steps.push_back({{"hop", hop_name(hop.kind)},
                     {"ok", hop.ok},
                     {"catalog", to_string(hop.catalog)},
                     {"what", hop.what},
                     {"because", because}});
    if (!hop.ok && missing.is_null()) {
      missing = {{"hop", hop_name(hop.kind)}, {"remedy", remedy(hop, query, key, mesh_)}};
    }
  }
  return Json{{"allowed", access.allowed}, {"principal", question.principal}, {"action", question.action},
              {"object", question.object}, {"steps", steps},                 {"missing", missing}};
}

}  // namespace datamesh::engine
