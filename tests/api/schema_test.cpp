#include "controller/api/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "controller/api/schema_node.h"
#include "tests/api/objects.h"

namespace datamesh::api {
namespace {

using ::testing::ElementsAre;

const SchemaRegistry& registry() {
  static const SchemaRegistry kRegistry = SchemaRegistry::builtin();
  return kRegistry;
}

std::string problems_of(const Json& object) { return to_string(registry().validate(object)); }

TEST(SchemaRegistry, KnowsTheKindsOfTheCrds) {
  std::vector<std::string> kinds;
  for (const KindFacts* facts : registry().kinds()) kinds.push_back(facts->kind + " " + facts->plural);
  EXPECT_THAT(kinds, ElementsAre("Account accounts", "DataProduct dataproducts", "Grant grants", "LFTag lftags", "Mesh meshes",
                                 "ResourceLink resourcelinks"));
  EXPECT_EQ(registry().find("Mesh")->scope, Scope::Cluster);
  EXPECT_EQ(registry().find("Grant")->scope, Scope::Namespaced);
  EXPECT_EQ(registry().find("Widget"), nullptr);
  EXPECT_EQ(registry().category("datamesh").size(), 6u);
  EXPECT_EQ(registry().category("all").size(), 0u);
}

TEST(SchemaRegistry, ResolvesEveryNameOfAKind) {
  for (const char* name : {"dp", "dataproduct", "dataproducts", "DataProduct", "DATAPRODUCTS", "dataproducts.datamesh.dev",
                           "dataproducts.v1alpha1.datamesh.dev"}) {
    const KindFacts* facts = registry().resolve(name);
    ASSERT_NE(facts, nullptr) << name;
    EXPECT_EQ(facts->kind, "DataProduct") << name;
  }
  for (const auto& [name, kind] : {std::pair("acct", "Account"), std::pair("mesh", "Mesh"), std::pair("rl", "ResourceLink"),
                                   std::pair("gr", "Grant")}) {
    EXPECT_EQ(registry().resolve(name)->kind, kind);
  }
  EXPECT_EQ(registry().resolve("widgets"), nullptr);
  EXPECT_EQ(registry().nearest_kind("grnats"), "grants");
  EXPECT_EQ(registry().nearest_kind("Dataproduct"), "DataProduct");
  EXPECT_EQ(registry().nearest_kind("widgets"), "");
}

TEST(SchemaRegistry, AcceptsTheSmallestObjectOfEveryKind) {
  for (const KindFacts* facts : registry().kinds()) EXPECT_EQ(problems_of(minimal(facts->kind)), "") << facts->kind;
}

TEST(SchemaRegistry, FillsInDefaultsAtEveryLevel) {
  Json mesh = minimal("Mesh");
  mesh.erase("spec");
  registry().apply_defaults(mesh);
  EXPECT_EQ(mesh["spec"], Json::parse(R"({
    "governance": "Federated", "sweepInterval": "5m",
    "guard": {"maxRevokedPercent": 20, "minRevocations": 10, "maxDeletedTables": 5, "window": "10m"},
    "defaults": {"undeclared": "Report", "accessMode": "LakeFormation", "deletionPolicy": "Retain",
                 "crossAccountVersion": 4}})"));

  Json product = with(minimal("DataProduct"), "spec.tables[0].name", "a");
  product["spec"]["tables"][0]["format"] = nullptr;
  registry().apply_defaults(product);
  EXPECT_EQ(product["spec"]["tables"], Json::parse(R"([{"name": "a", "format": "Parquet"}])"));
}

TEST(SchemaRegistry, KeepsWhatIsSetWhenFillingInDefaults) {
  Json mesh = with(minimal("Mesh"), "spec.guard", {{"window", "1h"}, {"minRevocations", 0}});
  registry().apply_defaults(mesh);
  EXPECT_EQ(mesh["spec"]["guard"],
            Json::parse(R"({"maxRevokedPercent": 20, "minRevocations": 0, "maxDeletedTables": 5, "window": "1h"})"));
  Json again = mesh;
  registry().apply_defaults(again);
  EXPECT_EQ(again, mesh);
}

TEST(SchemaRegistry, LeavesUnknownKindsAlone) {
  Json widget = {{"kind", "Widget"}, {"spec", {{"a", nullptr}}}};
  const Json before = widget;
  registry().apply_defaults(widget);
  EXPECT_EQ(widget, before);
}

struct ProblemCase {
  const char* kind;
  const char* path;
  Json value;
  const char* problems;
};

const ProblemCase kFieldProblems[] = {
    {"Account", "spec.acountId", "1", "spec.acountId: unknown field; did you mean \"accountId\"?"},
    {"Account", "spec.line_of_business", "x", "spec.line_of_business: unknown field; did you mean \"lineOfBusiness\"?"},
    {"Account", "spec.zzz", "x", "spec.zzz: unknown field"},
    {"Mesh", "spec.guard.zzz", 1,
     "spec.guard.zzz: unknown field; the fields here are maxDeletedTables, maxRevokedPercent, minRevocations or window"},
    {"Mesh", "sepc", 1, "sepc: unknown field; did you mean \"spec\"?"},
    {"DataProduct", "spec.tables[0]", {{"name", "a"}, {"columns", {{{"name", "b"}, {"typ", "int"}}}}},
     "spec.tables[0].columns[0].type: this required field is missing\n"
     "spec.tables[0].columns[0].typ: unknown field; did you mean \"type\"?"},
    {"Account", "spec.accountId", 111122223333, "spec.accountId: must be a string, not the integer 111122223333; put it in quotes"},
    {"Account", "spec.accountId", "1234", "spec.accountId: \"1234\" does not match ^[0-9]{12}$"},
    {"Account", "spec.accountId", "1111222233334", "spec.accountId: has 13 characters; at most 12 are allowed"},
    {"Account", "spec.regions", "eu-west-1", "spec.regions: must be a list, not a string; write a list of one"},
    {"Account", "spec.regions", Json::array(), "spec.regions: must not be empty"},
    {"Account", "spec.regions", {"eu-west-1", "us-east-1", "eu-west-1"}, "spec.regions[2]: duplicate \"eu-west-1\""},
    {"Account", "spec.regions[1]", nullptr, "spec.regions[1]: must be a string, not null; leave the field out or give it a value"},
    {"Account", "spec.roles", {"Producer", "consumr"},
     "spec.roles[1]: \"consumr\" is not Producer, Consumer or Central; did you mean \"Consumer\"?"},
    {"Account", "spec.undeclared", true, "spec.undeclared: must be a string, not true; put it in quotes"},
    {"Account", "spec.crossAccountVersion", 2, "spec.crossAccountVersion: 2 is less than the least, 3"},
    {"Account", "spec.crossAccountVersion", 6, "spec.crossAccountVersion: 6 is more than the most, 5"},
    {"Account", "spec.crossAccountVersion", "4", "spec.crossAccountVersion: must be an integer, not a string; write it without quotes"},
    {"Account", "spec.crossAccountVersion", 4.5, "spec.crossAccountVersion: must be an integer, not the number 4.5"},
    {"Account", "spec.connection", {"x"}, "spec.connection: must be an object, not a list"},
    {"Account", "spec.personas", {{{"name", "a"}, {"principals", {"arn:aws:iam::111122223333:role/x"}}},
                                  {{"name", "a"}, {"principals", {"arn:aws:iam::111122223333:role/y"}}}},
     "spec.personas[1].name: duplicate \"a\""},
    {"Mesh", "spec.sweepInterval", "5 minutes", "spec.sweepInterval: \"5 minutes\" does not match ^([0-9]{1,9}(ms|s|m|h|d))+$"},
    {"DataProduct", "spec.database", "Sales-Orders",
     "spec.database: \"Sales-Orders\" does not match ^[a-z0-9_]+$; did you mean \"sales_orders\"?"},
    {"DataProduct", "spec.database", "", "spec.database: must not be empty"},
    {"DataProduct", "spec.location", "/data", "spec.location: \"/data\" does not match ^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\\s]*)?$"},
    {"DataProduct", "spec.publishedUntil", "tomorrow",
     "spec.publishedUntil: \"tomorrow\" is not a time; write it as 2027-01-01T00:00:00Z"},
    {"DataProduct", "spec.tags", {{"pii", true}}, "spec.tags.pii: must be a string, not true; put it in quotes"},
    {"DataProduct", "spec.tables", {{{"name", "a"}, {"location", "s3://bucket"}}, {{"name", "a"}, {"location", "s3://bucket"}}},
     "spec.tables[1].name: duplicate \"a\""},
    {"DataProduct", "spec.tables", {{{"location", "s3://bucket"}}, {{"location", "s3://bucket"}}},
     "spec.tables[0].name: this required field is missing\nspec.tables[1].name: this required field is missing"},
    {"Grant", "spec.permissions", {"SELECT", "SELECT"}, "spec.permissions[1]: duplicate \"SELECT\""},
    {"Grant", "spec.permissions", {"select"},
     "spec.permissions[0]: \"select\" is not ALL, ALTER, DELETE, DESCRIBE, DROP, INSERT or SELECT; did you mean \"SELECT\"?"},
    {"Grant", "spec.grantable", "true", "spec.grantable: must be true or false, not a string; write it without quotes"},
    {"Grant", "spec", nullptr, "spec: must be an object, not null; leave the field out or give it a value"},
    {"Grant", "status", {{"observedGeneration", -1}}, "status.observedGeneration: -1 is less than the least, 0"},
    {"Grant", "status", {{"observedGeneration", 18446744073709551615u}},
     "status.observedGeneration: 18446744073709551615 is out of range"},
};

TEST(SchemaProblem, OfAFieldSaysWhatWouldBeRight) {
  for (const auto& [kind, path, value, problems] : kFieldProblems) {
    EXPECT_EQ(problems_of(with(minimal(kind), path, value)), problems) << kind << " with " << path << ": " << value;
  }
}

const ProblemCase kHeadProblems[] = {
    {"Grant", "apiVersion", "datamesh.dev/v1",
     "apiVersion: \"datamesh.dev/v1\" is no version of Grant; did you mean \"datamesh.dev/v1alpha1\"?"},
    {"Grant", "apiVersion", nullptr,
     "apiVersion: this required field is missing; write apiVersion: datamesh.dev/v1alpha1\n"
     "apiVersion: must be a string, not null; leave the field out or give it a value"},
    {"Grant", "kind", "Gratn", "kind: there is no kind \"Gratn\"; did you mean \"Grant\"?"},
    {"Grant", "kind", "Deployment", "kind: there is no kind \"Deployment\""},
    {"Grant", "kind", nullptr, "kind: this required field is missing"},
    {"Grant", "metadata.name", "Orders_Readers",
     "metadata.name: \"Orders_Readers\" is no name: lower-case letters, digits, '-' and '.', beginning and ending with a "
     "letter or digit; did you mean \"orders-readers\"?"},
    {"Grant", "metadata.name", "", "metadata.name: this required field is missing"},
    {"Grant", "metadata.name", 5, "metadata.name: must be a string, not 5; put it in quotes"},
    {"Grant", "metadata.name", std::string(254, 'a'), "metadata.name: has 254 characters; at most 253 are allowed"},
    {"Grant", "metadata.namespace", "a.b",
     "metadata.namespace: \"a.b\" is no namespace: at most 63 lower-case letters, digits and '-', beginning and ending with "
     "a letter or digit"},
    {"Mesh", "metadata.namespace", "team", "metadata.namespace: a Mesh has no namespace; leave the field out"},
    {"Grant", "metadata.lables", {{"a", "b"}}, "metadata.lables: unknown field; did you mean \"labels\"?"},
    {"Grant", "metadata.labels", {{"a", 5}}, "metadata.labels.a: must be a string, not 5; put it in quotes"},
    {"Grant", "metadata.labels", {{"-a", "b"}},
     "metadata.labels.-a: \"-a\" is no key: at most 63 letters, digits, '-', '_' and '.', optionally behind a domain and '/'"},
    {"Grant", "metadata.labels", {{"a/b", "c d"}},
     "metadata.labels[\"a/b\"]: \"c d\" is no label value: at most 63 letters, digits, '-', '_' and '.', beginning and "
     "ending with a letter or digit"},
    {"Grant", "metadata.annotations", {{"a", std::string(262144, 'x')}},
     "metadata.annotations: have 262145 bytes; at most 262144 are allowed"},
    {"Grant", "metadata.annotations", {"a"}, "metadata.annotations: must be an object"},
    {"Grant", "metadata.finalizers", {"a/b/c"},
     "metadata.finalizers[0]: \"a/b/c\" is no key: at most 63 letters, digits, '-', '_' and '.', optionally behind a domain "
     "and '/'"},
    {"Grant", "metadata.generation", "1", "metadata.generation: must be an integer"},
    {"Grant", "metadata", nullptr,
     "metadata: this required field is missing\n"
     "metadata: must be an object, not null; leave the field out or give it a value"},
    {"Grant", "metadata", "x", "metadata: must be an object, not a string"},
};

TEST(SchemaProblem, OfTheMetadataSaysWhatWouldBeRight) {
  for (const auto& [kind, path, value, problems] : kHeadProblems) {
    EXPECT_EQ(problems_of(with(minimal(kind), path, value)), problems) << kind << " with " << path;
  }
}

TEST(SchemaRegistry, AcceptsWhatTheServerWritesIntoMetadata) {
  Json object = minimal("Grant");
  object["metadata"].update(Json::parse(R"({
    "uid": "x", "resourceVersion": "5", "generation": 1, "creationTimestamp": null, "finalizers": ["datamesh.dev/entries"],
    "labels": {"app.kubernetes.io/name": "x", "empty": ""}, "annotations": {"Example.com/Note": "any text\n"},
    "managedFields": [], "ownerReferences": []})"));
  EXPECT_EQ(problems_of(object), "");
  EXPECT_EQ(problems_of(with(without(object, "metadata.name"), "metadata.generateName", "x-")), "");
}

TEST(SchemaRegistry, TellsAllProblemsAtOnce) {
  Json object = minimal("Account");
  object["metadata"]["name"] = "A";
  object["spec"] = {{"accountId", 5}, {"regions", Json::array()}, {"undeclard", "x"}, {"undeclared", "Revok"}};
  EXPECT_EQ(problems_of(object),
            "metadata.name: \"A\" is no name: lower-case letters, digits, '-' and '.', beginning and ending with a letter or "
            "digit; did you mean \"a\"?\n"
            "spec.roles: this required field is missing\n"
            "spec.accountId: must be a string, not the integer 5; put it in quotes\n"
            "spec.regions: must not be empty\n"
            "spec.undeclard: unknown field; did you mean \"undeclared\"?\n"
            "spec.undeclared: \"Revok\" is not Ignore, Report or Revoke; did you mean \"Revoke\"?");
}

TEST(SchemaRegistry, StopsAfterAHundredProblems) {
  const Json object = with(minimal("Grant"), "spec.tables", std::vector<int>(1000, 5));
  const auto problems = registry().validate(object);
  ASSERT_EQ(problems.size(), 101u);
  EXPECT_EQ(problems.back(), (Problem{"", "there are more problems; they are not shown", ""}));
}

TEST(SchemaRegistry, RefusesWhatIsNoObject) {
  EXPECT_EQ(problems_of(nullptr), "must be an object");
  EXPECT_EQ(problems_of(Json::array({1})), "must be an object");
  EXPECT_EQ(problems_of(Json::object()), "kind: this required field is missing");
}

TEST(SchemaRegistry, MatchesHostilePatternsInLinearTime) {
  const Json object = with(minimal("Grant"), "spec.to.principals[0]", "arn:aws:" + std::string(2000, 'a'));
  EXPECT_THAT(problems_of(object), ::testing::HasSubstr("spec.to.principals[0]: \"arn:aws:aaa"));
}

std::string refusal_of(const std::string& schema) {
  const std::string text =
      "kind: CustomResourceDefinition\nspec:\n  group: g\n  names: {kind: A, plural: as}\n  versions:\n  - name: v1\n    "
      "schema: {openAPIV3Schema: " + schema + "}\n";
  const EmbeddedFile file{"a.yaml", text};
  const auto built = SchemaRegistry::of(std::span(&file, 1));
  return built ? "accepted" : to_string(built.error());
}

TEST(SchemaRegistry, IsNotBuiltFromWhatItWouldNotCheck) {
  EXPECT_EQ(refusal_of("{type: object}"), "accepted");
  EXPECT_EQ(refusal_of("{type: object, properties: {a: {type: string, multipleOf: 2}}}"),
            "a.yaml: A.a: unknown keyword multipleOf");
  EXPECT_EQ(refusal_of("{type: object, properties: {a: {type: string, format: ipv4}}}"), "a.yaml: A.a: unknown format ipv4");
  EXPECT_EQ(refusal_of("{type: text}"), "a.yaml: A: unknown type \"text\"");
  EXPECT_EQ(refusal_of("{description: x}"), "a.yaml: A: type is missing");
  EXPECT_EQ(refusal_of("{type: string, pattern: '('}"), "a.yaml: A: malformed pattern (");
  EXPECT_EQ(refusal_of("{type: string, maxLength: -1}"), "a.yaml: A: a number is expected, not -1");
  EXPECT_EQ(refusal_of("{type: array, x-kubernetes-list-type: map, items: {type: object}}"),
            "a.yaml: A: x-kubernetes-list-map-keys is missing");
  EXPECT_EQ(refusal_of("{type: object, x-kubernetes-validations: [{rule: self.a == 1}]}"),
            "a.yaml: A: the rule has no code: self.a == 1");
  EXPECT_EQ(refusal_of("{type: object, x-kubernetes-validations: [{rule: x, reason: y}]}"), "a.yaml: A: unknown keyword reason");
  EXPECT_EQ(refusal_of("[1]"), "a.yaml: A: a schema is an object");
}

TEST(SchemaRegistry, ReportsABrokenFile) {
  const EmbeddedFile bad{"a.yaml", "a: ["};
  EXPECT_EQ(SchemaRegistry::of(std::span(&bad, 1)).error().origin, "a.yaml");
  const EmbeddedFile other{"b.yaml", "kind: Grant"};
  EXPECT_EQ(to_string(SchemaRegistry::of(std::span(&other, 1)).error()), "b.yaml: this is no CRD with exactly one version");
}

SchemaNode node_of(const std::string& schema) { return *compile_schema(Json::parse(schema), "x").value(); }

TEST(FillDefaults, GoesIntoMapsAndLists) {
  const SchemaNode node = node_of(R"({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "object",
    "properties": {"a": {"type": "integer", "default": 1}, "b": {"type": "string", "nullable": true, "default": "x"}}}}})");
  Json value = Json::parse(R"({"k": [{}, {"a": 2, "b": null}], "l": []})");
  fill_defaults(node, value);
  EXPECT_EQ(value, Json::parse(R"({"k": [{"a": 1, "b": "x"}, {"a": 2, "b": null}], "l": []})"));
}

