// Requests that are wrong in themselves.
#include "tests/aws/api_contract.h"

namespace datamesh::testing {

TEST_P(AwsApiContract, AnUnknownOperationFails) {
  EXPECT_FALSE(call(operator_, kOwner, Service::Glue, "MakeDatabase"));
}

TEST_P(AwsApiContract, AMissingMemberIsNamed) {
  const Error error = glue_error(kOwner, "GetTable", {{"DatabaseName", "sales"}});
  EXPECT_EQ(error.code, "ValidationException");
  EXPECT_EQ(error.kind, ErrorKind::Invalid);
  EXPECT_NE(error.message.find("Name"), std::string::npos);
  EXPECT_EQ(error.origin, "glue:GetTable");
}

TEST_P(AwsApiContract, AnUnknownMemberIsRefused) {
  const Error error = glue_error(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "a"}, {"Descripton", "b"}}}});
  EXPECT_EQ(error.code, "ValidationException");
  EXPECT_NE(error.message.find("DatabaseInput.Descripton"), std::string::npos);
}

TEST_P(AwsApiContract, AMemberOfAnotherTypeIsRefused) {
  EXPECT_EQ(glue_error(kOwner, "GetDatabase", {{"Name", 7}}).code, "SerializationException");
  EXPECT_EQ(lf_error(kOwner, "GetLFTag", {{"TagKey", Json::array()}}).code, "SerializationException");
}

TEST_P(AwsApiContract, PagesBeyondTheMaximumAreRefused) {
  lock_down(kOwner);
  make_database(kOwner, "sales");
  EXPECT_EQ(glue_error(kOwner, "GetDatabases", {{"MaxResults", 101}}).code, "ValidationException");
  EXPECT_EQ(glue_error(kOwner, "GetTables", {{"DatabaseName", "sales"}, {"MaxResults", 101}}).code,
            "ValidationException");
  EXPECT_EQ(glue_error(kOwner, "SearchTables", {{"MaxResults", 1001}}).code, "ValidationException");
  EXPECT_EQ(lf_error(kOwner, "ListPermissions", {{"MaxResults", 1001}}).code, "InvalidInputException");
  EXPECT_EQ(ram_error(kOwner, "GetResourceShareInvitations", {{"maxResults", 501}}).code,
            "InvalidMaxResultsException");
}

TEST_P(AwsApiContract, ATokenThatIsNotOursIsRefused) {
  EXPECT_EQ(glue_error(kOwner, "GetDatabases", {{"NextToken", "nonsense"}}).code, "InvalidInputException");
}

TEST_P(AwsApiContract, ACallToAnotherAccountThanThePrincipalsIsDenied) {
  aws::Api& api = world_->as_principal(role_arn(kConsumer, "reader"));
  const Result<Json> answer = call(api, kOwner, Service::Glue, "GetDatabases");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Denied);
}

TEST_P(AwsApiContract, ABatchHoldsAtMost20Entries) {
  Json entries = Json::array();
  for (int i = 0; i < 21; ++i) {
    entries.push_back({{"Id", std::to_string(i)},
                       {"Principal", {{"DataLakePrincipalIdentifier", kConsumer}}},
                       {"Resource", database(kOwner, "sales")},
                       {"Permissions", {"DESCRIBE"}}});
  }
  EXPECT_EQ(lf_error(kOwner, "BatchGrantPermissions", {{"Entries", entries}}).code, "InvalidInputException");
}

TEST_P(AwsApiContract, TheIdsOfABatchAreUnique) {
  Json entries = Json::array();
  for (int i = 0; i < 2; ++i) {
    entries.push_back({{"Id", "same"},
                       {"Principal", {{"DataLakePrincipalIdentifier", kConsumer}}},
                       {"Resource", database(kOwner, "sales")},
                       {"Permissions", {"DESCRIBE"}}});
  }
  EXPECT_EQ(lf_error(kOwner, "BatchGrantPermissions", {{"Entries", entries}}).code, "InvalidInputException");
}

}  // namespace datamesh::testing
