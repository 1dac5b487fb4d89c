// What `evaluate` and `who_can` say of random lakes is what the embedded lake lets its callers see: it decides from its own
// rows, by its own code.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "controller/catalog/who_can.h"
#include "controller/embedded/embedded_lake.h"
#include "controller/lake/observe.h"
#include "tests/sim/random.h"

namespace datamesh::properties {
namespace {

using aws::Service;
using catalog::AccessQuery;
using catalog::Permission;

constexpr std::uint64_t kLakes = 150;
const std::string kOwner = "100000000001";
const std::string kConsumer = "100000000003";
const std::string kRegion = "eu-west-1";

std::string role(const std::string& account, const std::string& name) { return "arn:aws:iam::" + account + ":role/" + name; }

const std::vector<std::string> kReaders = {role(kOwner, "one"), role(kOwner, "two"), role(kConsumer, "near"), role(kConsumer, "far")};
const std::map<std::string, std::vector<std::string>> kTables = {{"orders", {"id", "email", "amount"}}, {"items", {"sku", "name"}}};

Json columns_json(const std::vector<std::string>& names) {
  Json out = Json::array();
  for (const std::string& name : names) out.push_back({{"Name", name}, {"Type", "string"}});
  return out;
}

/// Which permissions are granted: with SELECT alone, the columns that somebody sees are those that it may read.
enum class Grants { SelectOnly, Any };

class RandomLake {
 public:
  RandomLake(std::uint64_t seed, Grants grants) : random_(seed), grants_(grants), clock_(Time{} + std::chrono::hours(500'000)) {
    lake_ = std::move(*embedded::EmbeddedLake::open({":memory:", &clock_}));
    EXPECT_TRUE(lake_->set_organization({"o-mesh000001", kOwner, {kOwner, kConsumer}, {}, random_.chance(70)}));
    for (const std::string& account : {kOwner, kConsumer}) settle(account);
    make_tables();
    make_tags();
    for (int n = random_.between(2, 9); n > 0; --n) grant_at_home();
    if (random_.chance(20)) open_each_table_otherwise();
    if (random_.chance(80)) accept();
    for (int n = random_.between(1, 6); n > 0; --n) grant_within();
    for (int n = random_.between(0, 2); n > 0; --n) revoke_at_home();
    for (const std::string& account : {kOwner, kConsumer}) {
      const auto api = lake_->as_role("datamesh-operator");
      auto snapshot = lake::observe(*api, {account, kRegion}, clock_.now());
      EXPECT_TRUE(snapshot) << to_string(snapshot.error());
      if (snapshot) catalogs[{account, kRegion}] = std::move(*snapshot);
    }
  }

  bool evaluated(const AccessQuery& query) const {
    const std::string account = catalog::account_of_principal(query.principal);
    return evaluate(query, catalogs.at({kOwner, kRegion}),
                    account == kOwner ? nullptr : &catalogs.at({kConsumer, kRegion})).allowed;
  }
  catalog::WhoCan who(const AccessQuery& query) const {
    return who_can(query, catalogs.at({kOwner, kRegion}), [this](const CatalogRef& ref) {
      const auto found = catalogs.find(ref);
      return found == catalogs.end() ? nullptr : &found->second;
    });
  }
  /// The columns that the principal is shown; nullopt: it is not shown the table.
  std::optional<std::set<std::string>> sees(const std::string& principal, const std::string& table) {
    const auto found = ask(principal, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", table}});
    if (!found) return std::nullopt;
    std::set<std::string> out;
    for (const Json& column : at_path(*found, {"Table", "StorageDescriptor", "Columns"})) out.insert(string_at(column, "Name"));
    return out;
  }
  bool sees_database(const std::string& principal) {
    return ask(principal, "GetDatabase", {{"CatalogId", kOwner}, {"Name", "sales"}}).has_value();
  }
  std::string text() const { return "\n" + told_; }

  std::map<CatalogRef, catalog::Snapshot> catalogs;

 private:
  Result<Json> as_operator(const std::string& account, Service service, const std::string& operation, Json input) {
    return lake_->as_role("datamesh-operator")->call({{account, kRegion}, service, operation, std::move(input)});
  }
  Result<Json> ask(const std::string& principal, const std::string& operation, Json input) {
    return lake_->as_principal(principal)->call(
        {{catalog::account_of_principal(principal), kRegion}, Service::Glue, operation, std::move(input)});
  }
  void must(const Result<Json>& result) { EXPECT_TRUE(result) << to_string(result.error()); }

  void settle(const std::string& account) {
    must(as_operator(account, Service::LakeFormation, "PutDataLakeSettings",
                     {{"DataLakeSettings",
                       {{"DataLakeAdmins", {{{"DataLakePrincipalIdentifier", role(account, "datamesh-operator")}}}},
                        {"CreateDatabaseDefaultPermissions", Json::array()},
                        {"CreateTableDefaultPermissions", Json::array()},
                        {"Parameters", {{"CROSS_ACCOUNT_VERSION", "4"}}}}}}));
  }
  void make_tables() {
    must(as_operator(kOwner, Service::Glue, "CreateDatabase",
                     {{"DatabaseInput", {{"Name", "sales"}, {"CreateTableDefaultPermissions", Json::array()}}}}));
    for (const auto& [name, columns] : kTables) {
      must(as_operator(kOwner, Service::Glue, "CreateTable",
                       {{"DatabaseName", "sales"},
                        {"TableInput", {{"Name", name}, {"StorageDescriptor", {{"Columns", columns_json(columns)}}}}}}));
    }
    const auto filter = [&](const std::string& name, Json scope) {
      Json data = {{"TableCatalogId", kOwner}, {"DatabaseName", "sales"}, {"TableName", "orders"}, {"Name", name},
                   {"RowFilter", {{"FilterExpression", "email = 'x'"}}}};
      data.update(scope);
      must(as_operator(kOwner, Service::LakeFormation, "CreateDataCellsFilter", {{"TableData", data}}));
    };
    filter("some", {{"ColumnNames", {"id", "email"}}});
    filter("rest", {{"ColumnWildcard", {{"ExcludedColumnNames", {"id"}}}}});
  }

  Json table(const std::string& name) const { return {{"Table", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", name}}}}; }
  Json columns(const std::string& name, const char* member, Json value) const {
    return {{"TableWithColumns", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", name}, {member, std::move(value)}}}};
  }

  void make_tags() {
    for (const char* key : {"level", "domain"}) {
      must(as_operator(kOwner, Service::LakeFormation, "CreateLFTag", {{"TagKey", key}, {"TagValues", {"a", "b"}}}));
    }
    std::vector<Json> objects{{{"Database", {{"CatalogId", kOwner}, {"Name", "sales"}}}}};
    for (const auto& [name, names] : kTables) {
      objects.push_back(table(name));
      for (const std::string& column : names) objects.push_back(columns(name, "ColumnNames", Json::array({column})));
    }
    for (const Json& object : objects) {
      for (const char* key : {"level", "domain"}) {
        const bool is_column = object.contains("TableWithColumns");
        if (!random_.chance(is_column ? 15 : 45)) continue;
        const std::string value = random_.chance(60) ? "a" : "b";
        told_ += "tag " + object.dump() + " " + key + "=" + value + "\n";
        must(as_operator(kOwner, Service::LakeFormation, "AddLFTagsToResource",
                         {{"Resource", object}, {"LFTags", {{{"CatalogId", kOwner}, {"TagKey", key}, {"TagValues", {value}}}}}}));
      }
    }
  }

  Json policy(const char* type) {
    Json expression = Json::array();
    for (const char* key : {"level", "domain"}) {
      if (!expression.empty() && random_.chance(60)) continue;
      Json values = random_.chance(15) ? Json{"*"} : random_.chance(25) ? Json{"a", "b"} : Json{random_.chance(70) ? "a" : "b"};
      if (!values.is_array()) values = Json::array({values});
      expression.push_back({{"TagKey", key}, {"TagValues", values}});
    }
    return {{"LFTagPolicy", {{"CatalogId", kOwner}, {"ResourceType", type}, {"Expression", expression}}}};
  }

  /// What can be granted, with permissions that go with it.
  std::pair<Json, std::vector<std::string>> grantable() {
    const bool any = grants_ == Grants::Any;
    const std::string name = random_.chance(70) ? "orders" : "items";
    const auto& names = kTables.at(name);
    std::vector<std::string> whole{"SELECT"};
    if (any) whole = random_.some<std::string>({"SELECT", "DESCRIBE", "INSERT", "ALTER"}, 1, 3);
    switch (random_.below(9)) {
      case 0: return {table(name), whole};
      case 1: return {{{"Table", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"TableWildcard", Json::object()}}}}, whole};
      case 2: return {columns(name, "ColumnNames", random_.some(names, 1, 2)), {"SELECT"}};
      case 3: return {columns(name, "ColumnWildcard", {{"ExcludedColumnNames", random_.some(names, 1, names.size())}}), {"SELECT"}};
      case 4:
        return {{{"DataCellsFilter", {{"TableCatalogId", kOwner}, {"DatabaseName", "sales"}, {"TableName", "orders"},
                                      {"Name", random_.chance(50) ? "some" : "rest"}}}},
                {"SELECT"}};
      case 5: return {policy("DATABASE"), {"DESCRIBE"}};
      case 6: return {{{"Database", {{"CatalogId", kOwner}, {"Name", "sales"}}}}, {any && random_.chance(50) ? "CREATE_TABLE" : "DESCRIBE"}};
      default: return {policy("TABLE"), whole};
    }
  }

  void change(const char* operation, const std::string& account, const std::string& principal, const Json& resource,
              const std::vector<std::string>& permissions) {
    Json input = {{"Principal", {{"DataLakePrincipalIdentifier", principal}}}, {"Resource", resource}, {"Permissions", permissions}};
    if (principal == kConsumer) input["PermissionsWithGrantOption"] = permissions;
    const auto done = as_operator(account, Service::LakeFormation, operation, input);
    told_ += std::string(done ? "" : "refused: ") + operation + " in " + account + " " + input.dump() + "\n";
  }

  void grant_at_home() {
    const auto [resource, permissions] = grantable();
    std::vector<std::string> receivers = kReaders;
    for (int n = 0; n < 3; ++n) receivers.push_back(kConsumer);
    receivers.push_back(kOwner + ":IAMPrincipals");
    receivers.push_back(catalog::kIamAllowedPrincipals);
    const std::string receiver = random_.pick(receivers);
    if (receiver == kConsumer) {
      given_.emplace_back(resource, permissions);
      // The tags themselves go first: without them the account knows of no expression.
      if (resource.contains("LFTagPolicy")) {
        for (const char* key : {"level", "domain"}) {
          change("GrantPermissions", kOwner, kConsumer,
                 {{"LFTag", {{"CatalogId", kOwner}, {"TagKey", key}, {"TagValues", {"a", "b"}}}}}, {"DESCRIBE"});
        }
      }
    }
    change("GrantPermissions", kOwner, receiver, resource, permissions);
    if (random_.chance(15)) {
      const std::string principal = kReaders[random_.below(2)];
      const Json object = random_.chance(50) ? table("orders") : Json{{"Database", {{"CatalogId", kOwner}, {"Name", "sales"}}}};
      told_ += principal + " opts in on " + object.dump() + "\n";
      (void)as_operator(kOwner, Service::LakeFormation, "CreateLakeFormationOptIn",
                        {{"Principal", {{"DataLakePrincipalIdentifier", principal}}}, {"Resource", object}});
    }
  }

  /// IAM lets everybody into one table, and Lake Formation all principals of the account into the other.
  void open_each_table_otherwise() {
    const bool swap = random_.chance(50);
    change("GrantPermissions", kOwner, catalog::kIamAllowedPrincipals, table(swap ? "items" : "orders"), {"SELECT"});
    change("GrantPermissions", kOwner, kOwner + ":IAMPrincipals", table(swap ? "orders" : "items"), {"SELECT"});
  }

  void accept() {
    const auto found = as_operator(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object());
    must(found);
    for (const Json& invitation : member(*found, "resourceShareInvitations")) {
      must(as_operator(kConsumer, Service::Ram, "AcceptResourceShareInvitation",
                       {{"resourceShareInvitationArn", string_at(invitation, "resourceShareInvitationArn")}}));
    }
  }

  void grant_within() {
    auto [resource, permissions] = grantable();
    if (!given_.empty() && random_.chance(60)) std::tie(resource, permissions) = random_.pick(given_);
    const std::string receiver =
        random_.chance(15) ? kConsumer + ":IAMPrincipals" : kReaders[2 + random_.below(2)];
    change("GrantPermissions", kConsumer, receiver, resource, permissions);
  }

  /// What was passed on within the account stays behind.
  void revoke_at_home() {
    if (given_.empty()) return;
    const auto& [resource, permissions] = random_.pick(given_);
    change("RevokePermissions", kOwner, kConsumer, resource, permissions);
  }

  sim::Random random_;
  const Grants grants_;
  FakeClock clock_;
  std::unique_ptr<embedded::EmbeddedLake> lake_;
  std::vector<std::pair<Json, std::vector<std::string>>> given_;
  std::string told_;
};

AccessQuery question(const std::string& principal, Permission permission, const std::string& table, const std::string& column = "") {
  AccessQuery out;
  out.principal = principal;
  out.permission = permission;
  out.governing = {kOwner, kRegion};
  out.database = "sales";
  out.table = table;
  out.column = column;
  return out;
}

TEST(Evaluation, SaysWhatTheLakeShows) {
  int yes = 0, no = 0;
  for (std::uint64_t seed = 1; seed <= kLakes; ++seed) {
    for (const Grants grants : {Grants::SelectOnly, Grants::Any}) {
      RandomLake lake(seed, grants);
      for (const std::string& reader : kReaders) {
        ASSERT_EQ(lake.evaluated(question(reader, Permission::Describe, "")), lake.sees_database(reader))
            << "seed " << seed << ": " << reader << " and the database" << lake.text();
        for (const auto& [table, columns] : kTables) {
          const auto seen = lake.sees(reader, table);
          ASSERT_EQ(lake.evaluated(question(reader, Permission::Describe, table)), seen.has_value())
              << "seed " << seed << ": " << reader << " and " << table << lake.text();
          (seen ? yes : no) += 1;
          for (const std::string& column : columns) {
            const bool shown = seen && seen->contains(column);
            ASSERT_EQ(lake.evaluated(question(reader, Permission::Describe, table, column)), shown)
                << "seed " << seed << ": " << reader << " and " << column << " of " << table << lake.text();
            if (grants == Grants::Any) continue;
            ASSERT_EQ(lake.evaluated(question(reader, Permission::Select, table, column)), shown)
                << "seed " << seed << ": " << reader << " reads " << column << " of " << table << lake.text();
          }
        }
      }
    }
  }
  EXPECT_GT(yes, 500);
  EXPECT_GT(no, 500);
}

/// Of these nobody is ever named: they come in with everybody else, or not at all.
const std::vector<std::string> kUnnamed = {role(kOwner, "anybody"), role(kConsumer, "anybody")};

/// Whether the list names the principal, or everybody that it is one of.
bool names(const catalog::WhoCan& found, const std::string& principal) {
  const std::string account = catalog::account_of_principal(principal);
  return std::any_of(found.reaches.begin(), found.reaches.end(), [&](const catalog::Reach& reach) {
    const bool excepted = std::find(reach.except.begin(), reach.except.end(), principal) != reach.except.end();
    return reach.principal == principal || reach.principal == account + ":IAMPrincipals" ||
           (reach.is == catalog::Reacher::Everybody && account == kOwner && !excepted);
  });
}

TEST(WhoCanDo, IsWhoeverEvaluationLetsIn) {
  int yes = 0, no = 0;
  std::vector<std::string> all = kReaders;
  all.insert(all.end(), kUnnamed.begin(), kUnnamed.end());
  for (std::uint64_t seed = 1; seed <= kLakes; ++seed) {
    const RandomLake lake(seed, seed % 2 == 0 ? Grants::Any : Grants::SelectOnly);
    const auto compare = [&](const AccessQuery& query) {
      const catalog::WhoCan found = lake.who(query);
      for (const std::string& reader : all) {
        AccessQuery one = query;
        one.principal = reader;
        const bool allowed = lake.evaluated(one);
        EXPECT_EQ(names(found, reader), allowed)
            << "seed " << seed << ": " << reader << " " << to_string(query.permission) << " " << object_text(query) << lake.text();
        (allowed ? yes : no) += 1;
      }
      for (const catalog::Reach& reach : found.reaches) {
        AccessQuery one = query;
        one.principal = reach.is == catalog::Reacher::Everybody ? kUnnamed.front() : reach.principal;
        EXPECT_TRUE(lake.evaluated(one)) << "seed " << seed << ": " << reach.principal << lake.text();
      }
    };
    for (const Permission permission : {Permission::Describe, Permission::Select, Permission::Insert}) {
      compare(question("", permission, ""));
      for (const auto& [table, columns] : kTables) {
        compare(question("", permission, table));
        compare(question("", permission, table, columns.front()));
        AccessQuery cell = question("", permission, table, columns.front());
        cell.row = catalog::Row{{"email", seed % 3 == 0 ? "y" : "x"}};
        compare(cell);
      }
    }
  }
  EXPECT_GT(yes, 500);
  EXPECT_GT(no, 500);
}

}  // namespace
}  // namespace datamesh::properties
