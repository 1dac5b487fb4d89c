// Tables that are dropped and made again under the same name: by hand, by the operator itself, by the producer whose database
// leads. What was given on them comes back by itself, or waits for approval, as the product says.
#include "controller/engine/catalog_state.h"
#include "controller/engine/recreated_tables.h"
#include "reconcilers/withheld_tables.h"
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using aws::Service;

constexpr const char* kApprove = "datamesh.dev/approve-tables";

/// The orders, with tags on a table and a column of it. `more`: further fields of the product.
std::string product(const std::string& more) {
  return kOrdersHead + R"Y(  deletionPolicy: Delete
  )Y" + more + R"Y(
  tables:
    - {name: items, columns: [{name: sku, type: string}]}
    - name: orders
      columns: [{name: id, type: string}, {name: email, type: string, tags: {pii: "yes"}}]
      tags: {tier: gold}
)Y";
}

/// To the account by table, to a role by rows, and on to the analysts of the account.
constexpr const char* kByName = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {namespace: retail, name: by-name}
spec: {product: {name: orders}, tables: [orders, items], to: {accounts: [{namespace: analytics, name: analytics}]}}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {namespace: retail, name: rows}
spec:
  product: {name: orders}
  tables: [orders]
  rowFilter: id = '1'
  columns: {exclude: [email]}
  to: {principals: ["arn:aws:iam::100000000001:role/auditor"]}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {namespace: analytics, name: analysts}
spec: {link: orders, tables: [orders, items], to: {personas: [{account: {name: analytics}, name: analysts}]}}
---
apiVersion: datamesh.dev/v1alpha1
kind: ResourceLink
metadata: {name: orders, namespace: analytics}
spec: {account: analytics, product: {namespace: retail, name: orders}}
)Y";

constexpr const char* kAwait = "recreatedTables: AwaitApproval";
constexpr const char* kFollow = "schemaPolicy: FollowProducer\n  sourceDatabase: raw";

struct Tables : SmallWorld {
  void begin(const std::string& more = kAwait) {
    apply(product(more));
    apply(kByName);
    start_engine();
    run();
    EXPECT_TRUE(engine->converged()) << engine->status().dump(2) << get("DataProduct", "retail", "orders").dump(2);
  }
  void run() { EXPECT_TRUE(run_until_idle()) << engine->status().dump(2); }
  /// Two sweeps: what a catalog shows may change what others claim.
  void sweep_all() {
    sweep();
    sweep();
    run();
  }
  void drop(const std::string& table, const char* account = kCentral, const std::string& database = "orders") {
    by_hand(account, Service::Glue, "DeleteTable", Json({{"DatabaseName", database}, {"Name", table}}).dump());
  }
  void make(const std::string& table, const Lines& columns, const char* account = kCentral, const std::string& database = "orders") {
    Json list = Json::array();
    for (const std::string& column : columns) list.push_back({{"Name", column}, {"Type", "string"}});
    const Json input = {{"Name", table},
                        {"StorageDescriptor", {{"Columns", list}, {"Location", "s3://retail-data/orders/" + table}}}};
    by_hand(account, Service::Glue, "CreateTable", Json({{"DatabaseName", database}, {"TableInput", input}}).dump());
  }
  /// As somebody does who puts something else under the name.
  void make_again(const std::string& table, const Lines& columns) {
    advance(seconds(10));
    drop(table);
    make(table, columns);
  }
  void make_orders_again() { make_again("orders", {"id", "email"}); }
  void make_source() {
    by_hand(kRetail, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "raw"}})");
    make("orders", {"id", "email"}, kRetail, "raw");
    make("items", {"sku"}, kRetail, "raw");
  }
  bool reads(const std::string& table) {
    return call_as(kAnalyst, Service::Glue, "GetTable",
                   {{"CatalogId", kCentral}, {"DatabaseName", "orders"}, {"Name", table}}).has_value();
  }
  Json status() { return get("DataProduct", "retail", "orders")["status"]; }
  /// What approves the table as it is now.
  std::string token(std::size_t index = 0) { return status()["recreatedTables"]["items"][index]["table"]; }
  void approve(const std::string& value) {
    ASSERT_TRUE(store->patch({"DataProduct", "retail", "orders"}, api::PatchType::Merge,
                             {{"metadata", {{"annotations", {{kApprove, value}}}}}}));
    run();
  }
  /// Rights on the table, its columns and rows, its tags: all that is withheld.
  Lines on(const std::string& table) {
    Lines out;
    for (const std::string& line : everything()) {
      const bool is_table = line.find("orders/" + table) != line.npos;
      if (is_table && line.find(": Table ") == line.npos) out.push_back(line);
    }
    return out;
  }
  void expect_withheld(const std::string& table) {
    EXPECT_EQ(on(table), Lines{});
    EXPECT_FALSE(reads(table));
    EXPECT_EQ(ready("DataProduct", "retail", "orders"), "False:TableRecreated");
    EXPECT_EQ(condition("DataProduct", "retail", "orders", "Stalled"), "True:TableRecreated");
  }
};

