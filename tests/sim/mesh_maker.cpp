#include "tests/sim/mesh_maker.h"

#include <algorithm>

namespace datamesh::sim {
namespace {

Json object(const char* kind, const std::string& ns, const std::string& name, Json spec) {
  Json out = {{"apiVersion", "datamesh.dev/v1alpha1"}, {"kind", kind}, {"metadata", {{"name", name}}}, {"spec", std::move(spec)}};
  if (!ns.empty()) out["metadata"]["namespace"] = ns;
  return out;
}

std::string later(Time now, int minutes) { return to_rfc3339(now + std::chrono::minutes(minutes)); }

std::vector<std::string> table_names(const Json& product_spec) {
  std::vector<std::string> out;
  for (const Json& table : member(product_spec, "tables")) out.push_back(string_at(table, "name"));
  return out;
}

std::vector<std::string> column_names(const Json& product_spec, const std::string& table) {
  std::vector<std::string> out;
  for (const Json& each : member(product_spec, "tables")) {
    if (string_at(each, "name") != table) continue;
    for (const Json& column : member(each, "columns")) out.push_back(string_at(column, "name"));
  }
  return out;
}

std::vector<api::ObjectKey> keys_of(const Declared& declared, const std::string& kind) {
  std::vector<api::ObjectKey> out;
  for (const auto& [key, each] : declared) {
    if (key.kind == kind) out.push_back(key);
  }
  return out;
}

/// That a Grant by name is on.
std::optional<api::ObjectKey> product_of(const Declared& declared, const api::ObjectKey& grant, const Json& spec) {
  api::ObjectKey out{"DataProduct", grant.ns, string_at(member(spec, "product"), "name")};
  if (spec.contains("link")) {
    const auto link = declared.find({"ResourceLink", grant.ns, string_at(spec, "link")});
    const Json target = link == declared.end() ? Json() : member(link->second["spec"], "product");
    out = {"DataProduct", string_at(target, "namespace"), string_at(target, "name")};
  }
  return declared.contains(out) ? std::optional(out) : std::nullopt;
}

const std::vector<std::string> kTagKeys = {"domain", "class"};
const std::vector<std::string> kTagValues = {"x", "y", "z"};
const std::vector<std::string> kRoles = {"analyst", "engineer", "scientist", "auditing"};

}  // namespace

MeshMaker::MeshMaker(Random& random) : random_(random), mobile_(random.chance(30)), hybrid_(random.chance(35)), tagged_(random.chance(40)) {
  int number = 0;
  const auto place = [&](const char* ns, int n) {
    const std::string id = "1000000000" + std::to_string(10 + ++number);
    account_ids_.push_back(id);
    return Place{ns + std::to_string(n), id};
  };
  for (int n = 1; n <= 2; ++n) centrals_.push_back(place("central", n));
  for (int n = 1, most = random_.between(1, 2); n <= most; ++n) producers_.push_back(place("producer", n));
  for (int n = 1, most = random_.between(1, 2); n <= most; ++n) consumers_.push_back(place("consumer", n));
}

std::string MeshMaker::fresh_name(const char* stem) { return stem + std::to_string(++names_); }

Json MeshMaker::ref(const Place& place) const { return {{"namespace", place.ns}, {"name", place.ns}}; }

std::vector<Json> MeshMaker::first() {
  std::vector<Json> out{mesh()};
  for (const auto* places : {&centrals_, &producers_, &consumers_}) {
    for (const Place& place : *places) out.push_back(account(place));
  }
  if (tagged_) {
    for (const auto* places : {&centrals_, &producers_}) {
      for (const Place& place : *places) {
        for (const std::string& key : kTagKeys) out.push_back(lf_tag(place, key));
      }
    }
    for (int n = 0, most = random_.between(1, 4); n < most; ++n) out.push_back(tag_grant());
  }
  std::vector<Json> products;
  for (int n = 0, most = random_.between(1, 3); n < most; ++n) products.push_back(product(random_.pick(producers_)));
  for (const Json& made : products) {
    out.push_back(made);
    const api::ObjectKey key = api::key_of(made);
    for (int n = 0, most = random_.between(0, 3); n < most; ++n) {
      out.push_back(product_grant(key, made["spec"], Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(8))));
    }
    if (!random_.chance(70)) continue;
    out.push_back(link(random_.pick(consumers_), key, made["spec"]));
    if (random_.chance(80)) out.push_back(link_grant(api::key_of(out.back()), made["spec"]));
  }
  return out;
}

