// DataProduct: steps 1 to 6 of the reference workflow, in the governing catalog and in the producer's.
#include <algorithm>

#include "controller/base/text.h"
#include "controller/mesh/tags.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/opt_ins.h"
#include "reconcilers/reasons.h"
#include "reconcilers/settings_needs.h"
#include "reconcilers/table_shape.h"
#include "reconcilers/withheld_tables.h"

namespace datamesh::reconcilers {
namespace {

using catalog::EntryKey;
using catalog::EntryKind;
using catalog::Permission;
using catalog::ResourceId;
using catalog::Shared;

/// One region of one product while its claims are gathered.
struct Draft {
  const api::Resource& product;
  const api::DataProductSpec& spec;
  const api::AccountSpec& owner;
  const api::AccountSpec& producer;
  std::string region;
  Release release;
  const mesh::Mesh& mesh;
  ClaimSet& set;

  CatalogRef governing() const { return {owner.account_id, region}; }
  CatalogRef producing() const { return {producer.account_id, region}; }
  bool hybrid() const { return mesh::is_hybrid(spec, owner, mesh.spec()); }
  api::AccessMode mode() const { return mesh::access_mode(spec, owner, mesh.spec()); }
  bool shared_back() const { return owner.account_id != producer.account_id; }
  std::string database() const { return lower(spec.database); }
  std::string mark() const { return product.key.ns + "/" + product.key.name; }
  EntryKey database_entry() const { return {governing(), catalog::database_key(database())}; }

