#include "controller/api/rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "controller/api/schema.h"
#include "controller/api/schema_node.h"
#include "tests/api/objects.h"

namespace datamesh::api {
namespace {

const SchemaRegistry& registry() {
  static const SchemaRegistry kRegistry = SchemaRegistry::builtin();
  return kRegistry;
}

void collect_rules(const SchemaNode& node, std::set<std::string>& texts, std::set<std::string>& messages) {
  for (const SchemaRule& rule : node.rules) {
    texts.insert(rule.text);
    messages.insert(rule.message);
  }
  for (const auto& [key, property] : node.properties) collect_rules(*property, texts, messages);
  if (node.items) collect_rules(*node.items, texts, messages);
  if (node.additional) collect_rules(*node.additional, texts, messages);
}

/// An object that breaks one rule, and what is told.
struct RuleCase {
  const char* kind;
  const char* spec;
  const char* problem;
};

const RuleCase kBroken[] = {
    {"Mesh", R"({"governance": "Central"})", "spec.centralAccount: governance Central needs centralAccount"},
    {"Mesh", R"({"governance": "LineOfBusiness"})", "spec.linesOfBusiness: governance LineOfBusiness needs linesOfBusiness"},
    {"Mesh", R"({"governance": "LineOfBusiness", "linesOfBusiness": []})",
     "spec.linesOfBusiness: governance LineOfBusiness needs linesOfBusiness"},
    {"Account", R"({"accountId": "111122223333", "regions": ["eu-west-1"], "roles": ["Producer"],
                    "connection": {"externalId": "abc"}})",
     "spec.connection.externalId: externalId needs roleArn"},
    {"Account", R"({"accountId": "111122223333", "regions": ["eu-west-1"], "roles": ["Producer"],
                    "administrators": ["arn:aws:iam::111122223333:root"]})",
     "spec.administrators[0]: an account's root is no principal in Lake Formation"},
    {"Account", R"({"accountId": "111122223333", "regions": ["eu-west-1"], "roles": ["Producer"],
                    "personas": [{"name": "a", "principals": ["arn:aws:iam::111122223333:root"]}]})",
     "spec.personas[0].principals[0]: an account's root is no principal in Lake Formation"},
    {"DataProduct", R"({"account": "a", "database": "b", "sourceDatabase": "c"})",
     "spec.sourceDatabase: sourceDatabase needs schemaPolicy FollowProducer"},
    {"DataProduct", R"({"account": "a", "database": "b", "tables": [{"name": "t"}]})",
     "spec.location: a table without a location needs the location of the product"},
    {"ResourceLink", R"({"account": "a", "product": {"name": "p"}, "table": "t"})",
     "spec.database: table needs database, the local one that holds the link"},
    {"ResourceLink", R"({"account": "a", "product": {"name": "p"}, "database": "d"})",
     "spec.database: database is for links to a table; a link to a whole database is named by name"},
    {"Grant", R"({"to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec: exactly one of product, link and tagExpression is needed"},
    {"Grant", R"({"product": {"name": "p"}, "link": "l", "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec: exactly one of product, link and tagExpression is needed"},
    {"Grant", R"({"link": "l", "tables": ["t"], "columns": {}, "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec.columns: exactly one of include and exclude is needed"},
    {"Grant", R"({"link": "l", "tables": ["t"], "columns": {"include": ["a"], "exclude": ["b"]},
                  "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec.columns: exactly one of include and exclude is needed"},
    {"Grant", R"({"link": "l", "tables": ["t", "u"], "columns": {"include": ["a"]},
                  "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec.tables: columns and rowFilter need exactly one table"},
    {"Grant", R"({"link": "l", "rowFilter": "a = 1", "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec.tables: columns and rowFilter need exactly one table"},
    {"Grant", R"({"link": "l", "tables": ["t"], "columns": {"include": ["a"]}, "permissions": ["SELECT", "DESCRIBE"],
                  "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec.permissions: columns and rowFilter allow no permission but SELECT"},
    {"Grant", R"({"link": "l", "tables": ["t"], "rowFilter": "a = 1", "permissions": ["INSERT"],
                  "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec.permissions: columns and rowFilter allow no permission but SELECT"},
    {"Grant", R"({"link": "l", "tables": ["t"], "columns": {"exclude": ["a"]}, "grantable": true,
                  "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})",
     "spec.grantable: grantable needs columns to be included, not excluded"},
    {"Grant", R"({"product": {"name": "p"}, "tables": ["t"], "columns": {"exclude": ["a"]}, "to": {"accounts": [{"name": "x"}]}})",
     "spec.columns: accounts need columns to be included, not excluded"},
    {"Grant", R"({"link": "l", "to": {"accounts": [{"name": "x"}]}})",
     "spec.to: accounts receive from whoever has the data, not through a link or from another catalog"},
    {"Grant", R"({"tagExpression": "a = b", "account": "c", "catalog": {"name": "d"}, "to": {"accounts": [{"name": "x"}]}})",
     "spec.to: accounts receive from whoever has the data, not through a link or from another catalog"},
    {"Grant", R"({"tagExpression": "a = b", "to": {"accounts": [{"name": "x"}]}})",
     "spec.account: tagExpression and account go together"},
    {"Grant", R"({"product": {"name": "p"}, "catalog": {"name": "d"}, "to": {"accounts": [{"name": "x"}]}})",
     "spec.catalog: catalog is for tagExpression"},
    {"Grant", R"({"tagExpression": "a = b", "account": "c", "tables": ["t"], "to": {"accounts": [{"name": "x"}]}})",
     "spec.tagExpression: with tagExpression the tags say which tables and columns"},
    {"Grant", R"({"tagExpression": "a in b", "account": "c", "to": {"accounts": [{"name": "x"}]}})",
     "spec.tagExpression: at character 6: expected ( after in; for instance classification in (public, internal)"},
    {"Grant", R"({"link": "l", "to": {}})", "spec.to: at least one account, principal or persona is needed"},
    {"Grant", R"({"link": "l", "to": {"accounts": [], "personas": []}})",
     "spec.to: at least one account, principal or persona is needed"},
    {"Grant", R"({"link": "l", "to": {"principals": ["arn:aws:iam::111122223333:root"]}})",
     "spec.to.principals[0]: an account's root is no principal in Lake Formation"},
};

const RuleCase kKept[] = {
    {"Grant", R"({"tagExpression": "a in (b, c) and d = *", "account": "e", "to": {"accounts": [{"name": "x"}]}})", ""},
    {"Grant", R"({"tagExpression": "a = b", "account": "c", "catalog": {"namespace": "d", "name": "e"},
                  "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})", ""},
    {"Mesh", R"({"governance": "Central", "centralAccount": {"namespace": "a", "name": "b"}})", ""},
    {"Mesh", R"({"governance": "LineOfBusiness",
                 "linesOfBusiness": [{"name": "x", "centralAccount": {"namespace": "a", "name": "b"}}]})", ""},
    {"Mesh", R"({"governance": "Federated", "linesOfBusiness": []})", ""},
    {"Account", R"({"accountId": "111122223333", "regions": ["eu-west-1"], "roles": ["Producer"], "connection":
                    {"type": "Aws", "roleArn": "arn:aws:iam::111122223333:role/x", "externalId": "abc"},
                    "administrators": ["arn:aws:iam::111122223333:role/root"]})", ""},
    {"DataProduct", R"({"account": "a", "database": "b", "schemaPolicy": "FollowProducer", "sourceDatabase": "c",
                        "tables": [{"name": "t"}]})", ""},
    {"DataProduct", R"({"account": "a", "database": "b", "location": "s3://bucket/x", "tables": [{"name": "t"}]})", ""},
    {"DataProduct", R"({"account": "a", "database": "b", "tables": [{"name": "t", "location": "s3://bucket/x"}]})", ""},
    {"ResourceLink", R"({"account": "a", "product": {"name": "p"}, "table": "t", "database": "d", "name": "n"})", ""},
    {"ResourceLink", R"({"account": "a", "product": {"name": "p"}, "name": "n"})", ""},
    {"Grant", R"({"link": "l", "tables": ["t"], "columns": {"exclude": ["a"]}, "permissions": ["SELECT"],
                  "to": {"principals": ["arn:aws:iam::111122223333:role/x"]}})", ""},
    {"Grant", R"({"product": {"name": "p"}, "tables": ["t"], "columns": {"include": ["a"]}, "rowFilter": "a = 1",
                  "grantable": true, "to": {"accounts": [{"name": "x"}]}})", ""},
    {"Grant", R"({"link": "l", "tables": ["t", "u"], "permissions": ["SELECT", "INSERT"], "grantable": true,
                  "to": {"accounts": [], "personas": [{"account": {"name": "a"}, "name": "analyst"}]}})", ""},
};