Json MeshMaker::mesh() {
  Json spec = {{"centralAccount", ref(centrals_[0])},
               {"linesOfBusiness", {{{"name", "a"}, {"centralAccount", ref(centrals_[0])}},
                                    {{"name", "b"}, {"centralAccount", ref(centrals_[1])}}}},
               {"sweepInterval", "5m"},
               {"guard", {{"maxRevokedPercent", 100}, {"minRevocations", 1000}, {"maxDeletedTables", 1000}}}};
  change_mesh(spec);
  if (governance_.empty() || mobile_) governance_ = random_.pick<std::string>({"Central", "LineOfBusiness", "Federated"});
  spec["governance"] = governance_;
  return object("Mesh", "", "mesh", std::move(spec));
}

void MeshMaker::change_mesh(Json& spec) {
  if (mobile_) spec["governance"] = random_.pick<std::string>({"Central", "LineOfBusiness", "Federated"});
  spec["defaults"]["undeclared"] = random_.pick<std::string>({"Report", "Report", "Ignore", "Revoke"});
}

Json MeshMaker::account(const Place& place) {
  Json spec = {{"accountId", place.id}, {"regions", {"eu-west-1"}}, {"roles", {"Producer", "Consumer", "Central"}}};
  spec["lineOfBusiness"] = random_.pick<std::string>({"a", "b"});
  change_account(spec);
  return object("Account", place.ns, place.ns, std::move(spec));
}

void MeshMaker::change_account(Json& spec) {
  Json personas = Json::array();
  for (const char* name : {"readers", "writers"}) {
    if (random_.chance(10)) continue;
    Json principals = Json::array();
    for (const std::string& each : random_.some(kRoles, 1, 2)) {
      principals.push_back("arn:aws:iam::" + string_at(spec, "accountId") + ":role/" + each);
    }
    personas.push_back({{"name", name}, {"principals", principals}});
  }
  spec["personas"] = personas;
  spec.erase("quotas");
  if (random_.chance(12)) {
    const auto name = random_.pick<std::string>({"databases", "tablesPerDatabase", "tables", "registeredLocations", "sharedResources", "tags"});
    spec["quotas"] = {{name, random_.between(1, 3)}};
  }
  spec.erase("undeclared");
  if (random_.chance(30)) spec["undeclared"] = random_.pick<std::string>({"Report", "Revoke", "Ignore"});
}

Json MeshMaker::tags() {
  Json out = Json::object();
  for (const std::string& key : kTagKeys) {
    if (random_.chance(tagged_ ? 60 : 35)) out[key] = random_.pick(kTagValues);
  }
  return out;
}

Json MeshMaker::table(int number) {
  Json columns = Json::array();
  for (int n = 1, most = random_.between(1, 4); n <= most; ++n) {
    Json column = {{"name", "c" + std::to_string(n)}, {"type", random_.pick<std::string>({"bigint", "string"})}};
    if (random_.chance(15)) column["tags"] = tags();
    columns.push_back(std::move(column));
  }
  Json out = {{"name", "t" + std::to_string(number)}, {"columns", columns}};
  if (random_.chance(40)) out["partitionKeys"] = {{{"name", "day"}, {"type", "date"}}};
  if (random_.chance(25)) out["tags"] = tags();
  return out;
}

Json MeshMaker::product(const Place& producer) {
  const std::string name = fresh_name("product");
  Json tables = Json::array();
  for (int n = 1, most = random_.between(1, 3); n <= most; ++n) tables.push_back(table(n));
  Json spec = {{"account", producer.ns},     {"database", name},   {"owner", "team"}, {"domain", "retail"},
               {"location", "s3://lake/" + name}, {"tables", tables}, {"tags", tags()}};
  if (random_.chance(35)) spec["recreatedTables"] = "AwaitApproval";
  spec["deletionPolicy"] = mobile_ ? "Delete" : random_.pick<std::string>({"Delete", "Retain"});
  if (random_.chance(60)) {
    Json access = {{"persona", random_.pick<std::string>({"readers", "writers"})},
                   {"permissions", random_.some<std::string>({"ALTER", "INSERT", "SELECT", "DESCRIBE"}, 1, 3)}};
    if (random_.chance(30)) access["tables"] = random_.some(table_names(spec), 1, 2);
    spec["producerAccess"] = Json::array({access});
  }
  if (tagged_ && random_.chance(85)) spec["tagGrants"] = random_.chance(85) ? "Allow" : "Deny";
  if (hybrid_) change_modes(spec);
  return object("DataProduct", producer.ns, name, std::move(spec));
}

