#include "controller/mesh/mesh.h"

#include <algorithm>
#include <tuple>

#include "controller/mesh/tags.h"

namespace datamesh::mesh {

using api::ObjectKey;
using api::Ref;
using api::Resource;

namespace {

ObjectKey key_for(const char* kind, const Ref& ref, const std::string& ns) {
  return {kind, ref.ns.empty() ? ns : ref.ns, ref.name};
}

std::vector<ObjectKey> references(const api::MeshSpec& spec, const std::string&) {
  std::vector<ObjectKey> out;
  if (spec.central_account) out.push_back(key_for("Account", *spec.central_account, ""));
  for (const auto& line : spec.lines_of_business) {
    out.push_back(key_for("Account", line.central_account, ""));
  }
  return out;
}

std::vector<ObjectKey> references(const api::AccountSpec&, const std::string&) { return {}; }

std::vector<ObjectKey> references(const api::DataProductSpec& spec, const std::string& ns) {
  return {{"Account", ns, spec.account}};
}

std::vector<ObjectKey> references(const api::ResourceLinkSpec& spec, const std::string& ns) {
  return {{"Account", ns, spec.account}, key_for("DataProduct", spec.product, ns)};
}

std::vector<ObjectKey> references(const api::GrantSpec& spec, const std::string& ns) {
  std::vector<ObjectKey> out;
  if (spec.product) out.push_back(key_for("DataProduct", *spec.product, ns));
  if (spec.link) out.push_back({"ResourceLink", ns, *spec.link});
  if (!spec.account.empty()) out.push_back({"Account", ns, spec.account});
  if (spec.catalog) out.push_back(key_for("Account", *spec.catalog, ns));
  for (const Ref& account : spec.accounts) out.push_back(key_for("Account", account, ns));
  for (const auto& persona : spec.personas) out.push_back(key_for("Account", persona.account, ns));
  return out;
}

std::vector<ObjectKey> references(const api::LFTagSpec& spec, const std::string& ns) {
  return {{"Account", ns, spec.account}};
}

/// The producer's own database that the product follows; empty when it follows none.
std::string followed_by(const Resource& resource) {
  const auto* product = std::get_if<api::DataProductSpec>(&resource.spec);
  return product == nullptr ? std::string() : product->source_database;
}

bool older(const Resource& a, const Resource& b) {
  return std::tie(a.metadata.created, a.key) < std::tie(b.metadata.created, b.key);
}

}  // namespace

std::vector<ObjectKey> references_of(const Resource& resource) {
  return std::visit([&](const auto& spec) { return references(spec, resource.key.ns); },
                    resource.spec);
}

void Mesh::put(Resource resource) {
  remove(resource.key);
  for (const ObjectKey& target : references_of(resource)) referrers_[target].insert(resource.key);
  if (const auto* account = std::get_if<api::AccountSpec>(&resource.spec)) {
    accounts_by_id_[account->account_id].insert(resource.key);
  }
  if (const std::string source = followed_by(resource); !source.empty()) {
    followers_[source].insert(resource.key);
  }
  if (const auto* tag = std::get_if<api::LFTagSpec>(&resource.spec)) tag_declarers_[tag->key].insert(resource.key);
  for (const auto& [tag, values] : tags_used_by(resource)) {
    auto& users = tag_users_[tag];
    for (const std::string& value : values) users[value].insert(resource.key);
    if (values.empty()) users[""].insert(resource.key);  // any value
  }
  const ObjectKey key = resource.key;
  resources_[key] = std::make_shared<const Resource>(std::move(resource));
}

void Mesh::remove(const ObjectKey& key) {
  const auto found = resources_.find(key);
  if (found == resources_.end()) return;
  for (const ObjectKey& target : references_of(*found->second)) {
    const auto at = referrers_.find(target);
    if (at == referrers_.end()) continue;
    at->second.erase(key);
    if (at->second.empty()) referrers_.erase(at);
  }
  if (const auto* account = std::get_if<api::AccountSpec>(&found->second->spec)) {
    accounts_by_id_[account->account_id].erase(key);
  }
  if (const std::string source = followed_by(*found->second); !source.empty()) followers_[source].erase(key);
  if (const auto* tag = std::get_if<api::LFTagSpec>(&found->second->spec)) tag_declarers_[tag->key].erase(key);
  for (const auto& [tag, values] : tags_used_by(*found->second)) {
    auto& users = tag_users_[tag];
    for (const std::string& value : values) users[value].erase(key);
    if (values.empty()) users[""].erase(key);
    std::erase_if(users, [](const auto& each) { return each.second.empty(); });
  }
  resources_.erase(found);
}

const Resource* Mesh::find(const ObjectKey& key) const {
  const auto found = resources_.find(key);
  return found == resources_.end() ? nullptr : found->second.get();
}

const Resource* Mesh::find(const char* kind, const Ref& ref, const std::string& ns) const {
  return find(key_for(kind, ref, ns));
}

const Resource* Mesh::settings() const {
  const Resource* oldest = nullptr;
  for (auto at = resources_.lower_bound({"Mesh", "", ""});
       at != resources_.end() && at->first.kind == "Mesh"; ++at) {
    if (at->second->metadata.deletion) continue;
    if (oldest == nullptr || older(*at->second, *oldest)) oldest = at->second.get();
  }
  return oldest;
}

const api::MeshSpec& Mesh::spec() const {
  static const api::MeshSpec kDefaults;
  const Resource* settings = this->settings();
  return settings == nullptr ? kDefaults : spec_of<api::MeshSpec>(*settings);
}

std::vector<const Resource*> Mesh::accounts_with_id(const std::string& account_id) const {
  std::vector<const Resource*> out;
  const auto found = accounts_by_id_.find(account_id);
  if (found == accounts_by_id_.end()) return out;
  for (const ObjectKey& key : found->second) out.push_back(find(key));
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return older(*a, *b); });
  return out;
}

