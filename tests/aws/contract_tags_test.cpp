// LF-tags: keys and values, inheritance, searches, and grants by tag.
// Source: lake-formation.md 2.7
#include "tests/aws/api_contract.h"

namespace datamesh::testing {
namespace {

using Names = std::vector<std::string>;

Json pair(const std::string& key, const std::string& value) { return {{"TagKey", key}, {"TagValues", {value}}}; }

Json tagging(Json resource, std::vector<Json> pairs) {
  return {{"Resource", std::move(resource)}, {"LFTags", std::move(pairs)}};
}

std::string text_of(const Json& tags) {
  std::string out;
  for (const Json& tag : tags) {
    out += tag["TagKey"].get<std::string>() + "=" + tag["TagValues"][0].get<std::string>() + " ";
  }
  return out;
}

Json expression(const std::string& key, Names values) {
  return {{"Expression", Json::array({{{"TagKey", key}, {"TagValues", std::move(values)}}})}};
}

}  // namespace

#define TAGGED_SALES()                                                                          \
  make_sales();                                                                                 \
  lf(kOwner, "CreateLFTag", {{"TagKey", "domain"}, {"TagValues", {"sales", "hr"}}});            \
  lf(kOwner, "CreateLFTag", {{"TagKey", "pii"}, {"TagValues", {"yes", "no"}}});                 \
  lf(kOwner, "AddLFTagsToResource", tagging(database(kOwner, "sales"), {pair("domain", "sales"), pair("pii", "no")}))

TEST_P(AwsApiContract, T21KeysAndValuesAreFoldedToLowerCase) {
  lock_down(kOwner);
  lf(kOwner, "CreateLFTag", {{"TagKey", "Domain"}, {"TagValues", {"Sales", "HR"}}});
  const Json found = lf(kOwner, "GetLFTag", {{"TagKey", "DOMAIN"}});
  EXPECT_EQ(found["TagKey"], "domain");
  EXPECT_EQ(found["TagValues"], Json({"hr", "sales"}));
}

TEST_P(AwsApiContract, AnAbsentTagKeyIsNotFound) {
  lock_down(kOwner);
  EXPECT_EQ(lf_error(kOwner, "GetLFTag", {{"TagKey", "none"}}).code, "EntityNotFoundException");
  EXPECT_EQ(lf_error(kOwner, "DeleteLFTag", {{"TagKey", "none"}}).code, "EntityNotFoundException");
}

TEST_P(AwsApiContract, ValuesOfATagAreAddedAndRemoved) {
  lock_down(kOwner);
  lf(kOwner, "CreateLFTag", {{"TagKey", "domain"}, {"TagValues", {"a", "b"}}});
  lf(kOwner, "UpdateLFTag", {{"TagKey", "domain"}, {"TagValuesToAdd", {"c"}}, {"TagValuesToDelete", {"a"}}});
  EXPECT_EQ(lf(kOwner, "GetLFTag", {{"TagKey", "domain"}})["TagValues"], Json({"b", "c"}));
}

TEST_P(AwsApiContract, AValueInUseIsNotRemoved) {
  TAGGED_SALES();
  EXPECT_EQ(lf_error(kOwner, "UpdateLFTag", {{"TagKey", "domain"}, {"TagValuesToDelete", {"sales"}}}).code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, TagsAreListedByPages) {
  TAGGED_SALES();
  EXPECT_EQ(all_pages(kOwner, Service::LakeFormation, "ListLFTags", {{"MaxResults", 1}}, "LFTags").size(), 2U);
}

TEST_P(AwsApiContract, OnlyAdministratorsAndCreatorsMakeTags) {
  lock_down(kOwner);
  const Json input = {{"TagKey", "domain"}, {"TagValues", {"a"}}};
  EXPECT_FALSE(lf_as("steward", kOwner, "CreateLFTag", input));
  grant(kOwner, role_arn(kOwner, "steward"), catalog_resource(), {"CREATE_LF_TAG"});
  EXPECT_TRUE(lf_as("steward", kOwner, "CreateLFTag", input));
  EXPECT_TRUE(lf_as("steward", kOwner, "UpdateLFTag", {{"TagKey", "domain"}, {"TagValuesToAdd", {"b"}}}));
}

TEST_P(AwsApiContract, TagsAreInheritedFromDatabaseToColumn) {
  TAGGED_SALES();
  const Json found = lf(kOwner, "GetResourceLFTags", {{"Resource", table(kOwner, "sales", "orders")}});
  EXPECT_EQ(text_of(found["LFTagOnDatabase"]), "domain=sales pii=no ");
  EXPECT_EQ(text_of(found["LFTagsOnTable"]), "domain=sales pii=no ");
  EXPECT_EQ(found["LFTagsOnColumns"].size(), 4U);
}

TEST_P(AwsApiContract, T20AssignedTagsAreShownWithoutThoseInherited) {
  TAGGED_SALES();
  lf(kOwner, "AddLFTagsToResource", tagging(columns(kOwner, "sales", "orders", {"email"}), {pair("pii", "yes")}));
  const Json found =
      lf(kOwner, "GetResourceLFTags", {{"Resource", table(kOwner, "sales", "orders")}, {"ShowAssignedLFTags", true}});
  EXPECT_FALSE(found.contains("LFTagsOnTable")) << "the model knows no empty list of tags";
  ASSERT_EQ(found["LFTagsOnColumns"].size(), 1U);
  EXPECT_EQ(found["LFTagsOnColumns"][0]["Name"], "email");
  EXPECT_EQ(text_of(found["LFTagsOnColumns"][0]["LFTags"]), "pii=yes ");
}

TEST_P(AwsApiContract, AnotherValueOverwritesTheOneBefore) {
  TAGGED_SALES();
  lf(kOwner, "AddLFTagsToResource", tagging(database(kOwner, "sales"), {pair("domain", "hr")}));
  const Json found = lf(kOwner, "GetResourceLFTags", {{"Resource", database(kOwner, "sales")}});
  EXPECT_EQ(text_of(found["LFTagOnDatabase"]), "domain=hr pii=no ");
}

TEST_P(AwsApiContract, T20AnInheritedTagCannotBeRemoved) {
  TAGGED_SALES();
  const Json answer = lf(kOwner, "RemoveLFTagsFromResource",
                         tagging(table(kOwner, "sales", "orders"), {pair("domain", "sales")}));
  EXPECT_EQ(answer["Failures"].size(), 1U);
}

TEST_P(AwsApiContract, RemovingAnOverrideRestoresTheInheritedValue) {
  TAGGED_SALES();
  const Json override_tag = tagging(table(kOwner, "sales", "orders"), {pair("domain", "hr")});
  lf(kOwner, "AddLFTagsToResource", override_tag);
  lf(kOwner, "RemoveLFTagsFromResource", override_tag);
  const Json found = lf(kOwner, "GetResourceLFTags", {{"Resource", table(kOwner, "sales", "orders")}});
  EXPECT_EQ(text_of(found["LFTagsOnTable"]), "domain=sales pii=no ");
}

TEST_P(AwsApiContract, T11AnUnknownTagFailsInsideASuccess) {
  TAGGED_SALES();
  const Json answer = lf(kOwner, "AddLFTagsToResource",
                         tagging(database(kOwner, "sales"), {pair("none", "a"), pair("domain", "hr")}));
  ASSERT_EQ(answer["Failures"].size(), 1U);
  EXPECT_EQ(answer["Failures"][0]["LFTag"]["TagKey"], "none");
  EXPECT_EQ(answer["Failures"][0]["Error"]["ErrorCode"], "EntityNotFoundException");
  EXPECT_EQ(text_of(lf(kOwner, "GetResourceLFTags", {{"Resource", database(kOwner, "sales")}})["LFTagOnDatabase"]),
            "domain=hr pii=no ");
}

TEST_P(AwsApiContract, AKeyHasOneValuePerResource) {
  TAGGED_SALES();
  Json two_values = {{"TagKey", "domain"}, {"TagValues", {"sales", "hr"}}};
  EXPECT_EQ(lf_error(kOwner, "AddLFTagsToResource", tagging(database(kOwner, "sales"), {two_values})).code,
            "InvalidInputException");
  EXPECT_EQ(lf_error(kOwner, "AddLFTagsToResource",
                     tagging(database(kOwner, "sales"), {pair("domain", "sales"), pair("Domain", "hr")}))
                .code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, AllTablesCannotBeTagged) {
  TAGGED_SALES();
  EXPECT_EQ(lf_error(kOwner, "AddLFTagsToResource", tagging(all_tables(kOwner, "sales"), {pair("pii", "yes")})).message,
            "Table name cannot be empty");
}

TEST_P(AwsApiContract, DeletingATagTakesItFromItsResources) {
  TAGGED_SALES();
  lf(kOwner, "DeleteLFTag", {{"TagKey", "pii"}});
  EXPECT_EQ(text_of(lf(kOwner, "GetResourceLFTags", {{"Resource", database(kOwner, "sales")}})["LFTagOnDatabase"]),
            "domain=sales ");
}

TEST_P(AwsApiContract, TablesAreFoundByTheTagsTheyInherit) {
  TAGGED_SALES();
  const std::vector<Json> found = all_pages(kOwner, Service::LakeFormation, "SearchTablesByLFTags",
                                            expression("domain", {"sales"}), "TableList");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["Table"], Json({{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}}));
  EXPECT_EQ(text_of(found[0]["LFTagsOnTable"]), "domain=sales pii=no ");
  EXPECT_EQ(found[0]["LFTagsOnColumns"].size(), 4U);
}

TEST_P(AwsApiContract, AStarFindsAnyValue) {
  TAGGED_SALES();
  const auto count = [&](const std::string& key, Names values) {
    return all_pages(kOwner, Service::LakeFormation, "SearchDatabasesByLFTags", expression(key, std::move(values)),
                     "DatabaseList")
        .size();
  };
  EXPECT_EQ(count("domain", {"*"}), 1U);
  EXPECT_EQ(count("domain", {"hr"}), 0U);
}

TEST_P(AwsApiContract, SearchesByTagNowAndThenAnswerAnEmptyPageWithAToken) {
  TAGGED_SALES();
  int empty_pages = 0;
  for (int i = 0; i < 14; ++i) {
    const Json page = lf(kOwner, "SearchTablesByLFTags", expression("domain", {"sales"}));
    if (page["TableList"].empty() && page.contains("NextToken")) ++empty_pages;
  }
  EXPECT_EQ(empty_pages, 2);
}

TEST_P(AwsApiContract, AListingThatGoesOnIsNotLeftEmptyAgainWhateverOthersListMeanwhile) {
  TAGGED_SALES();
  const Json wanted = expression("domain", {"sales"});
  int went_on = 0;
  for (int i = 0; i < 14; ++i) {
    const Json first = lf(kOwner, "SearchTablesByLFTags", wanted);
    if (!first["TableList"].empty()) continue;
    for (int others = 0; others < 6; ++others) lf(kOwner, "SearchTablesByLFTags", wanted);
    Json rest = wanted;
    rest["NextToken"] = first.at("NextToken");
    EXPECT_FALSE(lf(kOwner, "SearchTablesByLFTags", rest)["TableList"].empty());
    ++went_on;
  }
  EXPECT_GT(went_on, 0);
}

TEST_P(AwsApiContract, APolicyGivesAccessToWhatMatches) {
  TAGGED_SALES();
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"AccessDeniedException"}));
  grant(kOwner, kReader, policy(kOwner, "TABLE", "domain", {"sales"}), {"SELECT"});
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"id", "email", "amount"}));
}

