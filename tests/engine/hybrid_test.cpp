// Hybrid access mode: IAM goes on deciding for whoever has no Grant, and nobody who has one loses anything on the way to
// Lake Formation, table by table, and back.
#include <fstream>
#include <iterator>
#include <set>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using aws::Service;

constexpr const char* kLegacy = "arn:aws:iam::100000000001:role/legacy";    // goes by IAM
constexpr const char* kSteward = "arn:aws:iam::100000000001:role/steward";  // has a Grant, in the governing account
constexpr const char* kAll = "id,customer,amount,day";

/// The product with the access modes of itself and of its tables; "" for none.
std::string product(const std::string& mode, const std::string& orders = "", const std::string& items = "") {
  const auto with = [](const std::string& word) { return word.empty() ? "" : ", accessMode: " + word; };
  return kOrdersHead + R"Y(  locationRole: arn:aws:iam::100000000001:role/location
  deletionPolicy: Retain)Y" +
         (mode.empty() ? "" : "\n  accessMode: " + mode) + R"Y(
  tables:
    - {name: orders, columns: [{name: id, type: bigint}, {name: customer, type: string}, {name: amount, type: int}],
       partitionKeys: [{name: day, type: date}])Y" +
         with(orders) + "}\n    - {name: items, columns: [{name: sku, type: string}]" + with(items) + "}\n";
}

std::string grant(const std::string& name, const std::string& more) {
  return "---\napiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: " + name +
         ", namespace: retail}\nspec: {product: {name: orders}, " + more + "}\n";
}

const std::string kStewardReads =
    grant("steward", "tables: [orders], columns: {include: [id, day]}, permissions: [SELECT], to: {principals: ['" +
                         std::string(kSteward) + "']}");

const std::string kShared = std::string("---") + kOrdersToAnalytics + "---" + kAnalysts;

struct HybridWorld : SmallWorld {
  explicit HybridWorld(const std::string& model = kCentralMesh) : SmallWorld(model) {}

  /// Tables that were there before the mesh, and are left to IAM.
  void inherit_tables() {
    by_hand(kCentral, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "orders"}})");
    for (const char* table : {"orders", "items"}) {
      by_hand(kCentral, Service::Glue, "CreateTable",
              Json({{"DatabaseName", "orders"}, {"TableInput", {{"Name", table}}}}).dump());
    }
  }
  void declare(const std::string& yaml) {
    apply(yaml);
    if (!engine) start_engine();
    run_until_idle();
  }
  void settle_in(const std::string& yaml) {
    declare(yaml);
    sweep();
    EXPECT_TRUE(engine->converged()) << engine->status().dump(2);
  }
  /// The columns of the table that the principal sees; "-" when it sees no table.
  std::string reads(const std::string& principal, const std::string& table) {
    const auto found = call_as(principal, Service::Glue, "GetTable",
                               {{"CatalogId", kCentral}, {"DatabaseName", "orders"}, {"Name", table}});
    if (!found) return "-";
    std::string out;
    for (const char* list : {"Columns", "PartitionKeys"}) {
      const Json& glue = (*found)["Table"];
      const Json& columns = std::string(list) == "Columns" ? member(member(glue, "StorageDescriptor"), list) : member(glue, list);
      for (const Json& column : columns) out += (out.empty() ? "" : ",") + string_at(column, "Name");
    }
    return out;
  }
  bool holds(const std::string& account, const std::string& text) {
    const Lines lines = entries(account);
    return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.find(text) != line.npos; });
  }
  Lines opt_ins(const std::string& account) {
    Lines out;
    for (const std::string& line : entries(account)) {
      if (line.starts_with("OptIn ")) out.push_back(line.substr(6, line.find(" = ") - 6));
    }
    return out;
  }
  /// What is seen by `look` after each write of the operator, each once, in order.
  Lines seen_during(const std::function<std::string()>& look, const std::function<void()>& work) {
    Lines out{look()};
    hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
      if (!is_write(call)) return std::nullopt;
      if (const std::string now = look(); out.back() != now) out.push_back(now);
      return std::nullopt;
    };
    work();
    hooks->after = nullptr;
    return out;
  }
};

