#include "tests/sim/model.h"

#include <algorithm>

#include "tests/sim/model_grants.h"

namespace datamesh::sim {
namespace {

const Json* spec_of(const Declared& declared, const api::ObjectKey& key) {
  const auto found = declared.find(key);
  return found == declared.end() ? nullptr : &member(found->second, "spec");
}

const Json* mesh_of(const Declared& declared) {
  const auto found = declared.lower_bound({"Mesh", "", ""});
  return found == declared.end() || found->first.kind != "Mesh" ? nullptr : &member(found->second, "spec");
}

std::string referred(const Declared& declared, const Json& ref) {
  return account_id(declared, string_at(ref, "namespace"), string_at(ref, "name"));
}

}  // namespace

std::vector<std::string> strings_at(const Json& object, std::string_view key) {
  std::vector<std::string> out;
  for (const Json& each : member(object, key)) out.push_back(each.get<std::string>());
  return out;
}

std::string account_id(const Declared& declared, const std::string& ns, const std::string& name) {
  const Json* spec = spec_of(declared, {"Account", ns, name});
  return spec == nullptr ? "" : string_at(*spec, "accountId");
}

std::string undeclared_policy(const Declared& declared, const std::string& account) {
  const Json* mesh = mesh_of(declared);
  std::string policy = mesh == nullptr ? "" : string_at(member(*mesh, "defaults"), "undeclared");
  for (const auto& [key, object] : declared) {
    const Json& spec = member(object, "spec");
    if (key.kind == "Account" && string_at(spec, "accountId") == account && spec.contains("undeclared")) {
      policy = string_at(spec, "undeclared");
    }
  }
  return policy.empty() ? "Report" : policy;
}

std::string governor_of(const Declared& declared, const api::ObjectKey& product) {
  const Json* spec = spec_of(declared, product);
  const Json* mesh = mesh_of(declared);
  if (spec == nullptr || mesh == nullptr) return {};
  const std::string producer = account_id(declared, product.ns, string_at(*spec, "account"));
  if (producer.empty()) return {};
  const std::string governance = string_at(*mesh, "governance");
  if (governance == "Federated") return producer;
  if (governance == "Central") return referred(declared, member(*mesh, "centralAccount"));
  const Json* account = spec_of(declared, {"Account", product.ns, string_at(*spec, "account")});
  for (const Json& line : member(*mesh, "linesOfBusiness")) {
    if (string_at(line, "name") == string_at(*account, "lineOfBusiness")) {
      return referred(declared, member(line, "centralAccount"));
    }
  }
  return {};
}

Expectation expect(const Declared& declared, Time now) { return Reckoning(declared, now).all(); }

// ---- Reckoning: what each kind gives --------------------------------------------------------------------------

Reckoning::Reckoning(const Declared& declared, Time now) : declared_(declared), now_(now) {}

Expectation Reckoning::all() {
  for (const auto& [key, object] : declared_) {
    key_ = key;
    const Json& spec = member(object, "spec");
    if (key.kind == "Mesh") mesh(spec);
    if (key.kind == "Account" && mesh_of(declared_) == nullptr) excuse("MeshNotFound");
    if (key.kind == "DataProduct") product(spec);
    if (key.kind == "Grant") grant(spec);
    if (key.kind == "LFTag") lf_tag(spec);
  }
  for (const auto& [key, object] : declared_) {
    key_ = key;
    if (key.kind == "ResourceLink") link(member(object, "spec"));
  }
  settle_contests();
  settle_columns();
  settle_backing();
  std::erase_if(out_.excused, [](const auto& each) { return each.second.empty(); });
  settle_openings();
  return std::move(out_);
}

void Reckoning::excuse(const std::string& reason) { out_.excused[key_].insert(reason); }

void Reckoning::give(const Receiver& receiver, const std::string& resource, const std::set<std::string>& permissions,
                     Due due) {
  for (const std::string& permission : permissions) {
    for (const bool option : {false, true}) {
      if (option && !receiver.option) continue;
      const Right right{receiver.catalog, receiver.principal, resource, permission + (option ? "+" : "")};
      out_.allowed.insert(right);
      givers_[right].insert(key_);
      if (due == Due::Yes) out_.due.insert(right);
    }
  }
}

void Reckoning::mesh(const Json& spec) {
  std::vector<Json> named;
  if (spec.contains("centralAccount")) named.push_back(spec["centralAccount"]);
  for (const Json& line : member(spec, "linesOfBusiness")) named.push_back(member(line, "centralAccount"));
  for (const Json& ref : named) {
    if (referred(declared_, ref).empty()) excuse("AccountNotFound");
  }
}

std::vector<std::string> Reckoning::persona(const std::string& ns, const std::string& account,
                                            const std::string& name) {
  const Json* spec = spec_of(declared_, {"Account", ns, account});
  if (spec == nullptr) {
    excuse("AccountNotFound");
    return {};
  }
  for (const Json& each : member(*spec, "personas")) {
    if (string_at(each, "name") == name) return strings_at(each, "principals");
  }
  excuse("PersonaNotFound");
  return {};
}

std::optional<Product> Reckoning::product_at(const api::ObjectKey& key) {
  const Json* spec = spec_of(declared_, key);
  if (spec == nullptr) {
    excuse("ProductNotFound");
    return std::nullopt;
  }
  Product out;
  out.spec = spec;
  out.owner = governor_of(declared_, key);
  out.producer = account_id(declared_, key.ns, string_at(*spec, "account"));
  out.database = string_at(*spec, "database");
  if (out.owner.empty()) {
    for (const char* reason : {"MeshNotFound", "AccountNotFound", "LineOfBusinessNotFound"}) excuse(reason);
    return std::nullopt;
  }
  for (const Json& table : member(*spec, "tables")) {
    std::set<std::string>& columns = out.tables[string_at(table, "name")];
    for (const char* list : {"columns", "partitionKeys"}) {
      for (const Json& column : member(table, list)) columns.insert(string_at(column, "name"));
    }
  }
  return out;
}

/// Steps 1, 3 and 4 of the reference workflow.
void Reckoning::product(const Json& spec) {
  const auto found = product_at(key_);
  if (!found) return;
  const Product& product = *found;
  const CatalogRef governing{product.owner, kRegion};
  const bool apart = product.owner != product.producer;
  const std::string base = product.owner + ":" + product.database;
  std::string location = string_at(spec, "location");
  if (!location.empty()) location = "location " + product.owner + ":arn:aws:s3:::" + location.substr(5);
  if (apart) {
    const Receiver producer{governing, product.producer, true};
    out_.links.insert({product.producer, product.database});
    if (!location.empty()) give(producer, location, {"DATA_LOCATION_ACCESS"}, Due::Yes);
    give(producer, "database " + base, {"CREATE_TABLE", "ALTER", "DESCRIBE"}, Due::Yes);
    give(producer, "tables " + base, {"ALTER", "INSERT", "DELETE", "SELECT", "DESCRIBE"}, Due::Yes);
  }
  leave_to_iam(spec, product);
  for (const Json& access : member(spec, "producerAccess")) {
    for (const std::string& principal : persona(key_.ns, string_at(spec, "account"), string_at(access, "persona"))) {
      const Receiver receiver{{product.producer, kRegion}, principal, false};
      const auto wanted = strings_at(access, "permissions");
      const std::set<std::string> permissions(wanted.begin(), wanted.end());
      if (strings_at(access, "tables").empty()) give(receiver, "tables " + base, permissions, Due::Yes);
      for (const std::string& table : strings_at(access, "tables")) {
        const bool there = product.tables.contains(table);
        give(receiver, "table " + base + "/" + table, permissions, there ? Due::Yes : Due::No);
        if (!there) excuse("*");
      }
      give(receiver, "database " + base, {"DESCRIBE"}, Due::Yes);
      if (permissions.contains("ALTER") && !location.empty()) {
        give(receiver, location, {"DATA_LOCATION_ACCESS"}, Due::Yes);
      }
      if (apart) give(receiver, "database " + product.producer + ":" + product.database, {"DESCRIBE"}, Due::Yes);
    }
  }
}

/// What is Hybrid is open to whoever IAM lets in, and so is the database while anything in it is.
void Reckoning::leave_to_iam(const Json& spec, const Product& product) {
  const Receiver everybody{{product.owner, kRegion}, "IAM_ALLOWED_PRINCIPALS", false};
  const std::string base = product.owner + ":" + product.database;
  const std::string mode = spec.value("accessMode", "LakeFormation");
  bool is_open = mode == "Hybrid";
  for (const Json& table : member(spec, "tables")) {
    if (table.value("accessMode", mode) != "Hybrid") continue;
    is_open = true;
    give(everybody, "table " + base + "/" + string_at(table, "name"), {"ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"},
         Due::Yes);
  }
  if (!is_open) return;
  out_.hybrid.insert(base);
  give(everybody, "database " + base, {"ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"}, Due::Yes);
}

/// A Grant that cannot be fulfilled keeps what changes hands between IAM and Lake Formation where it is.
void Reckoning::settle_openings() {
  if (out_.excused.empty()) return;
  std::erase_if(out_.due, [](const Right& right) { return right.principal == "IAM_ALLOWED_PRINCIPALS"; });
  for (const auto& [key, object] : declared_) {
    if (key.kind == "DataProduct" && member(object, "spec").contains("accessMode")) out_.excused[key].insert("*");
  }
}

/// A link gives nothing by itself; it needs something shared to look at.
void Reckoning::link(const Json& spec) {
  const Json& ref = member(spec, "product");
  const auto product = product_at({"DataProduct", string_at(ref, "namespace"), string_at(ref, "name")});
  const std::string consumer = account_id(declared_, key_.ns, string_at(spec, "account"));
  if (consumer.empty()) excuse("AccountNotFound");
  if (!product || consumer.empty() || consumer == product->owner) return;
  const std::string holder = string_at(spec, "database");
  const std::string table = string_at(spec, "table");
  const std::string name = spec.value("name", table.empty() ? product->database : table);
  out_.links.insert({consumer, table.empty() ? name : holder + "/" + name});
  const auto is_shared = [&](const Right& right) {
    const bool theirs = right.principal == consumer || right.principal.find("::" + consumer + ":") != right.principal.npos;
    return right.catalog.account == product->owner && theirs && kind_of(right) != "location" && kind_of(right) != "tag";
  };
  if (std::any_of(out_.due.begin(), out_.due.end(), is_shared)) return;
  excuse("ShareNotAccepted");
  excuse("");  // a share that was stranded when somebody dropped its table by hand still counts (trap T15)
  if (std::any_of(out_.allowed.begin(), out_.allowed.end(), is_shared)) excuse("*");
}

/// Source: lake-formation.md 2.2, rule 3: a part of the columns and rights on the whole table exclude each other.
void Reckoning::settle_contests() {
  using Place = std::tuple<CatalogRef, std::string, std::string>;
  std::map<Place, std::pair<bool, bool>> forms;
  const auto place = [](const Right& right) { return Place{right.catalog, right.principal, owner_of(right) + ":" + place_of(right)}; };
  for (const Right& right : out_.allowed) {
    const std::string kind = kind_of(right);
    if (kind == "table") forms[place(right)].first = true;
    if (kind == "column" || kind == "except") forms[place(right)].second = true;
  }
  for (const Right& right : out_.allowed) {
    const auto found = forms.find(place(right));
    const std::string kind = kind_of(right);
    const bool on_table = kind == "table" || kind == "column" || kind == "except";
    if (!on_table || found == forms.end() || !found->second.first || !found->second.second) continue;
    out_.contested = true;
    give_up(right);
  }
}

void Reckoning::give_up(const Right& right) {
  out_.due.erase(right);
  for (const api::ObjectKey& giver : givers_[right]) out_.excused[giver].insert("*");
}

/// The columns that somebody may read of a table are granted as one: a name that the table has not spoils all.
void Reckoning::settle_columns() {
  using Place = std::tuple<CatalogRef, std::string, std::string>;
  const auto place = [](const Right& right) { return Place{right.catalog, right.principal, owner_of(right) + ":" + place_of(right)}; };
  std::set<Place> spoilt;
  for (const Right& right : out_.allowed) {
    if (kind_of(right) == "column" && !out_.due.contains(right)) spoilt.insert(place(right));
  }
  for (const Right& right : out_.allowed) {
    if (kind_of(right) == "column" && spoilt.contains(place(right))) give_up(right);
  }
}

/// What somebody holds on another account's resource hangs on what that account gave to his own.
void Reckoning::settle_backing() {
  const Rights due = out_.due;
  for (const Right& right : due) {
    const std::string owner = owner_of(right);
    const std::string kind = kind_of(right);
    if (owner == right.catalog.account || kind == "policy") continue;
    const std::string permission = right.permission.ends_with("+") ? right.permission : right.permission + "+";
    const std::string place = place_of(right);
    const CatalogRef governing{owner, right.catalog.region};
    const auto given = [&](const std::string& resource) {
      return out_.due.contains({governing, right.catalog.account, resource, permission});
    };
    const bool in_table = kind == "table" || kind == "column" || kind == "except";
    const bool backed = given(right.resource) || (in_table && given("table " + owner + ":" + place)) ||
                        (in_table && given("tables " + owner + ":" + place.substr(0, place.find('/'))));
    if (!backed) give_up(right);
  }
}

}  // namespace datamesh::sim
