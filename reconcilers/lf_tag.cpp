// LFTag: a key of the LF-tags of one account, and the values that it may have. What is used stays.
#include <map>

#include "controller/mesh/tags.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {
namespace {

using catalog::EntryKind;

/// As many users as a condition names; the rest are counted.
constexpr std::size_t kNamedUsers = 20;

/// The values that are used in the catalog of the account, with who uses each.
using Users = std::map<std::string, std::vector<std::string>>;

Users users_in(const mesh::Mesh& mesh, const std::string& account_id, const std::string& key) {
  Users out;
  for (const auto& [value, keys] : mesh.users_of_tag(key)) {
    for (const api::ObjectKey& user : keys) {
      const api::Resource* resource = mesh.find(user);
      if (resource->metadata.deletion || mesh::tag_account_of(*resource, mesh) != account_id) continue;
      out[value].push_back(user.kind + " " + user.ns + "/" + user.name);
    }
  }
  return out;
}

/// "confidential (DataProduct retail/orders, Grant governance/auditors); internal (…)"
std::string listed(const Users& users) {
  std::string out;
  for (const auto& [value, names] : users) {
    out += (out.empty() ? "" : "; ") + (value.empty() ? std::string("any value") : value) + " (";
    for (std::size_t i = 0; i < names.size() && i < kNamedUsers; ++i) out += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kNamedUsers) out += " and " + std::to_string(names.size() - kNamedUsers) + " more";
    out += ")";
  }
  return out;
}

Finding in_use(std::string message) {
  return {Effect::Invalid, std::string(reason::kTagValueInUse), std::move(message)};
}

}  // namespace

ClaimSet lf_tag_claims(const api::Resource& resource, const mesh::Mesh& mesh) {
  const auto& spec = mesh::spec_of<api::LFTagSpec>(resource);
  ClaimSet set;
  const mesh::AccountAnswer account = mesh::account_of({"", spec.account}, resource.key.ns, mesh);
  if (!account) {
    if (!resource.metadata.deletion) set.findings.push_back(missing(account));
    return set;
  }
  const std::string& id = account.spec().account_id;
  const api::Resource* authority = mesh::lf_tag_of(mesh, id, spec.key);
  if (authority != &resource) {
    if (resource.metadata.deletion) return set;
    set.findings.push_back({Effect::Invalid, std::string(reason::kDuplicateTag),
                            "LFTag " + authority->key.ns + "/" + authority->key.name + " is older and declares " +
                                spec.key + " of account " + id + " already"});
    return set;
  }
  Users users = users_in(mesh, id, spec.key);
  if (resource.metadata.deletion) {
    if (users.empty()) return set;
    set.findings.push_back(in_use("being deleted, but still used, so nothing is removed: " + listed(users)));
  }
  catalog::TagKey tag{{spec.values.begin(), spec.values.end()}, {}, true};
  users.erase("");
  for (const std::string& value : tag.values) users.erase(value);
  if (!users.empty() && !resource.metadata.deletion) {
    set.findings.push_back(in_use("not declared any more, but still used, so not removed: " + listed(users)));
  }
  for (const auto& [value, names] : users) tag.kept.insert(value);
  for (const std::string& region : account.spec().regions) {
    const CatalogRef catalog{id, region};
    set.claims.push_back({{catalog, {EntryKind::TagKey, spec.key}}, catalog::Shared<catalog::TagKey>(tag),
                          {settings_of(catalog)}, Step::Baseline, Release::Remove});
  }
  return set;
}

}  // namespace datamesh::reconcilers