TEST_P(AwsApiContract, APolicyGivesOnlyTheColumnsThatMatch) {
  TAGGED_SALES();
  lf(kOwner, "AddLFTagsToResource", tagging(columns(kOwner, "sales", "orders", {"email"}), {pair("pii", "yes")}));
  grant(kOwner, kReader, policy(kOwner, "TABLE", "pii", {"no"}), {"SELECT"});
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"id", "amount"}));
}

TEST_P(AwsApiContract, APartialMatchTurnsAlterIntoDescribe) {
  TAGGED_SALES();
  lf(kOwner, "AddLFTagsToResource", tagging(columns(kOwner, "sales", "orders", {"email"}), {pair("pii", "yes")}));
  grant(kOwner, kReader, policy(kOwner, "TABLE", "pii", {"no"}), {"ALTER"});
  EXPECT_FALSE(glue_as("reader", kOwner, "UpdateTable",
                       {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}}));
  EXPECT_TRUE(glue_as("reader", kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}}));
}

TEST_P(AwsApiContract, APolicyOnTablesGivesNothingOnDatabases) {
  TAGGED_SALES();
  grant(kOwner, kReader, policy(kOwner, "TABLE", "domain", {"sales"}), {"SELECT"});
  EXPECT_FALSE(glue_as("reader", kOwner, "GetDatabase", {{"Name", "sales"}}));
  grant(kOwner, kReader, policy(kOwner, "DATABASE", "domain", {"sales"}), {"DESCRIBE"});
  EXPECT_TRUE(glue_as("reader", kOwner, "GetDatabase", {{"Name", "sales"}}));
}

