// What must hold after every step, and at rest.
#include "controller/catalog/entry.h"
#include "tests/sim/life.h"
#include "tests/sim/model_grants.h"

namespace datamesh::sim {
namespace {

/// Every permission on a resource lets its holder describe it, so DESCRIBE beside another one adds nothing.
/// Source: lake-formation.md 2.4
bool is_implied(const Right& right, const Rights& given) {
  if (!right.permission.starts_with("DESCRIBE")) return false;
  const Right from{right.catalog, right.principal, right.resource, ""};
  for (auto at = given.lower_bound(from); at != given.end(); ++at) {
    if (at->catalog != right.catalog || at->principal != right.principal || at->resource != right.resource) break;
    if (!at->permission.starts_with("DESCRIBE")) return true;
  }
  return false;
}

std::string ready_reason(const Json& object) {
  for (const Json& condition : at_path(object, {"status", "conditions"})) {
    if (string_at(condition, "type") != "Ready") continue;
    return string_at(condition, "status") == "True" ? "" : string_at(condition, "reason");
  }
  return "no condition";
}

}  // namespace

void Life::check_written() {
  if (violation_) broken(*violation_);
  const auto catalogs = std::exchange(written_, {});
  for (const CatalogRef& catalog : catalogs) {
    const Rights rights = rights_in(world_, catalog);
    check_nothing_beyond(rights);
    check_hands(catalog, rights);
    check_kept(catalog, rights);
  }
  if (catalogs.empty()) return;
  check_reads();
  check_kept_reads();
}

void Life::check_nothing_beyond(const Rights& rights) {
  const auto is_given = [&](const Right& right) {
    return window_.contains(right) || hands_.own.contains(right) || hands_.beside.contains(right) ||
           opened_.contains(right) || is_implied(right, window_);
  };
  for (const Right& right : rights) {
    if (is_given(right)) continue;
    note_declared();  // time alone may have changed what is given
    if (is_given(right)) continue;
    broken("held, but neither the old nor the new declared state gives it: " + to_string(right));
  }
}

void Life::check_hands(const CatalogRef& catalog, const Rights& rights) const {
  if (revoking_.contains(catalog.account)) return;
  for (const Right& right : hands_.own) {
    if (right.catalog == catalog && !rights.contains(right)) broken("granted by hand, and gone: " + to_string(right));
  }
}

/// The faults are over, and all that is left to do is done: failures that only a change can mend are tried again
/// within ten minutes, and what nobody told the operator of it sees at the next sweep.
void Life::rest() {
  chaos_->weather = Weather::calm();
  store_faults_ = 0;
  start();
  journal_.note("calm");
  settle_down();
  raise_limits();
  settle_down();
  for (int times = 0; times < 2; ++times) {
    world_.advance(std::chrono::minutes(11));
    check_written();
    settle_down();
  }
  // What time has ended lately, others see at their next sweep.
  const auto gives = [&](Millis ago) { return expect(declared_, world_.clock.now() - ago).allowed; };
  while (gives(std::chrono::minutes(6)) != gives(Millis(0))) {
    world_.advance(std::chrono::minutes(6));
    check_written();
  }
  settle_down();
  check_withheld();
  if (!approve_tables()) return;
  settle_down();
  world_.advance(std::chrono::minutes(6));
  settle_down();
}

/// Nobody has anything by name on a table that awaits approval, but what its product gives its producer, and what was given by
/// hand.
void Life::check_withheld() {
  note_declared();
  Declared without_grants = declared_;
  std::erase_if(without_grants, [](const auto& each) { return each.first.kind == "Grant"; });
  const Rights products = expect(without_grants, world_.clock.now()).allowed;
  for (const auto& [key, object] : declared_) {
    for (const Json& item : at_path(object, {"status", "recreatedTables", "items"})) {
      const std::string catalog = string_at(item, "catalog"), approval = string_at(item, "table");
      const std::string owner = catalog.substr(0, catalog.find('/'));
      const std::string place = string_at(object["spec"], "database") + "/" + approval.substr(0, approval.find('@'));
      for (const std::string& account : maker_.accounts()) {
        for (const Right& right : rights_in(world_, {account, kRegion})) {
          if (owner_of(right) != owner || place_of(right) != place) continue;
          const bool is_by_hand = hands_.own.contains(right) || hands_.beside.contains(right);
          if (!is_by_hand && !products.contains(right)) broken("held on a table that awaits approval: " + to_string(right));
        }
      }
    }
  }
}

/// Approves every table that was made again; false when there is none.
bool Life::approve_tables() {
  bool approved = false;
  const auto page = world_.store->list({"DataProduct", std::nullopt, {}, 0, ""});
  for (const Json& product : page->items) {
    const Json& hash = at_path(product, {"status", "recreatedTables", "hash"});
    if (!hash.is_string()) continue;
    journal_.note("approved: the tables of " + to_string(api::key_of(product)));
    const Json patch = {{"metadata", {{"annotations", {{"datamesh.dev/approve-tables", hash}}}}}};
    approved = world_.store->patch(api::key_of(product), api::PatchType::Merge, patch).has_value() || approved;
  }
  return approved;
}

/// What did not fit into an account while its quotas were small comes when they are not.
void Life::raise_limits() {
  for (const auto& [key, object] : Declared(declared_)) {
    if (key.kind != "Account" || !member(object, "spec").contains("quotas")) continue;
    Json raised = {{"apiVersion", object["apiVersion"]}, {"kind", "Account"}, {"metadata", {{"namespace", key.ns}, {"name", key.name}}},
                   {"spec", object["spec"]}};
    raised["spec"].erase("quotas");
    declare({raised, std::nullopt, "the quotas of " + to_string(key) + " are raised"});
  }
}

/// Until the operator has nothing to do, approving what it holds.
void Life::settle_down() {
  for (int times = 0; times < 5; ++times) {
    world_.run_until_idle();
    check_written();
    if (!approve_plans()) return;
  }
}

/// Annotates the Accounts whose plans are held; false when there is none. Without a Mesh its own limits hold.
bool Life::approve_plans() {
  bool approved = false;
  const auto page = world_.store->list({"Account", std::nullopt, {}, 0, ""});
  for (const Json& account : page->items) {
    const Json& hash = at_path(account, {"status", "plan", "hash"});
    if (!hash.is_string() || at_path(account, {"metadata", "annotations", "datamesh.dev/approve-plan"}) == hash) continue;
    journal_.note("approved: the plan of " + to_string(api::key_of(account)));
    const Json patch = {{"metadata", {{"annotations", {{"datamesh.dev/approve-plan", hash}}}}}};
    approved = world_.store->patch(api::key_of(account), api::PatchType::Merge, patch).has_value() || approved;
  }
  return approved;
}

void Life::check_at_rest() {
  note_declared();
  const Expectation expected = expect(declared_, world_.clock.now());
  journal_.note("at rest");
  if (expected.excused.empty() && !world_.engine->idle()) broken("never at rest: " + world_.engine->status().dump(1));
  for (const std::string& account : maker_.accounts()) check_exact({account, kRegion}, expected);
  for (const std::string& account : maker_.accounts()) check_opt_ins({account, kRegion}, expected);
  check_statuses(expected);
  check_objects();
  check_tables();
  check_links(expected);
  unsettled_.clear();
  hands_.touched.clear();
  check_tags(expected);
  check_tag_values(expected);
  if (maker_.retains_nothing()) check_leftovers();
  window_ = expected.allowed;
  window_reads_.clear();
  revoking_.clear();
  note_declared();
  check_reads();
}

void Life::check_exact(const CatalogRef& catalog, const Expectation& expected) {
  const Rights rights = rights_in(world_, catalog);
  const bool revokes = undeclared_policy(declared_, catalog.account) == "Revoke";
  const bool known = !account_id(declared_, "", catalog.account).empty();
  for (const Right& right : expected.due) {
    if (right.catalog == catalog && !rights.contains(right)) broken("declared, but not in place: " + to_string(right));
  }
  for (const Right& right : rights) {
    if (expected.allowed.contains(right) || hands_.beside.contains(right) || is_implied(right, expected.allowed)) continue;
    if (may_stay_open(right, expected)) continue;
    if (!hands_.own.contains(right)) broken("held, but not declared any more: " + to_string(right));
    if (revokes && known) broken("undeclared, and not revoked: " + to_string(right));
  }
  std::erase_if(hands_.own, [&](const Right& right) { return right.catalog == catalog && !rights.contains(right); });
  std::erase_if(hands_.beside, [&](const Right& right) { return right.catalog == catalog && !rights.contains(right); });
}

/// IAM decides on about what a product leaves behind, and about what a Grant that cannot be fulfilled keeps with it.
bool Life::may_stay_open(const Right& right, const Expectation& expected) const {
  if (!opened_.contains(right)) return false;
  if (!expected.excused.empty()) return true;
  const std::string place = place_of(right);
  const std::size_t slash = place.find('/');
  for (const auto& [key, object] : declared_) {
    const Json& spec = member(object, "spec");
    if (key.kind != "DataProduct" || string_at(spec, "database") != place.substr(0, slash)) continue;
    if (governor_of(declared_, key) != right.catalog.account) continue;
    if (slash == std::string::npos) return false;
    for (const Json& table : member(spec, "tables")) {
      if (string_at(table, "name") == place.substr(slash + 1)) return false;
    }
  }
  return true;
}

/// On what is hybrid, whoever is granted something is opted in, and nobody else; elsewhere nobody is.
void Life::check_opt_ins(const CatalogRef& catalog, const Expectation& expected) {
  using OptIn = std::pair<std::string, std::string>;  // principal, "owner:database" or "owner:database/table"
  std::set<OptIn> there, due, allowed;
  const aws::Call call{catalog, aws::Service::LakeFormation, "ListLakeFormationOptIns", {{"MaxResults", 1000}}};
  for (Json row : listing(world_, catalog, call, "LakeFormationOptInsInfoList")) {
    row["Permissions"] = Json::array({"SELECT"});
    for (const Right& right : rights_of_row(row, catalog)) {
      if (kind_of(right) != "database") there.insert({right.principal, owner_of(right) + ":" + place_of(right)});
    }
  }
  const auto note = [&](const Rights& rights, std::set<OptIn>& out) {
    for (const Right& right : rights) {
      const std::string place = place_of(right), kind = kind_of(right);
      if (right.catalog != catalog || kind == "database" || kind == "location" || !right.principal.starts_with("arn:")) continue;
      if (!expected.hybrid.contains(owner_of(right) + ":" + place.substr(0, place.find('/')))) continue;
      out.insert({right.principal, owner_of(right) + ":" + place});
    }
  };
  note(expected.due, due);
  note(expected.allowed, allowed);
  for (const auto& [principal, place] : due) {
    if (!there.contains({principal, place})) broken("granted on a hybrid product, and not opted in: " + principal + " " + place);
  }
  if (!expected.excused.empty()) return;  // then a location may have to stay hybrid
  for (const auto& [principal, place] : there) {
    if (!allowed.contains({principal, place})) broken("opted in for nothing: " + catalog.account + " " + principal + " " + place);
  }
}

void Life::check_statuses(const Expectation& expected) {
  const auto page = world_.store->list({});
  for (const Json& object : page->items) {
    const api::ObjectKey key = api::key_of(object);
    if (object["metadata"].contains("deletionTimestamp")) {
      broken("never released: " + to_string(key) + " " + member(object, "status").dump(1));
    }
    const std::string reason = ready_reason(object);
    const auto excused = expected.excused.find(key);
    if (excused == expected.excused.end()) {
      if (!reason.empty()) broken(to_string(key) + " is not Ready: " + member(object, "status").dump(1));
    } else if (!excused->second.contains("*") && !excused->second.contains(reason)) {
      broken(to_string(key) + " says \"" + reason + "\", expected " + Json(excused->second).dump());
    }
  }
}

/// What was made by hand is as it was.
void Life::check_objects() {
  for (const std::string& account : maker_.accounts()) {
    const CatalogRef catalog{account, kRegion};
    const auto now = objects_in(world_, catalog);
    for (const auto& [place, object] : hands_.objects) {
      if (place.first != catalog) continue;
      const auto found = now.find(place.second);
      if (found == now.end()) broken("made by hand, and gone: " + account + " " + place.second);
      Json seen = found->second;
      for (const char* field : {"CreateTime", "UpdateTime"}) seen.erase(field);
      if (seen != object) broken("made by hand, and changed: " + seen.dump() + " was " + object.dump());
    }
  }
}

/// Every table of every governed product has the columns that are declared.
void Life::check_tables() {
  std::map<std::string, std::map<std::string, Json>> catalogs;
  for (const std::string& account : maker_.accounts()) catalogs[account] = objects_in(world_, {account, kRegion});
  for (const auto& [key, object] : declared_) {
    if (key.kind != "DataProduct") continue;
    const std::string owner = governor_of(declared_, key);
    if (owner.empty()) continue;
    for (const Json& table : member(object["spec"], "tables")) {
      const std::string place = string_at(object["spec"], "database") + "/" + string_at(table, "name");
      const auto found = catalogs[owner].find(place);
      if (found == catalogs[owner].end()) broken("declared, but not there: table " + owner + " " + place);
      std::vector<std::string> names;
      for (const Json& column : at_path(found->second, {"StorageDescriptor", "Columns"})) names.push_back(string_at(column, "Name"));
      std::vector<std::string> wanted;
      for (const Json& column : member(table, "columns")) wanted.push_back(string_at(column, "name"));
      if (names != wanted) broken("table " + place + " has columns " + Json(names).dump() + " instead of " + Json(wanted).dump());
    }
  }
}

/// The links are those that are declared: none is missing, none is left.
void Life::check_links(const Expectation& expected) {
  std::set<std::pair<std::string, std::string>> there;
  for (const std::string& account : maker_.accounts()) {
    for (const auto& [name, object] : objects_in(world_, {account, kRegion})) {
      if (object.contains("TargetDatabase") || object.contains("TargetTable")) there.insert({account, name});
    }
  }
  for (const auto& link : there) {
    if (!expected.links.contains(link)) broken("a link that nobody declares any more: " + link.first + " " + link.second);
  }
  for (const auto& link : expected.links) {
    if (!there.contains(link)) broken("declared, but not there: link " + link.first + " " + link.second);
  }
}

/// No database or table of the operator's is left of a product that is not declared, or not governed here any more.
void Life::check_leftovers() {
  for (const std::string& account : maker_.accounts()) {
    for (const auto& [name, object] : objects_in(world_, {account, kRegion})) {
      const std::string mark = string_at(member(object, "Parameters"), "datamesh.dev/product");
      const std::size_t slash = mark.find('/');
      if (slash == std::string::npos) continue;
      const api::ObjectKey product{"DataProduct", mark.substr(0, slash), mark.substr(slash + 1)};
      if (governor_of(declared_, product) != account) broken("left over of " + to_string(product) + ": " + account + " " + name);
    }
  }
}

/// A world in order is read, and not written to.
void Life::check_quiet(const Expectation& expected) {
  if (expected.contested || !expected.excused.empty()) return;
  if (expect(declared_, world_.clock.now() + std::chrono::minutes(6)).allowed != expected.allowed) return;
  world_.calls->reset();
  world_.advance(std::chrono::minutes(6));
  if (world_.calls->writes() > 0) broken("a further sweep writes: " + Json(world_.calls->counts()).dump());
}

}  // namespace datamesh::sim