TEST(Hybrid, LeavesWhatIamDecidesAsItWas) {
  HybridWorld world;
  world.inherit_tables();
  const Lines seen = world.seen_during([&] { return world.reads(kLegacy, "orders") == "-" ? "nothing" : "reads"; },
                                       [&] { world.settle_in(product("Hybrid")); });
  EXPECT_EQ(seen, Lines{"reads"});
  EXPECT_EQ(world.reads(kLegacy, "orders"), kAll);
  EXPECT_EQ(world.reads(kLegacy, "items"), "sku");
  EXPECT_TRUE(world.holds(kCentral, "Location arn:aws:s3:::retail-data/orders = arn:aws:iam::C:role/location, hybrid"));
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST(Hybrid, OpensToIamWhatTheOperatorMakes) {
  HybridWorld world;
  world.settle_in(product("Hybrid", "", "LakeFormation"));
  EXPECT_EQ(world.reads(kLegacy, "orders"), kAll);
  EXPECT_EQ(world.reads(kLegacy, "items"), "-");
}

TEST(Hybrid, OptsInWhoIsGrantedSomethingOnceHeHasIt) {
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("Hybrid"));
  const Lines seen =
      world.seen_during([&] { return world.reads(kSteward, "orders"); }, [&] { world.settle_in(kStewardReads); });
  EXPECT_EQ(seen, (Lines{kAll, "id,day"})) << "never nothing";
  EXPECT_EQ(world.opt_ins(kCentral), Lines{"table:C:orders/orders@arn:aws:iam::C:role/steward"});
  EXPECT_EQ(world.reads(kSteward, "items"), "sku") << "of other tables he is not opted in";
  EXPECT_EQ(world.reads(kLegacy, "orders"), kAll);
  EXPECT_EQ(world.ready("Grant", "retail", "steward"), "True:InForce");
}

TEST(Hybrid, OptsNobodyInWhoCouldNotBeGrantedAnything) {
  HybridWorld world;
  world.settle_in(product("Hybrid"));
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    const bool gives = call.operation == "BatchGrantPermissions" && call.input.dump().find("role/steward") != std::string::npos;
    return gives ? std::optional(denied(call)) : std::nullopt;
  };
  world.declare(kStewardReads);
  world.advance(minutes(2));
  EXPECT_EQ(world.opt_ins(kCentral), Lines{});
  EXPECT_EQ(world.reads(kSteward, "orders"), kAll);
  EXPECT_EQ(world.ready("Grant", "retail", "steward").substr(0, 5), "False");
}

TEST(Hybrid, LeavesItToIamAgainWhenAGrantEnds) {
  HybridWorld world;
  world.settle_in(product("Hybrid") + kStewardReads);
  ASSERT_EQ(world.reads(kSteward, "orders"), "id,day");
  const Lines seen = world.seen_during([&] { return world.reads(kSteward, "orders"); }, [&] {
    world.remove("Grant", "retail", "steward");
    world.run_until_idle();
  });
  EXPECT_EQ(seen, (Lines{"id,day", kAll})) << "never nothing";
  EXPECT_EQ(world.opt_ins(kCentral), Lines{});
  EXPECT_FALSE(world.holds(kCentral, "steward"));
}

TEST(Hybrid, KeepsAnOptInThatWasThereBefore) {
  HybridWorld world;
  world.settle_in(product("Hybrid"));
  const Json opt_in = {{"Principal", {{"DataLakePrincipalIdentifier", kSteward}}},
                       {"Resource", {{"Table", {{"CatalogId", kCentral}, {"DatabaseName", "orders"}, {"Name", "orders"}}}}}};
  world.by_hand(kCentral, Service::LakeFormation, "CreateLakeFormationOptIn", opt_in.dump());
  world.sweep();
  world.settle_in(kStewardReads);
  world.remove("Grant", "retail", "steward");
  world.run_until_idle();
  EXPECT_EQ(world.opt_ins(kCentral), Lines{"table:C:orders/orders@arn:aws:iam::C:role/steward"});
}