TEST_P(AwsApiContract, APolicyWithADeletedTagMatchesNothing) {
  TAGGED_SALES();
  grant(kOwner, kReader, policy(kOwner, "TABLE", "domain", {"*"}), {"SELECT"});
  lf(kOwner, "DeleteLFTag", {{"TagKey", "domain"}});
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"AccessDeniedException"}));
}

TEST_P(AwsApiContract, APolicyIsListedInItsCanonicalForm) {
  TAGGED_SALES();
  grant(kOwner, kReader, policy(kOwner, "TABLE", "Domain", {"SALES", "hr"}), {"SELECT"});
  EXPECT_EQ(held(kOwner, kReader, policy(kOwner, "TABLE", "domain", {"hr", "sales"})), "SELECT");
}

TEST_P(AwsApiContract, ASavedExpressionStandsForItsTags) {
  TAGGED_SALES();
  Json input = expression("domain", {"sales"});
  input["Name"] = "retail";
  lf(kOwner, "CreateLFTagExpression", input);
  grant(kOwner, kReader,
        {{"LFTagPolicy", {{"CatalogId", kOwner}, {"ResourceType", "TABLE"}, {"ExpressionName", "retail"}}}}, {"SELECT"});
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"id", "email", "amount"}));
  input["Expression"] = expression("domain", {"hr"})["Expression"];
  lf(kOwner, "UpdateLFTagExpression", input);
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"AccessDeniedException"}));
}