TEST(Rules, TellWhatIsBroken) {
  for (const auto& [kind, spec, problem] : kBroken) {
    EXPECT_EQ(to_string(registry().validate(object_of(kind, Json::parse(spec)))), problem) << kind << " " << spec;
  }
}

TEST(Rules, AreSilentAboutWhatIsRight) {
  for (const auto& [kind, spec, problem] : kKept) {
    EXPECT_EQ(to_string(registry().validate(object_of(kind, Json::parse(spec)))), problem) << kind << " " << spec;
  }
}

TEST(Rules, OfTheCrdsHaveCodeAndTheReverse) {
  std::set<std::string> declared, messages, coded;
  for (const KindFacts* facts : registry().kinds()) collect_rules(*registry().schema(facts->kind), declared, messages);
  for (const std::string_view text : rule_texts()) coded.emplace(text);
  EXPECT_EQ(declared, coded);
}

TEST(Rules, AllHaveACaseThatBreaksThem) {
  std::set<std::string> declared, messages;
  for (const KindFacts* facts : registry().kinds()) collect_rules(*registry().schema(facts->kind), declared, messages);
  for (const std::string& message : messages) {
    const bool broken = std::any_of(std::begin(kBroken), std::end(kBroken), [&](const RuleCase& rule) {
      return std::string(rule.problem).ends_with(": " + message);
    });
    EXPECT_TRUE(broken) << message;
  }
}

TEST(Rules, AreNotAskedAboutAValueThatFailsItsSchema) {
  const Json grant = object_of("Grant", Json::parse(R"({"link": 5, "product": "x", "to": 7})"));
  EXPECT_EQ(to_string(registry().validate(grant)),
            "spec.link: must be a string, not the integer 5; put it in quotes\n"
            "spec.product: must be an object, not a string\n"
            "spec.to: must be an object, not the integer 7");
}

TEST(UncostedProblems, NameAColumnThatIsAPartitionKeyToo) {
  const Json product = object_of("DataProduct", Json::parse(R"({"account": "a", "database": "b", "location": "s3://bucket",
    "tables": [{"name": "t", "columns": [{"name": "x", "type": "int"}]},
               {"name": "u", "columns": [{"name": "x", "type": "int"}, {"name": "day", "type": "date"}],
                "partitionKeys": [{"name": "year", "type": "int"}, {"name": "day", "type": "date"}]}]})"));
  EXPECT_EQ(to_string(registry().validate(product)),
            "spec.tables[1].partitionKeys[1].name: \"day\" is a column as well as a partition key; list it once");
}

}  // namespace
}  // namespace datamesh::api