TEST(ColumnValue, FollowsThePathOfTheColumn) {
  const Json object = Json::parse(R"({"spec": {"regions": ["eu-west-1"], "n": 5, "on": true, "at": "2027-01-01T00:00:00Z"},
    "status": {"conditions": [{"type": "Stalled", "status": "False"}, {"type": "Ready", "status": "True"}]}})");
  const auto value = [&](const char* type, const char* path) { return column_value({"", type, "", path, 0}, object); };
  EXPECT_EQ(value("string", ".status.conditions[?(@.type==\"Ready\")].status"), "True");
  EXPECT_EQ(value("string", ".status.conditions[?(@.type==\"Gone\")].status"), nullptr);
  EXPECT_EQ(value("string", ".spec.regions[0]"), "eu-west-1");
  EXPECT_EQ(value("string", ".spec.regions[1]"), nullptr);
  EXPECT_EQ(value("string", ".spec.regions"), "[\"eu-west-1\"]");
  EXPECT_EQ(value("string", ".spec.n"), "5");
  EXPECT_EQ(value("integer", ".spec.n"), 5);
  EXPECT_EQ(value("integer", ".spec.at"), nullptr);
  EXPECT_EQ(value("boolean", ".spec.on"), true);
  EXPECT_EQ(value("date", ".spec.at"), "2027-01-01T00:00:00Z");
  EXPECT_EQ(value("string", ".none.deeper"), nullptr);
  EXPECT_EQ(value("string", "spec"), nullptr);
}

TEST(ColumnValue, IsThereForEveryColumnOfAFullObject) {
  const Json status = Json::parse(R"({"owner": "111122223333", "undeclared": {"count": 3},
    "conditions": [{"type": "Ready", "status": "True", "reason": "Synced"}]})");
  Json object = minimal("DataProduct");
  object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z";
  object["status"] = status;
  std::vector<Json> row;
  for (const PrinterColumn& column : registry().find("DataProduct")->columns) row.push_back(column_value(column, object));
  EXPECT_THAT(row, ElementsAre("sales", "orders", "111122223333", "True", "Synced", "2026-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace datamesh::api