// ---- Restore --------------------------------------------------------------------------------------------------

struct Again {
  std::string name;
  bool follows;
  std::function<void(Tables&)> happen;
};

void PrintTo(const Again& again, std::ostream* out) { *out << again.name; }

std::vector<Again> agains() {
  return {
      {"ByHandBetweenTwoReadings", false, [](Tables& world) { world.make_orders_again(); }},
      {"ByHandWithOtherColumns", false, [](Tables& world) { world.make_again("orders", {"other"}); }},
      {"ByTheOperator", false, [](Tables& world) { world.drop("orders"); }},
      {"ByTheOperatorOnceMore",
       false,
       [](Tables& world) {
         world.drop("orders");
         world.sweep();
         world.drop("orders");
       }},
      {"ByTheProducerBetweenTwoReadings",
       true,
       [](Tables& world) {
         world.advance(seconds(10));
         world.drop("orders", kRetail, "raw");
         world.make("orders", {"id", "email"}, kRetail, "raw");
       }},
      {"ByTheProducerWhoWasSeenToDropIt",
       true,
       [](Tables& world) {
         world.drop("orders", kRetail, "raw");
         world.sweep_all();
         world.make("orders", {"id", "email"}, kRetail, "raw");
       }},
      {"ByHandInAFollowingProduct", true, [](Tables& world) { world.make_orders_again(); }},
  };
}

class MadeAgain : public ::testing::TestWithParam<Again> {};

TEST_P(MadeAgain, HasAllThatItHadByTheNextSweep) {
  Tables world;
  if (GetParam().follows) world.make_source();
  world.begin(GetParam().follows ? kFollow : "");
  const Lines before = world.everything();
  EXPECT_FALSE(world.on("orders").empty());
  GetParam().happen(world);
  world.sweep_all();
  EXPECT_EQ(world.everything(), before);
  EXPECT_TRUE(world.reads("orders"));
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_FALSE(world.status().contains("tables")) << "nothing is remembered where nothing waits";
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST_P(MadeAgain, AwaitsApprovalWhereTheProductSaysSo) {
  Tables world;
  if (GetParam().follows) world.make_source();
  world.begin(std::string(kAwait) + (GetParam().follows ? std::string("\n  ") + kFollow : ""));
  const Lines before = world.everything();
  GetParam().happen(world);
  world.sweep_all();
  world.expect_withheld("orders");
  EXPECT_TRUE(world.reads("items"));
  world.restart();
  world.run();
  world.sweep_all();
  world.expect_withheld("orders");
  for (const auto& [ns, name] : {std::pair("retail", "by-name"), std::pair("retail", "rows"), std::pair("analytics", "analysts")}) {
    EXPECT_EQ(world.ready("Grant", ns, name), "False:TableRecreated") << name;
  }
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{})) << "it waits in silence";
  world.approve(world.token());
  EXPECT_EQ(world.everything(), before);
  EXPECT_TRUE(world.reads("orders"));
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

INSTANTIATE_TEST_SUITE_P(Tables, MadeAgain, ::testing::ValuesIn(agains()), [](const auto& info) { return info.param.name; });

// ---- AwaitApproval --------------------------------------------------------------------------------------------

TEST(RecreatedTables, AreNoneWhenAProductIsPublishedFirst) {
  Tables world;
  world.begin();
  EXPECT_TRUE(world.reads("orders"));
  EXPECT_EQ(world.status()["tables"]["100000000001/eu-west-1"].size(), 2u);
  EXPECT_FALSE(world.status().contains("recreatedTables"));
}

TEST(RecreatedTables, ArePublishedThoughSomebodyElseHadMadeThem) {
  Tables world;
  world.apply(product(kAwait));
  world.by_hand(kCentral, Service::LakeFormation, "PutDataLakeSettings",
                R"({"DataLakeSettings": {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/datamesh-operator"}]}})");
  world.by_hand(kCentral, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "orders"}})");
  world.make("orders", {"id"});
  world.begin();
  EXPECT_TRUE(world.reads("orders"));
}

