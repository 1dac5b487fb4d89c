// Remedies that are Grants: one that is there already and can be widened for its only receiver, or a new one.
#include <algorithm>
#include <set>

#include "controller/api/codec.h"
#include "controller/base/text.h"
#include "controller/catalog/tag_expression.h"
#include "controller/engine/remedy.h"
#include "controller/mesh/tags.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {
namespace {

using api::GrantSpec;
using api::ObjectKey;
using api::Resource;
using catalog::AccessQuery;
using catalog::Permission;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& each) { return lower(each) == lower(name); });
}

bool persona_has(const mesh::Mesh& mesh, const api::PersonaRef& ref, const std::string& ns, const std::string& principal) {
  const Resource* account = mesh.find("Account", ref.account, ns);
  if (account == nullptr) return false;
  for (const api::Persona& persona : mesh::spec_of<api::AccountSpec>(*account).personas) {
    if (persona.name != ref.name) continue;
    return std::find(persona.principals.begin(), persona.principals.end(), principal) != persona.principals.end();
  }
  return false;
}

bool account_is(const mesh::Mesh& mesh, const api::Ref& ref, const std::string& ns, const std::string& id) {
  const Resource* account = mesh.find("Account", ref, ns);
  return account != nullptr && mesh::spec_of<api::AccountSpec>(*account).account_id == id;
}

/// Whether the Grant names `receiver`, a principal or an account.
bool names(const Resource& grant, const mesh::Mesh& mesh, const std::string& receiver) {
  const auto& spec = mesh::spec_of<GrantSpec>(grant);
  const std::string& ns = grant.key.ns;
  return std::any_of(spec.accounts.begin(), spec.accounts.end(),
                     [&](const api::Ref& ref) { return account_is(mesh, ref, ns, receiver); }) ||
         std::find(spec.principals.begin(), spec.principals.end(), receiver) != spec.principals.end() ||
         std::any_of(spec.personas.begin(), spec.personas.end(),
                     [&](const api::PersonaRef& ref) { return persona_has(mesh, ref, ns, receiver); });
}

/// Whether whoever the Grant names is one alone: then widening it gives nothing to others.
bool names_one(const Resource& grant, const mesh::Mesh& mesh) {
  const auto& spec = mesh::spec_of<GrantSpec>(grant);
  if (spec.accounts.size() + spec.principals.size() + spec.personas.size() != 1) return false;
  if (spec.personas.empty()) return true;
  const Resource* account = mesh.find("Account", spec.personas.front().account, grant.key.ns);
  if (account == nullptr) return false;
  for (const api::Persona& persona : mesh::spec_of<api::AccountSpec>(*account).personas) {
    if (persona.name == spec.personas.front().name) return persona.principals.size() == 1;
  }
  return false;
}

/// What a new Grant of just what is asked says of it.
void narrow_to(const AccessQuery& query, GrantSpec& spec) {
  const bool reads = query.permission == Permission::Select;
  if (!query.table.empty()) spec.tables = {query.table};
  if (reads && !query.column.empty()) spec.columns = api::ColumnSelection{{query.column}, {}};
  spec.permissions = {std::string(to_string(query.permission))};
  if (reads && !spec.columns) spec.permissions.push_back("DESCRIBE");
}

/// Beside rights on the whole table Lake Formation takes no list of columns: then the whole table it is. Says so.
/// Source: lake-formation.md 2.2 rule 3
std::string without_columns(GrantSpec& spec, const RemedyInput& input, const catalog::Snapshot& snapshot, const std::string& receiver) {
  if (!spec.columns) return "";
  const std::set<std::string> holder{receiver};
  const auto held = holdings_on(input.query.object(), snapshot, input.governing, &holder).by_holder;
  const auto found = held.find(receiver);
  const bool whole = found != held.end() && std::any_of(found->second.begin(), found->second.end(),
                                                        [](const catalog::Holding& each) { return each.whole; });
  if (!whole) return "";
  spec.columns.reset();
  return "; with all columns, for Lake Formation takes no list of columns beside what " + receiver + " holds on the whole table";
}

std::string asked(const AccessQuery& query) {
  return std::string(to_string(query.permission)) + " on " + object_text(query);
}

/// A name that no object of the kind has there yet.
std::string free_name(const mesh::Mesh& mesh, const char* kind, const std::string& ns, const std::string& wanted) {
  std::string out = wanted;
  for (int n = 2; mesh.find({kind, ns, out}) != nullptr; ++n) out = wanted + "-" + std::to_string(n);
  return out;
}

/// The last part of a principal as a name: "…:role/team/Analyst" is "analyst".
std::string short_name(const std::string& principal) {
  std::string out;
  for (const char c : lower(principal.substr(principal.find_last_of("/:") + 1))) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (fits || (!out.empty() && out.back() != '-')) out += fits ? c : '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "readers" : out.substr(0, 40);
}

