// Settings, registered locations, and who may change them.
#include "tests/aws/api_contract.h"

namespace datamesh::testing {

TEST_P(AwsApiContract, AFreshAccountIsOpenToIam) {
  const Json settings = lf(kOwner, "GetDataLakeSettings")["DataLakeSettings"];
  const Json open = Json::parse(
      R"([{"Principal":{"DataLakePrincipalIdentifier":"IAM_ALLOWED_PRINCIPALS"},"Permissions":["ALL"]}])");
  EXPECT_EQ(settings["CreateDatabaseDefaultPermissions"], open);
  EXPECT_EQ(settings["CreateTableDefaultPermissions"], open);
  EXPECT_EQ(settings["DataLakeAdmins"], Json::array());
}

TEST_P(AwsApiContract, AFreshAccountLetsAnyoneMakeDatabases) {
  EXPECT_TRUE(glue_as("analyst", kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "mine"}}}}));
}

TEST_P(AwsApiContract, T9PuttingSettingsReplacesThemAsAWhole) {
  lock_down(kOwner, "4");
  lf(kOwner, "PutDataLakeSettings", {{"DataLakeSettings", {{"TrustedResourceOwners", {kConsumer}}}}});
  const Json settings = lf(kOwner, "GetDataLakeSettings")["DataLakeSettings"];
  EXPECT_EQ(settings["DataLakeAdmins"], Json::array());
  EXPECT_EQ(settings["Parameters"]["CROSS_ACCOUNT_VERSION"], "1");
  EXPECT_EQ(settings["TrustedResourceOwners"], Json::array({kConsumer}));
}

TEST_P(AwsApiContract, TheCrossAccountVersionCannotBeLoweredFrom5) {
  lock_down(kOwner, "5");
  const Error error = lf_error(kOwner, "PutDataLakeSettings",
                               {{"DataLakeSettings", {{"Parameters", {{"CROSS_ACCOUNT_VERSION", "4"}}}}}});
  EXPECT_EQ(error.code, "InvalidInputException");
}

TEST_P(AwsApiContract, AnUnknownSettingsParameterIsRefused) {
  const Error error = lf_error(kOwner, "PutDataLakeSettings",
                               {{"DataLakeSettings", {{"Parameters", {{"CROSS_ACCOUNT_VERSIONS", "4"}}}}}});
  EXPECT_EQ(error.code, "InvalidInputException");
}

TEST_P(AwsApiContract, MoreThan30AdministratorsAreRefused) {
  Json admins = Json::array();
  for (int i = 0; i < 31; ++i) {
    admins.push_back({{"DataLakePrincipalIdentifier", role_arn(kOwner, "admin" + std::to_string(i))}});
  }
  const Error error = lf_error(kOwner, "PutDataLakeSettings", {{"DataLakeSettings", {{"DataLakeAdmins", admins}}}});
  EXPECT_EQ(error.kind, ErrorKind::Invalid);
}

TEST_P(AwsApiContract, SettingsAreChangedOnlyByWhoAdministersIam) {
  const Result<Json> put = lf_as("analyst", kOwner, "PutDataLakeSettings", {{"DataLakeSettings", Json::object()}});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, "AccessDeniedException");
}

TEST_P(AwsApiContract, AnAdministratorIsListedWithCreateDatabaseThatCannotBeRevoked) {
  lock_down(kOwner);
  const std::string admin = role_arn(kOwner, "datamesh-operator");
  EXPECT_EQ(held(kOwner, admin, {{"Catalog", {{"Id", kOwner}}}}), "CREATE_DATABASE*");
  const Error error = revoke_error(kOwner, admin, catalog_resource(), {"CREATE_DATABASE"});
  EXPECT_NE(error.message.find("No permissions revoked. Grantee has no permissions"), std::string::npos);
  EXPECT_EQ(error.kind, ErrorKind::NotFound);
}

TEST_P(AwsApiContract, TheCallerIsKnownByItsRole) {
  EXPECT_EQ(lf(kOwner, "GetDataLakePrincipal")["Identity"], role_arn(kOwner, "datamesh-operator"));
}

TEST_P(AwsApiContract, StsShowsTheSessionOfARole) {
  const Json identity = *call(operator_, kOwner, Service::Sts, "GetCallerIdentity");
  EXPECT_EQ(identity["Account"], kOwner);
  EXPECT_EQ(identity["Arn"].get<std::string>().find("arn:aws:sts::111122223333:assumed-role/datamesh-operator/"), 0U);
}

TEST_P(AwsApiContract, AnAssumedRoleGetsCredentials) {
  const Json answer = *call(operator_, kOwner, Service::Sts, "AssumeRole",
                            {{"RoleArn", role_arn(kConsumer, "reader")}, {"RoleSessionName", "probe"}});
  EXPECT_EQ(answer["AssumedRoleUser"]["Arn"], "arn:aws:sts::444455556666:assumed-role/reader/probe");
  EXPECT_FALSE(answer["Credentials"]["AccessKeyId"].get<std::string>().empty());
}

TEST_P(AwsApiContract, ARoleThatDoesNotExistIsNotAssumed) {
  const Result<Json> answer = call(operator_, kOwner, Service::Sts, "AssumeRole",
                                   {{"RoleArn", role_arn(kConsumer, "unknown-role")}, {"RoleSessionName", "probe"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "AccessDenied");
}

TEST_P(AwsApiContract, ARegisteredLocationIsDescribed) {
  lf(kOwner, "RegisterResource", {{"ResourceArn", "arn:aws:s3:::lake/sales"}, {"UseServiceLinkedRole", true}});
  const Json info = lf(kOwner, "DescribeResource", {{"ResourceArn", "arn:aws:s3:::lake/sales"}})["ResourceInfo"];
  EXPECT_EQ(info["ResourceArn"], "arn:aws:s3:::lake/sales");
  EXPECT_EQ(info["HybridAccessEnabled"], false);
}

TEST_P(AwsApiContract, ALocationIsRegisteredOnce) {
  const Json input = {{"ResourceArn", "arn:aws:s3:::lake/sales"}, {"UseServiceLinkedRole", true}};
  lf(kOwner, "RegisterResource", input);
  EXPECT_EQ(lf_error(kOwner, "RegisterResource", input).code, "AlreadyExistsException");
}

TEST_P(AwsApiContract, AnUnregisteredLocationIsNotFound) {
  const Json input = {{"ResourceArn", "arn:aws:s3:::lake/none"}};
  EXPECT_EQ(lf_error(kOwner, "DescribeResource", input).code, "EntityNotFoundException");
  EXPECT_EQ(lf_error(kOwner, "DeregisterResource", input).code, "EntityNotFoundException");
}

TEST_P(AwsApiContract, LocationsAreListedByPages) {
  for (const char* name : {"a", "b", "c"}) {
    lf(kOwner, "RegisterResource",
       {{"ResourceArn", std::string("arn:aws:s3:::lake/") + name}, {"UseServiceLinkedRole", true}});
  }
  const Json first = lf(kOwner, "ListResources", {{"MaxResults", 2}});
  EXPECT_EQ(first["ResourceInfoList"].size(), 2U);
  EXPECT_TRUE(first.contains("NextToken"));
  EXPECT_EQ(all_pages(kOwner, Service::LakeFormation, "ListResources", {{"MaxResults", 2}}, "ResourceInfoList").size(),
            3U);
}

TEST_P(AwsApiContract, LocationsAreRegisteredOnlyByWhoAdministersIam) {
  const Result<Json> answer = lf_as("analyst", kOwner, "RegisterResource",
                                    {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Denied);
}

}  // namespace datamesh::testing
