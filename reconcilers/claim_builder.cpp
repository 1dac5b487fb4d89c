#include "reconcilers/claim_builder.h"

#include <algorithm>

#include "controller/base/partition.h"
#include "controller/base/text.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {

using catalog::EntryKey;
using catalog::EntryKind;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceId;

std::string location_arn(const std::string& s3_uri, const std::string& region) {
  std::string path = s3_uri.starts_with("s3://") ? s3_uri.substr(5) : s3_uri;
  while (path.ends_with('/')) path.pop_back();
  return "arn:" + std::string(partition_of(region)) + ":s3:::" + path;
}

Finding waits(std::string_view reason, std::string message) {
  return {Effect::Waits, std::string(reason), std::move(message)};
}

Finding refused(std::string_view reason, std::string message) {
  return {Effect::Refused, std::string(reason), std::move(message)};
}

Finding missing(const mesh::AccountAnswer& answer) {
  switch (answer.gap) {
    case mesh::Gap::MeshNotFound:
      return waits(reason::kMeshNotFound, "no Mesh is declared: apply one to say who governs");
    case mesh::Gap::ProductNotFound:
      return waits(reason::kProductNotFound, answer.missing + " is not declared");
    case mesh::Gap::LineOfBusinessNotFound:
      return waits(reason::kLineOfBusinessNotFound,
                   answer.missing + " is not among the Mesh's linesOfBusiness");
    case mesh::Gap::DuplicateAccount:
      return {Effect::Invalid, std::string(reason::kDuplicateAccount),
              answer.missing + " has the accountId of an older Account, which alone counts"};
    case mesh::Gap::AccountNotFound:
    case mesh::Gap::None: break;
  }
  return waits(reason::kAccountNotFound, answer.missing + " is not declared");
}

std::optional<Finding> undeclared_value(const api::Resource& lf_tag, const std::string& value) {
  const auto& spec = mesh::spec_of<api::LFTagSpec>(lf_tag);
  const std::set<std::string> values(spec.values.begin(), spec.values.end());
  if (values.contains(value)) return std::nullopt;
  std::string listed;
  for (const std::string& each : values) listed += (listed.empty() ? "" : ", ") + each;
  return Finding{Effect::Invalid, std::string(reason::kTagValueNotDeclared),
                 "\"" + value + "\" is no value of LF-tag " + spec.key + ": LFTag " + lf_tag.key.ns + "/" +
                     lf_tag.key.name + " declares " + listed};
}

EntryKey settings_of(const CatalogRef& catalog) { return {catalog, {EntryKind::Settings, ""}}; }

EntryKey share_from(const CatalogRef& receiver, const std::string& sender) {
  return {receiver, {EntryKind::ShareAcceptance, sender}};
}

EntryKey permission(const CatalogRef& catalog, const ResourceId& resource,
                    const std::string& principal) {
  return {catalog, catalog::permission_key({resource, principal})};
}

PermissionValue value_of(PermissionSet permissions, Option option) {
  return {permissions, option == Option::All ? permissions : PermissionSet{}, {}, {}, false};
}

PermissionValue value_of_columns(std::vector<std::string> columns, Option option) {
  for (std::string& column : columns) column = lower(column);
  std::sort(columns.begin(), columns.end());
  PermissionValue value = value_of({catalog::Permission::Select}, option);
  if (option == Option::All) value.grantable_columns = columns;
  value.columns = std::move(columns);
  return value;
}

std::vector<std::string> principals_of(const api::AccountSpec& account, const std::string& name) {
  for (const auto& persona : account.personas) {
    if (persona.name == name) return persona.principals;
  }
  return {};
}

ResourceId LinkTarget::resource() const {
  const std::string& account = catalog.account;
  return table.empty() ? ResourceId::of_database(account, name)
                       : ResourceId::of_table(account, database, name);
}

LinkAnswer target_of(const api::Resource& link, const mesh::Mesh& mesh) {
  const auto& spec = mesh::spec_of<api::ResourceLinkSpec>(link);
  LinkTarget target;
  target.consumer = mesh::consumer_of(link, mesh);
  if (!target.consumer) return {std::nullopt, missing(target.consumer)};
  target.product = mesh.find("DataProduct", spec.product, link.key.ns);
  if (target.product == nullptr || target.product->metadata.deletion) {
    return {std::nullopt, waits(reason::kProductNotFound,
                                "DataProduct " + (spec.product.ns.empty() ? link.key.ns : spec.product.ns) + "/" +
                                    spec.product.name + " is not declared")};
  }
  target.owner = mesh::owner_of(*target.product, mesh);
  if (!target.owner) return {std::nullopt, missing(target.owner)};
  const mesh::AccountAnswer producer = mesh::producer_of(*target.product, mesh);
  const auto& product = mesh::spec_of<api::DataProductSpec>(*target.product);
  const auto regions = mesh::regions_of(product, producer.spec());
  target.region = !spec.region.empty() ? spec.region : regions.empty() ? "" : regions.front();
  target.catalog = {target.consumer.spec().account_id, target.region};
  target.table = lower(spec.table);
  target.database = lower(spec.database);
  const std::string own_name = target.table.empty() ? product.database : target.table;
  target.name = lower(spec.name.empty() ? own_name : spec.name);
  target.own_catalog = target.owner.spec().account_id == target.catalog.account;
  return {target, std::nullopt};
}

}  // namespace datamesh::reconcilers