TEST(RecreatedTables, AreNotApprovedByWhatApprovedTheOneBefore) {
  Tables world;
  world.begin();
  world.make_orders_again();
  world.sweep_all();
  const std::string first = world.token();
  world.approve(first);
  EXPECT_TRUE(world.reads("orders"));
  world.make_orders_again();
  world.sweep_all();
  world.expect_withheld("orders");
  EXPECT_NE(world.token(), first);
  EXPECT_EQ(world.get("DataProduct", "retail", "orders")["metadata"]["annotations"][kApprove], first);
}

TEST(RecreatedTables, AreApprovedOneByOneOrAllAtOnce) {
  Tables world;
  world.begin();
  world.make_orders_again();
  world.make_again("items", {"sku"});
  world.sweep_all();
  EXPECT_EQ(world.status()["recreatedTables"]["count"], 2);
  world.approve(world.token(1));
  EXPECT_TRUE(world.reads("orders"));
  EXPECT_FALSE(world.reads("items"));
  EXPECT_EQ(world.ready("Grant", "retail", "rows"), "True:InForce") << "its table is approved";
  world.make_orders_again();
  world.sweep_all();
  EXPECT_FALSE(world.reads("orders"));
  world.approve(world.status()["recreatedTables"]["hash"]);
  EXPECT_TRUE(world.reads("orders"));
  EXPECT_TRUE(world.reads("items"));
  EXPECT_TRUE(world.engine->converged());
}

TEST(RecreatedTables, WithholdNothingFromThoseWhoAreGivenAllTablesAndSayWho) {
  Tables world;
  world.begin();
  world.apply(kOrdersToAnalytics);
  world.run();
  world.make_orders_again();
  world.sweep_all();
  EXPECT_NE(world.message("DataProduct", "retail", "orders").find("permissions on all tables reach them all the same: Grants orders-to-analytics"),
            std::string::npos)
      << world.message("DataProduct", "retail", "orders");
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "True:InForce");
}

TEST(RecreatedTables, AreFoundMadeAgainThoughTheOperatorWasDown) {
  Tables world;
  world.begin();
  world.crash();
  world.make_orders_again();
  world.start_engine();
  world.run();
  world.expect_withheld("orders");
}

TEST(RecreatedTables, ThatSomebodyGrantsOnByHandFollowTheUndeclaredPolicy) {
  for (const bool revokes : {false, true}) {
    Tables world;
    if (revokes) {
      world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: central, namespace: governance}
spec: {accountId: "100000000001", regions: [eu-west-1], roles: [Central], undeclared: Revoke}
)Y");
    }
    world.begin();
    world.make_orders_again();
    world.sweep_all();
    world.hand_grants(kCentral, "GrantPermissions", "arn:aws:iam::100000000001:role/auditor",
                      R"({"Table": {"DatabaseName": "orders", "Name": "orders"}})", {"SELECT"});
    world.sweep_all();
    EXPECT_EQ(mentions(world.on("orders"), "role/auditor"), !revokes);
    EXPECT_EQ(world.get("Account", "governance", "central")["status"].contains("undeclared"), !revokes);
    EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:TableRecreated");
  }
}

TEST(RecreatedTables, AreTheSameWhenAProductComesToWantApproval) {
  Tables world;
  world.begin("");
  const Lines before = world.everything();
  world.writes();
  world.apply(product(kAwait));
  world.run();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
  EXPECT_TRUE(world.engine->converged());
  world.make_orders_again();
  world.sweep_all();
  world.expect_withheld("orders");
  world.apply(product(""));
  world.run();
  EXPECT_EQ(world.everything(), before) << "who wants no approval any more gives all back";
  EXPECT_FALSE(world.status().contains("tables"));
}

TEST(RecreatedTables, ThatTheProductLetGoOfItselfAreNewWhenItTakesThemUpAgain) {
  Tables world;
  world.begin();
  const std::string whole = product(kAwait);
  world.apply(whole.substr(0, whole.find("    - name: orders")));
  world.run();
  EXPECT_FALSE(mentions(world.entries(kCentral), "Table orders/orders"));
  world.apply(whole);
  world.run();
  EXPECT_TRUE(world.reads("orders"));
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
}