TEST_P(AwsApiContract, TaggingNeedsAssociateAndTheResource) {
  TAGGED_SALES();
  const Json input = tagging(table(kOwner, "sales", "orders"), {pair("domain", "hr")});
  const auto failures = [&] { return (*lf_as("steward", kOwner, "AddLFTagsToResource", input))["Failures"].size(); };
  grant(kOwner, role_arn(kOwner, "steward"), table(kOwner, "sales", "orders"), {"ALL"}, {"ALL"});
  EXPECT_EQ(failures(), 1U);
  grant(kOwner, role_arn(kOwner, "steward"), tag_resource(kOwner, "domain", {"hr"}), {"ASSOCIATE"});
  EXPECT_EQ(failures(), 0U);
}

TEST_P(AwsApiContract, APolicyIsSharedAndGrantedOn) {
  TAGGED_SALES();
  lock_down(kConsumer);
  grant(kOwner, kConsumer, tag_resource(kOwner, "domain", {"sales"}), {"DESCRIBE"}, {"DESCRIBE"});
  grant(kOwner, kConsumer, policy(kOwner, "TABLE", "domain", {"sales"}), {"SELECT", "DESCRIBE"},
        {"SELECT", "DESCRIBE"});
  accept_all(kConsumer);
  EXPECT_EQ(lf(kConsumer, "ListLFTags", {{"ResourceShareType", "FOREIGN"}})["LFTags"],
            Json::array({{{"CatalogId", kOwner}, {"TagKey", "domain"}, {"TagValues", {"sales"}}}}));
  grant(kConsumer, role_arn(kConsumer, "reader"), policy(kOwner, "TABLE", "domain", {"sales"}), {"SELECT"});
  EXPECT_EQ(columns_seen("reader", kConsumer, "sales", "orders", kOwner), Names({"id", "email", "amount"}));
  revoke(kOwner, kConsumer, policy(kOwner, "TABLE", "domain", {"sales"}), {"SELECT", "DESCRIBE"});
  EXPECT_EQ(held(kConsumer, role_arn(kConsumer, "reader"), policy(kOwner, "TABLE", "domain", {"sales"})), "");
}