std::vector<ObjectKey> Mesh::followers(const std::string& database) const {
  const auto found = followers_.find(database);
  if (found == followers_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

void Mesh::set_source(const CatalogRef& catalog, const std::string& database, SourceTables tables) {
  sources_[{catalog, database}] = std::move(tables);
}

const Mesh::SourceTables* Mesh::source(const CatalogRef& catalog, const std::string& database) const {
  const auto found = sources_.find({catalog, database});
  return found == sources_.end() ? nullptr : &found->second;
}

bool Mesh::set_withheld(const ObjectKey& product, WithheldTables tables) {
  if (withheld(product) == tables) return false;
  if (tables.empty()) {
    withheld_.erase(product);
  } else {
    withheld_[product] = std::move(tables);
  }
  return true;
}

const WithheldTables& Mesh::withheld(const ObjectKey& product) const {
  static const WithheldTables kNone;
  const auto found = withheld_.find(product);
  return found == withheld_.end() ? kNone : found->second;
}

std::vector<ObjectKey> Mesh::referrers(const ObjectKey& key) const {
  const auto found = referrers_.find(key);
  if (found == referrers_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<ObjectKey> Mesh::declarers_of_tag(const std::string& key) const {
  const auto found = tag_declarers_.find(key);
  if (found == tag_declarers_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::map<std::string, std::set<ObjectKey>> Mesh::users_of_tag(const std::string& key) const {
  const auto found = tag_users_.find(key);
  return found == tag_users_.end() ? std::map<std::string, std::set<ObjectKey>>{} : found->second;
}

/// An LFTag says which values its users may use; its users say which values it may not lose; and what a Grant gives an
/// account by tags bounds what other Grants pass on within that account.
void Mesh::collect_by_tags(const ObjectKey& key, std::set<ObjectKey>& out) const {
  const Resource* resource = find(key);
  if (resource == nullptr) return;
  if (const auto* tag = std::get_if<api::LFTagSpec>(&resource->spec)) {
    for (const auto& [value, users] : users_of_tag(tag->key)) out.insert(users.begin(), users.end());
    for (const ObjectKey& each : declarers_of_tag(tag->key)) out.insert(each);
  }
  for (const auto& [tag, values] : tags_used_by(*resource)) {
    for (const ObjectKey& each : declarers_of_tag(tag)) out.insert(each);
    if (key.kind != "Grant") continue;
    for (const auto& [value, users] : users_of_tag(tag)) {
      for (const ObjectKey& user : users) {
        if (user.kind == "Grant") out.insert(user);
      }
    }
  }
}

void Mesh::collect_referrers(const ObjectKey& key, std::set<ObjectKey>& out) const {
  if (!out.insert(key).second) return;
  for (const ObjectKey& referrer : referrers(key)) collect_referrers(referrer, out);
}

std::vector<ObjectKey> Mesh::affected_by(const ObjectKey& key) const {
  std::set<ObjectKey> out;
  const auto central = [&] {
    for (const ObjectKey& referrer : referrers(key)) {
      if (referrer.kind == "Mesh") return true;
    }
    return false;
  };
  if (key.kind == "Mesh" || (key.kind == "Account" && central())) {
    for (const auto& [each, resource] : resources_) out.insert(each);
    out.insert(key);
    return {out.begin(), out.end()};
  }
  collect_referrers(key, out);
  if (key.kind == "Account") {
    // The id may be declared twice; whoever shares it must look again.
    if (const Resource* account = find(key)) {
      for (const Resource* twin : accounts_with_id(spec_of<api::AccountSpec>(*account).account_id)) {
        collect_referrers(twin->key, out);
      }
    }
  }
  if (const Resource* link = key.kind == "ResourceLink" ? find(key) : nullptr) {
    // Whoever reads by tags in that account reads through its links.
    for (const ObjectKey& each : referrers({"Account", key.ns, spec_of<api::ResourceLinkSpec>(*link).account})) {
      const Resource* grant = each.kind == "Grant" ? find(each) : nullptr;
      if (grant != nullptr && spec_of<api::GrantSpec>(*grant).catalog) out.insert(each);
    }
  }
  for (const ObjectKey& each : std::set<ObjectKey>(out)) {
    if (each == key || each.kind == "LFTag") collect_by_tags(each, out);
  }
  if (key.kind == "Grant") {
    // What an account was granted bounds what it may grant on through its links.
    const Resource* grant = find(key);
    const auto* spec = grant == nullptr ? nullptr : &spec_of<api::GrantSpec>(*grant);
    if (spec != nullptr && spec->product) {
      const ObjectKey product = key_for("DataProduct", *spec->product, key.ns);
      for (const ObjectKey& referrer : referrers(product)) {
        if (referrer.kind == "ResourceLink") collect_referrers(referrer, out);
      }
    }
  }
  return {out.begin(), out.end()};
}

}  // namespace datamesh::mesh