Json MeshMaker::link(const Place& consumer, const api::ObjectKey& product, const Json& product_spec) {
  const std::string name = fresh_name("link");
  Json spec = {{"account", consumer.ns}, {"product", {{"namespace", product.ns}, {"name", product.name}}}};
  const auto tables = table_names(product_spec);
  if (!tables.empty() && random_.chance(25)) {
    spec["table"] = random_.pick(tables);
    spec["database"] = "holder" + name;
  } else if (random_.chance(30)) {
    spec["name"] = "local" + name;
  }
  return object("ResourceLink", consumer.ns, name, std::move(spec));
}

/// Tables, columns and rows of a Grant.
void MeshMaker::narrow(Json& spec, const Json& product_spec) {
  for (const char* field : {"tables", "columns", "rowFilter"}) spec.erase(field);
  const auto tables = table_names(product_spec);
  if (tables.empty() || random_.chance(35)) return;
  spec["tables"] = random_.some(tables, 1, 2);
  if (random_.chance(8)) spec["tables"].push_back("nosuch");
  if (spec["tables"].size() != 1 || random_.chance(45)) return;
  const auto columns = column_names(product_spec, spec["tables"][0].get<std::string>());
  if (columns.empty()) return;
  spec.erase("permissions");
  const int form = random_.between(1, 10);
  if (form <= 6) {
    spec["columns"] = {{"include", random_.some(columns, 1, 2)}};
  } else if (form <= 8) {
    spec["rowFilter"] = random_.pick<std::string>({"c1 = 1", "c1 > 5", "c1 < 9"});
    if (random_.chance(40)) spec["columns"] = {{"include", random_.some(columns, 1, 2)}};
  } else if (!spec["to"].contains("accounts") && member(spec, "grantable") != true) {
    spec["columns"] = {{"exclude", random_.some(columns, 1, 1)}};
  }
}

Json MeshMaker::product_grant(const api::ObjectKey& product, const Json& product_spec, Time now) {
  Json spec = {{"product", {{"name", product.name}}}, {"to", Json::object()}};
  change_grant(spec, product_spec, now);
  return object("Grant", product.ns, fresh_name("grant"), std::move(spec));
}

void MeshMaker::change_grant(Json& spec, const Json& product_spec, Time now) {
  Json to = Json::object();
  std::vector<Place> places = consumers_;
  places.insert(places.end(), producers_.begin(), producers_.end());
  if (spec.contains("product") && random_.chance(70)) to["accounts"] = Json::array({ref(random_.pick(random_.chance(80) ? consumers_ : places))});
  if (to.empty() || random_.chance(25)) {
    const Place& place = random_.pick(places);
    if (random_.chance(50)) {
      to["personas"] = Json::array({{{"account", ref(place)}, {"name", random_.pick<std::string>({"readers", "writers"})}}});
    } else {
      to["principals"] = Json::array({"arn:aws:iam::" + place.id + ":role/" + random_.pick(kRoles)});
    }
  }
  spec["to"] = to;
  spec.erase("permissions");
  spec.erase("grantable");
  if (random_.chance(50)) {
    spec["permissions"] = random_.some<std::string>({"SELECT", "DESCRIBE", "INSERT", "ALTER", "DELETE"}, 1, 3);
    if (random_.chance(8)) spec["permissions"] = Json::array({"ALL"});
  }
  narrow(spec, product_spec);
  const bool excludes = member(spec, "columns").contains("exclude");
  if (!excludes && random_.chance(15)) spec["grantable"] = true;
  spec.erase("expiresAt");
  if (random_.chance(30)) spec["expiresAt"] = later(now, random_.between(1, 90));
}