TEST_P(AwsApiContract, AConsumerGrantsOnNoWiderExpression) {
  TAGGED_SALES();
  lock_down(kConsumer);
  grant(kOwner, kConsumer, policy(kOwner, "TABLE", "domain", {"sales"}), {"SELECT"}, {"SELECT"});
  accept_all(kConsumer);
  EXPECT_EQ(grant_error(kConsumer, role_arn(kConsumer, "reader"), policy(kOwner, "TABLE", "domain", {"sales", "hr"}),
                        {"SELECT"})
                .kind,
            ErrorKind::Eventual);
}

TEST_P(AwsApiContract, AConsumerCannotTagWhatIsShared) {
  TAGGED_SALES();
  lock_down(kConsumer);
  lf(kConsumer, "CreateLFTag", {{"TagKey", "mine"}, {"TagValues", {"yes"}}});
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT"}, {"SELECT"});
  accept_all(kConsumer);
  EXPECT_EQ(lf_error(kConsumer, "AddLFTagsToResource", tagging(table(kOwner, "sales", "orders"), {pair("mine", "yes")}))
                .code,
            "AccessDeniedException");
}

TEST_P(AwsApiContract, AnOptInLeavesIamAllowedPrincipalsBehind) {
  glue(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "open"}}}});
  lock_down(kOwner);
  EXPECT_TRUE(glue_as("reader", kOwner, "GetDatabase", {{"Name", "open"}}));
  const Json opt_in = {{"Principal", {{"DataLakePrincipalIdentifier", kReader}}},
                       {"Resource", database(kOwner, "open")}};
  lf(kOwner, "CreateLakeFormationOptIn", opt_in);
  EXPECT_FALSE(glue_as("reader", kOwner, "GetDatabase", {{"Name", "open"}}));
  EXPECT_EQ(lf(kOwner, "ListLakeFormationOptIns")["LakeFormationOptInsInfoList"].size(), 1U);
  lf(kOwner, "DeleteLakeFormationOptIn", opt_in);
  EXPECT_TRUE(glue_as("reader", kOwner, "GetDatabase", {{"Name", "open"}}));
}

TEST_P(AwsApiContract, AnOptInCountsForItsResourceOnly) {
  glue(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "open"}}}});
  for (const char* name : {"one", "two"}) glue(kOwner, "CreateTable", {{"DatabaseName", "open"}, {"TableInput", {{"Name", name}}}});
  lock_down(kOwner);
  const auto sees = [&](const char* table) {
    return glue_as("reader", kOwner, "GetTable", {{"DatabaseName", "open"}, {"Name", table}}).has_value();
  };
  const auto opt = [&](const char* operation, const std::string& who, const Json& resource) {
    lf(kOwner, operation, {{"Principal", {{"DataLakePrincipalIdentifier", who}}}, {"Resource", resource}});
  };
  opt("CreateLakeFormationOptIn", kReader, database(kOwner, "open"));
  EXPECT_TRUE(sees("one")) << "the database is one resource, its tables are others";
  opt("CreateLakeFormationOptIn", kReader, table(kOwner, "open", "one"));
  EXPECT_FALSE(sees("one"));
  EXPECT_TRUE(sees("two"));
  grant(kOwner, kReader, table(kOwner, "open", "one"), {"SELECT"});
  EXPECT_TRUE(sees("one"));
  opt("CreateLakeFormationOptIn", std::string(kOwner) + ":IAMPrincipals",
      {{"Table", {{"CatalogId", kOwner}, {"DatabaseName", "open"}, {"TableWildcard", Json::object()}}}});
  EXPECT_FALSE(sees("two")) << "whoever is of the account is opted in with it";
}

}  // namespace datamesh::testing
