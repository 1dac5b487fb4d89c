// What Grants give: on a product by its producer's word, or on a link within what its account was granted.
// Source: docs/resources/grant.md; lake-formation.md 2.2, 2.5, 2.12
#include "tests/sim/model_grants.h"

#include <algorithm>
#include <iterator>

namespace datamesh::sim {
namespace {

const std::set<std::string> kEverything = {"ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"};

bool is_partial(const Json& spec) { return spec.contains("columns") || spec.contains("rowFilter"); }

std::set<std::string> common(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::set<std::string> out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
  return out;
}

std::string filter_of(const api::ObjectKey& grant) { return "grant-" + grant.ns + "-" + grant.name; }

}  // namespace

std::string account_in(const std::string& principal) {
  if (!principal.starts_with("arn:")) return principal;
  const std::size_t at = principal.find("::");
  return principal.substr(at + 2, 12);
}

std::set<std::string> permissions_of(const Json& spec) {
  const auto named = strings_at(spec, "permissions");
  if (is_partial(spec)) return {"SELECT"};
  if (named.empty()) return {"DESCRIBE", "SELECT"};
  if (std::find(named.begin(), named.end(), "ALL") != named.end()) return kEverything;
  return {named.begin(), named.end()};
}

bool has_all(const std::set<std::string>& have, const std::set<std::string>& wanted) {
  return std::includes(have.begin(), have.end(), wanted.begin(), wanted.end());
}

std::set<std::string> Entitlement::whole(const std::string& table) const {
  std::set<std::string> out = on_all;
  if (const auto found = tables.find(table); found != tables.end()) out.insert(found->second.whole.begin(), found->second.whole.end());
  return out;
}

bool Reckoning::is_over(const Json& spec, const char* field) const {
  const auto end = parse_rfc3339(string_at(spec, field));
  return end && *end <= now_;
}

void Reckoning::grant(const Json& spec) {
  const auto mesh = declared_.lower_bound({"Mesh", "", ""});
  if (mesh == declared_.end() || mesh->first.kind != "Mesh") return excuse("MeshNotFound");
  if (spec.contains("product")) return product_grant(spec);
  if (spec.contains("tagExpression")) return tag_grant(spec);
  link_grant(spec);
}

/// Accounts, principals and the principals of personas, as Lake Formation names them.
std::vector<std::string> Reckoning::receivers(const Json& spec) {
  const Json& to = member(spec, "to");
  const auto place = [&](const Json& ref) {
    const std::string ns = string_at(ref, "namespace");
    return ns.empty() ? key_.ns : ns;
  };
  std::vector<std::string> out = strings_at(to, "principals");
  for (const Json& account : member(to, "accounts")) {
    const std::string id = account_id(declared_, place(account), string_at(account, "name"));
    if (id.empty()) {
      excuse("AccountNotFound");
    } else {
      out.push_back(id);
    }
  }
  for (const Json& each : member(to, "personas")) {
    const Json& account = member(each, "account");
    for (const std::string& one : persona(place(account), string_at(account, "name"), string_at(each, "name"))) out.push_back(one);
  }
  return out;
}

void Reckoning::product_grant(const Json& spec) {
  const api::ObjectKey key{"DataProduct", key_.ns, string_at(member(spec, "product"), "name")};
  const auto declared = declared_.find(key);
  const bool unpublished = declared != declared_.end() && is_over(member(declared->second, "spec"), "publishedUntil");
  if (declared != declared_.end() && (is_over(spec, "expiresAt") || unpublished)) return;
  const auto product = product_at(key);
  if (!product) return;
  const auto all = receivers(spec);
  const bool is_given = std::any_of(all.begin(), all.end(), [&](const std::string& each) { return each != product->owner; });
  if (!is_given && is_partial(spec)) excuse("*");  // it may not fit its table either
  for (const std::string& principal : all) {
    const bool account = !principal.starts_with("arn:");
    if (account && principal == product->owner) continue;
    const bool option = account || member(spec, "grantable") == true;
    give_product(spec, *product, {{product->owner, kRegion}, principal, option});
  }
}

void Reckoning::give_product(const Json& spec, const Product& product, const Receiver& receiver) {
  const std::string base = product.owner + ":" + product.database;
  const auto tables = strings_at(spec, "tables");
  if (tables.empty()) give(receiver, "tables " + base, permissions_of(spec), Due::Yes);
  for (const std::string& table : tables) {
    const bool there = product.tables.contains(table);
    if (!there) excuse("*");
    if (spec.contains("rowFilter")) {
      const auto include = strings_at(member(spec, "columns"), "include");
      const bool knows_all = there && std::all_of(include.begin(), include.end(), [&](const std::string& column) {
                               return product.tables.at(table).contains(column);
                             });
      const bool sound = knows_all && fits(product, table);
      if (!sound) excuse("*");
      give(receiver, "filter " + base + "/" + table + "/" + filter_of(key_), {"SELECT"}, sound ? Due::Yes : Due::No);
    } else if (spec.contains("columns")) {
      give_columns(spec["columns"], receiver, product, table);
    } else {
      give(receiver, "table " + base + "/" + table, permissions_of(spec), there ? Due::Yes : Due::No);
    }
  }
  give(receiver, "database " + base, {"DESCRIBE"}, unless_unfit(spec));
}

/// What goes with columns and rows is not due where they do not fit the table.
Due Reckoning::unless_unfit(const Json& spec) {
  return is_partial(spec) && out_.excused[key_].contains("*") ? Due::No : Due::Yes;
}

/// Whether the row filters that the maker writes fit the table: they compare c1 with integers.
bool Reckoning::fits(const Product& product, const std::string& table) const {
  for (const Json& each : member(*product.spec, "tables")) {
    if (string_at(each, "name") != table) continue;
    for (const Json& column : member(each, "columns")) {
      if (string_at(column, "name") == "c1") return string_at(column, "type") == "bigint";
    }
  }
  return false;
}

/// Column by column; what excludes some gives the others by their names. A column to exclude that the table has not leaves
/// nothing, one to include gives the others.
void Reckoning::give_columns(const Json& columns, const Receiver& receiver, const Product& product,
                             const std::string& table) {
  const std::string base = product.owner + ":" + product.database + "/" + table + "/";
  auto include = strings_at(columns, "include");
  const auto exclude = strings_at(columns, "exclude");
  const auto found = product.tables.find(table);
  const auto known = [&](const std::string& column) { return found != product.tables.end() && found->second.contains(column); };
  const bool sound = std::all_of(include.begin(), include.end(), known) && std::all_of(exclude.begin(), exclude.end(), known);
  if (!sound) excuse("*");
  if (!exclude.empty()) {
    const auto all = found == product.tables.end() || !sound ? std::set<std::string>{} : found->second;
    for (const std::string& column : all) {
      const bool is_key = column == "day";  // the maker's only partition key, which no list names
      if (!is_key && std::find(exclude.begin(), exclude.end(), column) == exclude.end()) include.push_back(column);
    }
    if (include.empty() || std::find(exclude.begin(), exclude.end(), "day") != exclude.end()) {
      excuse("*");
      return;
    }
  }
  for (const std::string& column : include) give(receiver, "column " + base + column, {"SELECT"}, known(column) ? Due::Yes : Due::No);
}

/// What Grants of the product give the account as a whole.
Entitlement Reckoning::entitlement(const api::ObjectKey& product, const Product& found, const std::string& account) {
  Entitlement out;
  for (const auto& [key, object] : declared_) {
    const Json& spec = member(object, "spec");
    if (key.kind != "Grant" || key.ns != product.ns || string_at(member(spec, "product"), "name") != product.name) continue;
    if (is_over(spec, "expiresAt") || is_over(*found.spec, "publishedUntil")) continue;
    const Json& accounts = member(member(spec, "to"), "accounts");
    const bool named = std::any_of(accounts.begin(), accounts.end(), [&](const Json& ref) {
      const std::string ns = string_at(ref, "namespace");
      return account_id(declared_, ns.empty() ? key.ns : ns, string_at(ref, "name")) == account;
    });
    if (!named) continue;
    const auto permissions = permissions_of(spec);
    const auto tables = strings_at(spec, "tables");
    if (tables.empty()) out.on_all.insert(permissions.begin(), permissions.end());
    for (const std::string& table : tables) {
      auto& rights = out.tables[table];
      const auto include = strings_at(member(spec, "columns"), "include");
      if (spec.contains("rowFilter")) {
        rights.filters.insert(filter_of(key));
      } else if (spec.contains("columns")) {
        rights.columns.insert(include.begin(), include.end());
      } else {
        rights.whole.insert(permissions.begin(), permissions.end());
      }
    }
  }
  return out;
}

void Reckoning::link_grant(const Json& spec) {
  if (is_over(spec, "expiresAt")) return;
  const auto link = declared_.find({"ResourceLink", key_.ns, string_at(spec, "link")});
  if (link == declared_.end()) return excuse("LinkNotFound");
  const Json& link_spec = member(link->second, "spec");
  const std::string consumer = account_id(declared_, key_.ns, string_at(link_spec, "account"));
  if (consumer.empty()) return excuse("AccountNotFound");
  const Json& ref = member(link_spec, "product");
  const api::ObjectKey product_key{"DataProduct", string_at(ref, "namespace"), string_at(ref, "name")};
  const auto product = product_at(product_key);
  if (!product) return;
  const bool own = product->owner == consumer;
  entitled_ = own ? Entitlement{kEverything, {}} : entitlement(product_key, *product, consumer);
  if (entitled_.empty()) return excuse("AccountNotGranted");
  const auto all = receivers(spec);
  if (all.empty()) {
    excuse("ExceedsAccountGrant");      // when it would do that
    if (is_partial(spec)) excuse("*");  // or does not fit the table
  }
  const bool foreign = std::any_of(all.begin(), all.end(), [&](const std::string& principal) {
    return !principal.starts_with("arn:") || account_in(principal) != consumer;
  });
  if (foreign) {
    excuse("ExceedsAccountGrant");  // when it does that too
    return excuse("ForeignPrincipal");
  }
  Json local = spec;
  if (strings_at(spec, "tables").empty() && link_spec.contains("table")) local["tables"] = Json::array({link_spec["table"]});
  const CatalogRef catalog{consumer, kRegion};
  for (const std::string& principal : all) {
    const Receiver receiver{catalog, principal, member(spec, "grantable") == true};
    if (!give_local(local, *product, receiver, entitled_)) return;  // nothing that it asks for is the account's
    if (!own) {
      const std::string name = link_spec.value("name", link_spec.contains("table") ? string_at(link_spec, "table") : product->database);
      const std::string local_name = link_spec.contains("table")
                                         ? "table " + consumer + ":" + string_at(link_spec, "database") + "/" + name
                                         : "database " + consumer + ":" + name;
      give({catalog, principal, false}, local_name, {"DESCRIBE"}, unless_unfit(spec));
    }
    give({catalog, principal, false}, "database " + product->owner + ":" + product->database, {"DESCRIBE"}, unless_unfit(spec));
  }
}

/// False when nothing is given.
bool Reckoning::give_local(const Json& spec, const Product& product, const Receiver& receiver,
                           const Entitlement& entitled) {
  const auto tables = strings_at(spec, "tables");
  const auto wanted = permissions_of(spec);
  bool given = false;
  for (const std::string& table : tables) given = give_local_table(spec, product, receiver, table) || given;
  if (!tables.empty()) return given;
  const bool has_parts = std::any_of(entitled.tables.begin(), entitled.tables.end(), [](const auto& each) {
    return !each.second.columns.empty() || !each.second.filters.empty();
  });
  std::set<std::string> on_all = common(entitled.on_all, wanted);
  if (on_all != wanted && has_parts && !on_all.contains("SELECT")) on_all.clear();  // no part of a table stands beside it
  if (!on_all.empty()) give(receiver, "tables " + product.owner + ":" + product.database, on_all, Due::Yes);
  given = !on_all.empty();
  if (on_all == wanted) return given;
  if (entitled.tables.empty()) excuse("ExceedsAccountGrant");
  for (const auto& [table, rights] : entitled.tables) {
    if (!on_all.empty() && has_all(on_all, common(wanted, entitled.whole(table)))) continue;
    given = give_local_table(spec, product, receiver, table) || given;
  }
  return given;
}

/// One table of a link Grant; false when nothing is given of it.
bool Reckoning::give_local_table(const Json& spec, const Product& product, const Receiver& receiver,
                                 const std::string& table) {
  const auto whole = entitled_.whole(table);
  const auto found = entitled_.tables.find(table);
  const Entitlement::OnTable rights = found == entitled_.tables.end() ? Entitlement::OnTable{} : found->second;
  const std::string base = product.owner + ":" + product.database + "/" + table;
  const bool there = product.tables.contains(table);
  if (!there) excuse("*");
  const Due due = there ? Due::Yes : Due::No;
  const auto exceeds = [&] {
    excuse("ExceedsAccountGrant");
    return false;
  };
  if (spec.contains("rowFilter")) return exceeds();  // filters belong to the owner's catalog
  if (spec.contains("columns")) {
    if (whole.contains("SELECT")) {
      give_columns(spec["columns"], receiver, product, table);
      return true;
    }
    const auto include = strings_at(spec["columns"], "include"), exclude = strings_at(spec["columns"], "exclude");
    std::set<std::string> left(include.begin(), include.end());
    if (include.empty()) left = rights.columns;
    for (const std::string& column : exclude) {
      left.erase(column);
      if (there && product.tables.at(table).contains(column)) continue;
      excuse("*");  // excluded under a name that is not there: nothing is given
      return true;
    }
    const std::set<std::string> had = common(rights.columns, left);
    if (had.empty() || had != left) exceeds();
    if (!had.empty()) give_columns({{"include", had}}, receiver, product, table);
    return !had.empty();
  }
  const auto wanted = permissions_of(spec);
  if (has_all(whole, wanted)) {
    give(receiver, "table " + base, wanted, due);
    return true;
  }
  const std::set<std::string> had = common(whole, wanted);
  const bool reads_parts = wanted.contains("SELECT") && !whole.contains("SELECT") && !(rights.columns.empty() && rights.filters.empty());
  if (!reads_parts) {
    if (!had.empty()) give(receiver, "table " + base, had, due);
    exceeds();
    return !had.empty();
  }
  for (const std::string& column : rights.columns) {
    const bool known = there && product.tables.at(table).contains(column);
    if (!known) excuse("*");
    give(receiver, "column " + base + "/" + column, {"SELECT"}, known ? due : Due::No);
  }
  if (!rights.columns.empty()) return true;
  for (const std::string& filter : rights.filters) give(receiver, "filter " + base + "/" + filter, {"SELECT"}, due);
  return !rights.filters.empty();
}

}  // namespace datamesh::sim
