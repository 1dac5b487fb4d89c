// Who may do what, and which hop is missing when nobody may.
#include "controller/catalog/evaluate.h"

#include <gtest/gtest.h>

#include "tests/catalog/entries.h"

namespace datamesh::catalog {
namespace {

using P = Permission;

const std::string kConsumer = "222222222222";
const std::string kForeignRole = "arn:aws:iam::222222222222:role/analyst";

/// Two catalogs and the question of who may read sales/orders.
struct Scene {
  Snapshot governing, local;
  AccessQuery query;
  bool local_read = true;

  explicit Scene(std::string principal = kRole) {
    query = {std::move(principal), P::Select, kCatalog, "sales", "orders", ""};
  }
  void grant(Snapshot& where, const ResourceId& resource, const std::string& principal, PermissionValue value) {
    where.entries[permission_key({resource, principal})] = value;
  }
  void tag(const std::string& name, const std::string& value) {
    governing.entries[{EntryKind::TagAssignment, name}] = TagAssignment{value};
  }
  void share(ShareState state = ShareState::Active) {
    local.entries[{EntryKind::ShareAcceptance, kOwner}] = Shared<ShareAcceptance>({state, {}});
  }
  void link(const std::string& name, const std::string& table = "") {
    local.entries[{EntryKind::Link, name}] = Shared<Link>({kOwner, "sales", table, ""});
  }
  void account_grant() { grant(governing, table(), kConsumer, perms({P::Select}, {P::Select})); }
  void local_grant() { grant(local, table(), kForeignRole, perms({P::Select})); }

  static ResourceId table() { return ResourceId::of_table(kOwner, "sales", "orders"); }
  static ResourceId all_tables() { return ResourceId::of_all_tables(kOwner, "sales"); }

