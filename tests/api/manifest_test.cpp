#include "controller/api/manifest.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/api/codec.h"

namespace datamesh::api {
namespace {

const SchemaRegistry& registry() {
  static const SchemaRegistry kRegistry = SchemaRegistry::builtin();
  return kRegistry;
}

ManifestSet load(std::string_view text) { return load_manifests(text, "m.yaml", registry()); }

std::string problems_of(std::string_view text) {
  std::string out;
  for (const ManifestProblem& problem : load(text).problems) out += to_string(problem) + "\n";
  return out;
}

constexpr std::string_view kTwoGrants = R"(# readers
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: a, namespace: sales}
spec:
  product: {name: orders}
  to: {accounts: [{name: lab}]}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: b, namespace: sales}
spec:
  link: orders
  to:
    principals: ["arn:aws:iam::111122223333:role/analyst"]
)";

TEST(LoadManifests, GivesEveryObjectAsWrittenWithItsLine) {
  const ManifestSet set = load(kTwoGrants);
  EXPECT_TRUE(set.problems.empty());
  ASSERT_EQ(set.manifests.size(), 2u);
  EXPECT_EQ(set.manifests[0].line, 2);
  EXPECT_EQ(set.manifests[1].line, 9);
  EXPECT_EQ(set.manifests[1].file, "m.yaml");
  EXPECT_EQ(set.manifests[0].object["spec"],
            Json::parse(R"({"product": {"name": "orders"}, "to": {"accounts": [{"name": "lab"}]}})"));
}

TEST(LoadManifests, TellsEveryProblemOfEveryDocumentWhereItStands) {
  EXPECT_EQ(problems_of(R"(apiVersion: datamesh.dev/v1alpha1
kind: DataProduct
metadata:
  name: orders
  namespace: sales
spec:
  acount: sales
  database: Orders
  location: s3://bucket/orders
  tables:
  - name: lines
    columns:
    - name: id
      typ: bigint
    - {name: price, type: 5}
---
apiVersion: datamesh.dev/v1
kind: Grant
metadata: {name: b}
spec: {link: x, to: {principals: ["arn:aws:iam::111122223333:root"]}}
)"),
            R"(m.yaml:7:3: spec.account: this required field is missing
m.yaml:7:3: spec.acount: unknown field; did you mean "account"?
m.yaml:8:13: spec.database: "Orders" does not match ^[a-z0-9_]+$; did you mean "orders"?
m.yaml:13:7: spec.tables[0].columns[0].type: this required field is missing
m.yaml:14:7: spec.tables[0].columns[0].typ: unknown field; did you mean "type"?
m.yaml:15:27: spec.tables[0].columns[1].type: must be a string, not the integer 5; put it in quotes
m.yaml:17:13: apiVersion: "datamesh.dev/v1" is no version of Grant; did you mean "datamesh.dev/v1alpha1"?
m.yaml:20:35: spec.to.principals[0]: an account's root is no principal in Lake Formation
)");
}

TEST(LoadManifests, NamesTheKindThatWasMeant) {
  EXPECT_EQ(problems_of("kind: Dataproduct\nspec: {}\n"),
            "m.yaml:1:7: kind: there is no kind \"Dataproduct\"; did you mean \"DataProduct\"?\n");
  EXPECT_EQ(problems_of("apiVersion: v1\n"), "m.yaml:1:1: kind: this required field is missing\n");
  EXPECT_EQ(problems_of("- a\n"), "m.yaml:1:1: must be an object\n");
  EXPECT_TRUE(load("- a\n").manifests.empty());
}

TEST(LoadManifests, UnfoldsLists) {
  const std::string item = R"({"apiVersion": "datamesh.dev/v1alpha1", "kind": "ResourceLink",
  "metadata": {"name": "NAME", "namespace": "lab"}, "spec": {"account": "lab", "product": {"name": "p", "nam": 1}}})";
  std::string first = item, second = item;
  first.replace(first.find("NAME"), 4, "a");
  second.replace(second.find("NAME"), 4, "b");
  const std::string text = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n" + first + ",\n" + second + "]}\n";
  const ManifestSet set = load(text);
  ASSERT_EQ(set.manifests.size(), 2u);
  EXPECT_EQ(set.manifests[1].object["metadata"]["name"], "b");
  EXPECT_EQ(set.manifests[1].line, 4);
  EXPECT_EQ(problems_of(text),
            "m.yaml:3:102: items[0].spec.product.nam: unknown field; did you mean \"name\"?\n"
            "m.yaml:5:102: items[1].spec.product.nam: unknown field; did you mean \"name\"?\n");
  EXPECT_EQ(problems_of("kind: List\nitems: 5\n"), "m.yaml:2:8: items: must be a list of objects\n");
  EXPECT_EQ(problems_of("kind: List\nitems: []\n"), "");
}

TEST(LoadManifests, RefusesAnObjectDeclaredTwice) {
  const std::string text = std::string(kTwoGrants) + "---\n" + std::string(kTwoGrants.substr(10));
  EXPECT_EQ(problems_of(text),
            "m.yaml:19:18: metadata.name: Grant/sales/a is declared twice; the first is at line 2\n"
            "m.yaml:26:18: metadata.name: Grant/sales/b is declared twice; the first is at line 9\n");
}

TEST(LoadManifests, TellsWhereTextIsNoYaml) {
  EXPECT_EQ(problems_of("kind: Grant\nkind: Mesh\n"), "m.yaml:2:1: duplicate key \"kind\"\n");
  EXPECT_EQ(problems_of("{a: b}\n- c\n"),
            "m.yaml:2:1: unexpected content after the end of the document; is a '---' missing?\n");
  EXPECT_TRUE(load(std::string(200, '[')).manifests.empty());
}

TEST(LoadManifests, OfNothingAreNone) {
  EXPECT_TRUE(load("# only comments\n---\n").manifests.empty());
  EXPECT_EQ(problems_of(""), "");
}

TEST(LoadManifests, KeepsTheNoteThatThereAreMoreProblemsLast) {
  std::string text = "apiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: a}\nspec:\n  tables:\n";
  for (int i = 0; i < 200; ++i) text += "  - " + std::to_string(i) + "\n";
  const auto problems = load(text).problems;
  ASSERT_EQ(problems.size(), 101u);
  EXPECT_EQ(problems.back().problem.message, "there are more problems; they are not shown");
}

TEST(Examples, AreValidAndDecode) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(DATAMESH_SOURCE_DIR "/docs/examples")) {
    if (entry.path().extension() != ".yaml") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const ManifestSet set = load_manifests(text.str(), entry.path().filename(), registry());
    for (const ManifestProblem& problem : set.problems) ADD_FAILURE() << entry.path() << ": " << to_string(problem);
    for (Manifest manifest : set.manifests) {
      registry().apply_defaults(manifest.object);
      const auto resource = decode(manifest.object);
      EXPECT_TRUE(resource.has_value()) << to_string(resource.error());
      ++count;
    }
  }
  EXPECT_GT(count, 0u);
}

}  // namespace
}  // namespace datamesh::api