api::Ref ref_from(const ObjectKey& key, const std::string& ns) { return {key.ns == ns ? "" : key.ns, key.name}; }

/// The receiver in a new Grant: its account, a persona that is it alone, or the principal.
void receive(GrantSpec& spec, const mesh::Mesh& mesh, const std::string& receiver, const std::string& ns) {
  const bool is_account = catalog::is_account_id(receiver);
  for (const Resource* account : mesh.accounts_with_id(catalog::account_of_principal(receiver))) {
    const api::Ref ref = ref_from(account->key, ns);
    if (is_account) {
      spec.accounts = {ref};
      return;
    }
    for (const api::Persona& persona : mesh::spec_of<api::AccountSpec>(*account).personas) {
      if (persona.principals != std::vector{receiver}) continue;
      spec.personas = {{ref, persona.name}};
      return;
    }
  }
  spec.principals = {receiver};
}

/// What the Grants that there are can do; nullopt: a new one is needed.
class Candidates {
 public:
  Candidates(const RemedyInput& input, std::string receiver) : input_(input), receiver_(std::move(receiver)) {}

  void consider(const Resource& grant) {
    if (grant.metadata.deletion || !names(grant, input_.mesh, receiver_)) return;
    GrantSpec wide = mesh::spec_of<GrantSpec>(grant);
    const Coverage coverage = widen(wide, input_.query);
    if (coverage == Coverage::Gives) {
      ended_or_waits(grant, wide);
    } else if (coverage == Coverage::GivesWhenWidened && names_one(grant, input_.mesh) && !widened_ && !has_ended(wide)) {
      widened_ = Remedy{"let Grant " + name_of(grant.key) + " give " + asked(input_.query) + " too: in namespace " + grant.key.ns +
                            ", by whoever may write there",
                        {manifest_of(grant.key, wide)},
                        {}};
    }
  }
  std::optional<Remedy> take() { return certain_ ? std::move(certain_) : std::move(widened_); }

 private:
  bool has_ended(const GrantSpec& spec) const { return spec.expires_at && *spec.expires_at <= input_.now; }

  /// It gives what is asked, as it is; something keeps it from doing so.
  void ended_or_waits(const Resource& grant, GrantSpec spec) {
    const std::string name = "Grant " + name_of(grant.key);
    if (has_ended(spec)) {
      if (certain_) return;
      const std::string when = to_rfc3339(*spec.expires_at);
      spec.expires_at.reset();
      certain_ = Remedy{name + " gave this until it expired at " + when + ": give it a later expiresAt, or none, in namespace " +
                            grant.key.ns,
                        {manifest_of(grant.key, spec)},
                        {}};
      return;
    }
    if (unpublished(grant)) return;
    const std::string trouble = input_.trouble(grant.key);
    certain_ = Remedy{name + (trouble.empty() ? " gives this, and is in force: what is missing was taken away by somebody else, and "
                                                "comes back with the next sweep"
                                              : " gives this, but is not in force: " + trouble),
                      {},
                      {}};
  }

  bool unpublished(const Resource& grant) {
    if (input_.product == nullptr) return false;
    const auto& product = mesh::spec_of<api::DataProductSpec>(*input_.product);
    if (!product.published_until || *product.published_until > input_.now) return false;
    certain_ = Remedy{"Grant " + name_of(grant.key) + " gave this until DataProduct " + name_of(input_.product->key) +
                          " was unpublished at " + to_rfc3339(*product.published_until) + ": publish it for longer, in namespace " +
                          input_.product->key.ns,
                      {},
                      {{input_.product->key, Json::array({{{"op", "remove"}, {"path", "/spec/publishedUntil"}}})}}};
    return true;
  }

  const RemedyInput& input_;
  const std::string receiver_;
  std::optional<Remedy> certain_;
  std::optional<Remedy> widened_;
};

/// The Account that speaks for the id; null when none does.
const Resource* account_with(const mesh::Mesh& mesh, const std::string& id) {
  const auto found = mesh.accounts_with_id(id);
  return found.empty() ? nullptr : found.front();
}

Remedy declare_account(const RemedyInput& input, const std::string& id) {
  api::AccountSpec spec;
  spec.account_id = id;
  spec.regions = {input.query.governing.region};
  spec.roles = {api::AccountRole::Consumer};
  const std::string name = "account-" + id;
  return {"no Account has the id " + id + ", so nobody speaks for it: declare it in the namespace of the team that owns it, here " +
              name + "; then ask again",
          {manifest_of({"Account", name, name}, spec)},
          {}};
}

