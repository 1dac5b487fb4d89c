// `datamesh explain` and `datamesh who-can`: the evaluation of snapshots, with the declarations behind each hop and the
// change that would mend the first one that is missing.
#include <algorithm>

#include "controller/catalog/who_can.h"
#include "controller/engine/access_question.h"
#include "controller/engine/awaited_tables.h"
#include "controller/engine/impl.h"
#include "controller/engine/remedy.h"
#include "controller/engine/status_entries.h"
#include "reconcilers/reasons.h"

namespace datamesh::engine {

using api::ObjectKey;
using catalog::Hop;

namespace {

Json json_of(const std::vector<catalog::Cells>& cells) {
  Json out = Json::array();
  for (const catalog::Cells& each : cells) {
    Json one = {{"columns", to_string(each.columns)}, {"rows", each.rows.empty() ? Json("all rows") : Json(each.rows)}};
    one[each.columns.except ? "allColumnsBut" : "columnNames"] = each.columns.names;
    out.push_back(std::move(one));
  }
  return out;
}

Json json_of(const Hop& hop, const Remedy& remedy) {
  Json patches = Json::array();
  for (const SmallPatch& patch : remedy.patches) {
    patches.push_back({{"kind", patch.object.kind}, {"namespace", patch.object.ns}, {"name", patch.object.name},
                       {"patch", patch.operations}});
  }
  return {{"hop", to_string(hop.kind)}, {"remedy", remedy.text}, {"manifest", remedy.manifests}, {"patches", patches},
          {"decides", hop.decides}};
}

/// Those tables of the product that the question is about and that await approval.
std::vector<AwaitedTable> awaited_by(const AskedAccess& asked, const mesh::Mesh& mesh, const Ledger& ledger) {
  if (asked.product == nullptr) return {};
  auto out = awaited_tables(asked.product->key, mesh, ledger);
  const catalog::AccessQuery& query = asked.query;
  std::erase_if(out, [&](const AwaitedTable& each) {
    return each.table.catalog != query.governing ||
           (!query.table.empty() && each.table.local != catalog::table_key(query.database, query.table));
  });
  return out;
}

/// What approving the tables would answer the question: whether it mends `missing`, which is what is missing first.
bool is_mended_by_approval(const std::vector<AwaitedTable>& tables, const AskedAccess& asked, const catalog::Snapshot* local,
                           const Hop& missing) {
  if (tables.empty()) return false;
  const catalog::AccessQuery& query = asked.query;
  const auto governing = as_approved(*asked.governing, query.governing, tables);
  std::optional<catalog::Snapshot> within;
  if (local != nullptr) {
    within = as_approved(*local, {catalog::account_of_principal(query.principal), query.governing.region}, tables);
  }
  const catalog::Access then = evaluate(query, governing, within ? &*within : nullptr);
  const Hop* next = first_missing(then);
  return then.allowed || next == nullptr || next->kind != missing.kind;
}

}  // namespace

std::vector<ObjectKey> Engine::Impl::declarations_behind(const Hop& hop) const {
  std::vector<ObjectKey> out;
  const auto id = hop.entry ? ledger_.lookup({hop.catalog, *hop.entry}) : std::nullopt;
  if (!id) return out;
  for (const ResourceState* party : ledger_.parties(*id)) out.push_back(party->key);
  return out;
}

/// What the operator and the administrators hold by being who they are: nobody declares it, and nobody needs to.
bool Engine::Impl::is_implicit(const Hop& hop) const {
  const auto id = hop.entry && hop.entry->kind == catalog::EntryKind::Permission
                      ? catalog::parse_permission_id(hop.entry->name) : std::nullopt;
  const auto found = catalogs_.find(hop.catalog);
  return id && found != catalogs_.end() && policy(found->second).implicit_principals.contains(id->principal);
}

Json Engine::Impl::steps_json(const catalog::Access& access) const {
  Json out = Json::array();
  for (const Hop& hop : access.hops) {
    Json because = Json::array();
    for (const ObjectKey& key : declarations_behind(hop)) because.push_back(to_string(key));
    const bool implicit = because.empty() && is_implicit(hop);
    const bool undeclared = hop.entry.has_value() && because.empty() && !implicit;
    Json step = {{"hop", to_string(hop.kind)}, {"ok", hop.ok},           {"catalog", to_string(hop.catalog)},
                 {"what", hop.what},           {"because", because},     {"undeclared", undeclared},
                 {"decides", hop.decides},     {"implicit", implicit}};
    if (hop.entry) step["entry"] = to_string(*hop.entry);
    out.push_back(std::move(step));
  }
  return out;
}

Result<Json> Engine::Impl::explain(const AccessQuestion& question) const {
  std::vector<CatalogRef> catalogs;
  for (const auto& [ref, state] : catalogs_) catalogs.push_back(ref);
  if (question.principal.empty()) return fail(ErrorKind::Invalid, "say whose access is asked about", "explain");
  TRY_VALUE(const AskedAccess asked, read_question(question, mesh_, snapshots(), catalogs));
  const catalog::AccessQuery& query = asked.query;
  const std::string account = catalog::account_of_principal(query.principal);
  const catalog::Snapshot* local =
      account == query.governing.account ? nullptr : snapshot({account, query.governing.region});
  const catalog::Access access = evaluate(query, *asked.governing, local);
  Json missing;
  const Hop* hop = first_missing(access);
  const auto awaited = hop == nullptr || access.allowed ? std::vector<AwaitedTable>{} : awaited_by(asked, mesh_, ledger_);
  if (hop != nullptr && is_mended_by_approval(awaited, asked, local, *hop)) {
    missing = json_of(*hop, approval_remedy(awaited, mesh_));
    missing["reason"] = reconcilers::reason::kTableRecreated;
  } else if (hop != nullptr) {
    const RemedyInput input{query, access, *hop, *asked.governing, local, asked.product, mesh_, now(),
                            [this](const ObjectKey& key) { return trouble_of(ledger_.find(key)); },
                            [this](const Hop& of) { return declarations_behind(of); }};
    missing = json_of(*hop, remedy_for(input));
  }
  Json out = {{"allowed", access.allowed},      {"principal", question.principal}, {"action", to_string(query.permission)},
              {"object", question.object},      {"steps", steps_json(access)},     {"cells", json_of(access.cells)},
              {"missing", std::move(missing)}};
  if (query.row) out["row"] = catalog::to_string(*query.row);
  return out;
}

Result<Json> Engine::Impl::who_can(const AccessQuestion& question) const {
  std::vector<CatalogRef> catalogs;
  for (const auto& [ref, state] : catalogs_) catalogs.push_back(ref);
  TRY_VALUE(const AskedAccess asked, read_question(question, mesh_, snapshots(), catalogs));
  const catalog::WhoCan found = catalog::who_can(asked.query, *asked.governing, snapshots());
  Json principals = Json::array();
  for (const catalog::Reach& reach : found.reaches) {
    principals.push_back({{"principal", reach.principal},
                          {"is", to_string(reach.is)},
                          {"cells", json_of(reach.access.cells)},
                          {"steps", steps_json(reach.access)},
                          {"except", reach.except}});
  }
  Json unread = Json::array();
  for (const CatalogRef& ref : found.unread) unread.push_back(to_string(ref));
  Json out = {{"action", to_string(asked.query.permission)}, {"object", question.object},
              {"principals", principals},                    {"administrators", found.administrators},
              {"unread", unread}};
  if (asked.query.row) out["row"] = catalog::to_string(*asked.query.row);
  return out;
}

}  // namespace datamesh::engine
