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
    query = {std::move(principal), P::Select, kCatalog, "sales", "orders", "", "", std::nullopt};
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
  void see_link(const std::string& name) {
    grant(local, ResourceId::of_database(kConsumer, name), kForeignRole, perms({P::Describe}));
  }
  void account_grant() { grant(governing, table(), kConsumer, perms({P::Select}, {P::Select})); }
  void local_grant() { grant(local, table(), kForeignRole, perms({P::Select})); }

  static ResourceId table() { return ResourceId::of_table(kOwner, "sales", "orders"); }
  static ResourceId all_tables() { return ResourceId::of_all_tables(kOwner, "sales"); }

  Access access() const { return evaluate(query, governing, local_read ? &local : nullptr); }
  bool allowed() const { return access().allowed; }
  Lines whats() const {
    Lines out;
    for (const Hop& hop : access().hops) out.push_back(hop.what);
    return out;
  }
  /// "all columns; columns a, b where day > 1": what can be read.
  std::string cells() const {
    std::string out;
    for (const Cells& each : access().cells) {
      out += (out.empty() ? "" : "; ") + to_string(each.columns) + (each.rows.empty() ? "" : " where " + each.rows);
    }
    return out;
  }
  void filter(const std::string& name, const std::string& rows, std::vector<std::string> columns = {}) {
    governing.entries[{EntryKind::DataFilter, "sales/orders/" + name}] = Shared<DataFilter>({rows, std::move(columns), {}});
  }
  static ResourceId through(const std::string& name) { return {ResourceType::DataFilter, kOwner, "sales", "orders", name}; }
  void row(const std::string& text) {
    auto read = parse_row(text);
    ASSERT_TRUE(read) << read.error().message;
    query.row = std::move(*read);
  }
  void data_at(const std::string& location) {
    catalog::Table table;
    table.location = location;
    table.columns = {{"id", "bigint", ""}, {"card", "string", ""}};
    governing.entries[table_key("sales", "orders")] = Shared<catalog::Table>(table);
  }
  void location(const std::string& arn, bool hybrid = false) {
    governing.entries[{EntryKind::Location, arn}] = Location{"", hybrid};
  }
  void administrator(Snapshot& where, const std::string& who) {
    Settings settings;
    settings.administrators = {who};
    where.entries[{EntryKind::Settings, ""}] = Shared<Settings>(settings);
  }
  /// "yes: Permission" or "no: AccountPermission -Share": a minus marks what is missing.
  std::string answer() const {
    const Access found = access();
    std::string out = found.allowed ? "yes:" : "no:";
    for (const Hop& hop : found.hops) {
      out += std::string(hop.ok ? " " : " -") + std::string(to_string(hop.kind));
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
  EXPECT_EQ(scene.whats(), (Lines{"account " + kConsumer + " holds SELECT on sales/orders by tags domain=sales;pii=no",
                                  "tag domain is sales on sales/orders, inherited from sales", "tag pii is no on sales/orders",
                                  "the share from account " + kOwner + " is accepted",
                                  kForeignRole + " holds SELECT on sales/orders by tags domain=sales;pii=no",
                                  "no resource link to sales/orders: query engines find it by a link only"}));
  EXPECT_EQ(access.hops.at(1).entry, (LocalKey{EntryKind::TagAssignment, "sales#domain"}));
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
  scene.administrator(scene.governing, kRole);
  EXPECT_FALSE(scene.allowed());
  scene.query.permission = P::Describe;
  EXPECT_TRUE(scene.allowed());
}

TEST(Evaluate, SaysThatAPermissionByTagsMissesByOneTag) {
  Scene scene;
  scene.grant(scene.governing, {ResourceType::TablePolicy, kOwner, "", "", "domain=sales;level=open,public"}, kRole,
              perms({P::Select}));
  scene.tag("sales#domain", "sales");
  scene.tag("sales#level", "secret");
  EXPECT_EQ(scene.answer(), "no: Permission Tag -Tag");
  EXPECT_EQ(scene.whats().back(),
            "tag level is secret on sales/orders, inherited from sales; the permission asks for open, public");
  EXPECT_EQ(first_missing(scene.access())->kind, HopKind::Tag);
  scene.tag("sales#domain", "other");
  EXPECT_EQ(scene.answer(), "no: -Permission") << "two tags amiss are no near miss";
}

TEST(Evaluate, GivesTheMatchingColumnsOnlyWhereTagsMatchInPart) {
  Scene scene;
  scene.data_at("");
  scene.grant(scene.governing, {ResourceType::TablePolicy, kOwner, "", "", "pii=no"}, kRole, perms({P::Select, P::Insert}));
  scene.tag("sales#pii", "no");
  scene.tag("sales/orders/card#pii", "yes");
  EXPECT_EQ(scene.cells(), "column id");
  scene.query.permission = P::Insert;
  EXPECT_FALSE(scene.allowed()) << "everything but SELECT is DESCRIBE then";
  scene.query.permission = P::Describe;
  EXPECT_TRUE(scene.allowed());
  scene.tag("sales/orders/id#pii", "yes");
  EXPECT_FALSE(scene.allowed()) << "no column is left";
}

TEST(Evaluate, SaysWhichTagKeepsAColumnOut) {
  Scene scene;
  scene.data_at("");
  scene.grant(scene.governing, {ResourceType::TablePolicy, kOwner, "", "", "pii=no"}, kRole, perms({P::Select}));
  scene.tag("sales#pii", "no");
  scene.tag("sales/orders/card#pii", "yes");
  scene.query.column = "card";
  EXPECT_EQ(scene.answer(), "no: Permission -Tag");
  EXPECT_EQ(scene.whats().back(), "tag pii is yes on sales/orders/card; the permission asks for no");
}

TEST(Evaluate, LetsDatabasesBeFoundByTagsAndByAllTheirTables) {
  Scene scene;
  scene.query.table = "";
  scene.query.permission = P::Describe;
  EXPECT_FALSE(scene.allowed());
  scene.grant(scene.governing, {ResourceType::DatabasePolicy, kOwner, "", "", "domain=sales"}, kRole, perms({P::Describe}));
  EXPECT_FALSE(scene.allowed());
  scene.tag("sales#domain", "sales");
  EXPECT_EQ(scene.answer(), "yes: Permission Tag");
  Scene tables;
  tables.query = scene.query;
  tables.grant(tables.governing, Scene::all_tables(), kRole, perms({P::Insert}));
  EXPECT_TRUE(tables.allowed());
  tables.query.permission = P::CreateTable;
  EXPECT_FALSE(tables.allowed());
}

TEST(Evaluate, AsksForEveryTableWhereNoneIsNamed) {
  Scene scene;
  scene.data_at("");
  scene.governing.entries[table_key("sales", "items")] = Shared<Table>(Table{});
  scene.query.table = "";
  scene.grant(scene.governing, Scene::table(), kRole, perms({P::Select}));
  EXPECT_EQ(scene.whats().front(), kRole + " does not hold SELECT on sales/items");
  scene.grant(scene.governing, ResourceId::of_table(kOwner, "sales", "items"), kRole, perms({P::Select}));
  EXPECT_TRUE(scene.allowed());
}

TEST(Evaluate, TellsWhichRowsAFilterIsOn) {
  Scene scene;
  scene.filter("emea", "country = 'de'", {"id"});
  scene.grant(scene.governing, Scene::through("emea"), kRole, perms({P::Select}));
  EXPECT_EQ(scene.answer(), "yes: Permission DataFilter");
  EXPECT_EQ(scene.cells(), "column id where country = 'de'");
  EXPECT_EQ(scene.access().hops.back().entry, (LocalKey{EntryKind::DataFilter, "sales/orders/emea"}));
  scene.query.column = "card";
  EXPECT_EQ(scene.answer(), "no: -Permission");
}

TEST(Evaluate, JudgesACellByTheFilterThatItPasses) {
  Scene scene;
  scene.filter("emea", "country = 'de' AND amount < 10");
  scene.grant(scene.governing, Scene::through("emea"), kRole, perms({P::Select}));
  scene.row("country = 'de' AND amount = 9.5");
  EXPECT_TRUE(scene.allowed());
  scene.row("country=de,amount=10");
  EXPECT_FALSE(scene.allowed());
  EXPECT_EQ(scene.whats().back(), "filter emea keeps the row out: country = 'de' AND amount < 10 is false");
  scene.row("country=de");
  EXPECT_FALSE(scene.allowed());
  EXPECT_EQ(scene.whats().back(), "filter emea keeps the row out: country = 'de' AND amount < 10 is unknown; amount is not "
                                  "given and counts as NULL");
}

TEST(Evaluate, UnitesTheCellsOfSeveralFiltersOfOnePrincipal) {
  Scene scene;
  scene.filter("de", "country = 'de'", {"id"});
  scene.filter("fr", "country = 'fr'");
  scene.grant(scene.governing, Scene::through("de"), kRole, perms({P::Select}));
  scene.grant(scene.governing, Scene::through("fr"), kRole, perms({P::Select}));
  EXPECT_EQ(scene.cells(), "all columns where country = 'fr'; column id where country = 'de'");
  scene.row("country=fr");
  EXPECT_EQ(scene.answer(), "yes: Permission DataFilter -DataFilter");
  EXPECT_EQ(first_missing(scene.access()), nullptr) << "one filter is enough";
  scene.query.column = "card";
  EXPECT_TRUE(scene.allowed());
  scene.row("country=de");
  EXPECT_FALSE(scene.allowed()) << "that filter does not have the column";
  scene.grant(scene.governing, Scene::table(), kRole, perms({P::Select}));
  EXPECT_EQ(scene.cells(), "column card") << "an all-rows permission prevails";
}

TEST(Evaluate, IntersectsTheRowsOfTheAccountAndOfThePrincipal) {
  Scene scene(kForeignRole);
  scene.filter("hr", "dept = 'hr'");
  scene.filter("us", "country = 'us'");
  scene.grant(scene.governing, Scene::through("hr"), kConsumer, perms({P::Select}, {P::Select}));
  scene.grant(scene.local, Scene::through("us"), kForeignRole, perms({P::Select}));
  scene.share();
  EXPECT_EQ(scene.answer(), "yes: AccountPermission DataFilter Share LocalPermission DataFilter -Link");
  EXPECT_EQ(scene.cells(), "all columns where (dept = 'hr') AND (country = 'us')");
  scene.row("dept=hr,country=us");
  EXPECT_TRUE(scene.allowed());
  scene.row("dept=hr,country=de");
  EXPECT_EQ(scene.answer(), "no: AccountPermission DataFilter Share LocalPermission -DataFilter -Link");
}

TEST(Evaluate, LetsAPrincipalHaveOnlyWhatItsAccountHas) {
  Scene scene(kForeignRole);
  scene.grant(scene.governing, ResourceId::of_columns(kOwner, "sales", "orders"), kConsumer, on_columns({"id"}));
  scene.grant(scene.local, ResourceId::of_columns(kOwner, "sales", "orders"), kForeignRole, on_columns({"card"}));
  scene.share();
  EXPECT_EQ(scene.answer(), "no: AccountPermission Share -LocalPermission -Link");
  scene.local_grant();
  EXPECT_EQ(scene.cells(), "column id");
}

TEST(Evaluate, LeavesIamBehindForWhoHasOptedIn) {
  Scene scene;
  scene.data_at("s3://bucket/sales/orders");
  scene.location("arn:aws:s3:::bucket/sales", true);
  scene.grant(scene.governing, Scene::table(), "IAM_ALLOWED_PRINCIPALS", perms({P::All}));
  EXPECT_EQ(scene.answer(), "yes: OptIn Permission Location");
  EXPECT_EQ(scene.whats(), (Lines{kRole + " has not opted in: under hybrid access IAM decides for it",
                                  "IAM_ALLOWED_PRINCIPALS holds SELECT on sales/orders: IAM alone decides",
                                  "s3://bucket/sales/orders is registered, under hybrid access as part of s3://bucket/sales"}));
  const auto opts_in = [&](const ResourceId& resource, const std::string& principal) {
    const LocalKey key{EntryKind::OptIn, to_string(PermissionId{resource, principal})};
    scene.governing.entries[key] = OptIn{};
    return key;
  };
  opts_in(ResourceId::of_database(kOwner, "sales"), kRole);
  EXPECT_EQ(scene.answer(), "yes: OptIn Permission Location") << "an opt-in on the database is not about its tables";
  const LocalKey all = opts_in(ResourceId::of_all_tables(kOwner, "sales"), std::string(kOwner) + ":IAMPrincipals");
  EXPECT_EQ(scene.answer(), "no: OptIn -Permission Location");
  scene.governing.entries.erase(all);
  const LocalKey opt_in = opts_in(Scene::table(), kRole);
  EXPECT_EQ(scene.answer(), "no: OptIn -Permission Location");
  EXPECT_EQ(scene.access().hops.front().entry, opt_in);
  scene.grant(scene.governing, Scene::table(), kRole, perms({P::Select}));
  EXPECT_EQ(scene.answer(), "yes: OptIn Permission Location");
}

TEST(Evaluate, SaysThatAForeignPrincipalHasNotOptedIn) {
  Scene scene(kForeignRole);
  scene.data_at("s3://bucket/sales/orders");
  scene.location("arn:aws:s3:::bucket/sales", true);
  scene.account_grant();
  scene.local_grant();
  scene.share();
  EXPECT_EQ(scene.answer(), "yes: -OptIn AccountPermission Share LocalPermission Location -Link");
  scene.local.entries[{EntryKind::OptIn, to_string(PermissionId{Scene::table(), kForeignRole})}] = OptIn{};
  EXPECT_EQ(scene.answer(), "yes: OptIn AccountPermission Share LocalPermission Location -Link");
}

TEST(Evaluate, SaysThatDataIsNotRegistered) {
  Scene scene;
  scene.data_at("s3://bucket/sales/orders/");
  scene.location("arn:aws:s3:::bucket/sales/ord");
  scene.grant(scene.governing, Scene::table(), kRole, perms({P::Select}));
  EXPECT_EQ(scene.answer(), "yes: Permission -Location") << "a part of a name is another place";
  EXPECT_EQ(first_missing(scene.access())->kind, HopKind::Location);
  scene.location("arn:aws:s3:::bucket");
  EXPECT_EQ(scene.answer(), "yes: Permission Location");
}

TEST(Evaluate, AnswersForDataLocationsAndWhatIsBelow) {
  Scene scene;
  scene.query = {kRole, P::DataLocationAccess, kCatalog, "", "", "", "arn:aws:s3:::bucket/sales/orders", std::nullopt};
  EXPECT_EQ(scene.answer(), "no: -Location -Permission");
  scene.location("arn:aws:s3:::bucket/sales");
  EXPECT_EQ(scene.answer(), "no: Location -Permission");
  scene.grant(scene.governing, ResourceId::of_location(kOwner, "arn:aws:s3:::bucket/sale"), kRole, perms({P::DataLocationAccess}));
  EXPECT_FALSE(scene.allowed());
  scene.grant(scene.governing, ResourceId::of_location(kOwner, "arn:aws:s3:::bucket/sales"), kRole, perms({P::DataLocationAccess}));
  EXPECT_EQ(scene.answer(), "yes: Location Permission");
  scene.query.principal = kForeignRole;
  EXPECT_EQ(scene.answer(), "no: Location -AccountPermission -Share -LocalPermission");
  Scene admin;
  admin.query = scene.query;
  admin.query.principal = kRole;
  admin.location("arn:aws:s3:::bucket/sales");
  admin.administrator(admin.governing, kRole);
  EXPECT_TRUE(admin.allowed());
}

TEST(Evaluate, TakesAnAccountForWhatItWasGranted) {
  Scene scene(kConsumer);
  EXPECT_EQ(scene.answer(), "no: -AccountPermission -Share");
  scene.account_grant();
  scene.share();
  EXPECT_EQ(scene.answer(), "yes: AccountPermission Share");
}

TEST(Evaluate, SaysHowAShareIs) {
  Scene scene(kConsumer);
  scene.account_grant();
  scene.share(ShareState::Pending);
  EXPECT_EQ(scene.whats().back(), "an invitation of account " + kOwner + " waits to be accepted");
  scene.share(ShareState::Active);
  PermissionValue broken = perms({P::Select});
  broken.share_broken = true;
  scene.grant(scene.governing, Scene::table(), kConsumer, broken);
  EXPECT_EQ(scene.whats().back(), "the resource share behind this permission is gone");
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
  EXPECT_EQ(scene.answer(), "yes: AccountPermission Share LocalPermission -Link") << "the link is hidden from it";
  scene.see_link("orders_rl");
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
  EXPECT_EQ(scene.answer(), "no: AccountPermission -Share -LocalPermission");
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
  scene.administrator(scene.local, kForeignRole);
  EXPECT_EQ(scene.access().hops.back().entry, table_link_key("local", "orders_rl"));
}

}  // namespace
}  // namespace datamesh::catalog