TEST(RecreatedTables, ShowNothingNewToThoseFromWhomNothingCouldBeTaken) {
  Tables world;
  world.make_source();
  world.begin(std::string(kAwait) + "\n  " + kFollow);
  world.advance(seconds(10));
  world.drop("orders", kRetail, "raw");
  world.make("orders", {"id", "secret"}, kRetail, "raw");
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    const bool revokes = call.target.account == kCentral && call.operation == "BatchRevokePermissions";
    return revokes ? std::optional(denied(call)) : std::nullopt;
  };
  world.sweep_all();
  EXPECT_TRUE(mentions(world.entries(kCentral), "Table orders/orders = (id string, email string)"));
  world.hooks->before = nullptr;
  world.advance(minutes(15));
  world.run();
  EXPECT_TRUE(mentions(world.entries(kCentral), "Table orders/orders = (id string, secret string)"));
  world.expect_withheld("orders");
}

/// The statuses of all objects are lost while the operator is down, as a restored backup without statuses has it.
void lose_statuses(Tables& world) {
  const auto page = world.store->list({});
  std::vector<api::StatusWrite> writes;
  for (const Json& object : page->items) {
    writes.push_back({api::key_of(object), string_at(object["metadata"], "uid"), Json::object(), std::nullopt, {}, 0});
  }
  for (const auto& result : world.store->write_statuses(writes)) EXPECT_TRUE(result) << to_string(result.error());
}

TEST(RecreatedTables, StayWithheldWhenAllStatusesAreLostAndNothingElseIs) {
  Tables world;
  world.begin();
  world.make_orders_again();
  world.sweep_all();
  world.crash();
  lose_statuses(world);
  world.start_engine();
  world.run();
  world.sweep_all();
  world.expect_withheld("orders");
  EXPECT_TRUE(world.reads("items")) << "access that stands is what was given";
  world.approve(world.token());
  EXPECT_TRUE(world.reads("orders"));
}

TEST(RecreatedTables, AwaitApprovalOnceMoreWhereAnOlderStatusIsRestored) {
  Tables world;
  world.begin();
  const Json older = world.status();
  world.make_orders_again();
  world.sweep_all();
  world.approve(world.token());
  EXPECT_TRUE(world.reads("orders"));
  world.crash();
  const Json object = world.get("DataProduct", "retail", "orders");
  const auto written = world.store->write_statuses(
      {{api::key_of(object), string_at(object["metadata"], "uid"), older, std::nullopt, {}, 0}});
  ASSERT_TRUE(written[0]) << to_string(written[0].error());
  Json bare = object;
  bare["metadata"]["annotations"] = nullptr;
  ASSERT_TRUE(world.store->patch(api::key_of(object), api::PatchType::Merge, {{"metadata", {{"annotations", nullptr}}}}));
  world.start_engine();
  world.run();
  world.expect_withheld("orders");
  EXPECT_TRUE(world.reads("items"));
}

TEST(RecreatedTables, AreNotForgottenByACrashAtAnyPointOfTheFirstPublication) {
  for (int calls = 1; calls < 60; calls += 4) {
    Tables world;
    world.apply(product(kAwait));
    world.apply(kByName);
    int left = calls;
    world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
      if (is_write(call) && left > 0) --left;
      return left > 0 ? std::nullopt : std::optional(lost(call));
    };
    world.start_engine();
    world.advance(seconds(30));
    world.crash();
    world.hooks->before = nullptr;
    const bool given = world.reads("orders");
    const bool is_there = mentions(world.entries(kCentral), "Table orders/orders");
    if (is_there) world.make_orders_again();
    world.start_engine();
    world.run();
    world.sweep_all();
    if (given) {
      EXPECT_FALSE(world.reads("orders")) << "after " << calls << " writes: access was given, so it is known to what";
    }
  }
}

// ---- the rules ------------------------------------------------------------------------------------------------

const catalog::EntryKey kTable{{kCentral, "eu-west-1"}, catalog::table_key("orders", "orders")};
Time at(int second) { return Time(seconds(second)); }
std::string why(const mesh::WithheldTables& tables) {
  static const char* kNames[] = {"missing", "not recorded", "made again"};
  return tables.empty() ? "given" : kNames[static_cast<int>(tables.begin()->second.why)];
}