  void claim(EntryKey key, catalog::EntryValue value, std::vector<EntryKey> needs, Step step,
             Release on_release) const {
    set.claims.push_back({std::move(key), std::move(value), std::move(needs), step, on_release});
  }
  void permit(const EntryKey& key, catalog::PermissionValue value, std::vector<EntryKey> needs, Step step) const {
    claim(key, std::move(value), std::move(needs), step, Release::Remove);
  }
};

void claim_location(const Draft& draft) {
  if (draft.spec.location.empty()) return;
  const std::string arn = location_arn(draft.spec.location, draft.governing().region);
  const EntryKey location{draft.governing(), {EntryKind::Location, arn}};
  draft.claim(location, catalog::Location{draft.spec.location_role, draft.hybrid()},
              {settings_of(draft.governing())}, Step::RegisterLocation, draft.release);
  if (!draft.shared_back()) return;
  const ResourceId registered = ResourceId::of_location(draft.owner.account_id, arn);
  draft.permit(permission(draft.governing(), registered, draft.producer.account_id),
               value_of({Permission::DataLocationAccess}, Option::All),
               {location}, Step::RegisterLocation);
}

/// An LFTag is the authority for the values of its key; where there is none, using a value defines it.
bool may_define(const Draft& draft, const std::string& key, const std::string& value) {
  const api::Resource* declared = mesh::lf_tag_of(draft.mesh, draft.owner.account_id, key);
  if (declared == nullptr) return true;
  auto problem = undeclared_value(*declared, value);
  if (!problem) return true;
  auto& findings = draft.set.findings;
  if (std::find(findings.begin(), findings.end(), *problem) == findings.end()) findings.push_back(std::move(*problem));
  return false;
}

bool is_on_withheld_table(const Draft& draft, const EntryKey& holder, const EntryKey& assignment, const std::string& value) {
  if (holder.local.kind != EntryKind::Table) return false;
  const std::string table = holder.local.name.substr(holder.local.name.find('/') + 1);
  return Withholding(draft.product, draft.governing(), draft.mesh).takes(table, {assignment, catalog::TagAssignment{value}}, draft.set);
}

void claim_tags(const Draft& draft, const std::map<std::string, std::string>& tags,
                const std::string& resource, const EntryKey& holder) {
  for (const auto& [raw_key, raw_value] : tags) {
    const std::string key = lower(raw_key), value = lower(raw_value);
    const EntryKey tag{draft.governing(), {EntryKind::TagKey, key}};
    if (may_define(draft, key, value)) {
      draft.claim(tag, Shared<catalog::TagKey>(catalog::TagKey{{value}, {}, false}), {settings_of(draft.governing())},
                  Step::CreateEntities, Release::Retain);
    }
    const EntryKey assignment{draft.governing(), {EntryKind::TagAssignment, resource + "#" + key}};
    if (is_on_withheld_table(draft, holder, assignment, value)) continue;
    draft.claim(assignment, catalog::TagAssignment{value}, {tag, holder}, Step::CreateEntities, Release::Remove);
  }
}

/// Leaves the database or table `holder` to IAM. Where nobody claims that, the planner takes it from IAM.
/// Source: lake-formation.md 2.10
void claim_opening(const Draft& draft, const ResourceId& resource, const EntryKey& holder) {
  const EntryKey opening = permission(draft.governing(), resource, catalog::kIamAllowedPrincipals);
  const catalog::PermissionValue value = value_of({Permission::All});
  const Withholding withholding(draft.product, draft.governing(), draft.mesh);
  if (withholding.takes_from_iam(resource.table, {opening, value}, draft.set)) return;
  draft.claim(opening, value, {holder}, Step::CreateEntities, draft.release);
}

void claim_table(const Draft& draft, const std::string& name, catalog::Table shape, Step step, api::AccessMode mode) {
  const EntryKey entry{draft.governing(), catalog::table_key(draft.database(), name)};
  draft.claim(entry, Shared<catalog::Table>(std::move(shape)), {draft.database_entry()}, step, draft.release);
  if (mode != api::AccessMode::Hybrid) return;
  claim_opening(draft, ResourceId::of_table(draft.owner.account_id, draft.database(), name), entry);
}

void claim_database(const Draft& draft) {
  catalog::Database database;
  database.description = draft.spec.description;
  database.location_uri = draft.spec.location;
  database.parameters[catalog::kOwnerParameter] = draft.mark();
  database.keeps_table_defaults = draft.mode() == api::AccessMode::Hybrid;
  std::vector<EntryKey> needs{settings_of(draft.governing())};
  if (!draft.spec.location.empty()) {
    needs.push_back({draft.governing(), {EntryKind::Location, location_arn(draft.spec.location, draft.governing().region)}});
  }
  draft.claim(draft.database_entry(), Shared<catalog::Database>(database), needs,
              Step::CreateEntities, draft.release);
  if (draft.hybrid()) {
    claim_opening(draft, ResourceId::of_database(draft.owner.account_id, draft.database()), draft.database_entry());
  }
  auto tags = draft.spec.tags;
  if (draft.spec.tag_grants) {
    tags.try_emplace(mesh::kTagGrantsKey, *draft.spec.tag_grants == api::TagGrants::Allow ? "allow" : "deny");
  }
  claim_tags(draft, tags, draft.database(), draft.database_entry());
}

/// The schema that the producer's own table leads with; what else is declared stays as declared.
void follow(catalog::Table& shape, const catalog::Table& source) {
  shape.columns = source.columns;
  shape.partition_keys = source.partition_keys;
  shape.schema_rule = catalog::SchemaRule::Exact;
}

/// Tables of the followed database that the product does not name are published as they are.
void claim_followed(const Draft& draft, const mesh::Mesh::SourceTables& source) {
  for (const auto& [name, table] : source) {
    const bool declared =
        std::any_of(draft.spec.tables.begin(), draft.spec.tables.end(),
                    [&, &wanted = name](const api::Table& each) { return lower(each.name) == wanted; });
    if (declared) continue;
    catalog::Table shape = table;
    shape.created.reset();
    shape.owner = draft.spec.owner;
    shape.parameters = {{catalog::kOwnerParameter, draft.mark()}};
    claim_table(draft, name, std::move(shape), Step::PropagateSchema, draft.mode());
  }
}

/// The tables of the database that the product follows; null when it follows none, or none can be seen, which is no
/// reason to take any back.
const mesh::Mesh::SourceTables* source_of(const Draft& draft, const mesh::Mesh& mesh) {
  const std::string& database = draft.spec.source_database;
  if (database.empty()) return nullptr;
  const auto* source = mesh.source(draft.producing(), database);
  if (source != nullptr && !source->empty()) return source;
  draft.set.unknown_tables = true;
  const std::string where = to_string(draft.producing());
  draft.set.findings.push_back(
      source == nullptr
          ? waits(reason::kCatalogNotObserved, "sourceDatabase " + database + ": catalog " + where + " has not been read yet")
          : waits(reason::kSourceNotFound, "sourceDatabase " + database + " holds no table in catalog " + where));
  return nullptr;
}

void claim_tables(const Draft& draft, const mesh::Mesh::SourceTables* source) {
  if (source != nullptr) claim_followed(draft, *source);
  for (const api::Table& table : draft.spec.tables) {
    const std::string name = lower(table.name);
    const EntryKey entry{draft.governing(), catalog::table_key(draft.database(), name)};
    catalog::Table shape = table_shape(draft.spec, table, draft.mark());
    if (source != nullptr && source->contains(name)) follow(shape, source->at(name));
    claim_table(draft, name, std::move(shape), Step::CreateEntities,
                mesh::access_mode(table, draft.spec, draft.owner, draft.mesh.spec()));
    const std::string resource = draft.database() + "/" + name;
    claim_tags(draft, table.tags, resource, entry);
    for (const auto* columns : {&table.columns, &table.partition_keys}) {
      for (const api::Column& column : *columns) {
        claim_tags(draft, column.tags, resource + "/" + lower(column.name), entry);
      }
    }
  }
}

/// Source: lake-formation.md 2.12 step 3 (never DROP or ALL on a database to another account)
void claim_share_back(const Draft& draft) {
  if (!draft.shared_back()) return;
  const std::string& owner = draft.owner.account_id;
  const std::string& producer = draft.producer.account_id;
  draft.permit(permission(draft.governing(), ResourceId::of_database(owner, draft.database()), producer),
               value_of({Permission::CreateTable, Permission::Alter, Permission::Describe}, Option::All),
               {draft.database_entry()}, Step::ShareBack);
  draft.permit(permission(draft.governing(), ResourceId::of_all_tables(owner, draft.database()), producer),
               value_of({Permission::Alter, Permission::Insert, Permission::Delete, Permission::Select,
                         Permission::Describe},
                        Option::All),
               {draft.database_entry()}, Step::ShareBack);
  const EntryKey shared =
      permission(draft.governing(), ResourceId::of_database(owner, draft.database()), producer);
  draft.claim(share_from(draft.producing(), owner), Shared<catalog::ShareAcceptance>(), {shared},
              Step::AcceptShare, Release::Retain);
  draft.claim({draft.producing(), catalog::database_link_key(draft.database())},
              Shared<catalog::Link>({owner, draft.database(), "", ""}),
              {settings_of(draft.producing())}, Step::ShareBack, Release::Remove);
}

std::vector<ResourceId> producer_tables(const Draft& draft, const api::ProducerAccess& access) {
  const std::string& owner = draft.owner.account_id;
  if (access.tables.empty()) return {ResourceId::of_all_tables(owner, draft.database())};
  std::vector<ResourceId> out;
  for (const std::string& table : access.tables) {
    out.push_back(ResourceId::of_table(owner, draft.database(), lower(table)));
  }
  return out;
}

/// Source: lake-formation.md 2.12 step 4
void claim_producer_access(const Draft& draft, const api::ProducerAccess& access) {
  const auto principals = principals_of(draft.producer, access.persona);
  if (principals.empty()) {
    draft.set.findings.push_back(waits(reason::kPersonaNotFound,
                                       "persona " + access.persona + " is not declared by Account " +
                                           draft.product.key.ns + "/" + draft.spec.account));
    return;
  }
  const std::string& owner = draft.owner.account_id;
  const CatalogRef here = draft.producing();
  std::vector<EntryKey> needs{draft.database_entry()};
  if (draft.shared_back()) {
    needs = {share_from(here, owner),
             permission(draft.governing(), ResourceId::of_all_tables(owner, draft.database()),
                        draft.producer.account_id)};
  }
  const auto wanted = catalog::PermissionSet::of_names(access.permissions);
  for (const std::string& principal : principals) {
    for (const ResourceId& table : producer_tables(draft, access)) {
      auto table_needs = needs;
      if (!draft.shared_back() && !table.table.empty()) {
        table_needs = {{here, catalog::table_key(table.database, table.table)}};
      }
      const auto on_tables = wanted - catalog::PermissionSet{Permission::CreateTable};
      if (!on_tables.empty()) {
        draft.permit(permission(here, table, principal), value_of(on_tables), table_needs, Step::ProducerAccess);
      }
    }
    catalog::PermissionSet on_database{Permission::Describe};
    if (wanted.has(Permission::CreateTable)) on_database.insert(Permission::CreateTable);
    draft.permit(permission(here, ResourceId::of_database(owner, draft.database()), principal),
                 value_of(on_database), needs, Step::ProducerAccess);
    const bool writes_locations = wanted.has(Permission::CreateTable) || wanted.has(Permission::Alter);
    if (writes_locations && !draft.spec.location.empty()) {
      const std::string arn = location_arn(draft.spec.location, draft.governing().region);
      std::vector<EntryKey> location_needs{{draft.governing(), {EntryKind::Location, arn}}};
      if (draft.shared_back()) {
        location_needs = {permission(draft.governing(), ResourceId::of_location(owner, arn),
                                     draft.producer.account_id)};
      }
      draft.permit(permission(here, ResourceId::of_location(owner, arn), principal),
                   value_of({Permission::DataLocationAccess}), location_needs, Step::ProducerAccess);
    }
    if (draft.shared_back()) {
      draft.permit(permission(here, ResourceId::of_database(draft.producer.account_id, draft.database()), principal),
                   value_of({Permission::Describe}),
                   {{here, catalog::database_link_key(draft.database())}}, Step::ProducerAccess);
    }
  }
}

}  // namespace

ClaimSet data_product_claims(const api::Resource& resource, const mesh::Mesh& mesh) {
  const auto& spec = mesh::spec_of<api::DataProductSpec>(resource);
  ClaimSet set;
  const mesh::AccountAnswer producer = mesh::producer_of(resource, mesh);
  const mesh::AccountAnswer owner = mesh::owner_of(resource, mesh);
  if (!owner) {
    set.findings.push_back(missing(owner));
    return set;
  }
  const Release release = mesh::deletion_policy(spec, mesh.spec()) == api::DeletionPolicy::Delete
                              ? Release::Remove
                              : Release::Retain;
  for (const std::string& region : mesh::regions_of(spec, producer.spec())) {
    const Draft draft{resource, spec, owner.spec(), producer.spec(), region, release, mesh, set};
    claim_settings(spec, owner.spec(), draft.governing(), mesh, set);
    claim_location(draft);
    claim_database(draft);
    claim_tables(draft, source_of(draft, mesh));
    claim_share_back(draft);
    for (const api::ProducerAccess& access : spec.producer_access) claim_producer_access(draft, access);
  }
  claim_opt_ins(resource, mesh, set);
  tell_of_recreated(resource, mesh, set);
  return set;
}

}  // namespace datamesh::reconcilers