/// What products and Grants use is always among the values; the others come and go.
Json MeshMaker::lf_tag(const Place& place, const std::string& key) {
  Json spec = {{"account", place.ns}, {"key", key}};
  change_lf_tag(spec);
  return object("LFTag", place.ns, key, std::move(spec));
}

void MeshMaker::change_lf_tag(Json& spec) {
  spec["values"] = kTagValues;
  for (const char* value : {"v", "w"}) {
    if (random_.chance(40)) spec["values"].push_back(value);
  }
}

/// By who governs a catalog; or, within a consumer, of what it was granted so.
Json MeshMaker::tag_grant() {
  std::vector<Place> owners = centrals_;
  owners.insert(owners.end(), producers_.begin(), producers_.end());
  const Place& owner = governance_ == "Central" && random_.chance(75) ? centrals_[0] : random_.pick(owners);
  const bool passes_on = random_.chance(35);
  const Place& giver = passes_on ? random_.pick(consumers_) : owner;
  Json spec = {{"account", giver.ns}, {"to", Json::object()}};
  if (passes_on) spec["catalog"] = ref(owner);
  change_tag_grant(spec);
  return object("Grant", giver.ns, fresh_name("bytag"), std::move(spec));
}

void MeshMaker::change_tag_grant(Json& spec) {
  std::string expression;
  for (const std::string& key : random_.some(kTagKeys, 1, 2)) {
    std::string values;
    for (const std::string& value : random_.some(kTagValues, 1, 2)) values += (values.empty() ? "" : ", ") + value;
    expression += (expression.empty() ? "" : " and ") + key + " in (" + values + ")";
  }
  spec["tagExpression"] = expression;
  const bool passes_on = spec.contains("catalog");
  Json to = Json::object();
  if (!passes_on && random_.chance(60)) to["accounts"] = Json::array({ref(random_.pick(consumers_))});
  if (to.empty() || random_.chance(30)) {
    std::vector<Place> places = consumers_;
    places.insert(places.end(), producers_.begin(), producers_.end());
    places.insert(places.end(), centrals_.begin(), centrals_.end());
    const auto own = std::find_if(places.begin(), places.end(), [&](const Place& each) { return each.ns == string_at(spec, "account"); });
    const Place& place = passes_on || random_.chance(50) ? *own : random_.pick(places);
    to["personas"] = Json::array({{{"account", ref(place)}, {"name", random_.pick<std::string>({"readers", "writers"})}}});
  }
  spec["to"] = to;
  spec.erase("permissions");
  if (random_.chance(30)) spec["permissions"] = random_.some<std::string>({"SELECT", "DESCRIBE", "INSERT", "ALTER"}, 1, 3);
}

Json MeshMaker::link_grant(const api::ObjectKey& link, const Json& product_spec) {
  Json spec = {{"link", link.name}, {"to", Json::object()}};
  const Json account = {{"name", link.ns}};
  spec["to"]["personas"] = Json::array({{{"account", account}, {"name", random_.pick<std::string>({"readers", "writers"})}}});
  if (random_.chance(25)) spec["permissions"] = random_.some<std::string>({"SELECT", "DESCRIBE", "INSERT"}, 1, 2);
  if (random_.chance(50)) narrow(spec, product_spec);
  return object("Grant", link.ns, fresh_name("local"), std::move(spec));
}

// ---- edits ----------------------------------------------------------------------------------------------------

Edit MeshMaker::edit(const Declared& declared, Time now) {
  const int dice = random_.between(1, 100);
  if (dice <= 25) return create(declared, now);
  if (dice <= 45) {
    std::vector<api::ObjectKey> keys;
    for (const auto& [key, each] : declared) {
      const bool rare = key.kind == "Mesh" || key.kind == "Account";
      if (key.kind == "LFTag") continue;  // it would stay for as long as its values are used
      if (!rare || random_.chance(6)) keys.push_back(key);
    }
    if (!keys.empty()) {
      const api::ObjectKey key = random_.pick(keys);
      return {std::nullopt, key, "delete " + to_string(key)};
    }
  }
  return change(declared, now);
}