/// A persona that is given what is asked already: who joins it is given it too.
std::string persona_hint(const RemedyInput& input, const Resource& account, const std::vector<const Resource*>& grants) {
  for (const Resource* grant : grants) {
    GrantSpec spec = mesh::spec_of<GrantSpec>(*grant);
    if (widen(spec, input.query) != Coverage::Gives || spec.personas.empty()) continue;
    return "; or add it to persona " + spec.personas.front().name + " of Account " + name_of(account.key) +
           ", with all that this persona is given: Grant " + name_of(grant->key) + " gives it this";
  }
  return "";
}

/// Its own product's persona: the product says what it may do.
Remedy producer_remedy(const RemedyInput& input, const Resource& account) {
  const auto& product = mesh::spec_of<api::DataProductSpec>(*input.product);
  const auto& spec = mesh::spec_of<api::AccountSpec>(account);
  Remedy out;
  std::string persona;
  for (const api::Persona& each : spec.personas) {
    if (each.principals == std::vector{input.query.principal}) persona = each.name;
  }
  if (persona.empty()) {
    persona = short_name(input.query.principal);
    const Json value = {{"name", persona}, {"principals", {input.query.principal}}};
    out.patches.push_back({account.key, Json::array({spec.personas.empty()
                                                         ? Json{{"op", "add"}, {"path", "/spec/personas"}, {"value", {value}}}
                                                         : Json{{"op", "add"}, {"path", "/spec/personas/-"}, {"value", value}}})});
  }
  Json access = {{"persona", persona}, {"permissions", {to_string(input.query.permission)}}};
  if (!input.query.table.empty()) access["tables"] = {input.query.table};
  out.patches.push_back(
      {input.product->key,
       Json::array({product.producer_access.empty() ? Json{{"op", "add"}, {"path", "/spec/producerAccess"}, {"value", {access}}}
                                                    : Json{{"op", "add"}, {"path", "/spec/producerAccess/-"}, {"value", access}}})});
  out.text = "let DataProduct " + name_of(input.product->key) + " give " + asked(input.query) +
             (input.query.column.empty() ? "" : ", with all columns,") + " to persona " + persona +
             " of its own account by producerAccess: in namespace " + input.product->key.ns;
  return out;
}

}  // namespace

Coverage widen(GrantSpec& spec, const AccessQuery& query) {
  if (!spec.tag_expression.empty()) return Coverage::Never;
  Coverage out = Coverage::Gives;
  const bool partial = spec.columns.has_value() || !spec.row_filter.empty();
  const bool reads = query.permission == Permission::Select;
  if (partial && !reads && query.permission != Permission::Describe) return Coverage::Never;
  const std::vector<std::string> wanted = query.table.empty() ? std::vector<std::string>{} : std::vector{query.table};
  if (!spec.tables.empty()) {
    if (wanted.empty()) return Coverage::Never;
    if (!has(spec.tables, query.table)) {
      // The table would come with all its columns.
      if (partial || !query.column.empty()) return Coverage::Never;
      spec.tables.push_back(query.table);
      out = Coverage::GivesWhenWidened;
    }
  }
  if (reads && spec.columns && !query.column.empty()) {
    auto& [include, exclude] = *spec.columns;
    if (!include.empty() && !has(include, query.column)) {
      include.push_back(query.column);
      out = Coverage::GivesWhenWidened;
    }
    if (has(exclude, query.column)) {
      std::erase_if(exclude, [&](const std::string& each) { return lower(each) == query.column; });
      if (exclude.empty()) spec.columns.reset();
      out = Coverage::GivesWhenWidened;
    }
  }
  const std::string permission(to_string(query.permission));
  const bool implied = query.permission == Permission::Describe && !spec.permissions.empty();
  if (!implied && !has(spec.permissions, permission) && !has(spec.permissions, "ALL")) {
    if (partial) return Coverage::Never;
    // On a whole table: a column of it was asked for, and the others would come along.
    if (reads && !query.column.empty()) return Coverage::Never;
    if (spec.permissions.empty()) spec.permissions = {"SELECT", "DESCRIBE"};
    if (!has(spec.permissions, permission)) {
      spec.permissions.push_back(permission);
      out = Coverage::GivesWhenWidened;
    }
  }
  return out;
}