TEST(Hybrid, TakesOneTableFromIamAndLeavesTheOthers) {
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("Hybrid") + kStewardReads);
  const Lines seen = world.seen_during([&] { return world.reads(kSteward, "orders") + " " + world.reads(kLegacy, "items"); },
                                       [&] { world.settle_in(product("Hybrid", "LakeFormation")); });
  EXPECT_EQ(seen, Lines{"id,day sku"});
  EXPECT_EQ(world.reads(kLegacy, "orders"), "-");
  EXPECT_TRUE(world.holds(kCentral, "location, hybrid")) << "items is still IAM's";
  EXPECT_EQ(world.opt_ins(kCentral).size(), 1u) << "a hybrid location gives credentials to nobody else";
}

TEST(Hybrid, GrantsBeforeItTakesATableFromIam) {
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("Hybrid"));
  const Lines seen = world.seen_during([&] { return world.reads(kSteward, "orders"); },
                                       [&] { world.settle_in(product("Hybrid", "LakeFormation") + kStewardReads); });
  EXPECT_EQ(seen, (Lines{kAll, "id,day"})) << "never nothing";
}

TEST(Hybrid, LeavesATableToIamUntilAllGrantsOnItAreInPlace) {
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("Hybrid"));
  const std::string ghost = grant("ghost", "tables: [orders], to: {principals: ['arn:aws:iam::100000000001:role/unknown-x']}");
  world.declare(product("Hybrid", "LakeFormation") + ghost);
  world.advance(minutes(20));
  EXPECT_EQ(world.reads(kLegacy, "orders"), kAll);
  const std::string message = world.message("DataProduct", "retail", "orders");
  EXPECT_NE(message.find("IAM_ALLOWED_PRINCIPALS stays on table orders/orders until"), std::string::npos) << message;
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:EntryMissing");
  world.remove("Grant", "retail", "ghost");
  world.run_until_idle();
  EXPECT_EQ(world.reads(kLegacy, "orders"), "-");
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
}

TEST(Hybrid, EndsWhenTheLastTableIsLakeFormations) {
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("Hybrid") + kStewardReads + kShared);
  ASSERT_EQ(world.opt_ins(kCentral).size(), 1u);
  ASSERT_EQ(world.opt_ins(kAnalytics), (Lines{"alltables:C:orders@arn:aws:iam::K:role/analyst",
                                              "database:C:orders@arn:aws:iam::K:role/analyst"}));
  std::vector<std::string> order;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (is_write(call)) order.push_back(call.operation);
    return std::nullopt;
  };
  const Lines seen = world.seen_during([&] { return world.reads(kSteward, "orders") + " " + world.reads(kAnalyst, "orders"); },
                                       [&] { world.settle_in(product("LakeFormation")); });
  EXPECT_EQ(seen, Lines{std::string("id,day ") + kAll});
  EXPECT_EQ(world.reads(kLegacy, "orders"), "-");
  EXPECT_FALSE(world.holds(kCentral, "IAM_ALLOWED"));
  EXPECT_FALSE(world.holds(kCentral, "hybrid"));
  EXPECT_EQ(world.opt_ins(kCentral), Lines{});
  EXPECT_EQ(world.opt_ins(kAnalytics), Lines{});
  const auto at = [&](const char* operation) { return std::find(order.begin(), order.end(), operation) - order.begin(); };
  EXPECT_LT(at("BatchRevokePermissions"), at("UpdateResource"));
  EXPECT_LT(at("UpdateResource"), at("DeleteLakeFormationOptIn"));
}