Edit MeshMaker::create(const Declared& declared, Time now) {
  Json made;
  const auto products = keys_of(declared, "DataProduct");
  const auto links = keys_of(declared, "ResourceLink");
  if (keys_of(declared, "Mesh").empty()) {
    made = mesh();
  } else if (products.empty() || random_.chance(20)) {
    made = product(random_.pick(producers_));
  } else if (tagged_ && random_.chance(30)) {
    made = tag_grant();
  } else if (const api::ObjectKey key = random_.pick(products); random_.chance(50)) {
    made = product_grant(key, declared.at(key)["spec"], now);
  } else if (links.empty() || random_.chance(40)) {
    made = link(random_.pick(consumers_), key, declared.at(key)["spec"]);
  } else {
    made = link_grant(random_.pick(links), declared.at(key)["spec"]);
  }
  for (const auto* places : {&centrals_, &producers_, &consumers_}) {
    for (const Place& place : *places) {
      if (!declared.contains({"Account", place.ns, place.ns})) made = account(place);
    }
  }
  return {made, std::nullopt, "create " + to_string(api::key_of(made)) + " " + made["spec"].dump()};
}

Edit MeshMaker::change(const Declared& declared, Time now) {
  std::vector<api::ObjectKey> keys;
  for (const auto& [key, each] : declared) {
    const bool rare = key.kind == "Mesh" || key.kind == "Account";
    const bool seldom = key.kind == "LFTag" && !random_.chance(30);
    if (key.kind != "ResourceLink" && !seldom && (!rare || random_.chance(25))) keys.push_back(key);
  }
  if (keys.empty()) return create(declared, now);
  const api::ObjectKey key = random_.pick(keys);
  Json made = declared.at(key);
  Json& spec = made["spec"];
  if (key.kind == "Mesh") change_mesh(spec);
  if (key.kind == "Account") change_account(spec);
  if (key.kind == "DataProduct") change_product(spec, now);
  if (key.kind == "LFTag") change_lf_tag(spec);
  if (key.kind == "Grant" && spec.contains("tagExpression")) {
    change_tag_grant(spec);
  } else if (key.kind == "Grant") {
    const auto product = declared.find({"DataProduct", key.ns, string_at(member(spec, "product"), "name")});
    change_grant(spec, product == declared.end() ? Json() : product->second["spec"], now);
  }
  const std::string what = "change " + to_string(key) + " " + spec.dump();
  return {object(key.kind.c_str(), key.ns, key.name, std::move(spec)), std::nullopt, what};
}

std::vector<Edit> MeshMaker::rescope(const Declared& declared, Time now) {
  const auto keys = keys_of(declared, "Grant");
  if (keys.empty()) return {create(declared, now)};
  const api::ObjectKey key = random_.pick(keys);
  Json spec = declared.at(key)["spec"];
  const bool is_by_tags = spec.contains("tagExpression");
  const auto product = product_of(declared, key, spec);
  std::optional<Json> other;
  if (is_by_tags && !spec.contains("catalog")) other = by_name_instead(declared, spec);
  if (product && spec.contains("product") && tagged_ && random_.chance(40)) other = by_tags_instead(declared, *product, spec);
  if (other) {
    return {{*other, std::nullopt, "create " + to_string(api::key_of(*other)) + " " + (*other)["spec"].dump()},
            {std::nullopt, key, "in the place of " + to_string(key)}};
  }
  if (is_by_tags || !product) return {change(declared, now)};
  narrow(spec, declared.at(*product)["spec"]);
  std::vector<Edit> out;
  const auto rescoped = [&](const api::ObjectKey& grant, Json with) {
    const std::string what = "rescope " + to_string(grant) + " " + with.dump();
    out.push_back({object("Grant", grant.ns, grant.name, std::move(with)), std::nullopt, what});
  };
  rescoped(key, spec);
  if (!spec.contains("product") || spec.contains("rowFilter")) return out;
  for (const api::ObjectKey& each : keys) {
    Json local = declared.at(each)["spec"];
    if (!local.contains("link") || product_of(declared, each, local) != product || random_.chance(30)) continue;
    for (const char* field : {"permissions", "tables", "columns", "rowFilter"}) {
      local.erase(field);
      if (spec.contains(field)) local[field] = spec[field];
    }
    rescoped(each, std::move(local));
  }
  return out;
}

