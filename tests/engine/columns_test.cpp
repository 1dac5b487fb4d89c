// Columns and rows over the life of a mesh: what the consumer's analyst sees in the lake, after every single call.
#include <set>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using aws::Service;

/// The product with the columns named, of type string.
std::string product(const Lines& columns) {
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? "" : ", ") + ("{name: " + column + ", type: string}");
  return kOrdersHead + R"Y(  deletionPolicy: Delete
  tables: [{name: orders, columns: [)Y" + list + "]}]\n";
}

/// A local Grant to the analysts of the consumer.
std::string analysts(const std::string& narrow) {
  return R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: ResourceLink
metadata: {name: orders, namespace: analytics}
spec: {account: analytics, product: {namespace: retail, name: orders}}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: analysts, namespace: analytics}
spec:
  link: orders
  tables: [orders]
  to: {personas: [{account: {name: analytics}, name: analysts}]}
  )Y" + narrow + "\n";
}

/// A Grant of the producer to the role of the analysts, across accounts.
std::string direct(const std::string& name, const std::string& narrow) {
  return R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {namespace: retail, name: )Y" + name + R"Y(}
spec:
  product: {name: orders}
  tables: [orders]
  to: {principals: ["arn:aws:iam::100000000003:role/analyst"]}
  )Y" + narrow + "\n";
}

using Seen = std::set<std::string>;

struct Watched : SmallWorld {
  void begin(const std::string& grant) {
    for (const std::string& part : {product({"id", "email"}), std::string(kOrdersToAnalytics), grant}) apply(part);
    start_engine();
    run();
  }
  void run() { EXPECT_TRUE(run_until_idle()) << engine->status().dump(2); }
  /// The columns that the analyst reads through `catalog`; "nothing" where it may not read the table.
  Seen seen(const std::string& catalog = kCentral) {
    const auto table = call_as(kAnalyst, Service::Glue, "GetTable",
                               {{"CatalogId", catalog}, {"DatabaseName", "orders"}, {"Name", "orders"}});
    if (!table) return {"nothing"};
    Seen out;
    for (const Json& column : (*table)["Table"]["StorageDescriptor"]["Columns"]) out.insert(string_at(column, "Name"));
    return out;
  }
  /// Everything that was seen after any call from here on.
  void watch() {
    hooks->after = [this](const aws::Call& call) -> std::optional<Error> {
      if (is_write(call)) {
        for (const std::string& column : seen()) ever.insert(column);
      }
      return std::nullopt;
    };
  }
  Seen ever;
};

TEST(Columns, AnExcludedColumnThatIsRenamedIsNeverSeen) {
  for (const std::string& grant : {analysts("columns: {exclude: [email]}"), direct("cells", "columns: {exclude: [email]}")}) {
    Watched world;
    world.begin(grant);
    EXPECT_EQ(world.seen(), Seen{"id"});
    world.watch();
    world.apply(product({"id", "mail"}));
    world.run();
    EXPECT_EQ(world.seen(), Seen{"nothing"}) << "until the Grant agrees";
    const bool local = grant.find("link:") != grant.npos;
    EXPECT_EQ(world.ready("Grant", local ? "analytics" : "retail", local ? "analysts" : "cells"), "False:InvalidColumns");
    world.apply(local ? analysts("columns: {exclude: [mail]}") : direct("cells", "columns: {exclude: [mail]}"));
    world.run();
    EXPECT_EQ(world.seen(), Seen{"id"});
    EXPECT_FALSE(world.ever.contains("mail"));
    EXPECT_FALSE(world.ever.contains("email"));
  }
}

TEST(Columns, AColumnAddedByHandStaysHiddenWhereOthersAreExcluded) {
  Watched world;
  world.begin(analysts("columns: {exclude: [email]}"));
  world.watch();
  auto table = world.by_hand(kCentral, Service::Glue, "GetTable", R"({"DatabaseName": "orders", "Name": "orders"})");
  Json input = {{"Name", "orders"}, {"StorageDescriptor", (*table)["Table"]["StorageDescriptor"]},
                {"Parameters", (*table)["Table"]["Parameters"]}};
  input["StorageDescriptor"]["Columns"].push_back({{"Name", "secret"}, {"Type", "string"}});
  world.by_hand(kCentral, Service::Glue, "UpdateTable", Json({{"DatabaseName", "orders"}, {"TableInput", input}}).dump());
  EXPECT_EQ(world.seen(), Seen{"id"});
  world.sweep();
  EXPECT_FALSE(world.ever.contains("secret"));
}

TEST(Columns, WhatIsExcludedStaysGrantedAcrossARestart) {
  Watched world;
  world.begin(analysts("columns: {exclude: [email]}"));
  world.writes();
  world.restart();
  world.run();
  EXPECT_EQ(world.seen(), Seen{"id"});
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST(Columns, CellsAreColumnsOfRows) {
  Watched world;
  world.begin(direct("cells", "columns: {exclude: [email]}\n  rowFilter: id='1'"));
  EXPECT_EQ(world.ready("Grant", "retail", "cells"), "True:InForce");
  EXPECT_EQ(world.seen(), Seen{"id"});
  const Lines entries = world.entries(kCentral);
  EXPECT_NE(std::find(entries.begin(), entries.end(), "DataFilter orders/orders/grant-retail-cells = where id = '1' only id"),
            entries.end());
  world.writes();
  world.apply(direct("cells", "columns: {include: [id]}\n  rowFilter: (ID = '1')"));
  world.run();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{})) << "the same cells, otherwise spelled";
}