TEST(Hybrid, IsComeBackToAsItWasLeft) {
  HybridWorld world;
  world.settle_in(product("LakeFormation") + kStewardReads + kShared);
  const Lines seen = world.seen_during([&] { return world.reads(kSteward, "orders") + " " + world.reads(kAnalyst, "orders"); },
                                       [&] { world.settle_in(product("Hybrid")); });
  EXPECT_EQ(seen, Lines{std::string("id,day ") + kAll}) << "never more, since he is opted in first";
  EXPECT_EQ(world.reads(kLegacy, "orders"), kAll);
  EXPECT_TRUE(world.holds(kCentral, "location, hybrid"));
}

TEST(Hybrid, MakesALocationHybridOnlyOnceItsReadersAreOptedIn) {
  HybridWorld world;
  world.settle_in(product("LakeFormation") + kStewardReads);
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation == "CreateLakeFormationOptIn") return denied(call);
    return std::nullopt;
  };
  world.declare(product("Hybrid"));
  world.advance(minutes(10));
  EXPECT_FALSE(world.holds(kCentral, "hybrid"));
  EXPECT_EQ(world.reads(kLegacy, "orders"), "-") << "else cross-account readers would lose the table";
  world.hooks->before = nullptr;
  world.advance(hours(2));
  EXPECT_TRUE(world.holds(kCentral, "hybrid"));
  EXPECT_EQ(world.reads(kLegacy, "orders"), kAll);
}

TEST(Hybrid, DoesNotStopSharesThatIamStandsInTheWayOf) {
  // Without a hybrid location AWS refuses to share what is open to IAM: then IAM goes first, or nothing ever would.
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("") + kStewardReads + kShared);
  EXPECT_EQ(world.reads(kAnalyst, "orders"), kAll);
  EXPECT_EQ(world.reads(kSteward, "orders"), "id,day");
  EXPECT_EQ(world.reads(kLegacy, "orders"), "-");
}

TEST(Hybrid, RaisesTheVersionWithWhichTheAccountShares) {
  std::string model = kCentralMesh;
  const std::string central = "roles: [Central]";
  model.replace(model.find(central), central.size(), "roles: [Central], crossAccountVersion: 3");
  HybridWorld world(model);
  world.declare(product("Hybrid") + kShared);
  world.run_until_idle();
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "True:InForce");
  const auto settings = world.call_as(operator_of(kCentral), aws::Service::LakeFormation, "GetDataLakeSettings", Json::object());
  ASSERT_TRUE(settings);
  EXPECT_EQ(at_path(*settings, {"DataLakeSettings", "Parameters", "CROSS_ACCOUNT_VERSION"}), "4");
}

TEST(Hybrid, StaysAsItIsWhereTheProductIsRetained) {
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("Hybrid"));
  world.remove("DataProduct", "retail", "orders");
  world.run_until_idle();
  world.sweep();
  EXPECT_EQ(world.get("DataProduct", "retail", "orders"), Json());
  EXPECT_EQ(world.reads(kLegacy, "orders"), kAll);
}

TEST(Hybrid, ShowsNoGainForWhoIsOptedOutOfWhatLakeFormationAloneDecides) {
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("Hybrid") + kStewardReads);
  Json spec = world.get("DataProduct", "retail", "orders");
  spec["spec"]["accessMode"] = "LakeFormation";
  engine::PlanRequest request;
  request.apply = {spec};
  const Json plan = world.engine->plan(request);
  EXPECT_NE(plan["catalogs"].dump().find("out of Lake Formation"), std::string::npos) << plan.dump(2);
  EXPECT_EQ(plan["access"].dump().find(R"("gains":["what IAM allows"])"), std::string::npos) << plan["access"].dump(2);
}