/// On a tag that the product has.
std::optional<Json> MeshMaker::by_tags_instead(const Declared& declared, const api::ObjectKey& product, const Json& grant_spec) {
  const Json& product_spec = declared.at(product)["spec"];
  const Json& tags = member(product_spec, "tags");
  const std::string owner = governor_of(declared, product);
  std::vector<Place> owners = centrals_;
  owners.insert(owners.end(), producers_.begin(), producers_.end());
  const auto place = std::find_if(owners.begin(), owners.end(), [&](const Place& each) { return each.id == owner; });
  if (tags.empty() || place == owners.end() || string_at(product_spec, "tagGrants") != "Allow") return std::nullopt;
  const auto tag = tags.begin();
  const Json spec = {{"account", place->ns}, {"to", grant_spec["to"]}, {"tagExpression", tag.key() + " in (" + tag.value().get<std::string>() + ")"}};
  return object("Grant", place->ns, fresh_name("bytag"), spec);
}

/// On a product that the same account governs.
std::optional<Json> MeshMaker::by_name_instead(const Declared& declared, const Json& grant_spec) {
  const std::string ns = string_at(grant_spec, "account");
  const std::string owner = account_id(declared, ns, ns);
  std::vector<api::ObjectKey> products;
  for (const api::ObjectKey& each : keys_of(declared, "DataProduct")) {
    if (!owner.empty() && governor_of(declared, each) == owner) products.push_back(each);
  }
  if (products.empty()) return std::nullopt;
  const api::ObjectKey product = random_.pick(products);
  Json spec = {{"product", {{"name", product.name}}}, {"to", grant_spec["to"]}};
  narrow(spec, declared.at(product)["spec"]);
  return object("Grant", product.ns, fresh_name("grant"), std::move(spec));
}

/// Of the product, always, and of some of its tables.
void MeshMaker::change_modes(Json& spec) {
  const auto mode = [&] { return random_.pick<std::string>({"Hybrid", "LakeFormation"}); };
  spec["accessMode"] = mode();
  for (Json& table : spec["tables"]) {
    table.erase("accessMode");
    if (random_.chance(35)) table["accessMode"] = mode();
  }
}

void MeshMaker::change_product(Json& spec, Time now) {
  if (hybrid_ && random_.chance(40)) return change_modes(spec);
  if (random_.chance(10)) spec["recreatedTables"] = random_.pick<std::string>({"AwaitApproval", "Restore"});
  if (tagged_ && random_.chance(15)) spec["tagGrants"] = random_.chance(75) ? "Allow" : "Deny";
  Json& tables = spec["tables"];
  if (tagged_ && random_.chance(40)) return retag(spec);
  const int dice = random_.between(1, 10);
  if (dice <= 3 && tables.size() < 4) {
    int number = 1;
    const auto names = table_names(spec);
    while (std::find(names.begin(), names.end(), "t" + std::to_string(number)) != names.end()) ++number;
    tables.push_back(table(number));
  } else if (dice <= 4 && tables.size() > 1) {
    tables.erase(random_.below(tables.size()));
  } else if (dice <= 7) {
    change_table(tables[random_.below(tables.size())]);
  } else if (dice <= 8) {
    spec["tags"] = tags();
  } else if (dice <= 9) {
    spec["description"] = fresh_name("about");
  } else if (spec.contains("publishedUntil")) {
    spec.erase("publishedUntil");
  } else {
    spec["publishedUntil"] = later(now, random_.between(1, 60));
  }
}

/// Other tags of the product, and of some of its tables and columns.
void MeshMaker::retag(Json& spec) {
  if (random_.chance(60)) spec["tags"] = tags();
  for (Json& table : spec["tables"]) {
    if (random_.chance(40)) table["tags"] = tags();
    for (Json& column : table["columns"]) {
      if (random_.chance(15)) column["tags"] = tags();
    }
  }
}

void MeshMaker::change_table(Json& table) {
  const Json fresh = this->table(9);
  for (const char* field : {"columns", "tags"}) {
    if (fresh.contains(field)) table[field] = fresh[field];
  }
  table["description"] = fresh_name("about");
}

}  // namespace datamesh::sim
