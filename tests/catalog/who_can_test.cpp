// Who may, and that it is who `evaluate` says may.
#include "controller/catalog/who_can.h"

#include <gtest/gtest.h>

#include "tests/catalog/entries.h"

namespace datamesh::catalog {
namespace {

using P = Permission;

const std::string kConsumer = "222222222222";
const std::string kForeign = "arn:aws:iam::222222222222:role/analyst";
const std::string kOther = "arn:aws:iam::222222222222:role/other";

struct Scene {
  std::map<CatalogRef, Snapshot> catalogs{{kCatalog, {}}, {{kConsumer, "eu-west-1"}, {}}};
  AccessQuery query{"", P::Select, kCatalog, "sales", "orders", "", "", std::nullopt};

  Snapshot& governing() { return catalogs[kCatalog]; }
  Snapshot& local() { return catalogs[{kConsumer, "eu-west-1"}]; }
  void grant(Snapshot& where, const ResourceId& resource, const std::string& principal, PermissionValue value) {
    where.entries[permission_key({resource, principal})] = std::move(value);
  }
  void share() { local().entries[{EntryKind::ShareAcceptance, kOwner}] = Shared<ShareAcceptance>(); }
  void administrator(Snapshot& where, const std::string& who) {
    Settings settings;
    settings.administrators = {who};
    where.entries[{EntryKind::Settings, ""}] = Shared<Settings>(settings);
  }
  WhoCan ask() {
    return who_can(query, governing(), [this](const CatalogRef& ref) {
      const auto found = catalogs.find(ref);
      return found == catalogs.end() ? nullptr : &found->second;
    });
  }
  /// "Principal arn:…: all columns".
  Lines lines() {
    Lines out;
    for (const Reach& reach : ask().reaches) {
      std::string line = std::string(to_string(reach.is)) + " " + reach.principal + ":";
      for (const Cells& cells : reach.access.cells) {
        line += " " + to_string(cells.columns) + (cells.rows.empty() ? "" : " where " + cells.rows);
      }
      out.push_back(line);
    }
    return out;
  }
  static ResourceId table() { return ResourceId::of_table(kOwner, "sales", "orders"); }
  static ResourceId columns() { return ResourceId::of_columns(kOwner, "sales", "orders"); }
};

TEST(WhoCan, NamesEverybodyAtHomeInWhateverWayItHoldsIt) {
  Scene scene;
  const auto role = [](const char* name) { return "arn:aws:iam::111111111111:role/" + std::string(name); };
  scene.grant(scene.governing(), Scene::table(), role("a"), perms({P::Select}));
  scene.grant(scene.governing(), ResourceId::of_all_tables(kOwner, "sales"), role("b"), perms({P::All}));
  scene.grant(scene.governing(), Scene::columns(), role("c"), on_columns({"id"}));
  scene.grant(scene.governing(), {ResourceType::ColumnsExcept, kOwner, "sales", "orders", "card"}, role("d"), perms({P::Select}));
  scene.grant(scene.governing(), {ResourceType::DataFilter, kOwner, "sales", "orders", "emea"}, role("e"), perms({P::Select}));
  scene.governing().entries[{EntryKind::DataFilter, "sales/orders/emea"}] = Shared<DataFilter>({"country = 'de'", {}, {}});
  scene.grant(scene.governing(), {ResourceType::TablePolicy, kOwner, "", "", "domain=sales"}, role("f"), perms({P::Select}));
  scene.governing().entries[{EntryKind::TagAssignment, "sales#domain"}] = TagAssignment{"sales"};
  scene.grant(scene.governing(), ResourceId::of_table(kOwner, "sales", "items"), role("g"), perms({P::Select}));
  scene.grant(scene.governing(), Scene::table(), role("h"), perms({P::Insert}));
  scene.grant(scene.governing(), Scene::table(), kOwner + ":IAMPrincipals", perms({P::Select}));
  const Lines all = scene.lines();
  EXPECT_EQ(all.size(), 8u) << "all of the account, so every role that is named on the table";
  EXPECT_EQ(all.front(), "AllOfAccount 111111111111:IAMPrincipals: all columns");
  scene.governing().entries.erase(permission_key({Scene::table(), kOwner + ":IAMPrincipals"}));
  EXPECT_EQ(scene.lines(), (Lines{"Principal " + role("a") + ": all columns", "Principal " + role("b") + ": all columns",
                                  "Principal " + role("c") + ": column id", "Principal " + role("d") + ": all columns but card",
                                  "Principal " + role("e") + ": all columns where country = 'de'",
                                  "Principal " + role("f") + ": all columns"}));
  scene.query.column = "card";
  EXPECT_EQ(scene.ask().reaches.size(), 4u);
}

TEST(WhoCan, FollowsWhatAnAccountHoldsIntoIt) {
  Scene scene;
  scene.grant(scene.governing(), Scene::columns(), kConsumer, on_columns({"day", "id"}));
  scene.grant(scene.local(), Scene::columns(), kForeign, on_columns({"card", "id"}));
  scene.grant(scene.local(), Scene::columns(), kOther, on_columns({"card"}));
  EXPECT_EQ(scene.lines(), Lines{}) << "the share is not accepted";
  scene.share();
  EXPECT_EQ(scene.lines(), (Lines{"Account 222222222222: columns day, id", "Principal " + kForeign + ": column id"}));
}

TEST(WhoCan, NamesAForeignPrincipalToWhomTheOwnerGave) {
  Scene scene;
  scene.grant(scene.governing(), Scene::table(), kForeign, perms({P::Select}));
  scene.share();
  EXPECT_EQ(scene.lines(), (Lines{"Principal " + kForeign + ": all columns"}));
}

TEST(WhoCan, SaysWhichCatalogsItCouldNotLookInto) {
  Scene scene;
  scene.grant(scene.governing(), Scene::table(), "333333333333", perms({P::Select}));
  EXPECT_EQ(scene.ask().unread, (std::set<CatalogRef>{{"333333333333", "eu-west-1"}}));
}

TEST(WhoCan, NamesAdministratorsWhoMaySeeAndThoseWhoMayHelpThemselves) {
  Scene scene;
  scene.administrator(scene.governing(), kRole);
  scene.administrator(scene.local(), kForeign);
  scene.grant(scene.governing(), Scene::table(), kConsumer, perms({P::Select, P::Describe}));
  scene.share();
  EXPECT_EQ(scene.lines(), (Lines{"Account 222222222222: all columns"}));
  EXPECT_EQ(scene.ask().administrators, (std::set<std::string>{kRole, kForeign}));
  scene.query.permission = P::Describe;
  EXPECT_EQ(scene.lines(), (Lines{"Account 222222222222:", "Principal " + kRole + ":", "Principal " + kForeign + ":"}));
}

TEST(WhoCan, SaysEverybodyButThoseWhoHaveOptedIn) {
  Scene scene;
  scene.grant(scene.governing(), Scene::table(), "IAM_ALLOWED_PRINCIPALS", perms({P::All}));
  scene.governing().entries[{EntryKind::OptIn, to_string(PermissionId{Scene::table(), kRole})}] = OptIn{};
  const WhoCan found = scene.ask();
  ASSERT_EQ(found.reaches.size(), 1u);
  EXPECT_EQ(found.reaches[0].is, Reacher::Everybody);
  EXPECT_EQ(found.reaches[0].except, std::vector<std::string>{kRole});
  scene.grant(scene.governing(), Scene::table(), kRole, perms({P::Select}));
  EXPECT_EQ(scene.ask().reaches.size(), 2u);
  EXPECT_EQ(scene.ask().reaches[0].except, std::vector<std::string>{});
}

TEST(WhoCan, NeedsEveryTableWhereNoneIsNamed) {
  Scene scene;
  scene.query.table = "";
  for (const char* name : {"items", "orders"}) scene.governing().entries[table_key("sales", name)] = Shared<Table>(Table{});
  scene.grant(scene.governing(), Scene::table(), kRole, perms({P::Select}));
  EXPECT_EQ(scene.lines(), Lines{});
  scene.grant(scene.governing(), ResourceId::of_table(kOwner, "sales", "items"), kRole, perms({P::Select}));
  EXPECT_EQ(scene.lines(), (Lines{"Principal " + kRole + ":"}));
}

/// Everybody comes into one table by IAM and into the other as one of all principals: nobody is named, and all may.
TEST(WhoCan, NamesThoseWhoComeIntoEachTableWithAnotherGroup) {
  Scene scene;
  scene.query.table = "";
  for (const char* name : {"items", "orders"}) scene.governing().entries[table_key("sales", name)] = Shared<Table>(Table{});
  scene.grant(scene.governing(), Scene::table(), "IAM_ALLOWED_PRINCIPALS", perms({P::All}));
  EXPECT_EQ(scene.lines(), Lines{});
  const ResourceId items = ResourceId::of_table(kOwner, "sales", "items");
  scene.grant(scene.governing(), items, kOwner + ":IAMPrincipals", perms({P::Select}));
  scene.governing().entries[{EntryKind::OptIn, to_string(PermissionId{Scene::table(), kRole})}] = OptIn{};
  scene.governing().entries[{EntryKind::OptIn, to_string(PermissionId{items, "arn:aws:iam::111111111111:role/other"})}] = OptIn{};
  const WhoCan found = scene.ask();
  ASSERT_EQ(found.reaches.size(), 1u);
  EXPECT_EQ(found.reaches[0].is, Reacher::Everybody);
  EXPECT_EQ(found.reaches[0].except, std::vector<std::string>{kRole}) << "who has opted in where IAM decides nothing is let in";
  EXPECT_EQ(found.reaches[0].access.hops.size(), 2u);
  scene.grant(scene.governing(), items, "IAM_ALLOWED_PRINCIPALS", perms({P::All}));
  EXPECT_EQ(scene.ask().reaches.size(), 1u);
  scene.grant(scene.governing(), Scene::table(), kOwner + ":IAMPrincipals", perms({P::Select}));
  EXPECT_EQ(scene.lines(), (Lines{"AllOfAccount 111111111111:IAMPrincipals:", "Everybody IAM_ALLOWED_PRINCIPALS:"}));
}

/// Every principal of the account has opted in on one of the tables: there IAM lets in nobody.
TEST(WhoCan, LeavesOutEverybodyWhereAllHaveOptedIn) {
  Scene scene;
  scene.query.table = "";
  for (const char* name : {"items", "orders"}) {
    scene.governing().entries[table_key("sales", name)] = Shared<Table>(Table{});
    scene.grant(scene.governing(), ResourceId::of_table(kOwner, "sales", name), "IAM_ALLOWED_PRINCIPALS", perms({P::All}));
  }
  EXPECT_EQ(scene.lines(), Lines{"Everybody IAM_ALLOWED_PRINCIPALS:"});
  scene.governing().entries[{EntryKind::OptIn, to_string(PermissionId{Scene::table(), kOwner + ":IAMPrincipals"})}] = OptIn{};
  EXPECT_EQ(scene.lines(), Lines{});
}

TEST(WhoCan, KeepsToTheRow) {
  Scene scene;
  scene.governing().entries[{EntryKind::DataFilter, "sales/orders/emea"}] = Shared<DataFilter>({"country = 'de'", {}, {}});
  scene.grant(scene.governing(), {ResourceType::DataFilter, kOwner, "sales", "orders", "emea"}, kRole, perms({P::Select}));
  scene.query.row = Row{{"country", "fr"}};
  EXPECT_EQ(scene.lines(), Lines{});
  scene.query.row = Row{{"country", "de"}};
  EXPECT_EQ(scene.ask().reaches.size(), 1u);
}

}  // namespace
}  // namespace datamesh::catalog
