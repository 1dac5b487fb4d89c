#include "controller/catalog/permission.h"

#include <gtest/gtest.h>

#include "tests/catalog/entries.h"

namespace datamesh::catalog {
namespace {

using P = Permission;

const std::vector<ResourceId>& odd_resources() {
  static const std::vector<ResourceId> kResources = {
      {ResourceType::Catalog, kOwner, "", "", ""},
      ResourceId::of_database(kOwner, "sales"),
      ResourceId::of_database(kOwner, "50% off: a/b!c@d"),
      ResourceId::of_table(kOwner, "sales", "orders"),
      ResourceId::of_table(kOwner, "a/b", "c/d"),
      ResourceId::of_table(kOwner, "%2F", "%"),
      ResourceId::of_all_tables(kOwner, "sales"),
      ResourceId::of_columns(kOwner, "sales", "orders"),
      {ResourceType::ColumnsExcept, kOwner, "sales", "orders", "card,iban"},
      ResourceId::of_location(kOwner, "arn:aws:s3:::bucket/a b/c!d@e%f"),
      {ResourceType::DataFilter, kOwner, "sales", "orders", "grant-retail/x@y"},
      {ResourceType::Tag, kOwner, "", "", "domain=sales,retail"},
      {ResourceType::DatabasePolicy, kOwner, "", "", "domain=sales;layer=gold,silver"},
      {ResourceType::TablePolicy, kOwner, "", "", "a:b=c@d"},
      {ResourceType::TagExpression, kOwner, "", "", "my expression"},
      ResourceId::of_database(kOwner, "größe"),
  };
  return kResources;
}

TEST(PermissionId, ReadsBackWhateverTheNamesHold) {
  const std::vector<std::string> principals = {
      kRole, "222222222222", "222222222222:IAMPrincipals", "IAM_ALLOWED_PRINCIPALS",
      "arn:aws:iam::222222222222:saml-provider/okta:user/jo@example.org", "arn:aws:identitystore:::user/a-b"};
  for (const ResourceId& resource : odd_resources()) {
    for (const std::string& principal : principals) {
      const PermissionId id{resource, principal};
      EXPECT_EQ(parse_permission_id(to_string(id)), id) << to_string(id);
    }
  }
}

TEST(PermissionId, DiffersWhereTheResourceDiffers) {
  std::set<std::string> texts;
  for (const ResourceId& resource : odd_resources()) texts.insert(to_string(resource));
  EXPECT_EQ(texts.size(), odd_resources().size());
}

TEST(PermissionId, RefusesWhatIsNoId) {
  for (const char* text : {"", "table", "table:1", "nonsense:1:a", "table:1:a%2", "table:1:a%ZZ", "table:1:%"}) {
    EXPECT_EQ(parse_resource_id(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_permission_id("table:1:sales/orders"), std::nullopt) << "a principal is needed";
}

TEST(Permission, HasTheNameOfTheWireForEveryValue) {
  for (int i = 0; i <= static_cast<int>(P::SuperUser); ++i) {
    const P permission = static_cast<P>(i);
    EXPECT_EQ(parse_permission(to_string(permission)), permission);
  }
  EXPECT_EQ(parse_permission("UPDATE"), std::nullopt) << "Lake Formation has no such permission";
  EXPECT_EQ(PermissionSet::of_names({"SELECT", "UPDATE", "ALTER"}), (PermissionSet{P::Select, P::Alter}));
}

TEST(Permission, AllStandsForTheMatrixOfItsType) {
  struct Case {
    ResourceType type;
    std::vector<std::string> names;
  };
  const std::vector<std::string> of_tables = {"SELECT", "ALTER", "DROP", "DELETE", "INSERT", "DESCRIBE"};
  const std::vector<std::string> of_databases = {"ALTER", "DROP", "DESCRIBE", "CREATE_TABLE"};
  const std::vector<Case> cases = {
      {ResourceType::Database, of_databases},      {ResourceType::DatabasePolicy, of_databases},
      {ResourceType::Table, of_tables},            {ResourceType::AllTables, of_tables},
      {ResourceType::TablePolicy, of_tables},      {ResourceType::Columns, {"SELECT"}},
      {ResourceType::ColumnsExcept, {"SELECT"}},   {ResourceType::DataLocation, {"DATA_LOCATION_ACCESS"}},
      {ResourceType::DataFilter, {"SELECT", "DROP", "DESCRIBE"}},
      {ResourceType::TagExpression, {"ALTER", "DROP", "DESCRIBE"}},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(all_of(each.type).names(), each.names);
    EXPECT_FALSE(all_of(each.type).has(P::All));
  }
}

TEST(Permission, ExpandsAllOnBothSidesOfTheOption) {
  EXPECT_EQ(text(expanded(perms({P::All}, {P::All}), ResourceType::Database)),
            "ALTER, DROP, DESCRIBE, CREATE_TABLE, +ALTER, +DROP, +DESCRIBE, +CREATE_TABLE");
  EXPECT_EQ(text(expanded(perms({P::All, P::Select}), ResourceType::Table)),
            "SELECT, ALTER, DROP, DELETE, INSERT, DESCRIBE");
  EXPECT_EQ(text(expanded(perms({P::Select}), ResourceType::Table)), "SELECT");
}

TEST(Permission, UnitesTakesAwayAndSharesSets) {
  const PermissionValue a = perms({P::Select, P::Alter}, {P::Select});
  const PermissionValue b = perms({P::Select, P::Insert});
  EXPECT_EQ(text(united(a, b)), "SELECT, ALTER, INSERT, +SELECT");
  EXPECT_EQ(text(minus(a, b)), "ALTER, +SELECT");
  EXPECT_EQ(text(common(a, b)), "SELECT");
  EXPECT_TRUE(covers(a, perms({P::Alter})));
  EXPECT_FALSE(covers(a, perms({P::Alter}, {P::Alter})));
  EXPECT_FALSE(covers(b, a));
}

TEST(Permission, CountsColumnsOneByOne) {
  const PermissionValue a = on_columns({"a", "b", "c"}, {"b"});
  const PermissionValue b = on_columns({"b", "d"});
  EXPECT_EQ(text(united(a, b)), "SELECT, +SELECT (a, b, c, d, +b)");
  EXPECT_EQ(text(minus(a, b)), "SELECT, +SELECT (a, c, +b)");
  EXPECT_EQ(text(common(a, b)), "SELECT (b)");
  EXPECT_TRUE(minus(on_columns({"a"}), on_columns({"a", "b"})).empty());
  EXPECT_FALSE(covers(on_columns({"a"}), on_columns({"a", "b"})));
}

TEST(Principal, NamesItsAccountInEveryForm) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"arn:aws:iam::222222222222:role/x", "222222222222"},
      {"arn:aws:iam::222222222222:user/path/x", "222222222222"},
      {"arn:aws-cn:iam::222222222222:role/x", "222222222222"},
      {"arn:aws:quicksight:eu-west-1:222222222222:user/default/x", "222222222222"},
      {"222222222222", "222222222222"},
      {"222222222222:IAMPrincipals", "222222222222"},
      {"222222222222:Somebody", ""},
      {"2222222222223", ""},
      {"arn:aws:identitystore:::user/x", ""},
      {"arn:aws:organizations::222222222222:organization/o-1", "222222222222"},
      {"arn:aws:iam::22222222222", ""},
      {"IAM_ALLOWED_PRINCIPALS", ""},
      {"", ""},
  };
  for (const auto& [principal, account] : cases) EXPECT_EQ(account_of_principal(principal), account) << principal;
}

TEST(Principal, KnowsIamAllowedPrincipalsInAnyCase) {
  EXPECT_TRUE(is_iam_allowed_principals("IAM_ALLOWED_PRINCIPALS"));
  EXPECT_TRUE(is_iam_allowed_principals("IAM_Allowed_Principals"));
  EXPECT_FALSE(is_iam_allowed_principals("IAM_ALLOWED_PRINCIPAL"));
  EXPECT_FALSE(is_iam_allowed_principals(kRole));
}

}  // namespace
}  // namespace datamesh::catalog