  Access access() const { return evaluate(query, governing, local_read ? &local : nullptr); }
  bool allowed() const { return access().allowed; }
  /// "yes: Permission" or "no: AccountPermission -Share": a minus marks what is missing.
  std::string answer() const {
    static const char* kNames[] = {"Permission", "AccountPermission", "Share", "LocalPermission", "Link"};
    const Access found = access();
    std::string out = found.allowed ? "yes:" : "no:";
    for (const Hop& hop : found.hops) {
      out += std::string(hop.ok ? " " : " -") + kNames[static_cast<std::size_t>(hop.kind)];
    }
    return out;
  }
};

TEST(Evaluate, LetsInWhoHoldsThePermission) {
  Scene scene;
  EXPECT_EQ(scene.answer(), "no: -Permission");
  scene.grant(scene.governing, Scene::table(), kRole, perms({P::Select}));
  EXPECT_EQ(scene.answer(), "yes: Permission");
  EXPECT_EQ(scene.access().hops[0].entry, permission_key({Scene::table(), kRole}));
}

TEST(Evaluate, AsksForThePermissionThatIsAskedFor) {
  Scene scene;
  scene.grant(scene.governing, Scene::table(), kRole, perms({P::Insert}));
  EXPECT_FALSE(scene.allowed());
  scene.query.permission = P::Insert;
  EXPECT_TRUE(scene.allowed());
  scene.query.permission = P::Describe;
  EXPECT_TRUE(scene.allowed()) << "any permission implies DESCRIBE";
}

TEST(Evaluate, TakesAllAndAllTablesForWhatTheyStandFor) {
  Scene all;
  all.grant(all.governing, Scene::table(), kRole, perms({P::All}));
  EXPECT_TRUE(all.allowed());
  Scene wildcard;
  wildcard.grant(wildcard.governing, Scene::all_tables(), kRole, perms({P::Select}));
  EXPECT_TRUE(wildcard.allowed());
  wildcard.query.database = "other";
  EXPECT_FALSE(wildcard.allowed());
}

TEST(Evaluate, AnswersColumnByColumn) {
  Scene scene;
  scene.grant(scene.governing, ResourceId::of_columns(kOwner, "sales", "orders"), kRole, on_columns({"day", "id"}));
  EXPECT_TRUE(scene.allowed()) << "some column can be read";
  scene.query.column = "id";
  EXPECT_TRUE(scene.allowed());
  scene.query.column = "card";
  EXPECT_FALSE(scene.allowed());
  scene.query.permission = P::Insert;
  EXPECT_FALSE(scene.allowed());
}

TEST(Evaluate, KeepsExcludedColumnsOut) {
  Scene scene;
  scene.grant(scene.governing, {ResourceType::ColumnsExcept, kOwner, "sales", "orders", "card,iban"}, kRole,
              perms({P::Select}));
  scene.query.column = "id";
  EXPECT_TRUE(scene.allowed());
  scene.query.column = "card";
  EXPECT_FALSE(scene.allowed());
  scene.query.column = "iba";
  EXPECT_TRUE(scene.allowed()) << "a part of an excluded name is another column";
}

TEST(Evaluate, LetsInThroughARowFilter) {
  Scene scene;
  scene.grant(scene.governing, {ResourceType::DataFilter, kOwner, "sales", "orders", "emea"}, kRole,
              perms({P::Select}));
  EXPECT_TRUE(scene.allowed());
  scene.query.table = "orders2";
  EXPECT_FALSE(scene.allowed());
}

TEST(Evaluate, MatchesTagsWithAndOverKeysAndOrOverValues) {
  Scene scene;
  scene.grant(scene.governing, {ResourceType::TablePolicy, kOwner, "", "", "domain=retail,sales;layer=gold"}, kRole,
              perms({P::Select}));
  EXPECT_FALSE(scene.allowed());
  scene.tag("sales#domain", "sales");
  EXPECT_FALSE(scene.allowed()) << "one key of two";
  scene.tag("sales/orders#layer", "gold");
  EXPECT_TRUE(scene.allowed());
  scene.tag("sales/orders#domain", "finance");
  EXPECT_FALSE(scene.allowed()) << "the table's own value overrides the database's";
}

TEST(Evaluate, FollowsTagsToAnotherAccountAndSaysWhereEachIsInherited) {
  Scene scene(kForeignRole);
  const ResourceId policy{ResourceType::TablePolicy, kOwner, "", "", "domain=sales;pii=no"};
  scene.grant(scene.governing, policy, kConsumer, perms({P::Select}, {P::Select}));
  scene.grant(scene.local, policy, kForeignRole, perms({P::Select}));
  scene.share();
  scene.tag("sales#domain", "sales");
  scene.tag("sales/orders#pii", "no");
  const Access access = evaluate(scene.query, scene.governing, &scene.local);
  EXPECT_TRUE(access.allowed);
  const std::string by = ", by tags domain=sales;pii=no; domain is sales, inherited from sales; pii is no on sales/orders";
  EXPECT_EQ(access.hops.at(0).what, "account " + kConsumer + " holds SELECT on sales/orders" + by);
  EXPECT_EQ(access.hops.at(2).what, kForeignRole + " holds SELECT on sales/orders" + by);
  scene.tag("sales/orders#pii", "yes");
  EXPECT_FALSE(evaluate(scene.query, scene.governing, &scene.local).allowed);
}

TEST(Evaluate, MatchesTheTagsOfTheColumn) {
  Scene scene;
  scene.grant(scene.governing, {ResourceType::TablePolicy, kOwner, "", "", "pii=no"}, kRole, perms({P::Select}));
  scene.tag("sales#pii", "no");
  scene.tag("sales/orders/card#pii", "yes");
  scene.query.column = "id";
  EXPECT_TRUE(scene.allowed());
  scene.query.column = "card";
  EXPECT_FALSE(scene.allowed());
}

TEST(Evaluate, TakesAStarForAnyValueButNotForNone) {
  Scene scene;
  scene.grant(scene.governing, {ResourceType::TablePolicy, kOwner, "", "", "domain=*"}, kRole, perms({P::Select}));
  EXPECT_FALSE(scene.allowed());
  scene.tag("sales#domain", "whatever");
  EXPECT_TRUE(scene.allowed());
}

TEST(Evaluate, LetsEverybodyInWhileIamAloneDecides) {
  Scene scene;
  scene.grant(scene.governing, Scene::table(), "IAM_ALLOWED_PRINCIPALS", perms({P::All}));
  EXPECT_EQ(scene.answer(), "yes: Permission");
}

TEST(Evaluate, CountsWhatAllPrincipalsOfTheAccountHold) {
  Scene scene;
  scene.grant(scene.governing, Scene::table(), kOwner + ":IAMPrincipals", perms({P::Select}));
  EXPECT_TRUE(scene.allowed());
  scene.query.principal = kForeignRole;
  EXPECT_FALSE(scene.allowed());
}

TEST(Evaluate, LetsAdministratorsDescribeButNotRead) {
  Scene scene;
  Settings settings;
  settings.administrators = {kRole};
  scene.governing.entries[{EntryKind::Settings, ""}] = Shared<Settings>(settings);
  EXPECT_FALSE(scene.allowed());
  scene.query.permission = P::Describe;
  EXPECT_TRUE(scene.allowed());
}

TEST(Evaluate, AsksForEveryHopToAForeignPrincipal) {
  Scene scene(kForeignRole);
  EXPECT_EQ(scene.answer(), "no: -AccountPermission -Share -LocalPermission -Link");
  scene.account_grant();
  EXPECT_EQ(scene.answer(), "no: AccountPermission -Share -LocalPermission -Link");
  scene.share();
  EXPECT_EQ(scene.answer(), "no: AccountPermission Share -LocalPermission -Link");
  scene.local_grant();
  EXPECT_EQ(scene.answer(), "yes: AccountPermission Share LocalPermission -Link")
      << "permission does not depend on a name for it";
  scene.link("orders_rl");
  EXPECT_EQ(scene.answer(), "yes: AccountPermission Share LocalPermission Link");
}

TEST(Evaluate, CountsNoHopForAnother) {
  Scene without_account(kForeignRole);
  without_account.share();
  without_account.local_grant();
  EXPECT_EQ(without_account.answer(), "no: -AccountPermission Share LocalPermission -Link");
  Scene without_share(kForeignRole);
  without_share.account_grant();
  without_share.local_grant();
  without_share.share(ShareState::Broken);
  EXPECT_EQ(without_share.answer(), "no: AccountPermission -Share LocalPermission -Link");
}

TEST(Evaluate, CannotSayYesOfAnAccountThatWasNotRead) {
  Scene scene(kForeignRole);
  scene.account_grant();
  scene.share();
  scene.local_grant();
  scene.local_read = false;
  EXPECT_EQ(scene.answer(), "no: AccountPermission -Share -Link");
}

TEST(Evaluate, LetsAForeignRoleInThatTheOwnerNamed) {
  Scene scene(kForeignRole);
  scene.grant(scene.governing, Scene::table(), kForeignRole, perms({P::Select}));
  EXPECT_EQ(scene.answer(), "no: Permission -Share");
  scene.share();
  EXPECT_EQ(scene.answer(), "yes: Permission Share");
}

TEST(Evaluate, FindsTheLinkOfTheTableAsWellAsOfTheDatabase) {
  Scene scene(kForeignRole);
  scene.link("local/items_rl", "items");
  EXPECT_FALSE(scene.access().hops.back().ok) << "that is another table";
  scene.link("local/orders_rl", "orders");
  EXPECT_EQ(scene.access().hops.back().entry, table_link_key("local", "orders_rl"));
}

}  // namespace
}  // namespace datamesh::catalog
