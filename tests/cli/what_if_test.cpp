// What `plan --with` reads, and what it makes of an object.
#include "controller/cli/what_if.h"

#include <gtest/gtest.h>

#include "controller/base/yaml.h"

namespace datamesh::cli {
namespace {

const api::SchemaRegistry& schema() {
  static const api::SchemaRegistry kSchema = api::SchemaRegistry::builtin();
  return kSchema;
}

Json product() {
  return *parse_yaml(R"Y(
kind: DataProduct
spec:
  database: orders
  tags: {level: public, cost.center: "42"}
  tables:
    - {name: orders, columns: [{name: id, type: bigint}, {name: email, type: string}]}
    - {name: items}
)Y");
}

/// The spec after the changes as YAML in flow style, or what is wrong with them.
std::string spec_with(const std::string& changes, const std::string& object = "dp/retail/orders") {
  const auto what_if = parse_what_if(object + " " + changes, schema());
  if (!what_if) return what_if.error().message;
  const auto result = changed(product(), *what_if, schema());
  return result ? result->at("spec").dump() : result.error().message;
}

TEST(WhatIf, NamesAnObjectWithOrWithoutItsNamespace) {
  const auto whole = parse_what_if("DataProduct/retail/orders tags.level=secret", schema());
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->kind->kind + "|" + whole->ns + "|" + whole->name, "DataProduct|retail|orders");
  const auto half = parse_what_if("mesh/shop governance=Federated", schema());
  ASSERT_TRUE(half) << half.error().message;
  EXPECT_EQ(half->kind->kind + "|" + half->ns + "|" + half->name, "Mesh||shop");
}

TEST(WhatIf, SetsFieldsByTheirSchema) {
  EXPECT_EQ(spec_with("tags.level=secret"),
            R"({"database":"orders","tables":[{"columns":[{"name":"id","type":"bigint"},{"name":"email","type":"string"}],"name":"orders"},{"name":"items"}],"tags":{"cost.center":"42","level":"secret"}})");
  EXPECT_EQ(Json::parse(spec_with("tags.year=2024"))["tags"]["year"], "2024") << "tags are text";
  EXPECT_EQ(Json::parse(spec_with("tags.cost\\.center=7"))["tags"]["cost.center"], "7");
  EXPECT_EQ(Json::parse(spec_with("description='All the orders' owner=me"))["description"], "All the orders");
  EXPECT_EQ(Json::parse(spec_with("regions=[eu-west-1, us-east-1]"))["regions"], (Json{"eu-west-1", "us-east-1"}));
  EXPECT_EQ(Json::parse(spec_with("spec.owner=me"))["owner"], "me");
}

TEST(WhatIf, FindsItemsOfListsByName) {
  const Json spec = Json::parse(spec_with("tables.orders.columns.email.tags.level=secret tables.items.tags.level=public"));
  EXPECT_EQ(spec["tables"][0]["columns"][1]["tags"]["level"], "secret");
  EXPECT_EQ(spec["tables"][1]["tags"]["level"], "public");
}

TEST(WhatIf, LeavesFieldsOut) {
  EXPECT_EQ(Json::parse(spec_with("tags.level-"))["tags"], (Json{{"cost.center", "42"}}));
  EXPECT_EQ(Json::parse(spec_with("tables.items-"))["tables"].size(), 1U);
  EXPECT_EQ(Json::parse(spec_with("tables.items.tags.level-"))["tables"][1], (Json{{"name", "items"}})) << "nothing is made to be left out";
}

TEST(WhatIf, SaysWhatIsWrong) {
  EXPECT_EQ(spec_with("tables.lines.tags.level=public"), "spec.tables: has no item lines; it has orders, items");
  EXPECT_NE(spec_with("tagz.level=public").find("spec.tagz: unknown field; there are access"), std::string::npos);
  EXPECT_NE(spec_with("tags..level=public").find("empty part"), std::string::npos);
  EXPECT_NE(spec_with("tags").find("PATH=VALUE"), std::string::npos);
  EXPECT_NE(spec_with("").find("--with takes"), std::string::npos);
  EXPECT_NE(spec_with("tags.level=x", "orders").find("no name"), std::string::npos);
  EXPECT_NE(spec_with("tags.level=x", "dataproductt/retail/orders").find("did you mean"), std::string::npos);
}

}  // namespace
}  // namespace datamesh::cli