TEST(RecreatedTablesRules, SayWhatIsGiven) {
  using engine::SeenTable;
  using engine::TableMemory;
  const std::string token = reconcilers::approval_of(kTable, at(9));
  struct Row {
    std::string what;
    TableMemory recorded;
    SeenTable seen;
    std::set<std::string> approvals;
    std::string why;
    TableMemory next;
  };
  const std::vector<Row> rows = {
      {"new, and not there yet", {}, {kTable, std::nullopt}, {}, "missing", {}},
      {"new", {}, {kTable, at(9)}, {}, "not recorded", {{kTable, at(9)}}},
      {"new, and access stands already", {}, {kTable, at(9), true}, {}, "given", {{kTable, at(9)}}},
      {"the one that is recorded", {{kTable, at(9)}}, {kTable, at(9)}, {}, "given", {{kTable, at(9)}}},
      {"an older one than is recorded", {{kTable, at(9)}}, {kTable, at(5)}, {}, "given", {{kTable, at(9)}}},
      {"made again", {{kTable, at(5)}}, {kTable, at(9)}, {}, "made again", {{kTable, at(5)}}},
      {"made again, and access stands", {{kTable, at(5)}}, {kTable, at(9), true}, {}, "made again", {{kTable, at(5)}}},
      {"made again and approved", {{kTable, at(5)}}, {kTable, at(9)}, {token}, "not recorded", {{kTable, at(9)}}},
      {"dropped", {{kTable, at(5)}}, {kTable, std::nullopt}, {}, "missing", {{kTable, at(5)}}},
      {"made since the last reading, and access stands", {}, {kTable, std::nullopt, true}, {}, "given", {}},
      {"approved once, and made again since", {{kTable, at(9)}}, {kTable, at(12)}, {token}, "made again", {{kTable, at(9)}}},
      {"forgotten", {}, {kTable, at(9), false, true}, {}, "made again", {{kTable, std::nullopt}}},
      {"forgotten, and access stands", {}, {kTable, at(9), true, true}, {}, "given", {{kTable, at(9)}}},
      {"known to be forgotten", {{kTable, std::nullopt}}, {kTable, at(9)}, {}, "made again", {{kTable, std::nullopt}}},
      {"forgotten and approved", {{kTable, std::nullopt}}, {kTable, at(9)}, {token}, "not recorded", {{kTable, at(9)}}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(why(engine::withheld(row.recorded, {row.seen}, row.approvals)), row.why) << row.what;
    EXPECT_EQ(engine::remembered(row.recorded, {row.seen}, row.approvals), row.next) << row.what;
  }
}

TEST(RecreatedTablesRules, ReadApprovalsWithCommasAndSpacesBetween) {
  EXPECT_EQ(engine::approvals_in(" a@1, b@2 ,c\n"), (std::set<std::string>{"a@1", "b@2", "c"}));
  EXPECT_EQ(engine::approvals_in(""), std::set<std::string>{});
}

TEST(RecreatedTablesRules, ATableThatIsDeletedTakesWithItWhatIsOnIt) {
  using catalog::EntryKind;
  using catalog::ResourceId;
  catalog::Snapshot snapshot;
  const auto permission = [](ResourceId resource) { return catalog::permission_key({std::move(resource), "arn:x"}); };
  ResourceId columns = ResourceId::of_table(kCentral, "orders", "orders");
  columns.type = catalog::ResourceType::Columns;
  const std::set<catalog::LocalKey> gone = {kTable.local, permission(ResourceId::of_table(kCentral, "orders", "orders")),
                                            permission(columns), {EntryKind::DataFilter, "orders/orders/f"},
                                            {EntryKind::TagAssignment, "orders/orders#tier"},
                                            {EntryKind::TagAssignment, "orders/orders/email#pii"}};
  const std::set<catalog::LocalKey> kept = {catalog::table_key("orders", "orders2"),
                                            permission(ResourceId::of_table(kCentral, "orders", "orders2")),
                                            permission(ResourceId::of_all_tables(kCentral, "orders")),
                                            {EntryKind::DataFilter, "orders/orders2/f"},
                                            {EntryKind::TagAssignment, "orders/orders2#tier"}};
  for (const auto* keys : {&gone, &kept}) {
    for (const catalog::LocalKey& key : *keys) snapshot.entries[key] = catalog::OptIn{};
  }
  engine::note_effect(snapshot, {kTable, catalog::Verb::Delete, {}, catalog::Cause::Released});
  std::set<catalog::LocalKey> left;
  for (const auto& [key, value] : snapshot.entries) left.insert(key);
  EXPECT_EQ(left, kept);
}

}  // namespace
}  // namespace datamesh::testing