TEST(Hybrid, ShowsInThePlanWhatIamLoses) {
  HybridWorld world;
  world.inherit_tables();
  world.settle_in(product("Hybrid"));
  engine::PlanRequest request;
  request.apply = {Json::parse(R"({"apiVersion": "datamesh.dev/v1alpha1", "kind": "Grant",
      "metadata": {"name": "steward", "namespace": "retail"}, "spec": {"product": {"name": "orders"}, "tables": ["items"],
      "to": {"principals": ["arn:aws:iam::100000000001:role/steward"]}}})")};
  Json access = world.engine->plan(request)["access"];
  EXPECT_NE(access.dump().find(R"({"gains":["DESCRIBE","SELECT"],"loses":["what IAM allows"],"object":"100000000001 table orders/items","principal":"arn:aws:iam::100000000001:role/steward"})"),
            std::string::npos)
      << access.dump(2);
  Json spec = world.get("DataProduct", "retail", "orders");
  spec["spec"]["tables"][1]["accessMode"] = "LakeFormation";
  request.apply = {spec};
  access = world.engine->plan(request)["access"];
  ASSERT_EQ(access.size(), 1u) << access.dump(2);
  EXPECT_EQ(access[0]["principal"], "IAM_ALLOWED_PRINCIPALS");
  EXPECT_EQ(access[0]["object"], "100000000001 table orders/items");
}

TEST(Hybrid, GivesInTheExampleWhatItsCommentsSay) {
  World world;
  const auto as = [&](const std::string& role, const std::string& operation, const Json& input) {
    return world.call_as(role, Service::Glue, operation, input, "us-east-1");
  };
  const std::string home = "arn:aws:iam::444455556666:role/", abroad = "arn:aws:iam::888899990000:role/";
  for (const char* file : {"mesh", "mobility", "analytics"}) {
    std::ifstream in(std::string(DATAMESH_SOURCE_DIR) + "/docs/examples/hybrid/" + file + ".yaml");
    world.apply(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  const auto columns = [&](const std::string& role, const std::string& table) {
    const auto found = as(role, "GetTable", {{"CatalogId", "444455556666"}, {"DatabaseName", "taxi"}, {"Name", table}});
    return found ? at_path(*found, {"Table", "StorageDescriptor", "Columns"}).size() : 0;
  };
  EXPECT_EQ(columns(home + "Job", "trips"), 0u) << "taken from IAM";
  EXPECT_EQ(columns(home + "Job", "drivers"), 2u);
  EXPECT_EQ(columns(home + "Steward", "trips"), 3u);
  EXPECT_EQ(columns(home + "Steward", "drivers"), 1u) << "no licences";
  EXPECT_EQ(columns(home + "Steward", "zones"), 2u) << "by IAM";
  EXPECT_EQ(columns(abroad + "Analyst", "zones"), 2u);
}

/// Stops the operator after each of its writes in turn, on the way there and back.
TEST(Hybrid, LosesNobodyWhereverItIsInterrupted) {
  HybridWorld world;
  world.inherit_tables();
  const std::string grants = kStewardReads + kShared;
  world.settle_in(product("Hybrid") + grants);
  std::set<std::string> seen;
  const auto look = [&] { seen.insert(world.reads(kSteward, "orders") + " " + world.reads(kAnalyst, "orders")); };
  for (const char* mode : {"LakeFormation", "Hybrid"}) {
    world.apply(product(mode));
    for (int step = 0; step < 40 && !world.engine->converged(); ++step) {
      int writes = 0;
      world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
        if (!is_write(call) || ++writes == 1) return std::nullopt;
        return lost(call);
      };
      world.advance(seconds(20));
      look();
      world.hooks->before = nullptr;
      world.restart();
      world.settle();
      look();
    }
    world.run_until_idle();
    world.sweep();
    look();
    EXPECT_TRUE(world.engine->converged());
  }
  EXPECT_EQ(seen, std::set<std::string>{std::string("id,day ") + kAll});
  EXPECT_EQ(world.reads(kLegacy, "orders"), kAll);
}

}  // namespace
}  // namespace datamesh::testing