/// Renames a column of the governed table where the producer, or somebody by hand, would.
void rename_by_hand(Watched& world, const std::string& from, const std::string& to, const char* account = kCentral,
                    const std::string& database = "orders") {
  const auto there = world.by_hand(account, Service::Glue, "GetTable", Json({{"DatabaseName", database}, {"Name", "orders"}}).dump());
  const Json& table = (*there)["Table"];
  Json input = {{"Name", "orders"}, {"StorageDescriptor", table["StorageDescriptor"]}, {"Parameters", table.value("Parameters", Json::object())}};
  for (Json& column : input["StorageDescriptor"]["Columns"]) {
    if (column["Name"] == from) column["Name"] = to;
  }
  world.by_hand(account, Service::Glue, "UpdateTable", Json({{"DatabaseName", database}, {"TableInput", input}}).dump());
}

/// Grants that exclude the column email: on columns, on rows, and of the consumer within its own account.
std::vector<std::string> without_email() {
  return {direct("cells", "columns: {exclude: [email]}"), direct("cells", "columns: {exclude: [email]}\n  rowFilter: id='1'"),
          analysts("columns: {exclude: [email]}")};
}

TEST(Columns, AnExcludedColumnOfRowsThatIsRenamedIsNeverSeen) {
  const std::string grant = direct("cells", "columns: {exclude: [email]}\n  rowFilter: id='1'");
  Watched world;
  world.begin(grant);
  EXPECT_EQ(world.seen(), Seen{"id"});
  world.watch();
  world.apply(product({"id", "mail"}));
  world.run();
  EXPECT_EQ(world.seen(), Seen{"nothing"});
  EXPECT_EQ(world.ready("Grant", "retail", "cells"), "False:InvalidColumns");
  EXPECT_FALSE(world.ever.contains("mail"));
}

TEST(Columns, AnExcludedColumnThatTheProducerRenamesInTheCatalogIsNeverSeen) {
  for (const std::string& grant : without_email()) {
    Watched world;
    std::string follows = product({"id", "email"});
    follows.insert(follows.find("  deletionPolicy"), "  schemaPolicy: FollowProducer\n");
    world.apply(follows);
    for (const std::string& part : {std::string(kOrdersToAnalytics), grant}) world.apply(part);
    world.start_engine();
    world.run();
    EXPECT_EQ(world.seen(), Seen{"id"});
    world.watch();
    rename_by_hand(world, "email", "mail");
    EXPECT_EQ(world.seen(), Seen{"id"}) << "before the operator knows";
    world.sweep();
    EXPECT_EQ(world.seen(), Seen{"id"});
    EXPECT_EQ(world.ever, Seen{}) << "and it has nothing to write";
  }
}

TEST(Columns, AnExcludedColumnThatTheProducerRenamesInTheLeadingDatabaseIsNeverSeen) {
  for (const std::string& grant : without_email()) {
    Watched world;
    world.by_hand(kRetail, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "raw"}})");
    world.by_hand(kRetail, Service::Glue, "CreateTable",
                  R"({"DatabaseName": "raw", "TableInput": {"Name": "orders", "StorageDescriptor": {"Columns": [
                      {"Name": "id", "Type": "string"}, {"Name": "email", "Type": "string"}]}}})");
    std::string follows = product({"id", "email"});
    follows.insert(follows.find("  deletionPolicy"), "  schemaPolicy: FollowProducer\n  sourceDatabase: raw\n");
    for (const std::string& part : {follows, std::string(kOrdersToAnalytics), grant}) world.apply(part);
    world.start_engine();
    world.run();
    EXPECT_EQ(world.seen(), Seen{"id"});
    world.watch();
    rename_by_hand(world, "email", "mail", kRetail, "raw");
    world.sweep();
    world.sweep();
    EXPECT_EQ(world.seen(), Seen{"nothing"}) << "until the Grant agrees";
    EXPECT_FALSE(world.ever.contains("mail"));
    const bool local = grant.find("link:") != grant.npos;
    EXPECT_EQ(world.ready("Grant", local ? "analytics" : "retail", local ? "analysts" : "cells"), "False:InvalidColumns");
  }
}

TEST(Columns, SeveralGrantsOfCellsUnite) {
  Watched world;
  world.begin(direct("cells", "columns: {include: [id]}\n  rowFilter: id = '1'"));
  world.apply(direct("more", "columns: {include: [email]}\n  rowFilter: id = '2'"));
  world.run();
  EXPECT_EQ(world.seen(), (Seen{"id", "email"}));
  world.remove("Grant", "retail", "cells");
  world.run();
  EXPECT_EQ(world.seen(), Seen{"email"});
}

TEST(Columns, AFilterThatDoesNotFitIsNeverWritten) {
  Watched world;
  world.begin(direct("cells", "rowFilter: id = 1"));
  EXPECT_EQ(world.ready("Grant", "retail", "cells"), "False:InvalidRowFilter");
  EXPECT_EQ(world.writes().count("lakeformation:CreateDataCellsFilter"), 0u);
  EXPECT_EQ(world.seen(), Seen{"nothing"});
}

}  // namespace
}  // namespace datamesh::testing
