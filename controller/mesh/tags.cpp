#include "controller/mesh/tags.h"

#include <algorithm>
#include <tuple>

#include "controller/base/text.h"
#include "controller/catalog/tag_expression.h"
#include "controller/mesh/topology.h"

namespace datamesh::mesh {
namespace {

void add(const std::map<std::string, std::string>& tags, TagValues& out) {
  for (const auto& [key, value] : tags) out[lower(key)].insert(lower(value));
}

TagValues used_by(const api::DataProductSpec& product) {
  TagValues out;
  add(product.tags, out);
  for (const api::Table& table : product.tables) {
    add(table.tags, out);
    for (const auto* columns : {&table.columns, &table.partition_keys}) {
      for (const api::Column& column : *columns) add(column.tags, out);
    }
  }
  return out;
}

TagValues used_by(const api::GrantSpec& grant) {
  TagValues out;
  if (grant.tag_expression.empty()) return out;
  const auto parsed = catalog::parse_tag_expression(grant.tag_expression);
  if (!parsed) return out;
  for (const auto& [key, values] : parsed->terms) {
    out[key] = values;
    out[key].erase("*");
  }
  return out;
}

}  // namespace

TagValues tags_used_by(const api::Resource& resource) {
  if (const auto* product = std::get_if<api::DataProductSpec>(&resource.spec)) return used_by(*product);
  if (const auto* grant = std::get_if<api::GrantSpec>(&resource.spec)) return used_by(*grant);
  return {};
}

std::string tag_account_of(const api::Resource& resource, const Mesh& mesh) {
  AccountAnswer answer;
  if (resource.key.kind == "DataProduct") answer = owner_of(resource, mesh);
  if (const auto* grant = std::get_if<api::GrantSpec>(&resource.spec)) {
    answer = account_of(grant->catalog.value_or(api::Ref{"", grant->account}), resource.key.ns, mesh);
  }
  return answer ? answer.spec().account_id : "";
}

const api::Resource* lf_tag_of(const Mesh& mesh, const std::string& account_id, const std::string& key) {
  const api::Resource* oldest = nullptr;
  for (const api::ObjectKey& each : mesh.declarers_of_tag(key)) {
    const api::Resource* tag = mesh.find(each);
    const AccountAnswer account = account_of({"", spec_of<api::LFTagSpec>(*tag).account}, each.ns, mesh);
    if (!account || account.spec().account_id != account_id) continue;
    const auto age = [](const api::Resource& of) { return std::tie(of.metadata.created, of.key); };
    if (oldest == nullptr || age(*tag) < age(*oldest)) oldest = tag;
  }
  return oldest;
}

}  // namespace datamesh::mesh
