#include "controller/api/codec.h"

#include <gtest/gtest.h>

#include "controller/api/schema.h"
#include "tests/api/objects.h"

namespace datamesh::api {
namespace {

const Time kTime = *parse_rfc3339("2027-03-04T05:06:07Z");

MeshSpec full_mesh() {
  MeshSpec mesh;
  mesh.governance = Governance::LineOfBusiness;
  mesh.central_account = Ref{"governance", "central"};
  mesh.lines_of_business = {{"retail", {"retail", "main"}}, {"energy", {"energy", "main"}}};
  mesh.guard = {5, 6, 7, std::chrono::minutes(90)};
  mesh.defaults = {Undeclared::Revoke, AccessMode::Hybrid, DeletionPolicy::Delete, 5};
  mesh.sweep_interval = Millis(1500);
  return mesh;
}

AccountSpec full_account() {
  AccountSpec account;
  account.account_id = "111122223333";
  account.regions = {"eu-west-1", "us-east-1"};
  account.roles = {AccountRole::Central, AccountRole::Producer, AccountRole::Consumer};
  account.line_of_business = "retail";
  account.connection = {ConnectionType::Aws, "arn:aws:iam::111122223333:role/x", "secret", "https://localhost:1"};
  account.personas = {{"analyst", {"arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"}}};
  account.administrators = {"arn:aws:iam::111122223333:role/admin"};
  account.undeclared = Undeclared::Ignore;
  account.access_mode = AccessMode::Hybrid;
  account.cross_account_version = 3;
  return account;
}

DataProductSpec full_product() {
  DataProductSpec product;
  product.account = "sales";
  product.database = "orders";
  product.description = "All orders";
  product.owner = "sales-team";
  product.domain = "sales";
  product.location = "s3://bucket/orders";
  product.location_role = "arn:aws:iam::111122223333:role/location";
  product.tables = {{"lines", "A line", "s3://bucket/lines", TableFormat::Iceberg,
                     {{"id", "bigint", "The key", {{"pii", "no"}}}, {"price", "decimal(10,2)", "", {}}},
                     {{"day", "date", "", {}}}, {{"layer", "gold"}}, {{"classification", "x"}}, AccessMode::Hybrid},
                    {"heads", "", "", TableFormat::Csv, {}, {}, {}, {}, {}}};
  product.tags = {{"domain", "sales"}};
  product.regions = {"eu-west-1"};
  product.schema_policy = SchemaPolicy::FollowProducer;
  product.source_database = "raw_orders";
  product.producer_access = {{"engineer", {"ALTER", "INSERT"}, {"lines"}}};
  product.interfaces = {Interface::SageMaker, Interface::Athena};
  product.access_mode = AccessMode::LakeFormation;
  product.recreated_tables = RecreatedTables::AwaitApproval;
  product.deletion_policy = DeletionPolicy::Delete;
  product.published_until = kTime;
  product.freshness = "24h";
  product.lineage_inputs = {{"web", "clicks"}, {"", "customers"}};
  product.quality = {{"not-null", "ids are there"}};
  return product;
}

ResourceLinkSpec full_link() { return {"lab", {"sales", "orders"}, "lines", "order_lines", "shared", "eu-west-1"}; }

GrantSpec full_grant() {
  GrantSpec grant;
  grant.product = Ref{"sales", "orders"};
  grant.link = "orders";
  grant.tables = {"lines"};
  grant.columns = ColumnSelection{{"id"}, {"price"}};
  grant.row_filter = "country = 'de'";
  grant.accounts = {{"lab", "lab"}};
  grant.principals = {"arn:aws:iam::111122223333:role/x"};
  grant.personas = {{{"", "lab"}, "analyst"}};
  grant.permissions = {"SELECT", "INSERT"};
  grant.grantable = true;
  grant.expires_at = kTime;
  return grant;
}

Spec decoded(const Spec& spec) {
  const auto resource = decode(object_of(std::string(kind_of(spec)), encode_spec(spec)));
  EXPECT_TRUE(resource.has_value()) << to_string(resource.error());
  return resource ? resource->spec : Spec{};
}

TEST(Codec, GivesBackWhatItEncoded) {
  for (const Spec& spec : {Spec(full_mesh()), Spec(full_account()), Spec(full_product()), Spec(full_link()),
                           Spec(full_grant())}) {
    EXPECT_TRUE(decoded(spec) == spec) << encode_spec(spec).dump(2);
  }
}

TEST(Codec, GivesBackWhatHasOnlyDefaults) {
  GrantSpec grant;
  grant.permissions = {"SELECT", "DESCRIBE"};
  for (const Spec& spec : {Spec(MeshSpec()), Spec(AccountSpec()), Spec(DataProductSpec()), Spec(ResourceLinkSpec()),
                           Spec(grant)}) {
    EXPECT_TRUE(decoded(spec) == spec) << encode_spec(spec).dump(2);
  }
}

TEST(Codec, WritesNoFieldThatTheSchemaDoesNotKnow) {
  const SchemaRegistry registry = SchemaRegistry::builtin();
  for (const Spec& spec : {Spec(full_mesh()), Spec(full_account()), Spec(full_product()), Spec(full_link())}) {
    EXPECT_EQ(to_string(registry.validate(object_of(std::string(kind_of(spec)), encode_spec(spec)))), "");
  }
  // A Grant that has every field breaks rules, which are told of values that pass their schema only.
  for (const Problem& problem : registry.validate(object_of("Grant", encode_spec(full_grant())))) {
    EXPECT_NE(problem.message, "unknown field") << problem.path;
    EXPECT_NE(problem.path.substr(0, 8), "spec.to.") << problem.message;
  }
}

TEST(Codec, ReadsAnEmptyObjectAsTheDefaultsOfTheSchema) {
  const SchemaRegistry registry = SchemaRegistry::builtin();
  Json mesh = minimal("Mesh");
  const Spec bare = decode(mesh)->spec;
  registry.apply_defaults(mesh);
  EXPECT_TRUE(decode(mesh)->spec == bare);
  EXPECT_TRUE(bare == Spec(MeshSpec()));
}

TEST(Codec, ReadsPermissionsThatAreLeftOutByWhatIsSelected) {
  const auto permissions = [](const Json& grant) { return std::get<GrantSpec>(decode(grant)->spec).permissions; };
  using Words = std::vector<std::string>;
  EXPECT_EQ(permissions(minimal("Grant")), (Words{"SELECT", "DESCRIBE"}));
  EXPECT_EQ(permissions(with(minimal("Grant"), "spec.columns", {{"include", {"a"}}})), Words{"SELECT"});
  EXPECT_EQ(permissions(with(minimal("Grant"), "spec.rowFilter", "a = 1")), Words{"SELECT"});
  EXPECT_EQ(permissions(with(minimal("Grant"), "spec.permissions", {"ALTER"})), Words{"ALTER"});
}

TEST(Codec, ReadsTheMetadata) {
  Json object = minimal("ResourceLink");
  object["metadata"] = Json::parse(R"({"name": "n", "namespace": "ns", "uid": "u-1", "resourceVersion": "42",
    "generation": 3, "creationTimestamp": "2027-03-04T05:06:07Z", "deletionTimestamp": "2027-03-04T05:06:07Z",
    "finalizers": ["datamesh.dev/entries"], "annotations": {"a": "b"}, "labels": {"x": "y"}, "managedFields": [{}]})");
  object["status"] = {{"hops", 5}};
  const auto resource = decode(object);
  ASSERT_TRUE(resource.has_value());
  EXPECT_EQ(resource->key, (ObjectKey{"ResourceLink", "ns", "n"}));
  EXPECT_EQ(resource->metadata, (Metadata{"u-1", 42, 3, kTime, kTime, {"datamesh.dev/entries"}, {{"a", "b"}}}));
}

TEST(Codec, ReadsAnOpaqueResourceVersionAsZero) {
  EXPECT_EQ(decode(with(minimal("Mesh"), "metadata.resourceVersion", "x7"))->metadata.revision, 0);
}

struct BrokenCase {
  const char* kind;
  const char* path;
  Json value;
  const char* error;
};

TEST(Codec, RefusesWhatNoValidObjectHas) {
  const BrokenCase cases[] = {
      {"Widget", "spec.a", 1, "Widget/team/sample: there is no kind \"Widget\""},
      {"Mesh", "spec", 5, "Mesh/sample: spec is of another type"},
      {"Mesh", "spec.governance", "Anarchy", "Mesh/sample: spec.governance is none of the words allowed"},
      {"Mesh", "spec.guard.window", "soon", "Mesh/sample: spec.guard.window is no duration"},
      {"Mesh", "spec.guard.minRevocations", 1.5, "Mesh/sample: spec.guard.minRevocations is no integer"},
      {"Grant", "spec.expiresAt", "soon", "Grant/team/sample: spec.expiresAt is no time"},
      {"Grant", "spec.to.personas[0].account", "x", "Grant/team/sample: spec.to.personas[0].account is of another type"},
      {"Grant", "spec.to.accounts", {"x"}, "Grant/team/sample: spec.to.accounts holds something else than objects"},
      {"Grant", "spec.tables", {5}, "Grant/team/sample: spec.tables holds something else than strings"},
      {"DataProduct", "spec.tags", {{"a", 5}}, "DataProduct/team/sample: spec.tags holds something else than strings"},
      {"DataProduct", "spec.interfaces", {"Excel"}, "DataProduct/team/sample: spec.interfaces is none of the words allowed"},
      {"DataProduct", "metadata.finalizers", "x", "DataProduct/team/sample: metadata.finalizers is of another type"},
  };
  for (const auto& [kind, path, value, error] : cases) {
    const auto resource = decode(with(minimal(kind), path, value));
    EXPECT_EQ(resource ? "decoded" : to_string(resource.error()), error) << path;
  }
  EXPECT_FALSE(decode(nullptr).has_value());
  EXPECT_FALSE(decode(Json::array({1})).has_value());
}

TEST(FormatDuration, IsReadBackUnchanged) {
  for (const auto& [millis, text] : {std::pair(0, "0s"), std::pair(1, "1ms"), std::pair(90'000, "1m30s"),
                                     std::pair(3'600'000, "1h"), std::pair(86'461'500, "24h1m1s500ms")}) {
    EXPECT_EQ(format_duration(Millis(millis)), text);
    EXPECT_EQ(parse_duration(text), Millis(millis));
  }
}

TEST(ObjectKey, IsWrittenWithItsNamespace) {
  EXPECT_EQ(to_string(key_of(minimal("Grant"))), "Grant/team/sample");
  EXPECT_EQ(to_string(key_of(minimal("Mesh"))), "Mesh/sample");
  EXPECT_EQ(key_of(nullptr), ObjectKey());
}

}  // namespace
}  // namespace datamesh::api