Remedy product_grant_remedy(const RemedyInput& input, const std::string& receiver) {
  const ObjectKey& product = input.product->key;
  Candidates candidates(input, receiver);
  for (const ObjectKey& key : input.mesh.referrers(product)) {
    const Resource* grant = key.kind == "Grant" && key.ns == product.ns ? input.mesh.find(key) : nullptr;
    if (grant != nullptr && mesh::spec_of<GrantSpec>(*grant).product) candidates.consider(*grant);
  }
  if (auto found = candidates.take()) return std::move(*found);
  const std::string id = catalog::account_of_principal(receiver);
  const Resource* account = id.empty() ? nullptr : account_with(input.mesh, id);
  if (catalog::is_account_id(receiver) && account == nullptr) return declare_account(input, receiver);
  GrantSpec spec;
  spec.product = api::Ref{"", product.name};
  narrow_to(input.query, spec);
  const std::string note = without_columns(spec, input, input.governing, receiver);
  receive(spec, input.mesh, receiver, product.ns);
  const std::string to = catalog::is_account_id(receiver) ? account->key.name : short_name(receiver);
  const std::string name = free_name(input.mesh, "Grant", product.ns, product.name + "-to-" + to);
  return {"grant " + asked(input.query) + " to " +
              (catalog::is_account_id(receiver) ? "Account " + name_of(account->key) : receiver) + ": in namespace " + product.ns +
              ", which alone speaks for the product" + note,
          {manifest_of({"Grant", product.ns, name}, spec)},
          {}};
}

Remedy local_grant_remedy(const RemedyInput& input) {
  const std::string id = catalog::account_of_principal(input.query.principal);
  const Resource* account = account_with(input.mesh, id);
  if (account == nullptr) return declare_account(input, id);
  const std::string& ns = account->key.ns;
  const mesh::AccountAnswer producer = mesh::producer_of(*input.product, input.mesh);
  if (producer && producer.spec().account_id == id) return producer_remedy(input, *account);
  Candidates candidates(input, input.query.principal);
  const Resource* link = nullptr;
  std::vector<const Resource*> grants;
  for (const ObjectKey& key : input.mesh.referrers(input.product->key)) {
    const Resource* each = key.kind == "ResourceLink" && key.ns == ns ? input.mesh.find(key) : nullptr;
    if (each == nullptr || each->metadata.deletion) continue;
    const auto& spec = mesh::spec_of<api::ResourceLinkSpec>(*each);
    if (spec.account != account->key.name || (!spec.table.empty() && lower(spec.table) != input.query.table)) continue;
    if (link == nullptr) link = each;
    for (const ObjectKey& referrer : input.mesh.referrers(key)) {
      const Resource* grant = referrer.kind == "Grant" ? input.mesh.find(referrer) : nullptr;
      if (grant == nullptr || !mesh::spec_of<GrantSpec>(*grant).link) continue;
      candidates.consider(*grant);
      grants.push_back(grant);
    }
  }
  if (auto found = candidates.take()) return std::move(*found);
  Remedy out;
  const std::string link_name =
      link != nullptr ? link->key.name : free_name(input.mesh, "ResourceLink", ns, input.product->key.name);
  if (link == nullptr) {
    api::ResourceLinkSpec made;
    made.account = account->key.name;
    made.product = ref_from(input.product->key, ns);
    out.manifests.push_back(manifest_of({"ResourceLink", ns, link_name}, made));
  }
  GrantSpec spec;
  spec.link = link_name;
  narrow_to(input.query, spec);
  const std::string note = input.local == nullptr ? "" : without_columns(spec, input, *input.local, input.query.principal);
  receive(spec, input.mesh, input.query.principal, ns);
  const std::string name = free_name(input.mesh, "Grant", ns, link_name + "-to-" + short_name(input.query.principal));
  out.manifests.push_back(manifest_of({"Grant", ns, name}, spec));
  out.text = "grant " + asked(input.query) + " to " + input.query.principal + " within Account " + name_of(account->key) +
             ": in namespace " + ns + (link == nullptr ? ", with a link to the product" : "") + note + persona_hint(input, *account, grants);
  return out;
}

Remedy local_tag_grant_remedy(const RemedyInput& input, const catalog::PermissionId& policy) {
  const std::string id = catalog::account_of_principal(input.query.principal);
  const Resource* account = account_with(input.mesh, id);
  const Resource* owner = account_with(input.mesh, input.query.governing.account);
  if (account == nullptr) return declare_account(input, id);
  if (owner == nullptr) return declare_account(input, input.query.governing.account);
  catalog::TagExpression expression = catalog::expression_of(policy.resource.detail);
  expression.terms.erase(mesh::kTagGrantsKey);
  GrantSpec spec;
  spec.account = account->key.name;
  spec.catalog = ref_from(owner->key, account->key.ns);
  spec.tag_expression = to_text(expression);
  spec.permissions = {std::string(to_string(input.query.permission))};
  if (input.query.permission == Permission::Select) spec.permissions.push_back("DESCRIBE");
  receive(spec, input.mesh, input.query.principal, account->key.ns);
  const std::string name =
      free_name(input.mesh, "Grant", account->key.ns, "tagged-to-" + short_name(input.query.principal));
  return {"Account " + name_of(account->key) + " holds this by tags: pass it on by the same tags, or fewer values of them, in namespace " +
              account->key.ns + "; that is everything which carries them",
          {manifest_of({"Grant", account->key.ns, name}, spec)},
          {}};
}

}  // namespace datamesh::engine
