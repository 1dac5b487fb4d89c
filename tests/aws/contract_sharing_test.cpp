// Grants to other accounts: shares, invitations, and what arrives.
// Source: lake-formation.md 1.5, 2.3, 2.5
#include "tests/aws/api_contract.h"

namespace datamesh::testing {
namespace {

using std::chrono::hours;

const std::string kConsumerReader = role_arn(kConsumer, "reader");

Json one_permission(const std::string& principal, Json resource, const char* permission) {
  return {{"Principal", {{"DataLakePrincipalIdentifier", principal}}},
          {"Resource", std::move(resource)},
          {"Permissions", {permission}}};
}

}  // namespace

#define SHARE_ORDERS()          \
  make_sales();                 \
  lock_down(kConsumer);         \
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"}, {"SELECT", "DESCRIBE"})

TEST_P(AwsApiContract, AGrantToAnAccountInvitesIt) {
  SHARE_ORDERS();
  const std::vector<Json> invitations =
      all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(), "resourceShareInvitations");
  ASSERT_EQ(invitations.size(), 1U);
  EXPECT_EQ(invitations[0]["status"], "PENDING");
  EXPECT_EQ(invitations[0]["senderAccountId"], kOwner);
  EXPECT_EQ(invitations[0]["receiverAccountId"], kConsumer);
}

TEST_P(AwsApiContract, FurtherGrantsExtendTheShareWithoutAnotherInvitation) {
  SHARE_ORDERS();
  grant(kOwner, kConsumer, database(kOwner, "sales"), {"DESCRIBE"}, {"DESCRIBE"});
  EXPECT_EQ(all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(),
                      "resourceShareInvitations")
                .size(),
            1U);
  EXPECT_EQ(all_pages(kOwner, Service::Ram, "GetResourceShareAssociations", {{"associationType", "RESOURCE"}},
                      "resourceShareAssociations")
                .size(),
            2U);
}

TEST_P(AwsApiContract, NothingArrivesBeforeTheInvitationIsAccepted) {
  SHARE_ORDERS();
  const Json get = {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}};
  EXPECT_EQ(glue_error(kConsumer, "GetTable", get).code, "AccessDeniedException");
  accept_all(kConsumer);
  EXPECT_EQ(glue(kConsumer, "GetTable", get)["Table"]["CatalogId"], kOwner);
}

TEST_P(AwsApiContract, T18AResourceThatIsNotSharedYetCannotBeListed) {
  SHARE_ORDERS();
  const Error error = lf_error(kConsumer, "ListPermissions", {{"Resource", table(kOwner, "sales", "orders")}});
  EXPECT_EQ(error.message, "Resource does not exist or requester is not authorized to access requested permissions.");
  EXPECT_EQ(error.kind, ErrorKind::Eventual);
}

TEST_P(AwsApiContract, TheGrantNamesItsShare) {
  SHARE_ORDERS();
  const std::vector<Json> found = rows(kOwner, {{"Resource", table(kOwner, "sales", "orders")}});
  const Json share = all_pages(kOwner, Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}},
                               "resourceShares")[0];
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["AdditionalDetails"]["ResourceShare"], Json::array({share["resourceShareArn"]}));
}

TEST_P(AwsApiContract, T25APendingShareIsHiddenFromItsReceiver) {
  SHARE_ORDERS();
  const auto received = [&] {
    return all_pages(kConsumer, Service::Ram, "GetResourceShares", {{"resourceOwner", "OTHER-ACCOUNTS"}},
                     "resourceShares")
        .size();
  };
  EXPECT_EQ(received(), 0U);
  accept_all(kConsumer);
  EXPECT_EQ(received(), 1U);
}

TEST_P(AwsApiContract, AShareIsActiveAndAssociatedOnceAccepted) {
  SHARE_ORDERS();
  const auto states = [&] {
    const std::vector<Json> shares =
        all_pages(kOwner, Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}}, "resourceShares");
    const std::vector<Json> principals = all_pages(kOwner, Service::Ram, "GetResourceShareAssociations",
                                                   {{"associationType", "PRINCIPAL"}}, "resourceShareAssociations");
    return shares[0]["status"].get<std::string>() + "/" + principals[0]["status"].get<std::string>();
  };
  EXPECT_EQ(states(), "PENDING/ASSOCIATING");
  accept_all(kConsumer);
  EXPECT_EQ(states(), "ACTIVE/ASSOCIATED");
}

TEST_P(AwsApiContract, AnInvitationExpiresAfter12Hours) {
  SHARE_ORDERS();
  world_->advance(hours(12));
  const Json invitation = all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(),
                                    "resourceShareInvitations")[0];
  EXPECT_EQ(invitation["status"], "EXPIRED");
  const Error error = ram_error(kConsumer, "AcceptResourceShareInvitation",
                                {{"resourceShareInvitationArn", invitation["resourceShareInvitationArn"]}});
  EXPECT_EQ(error.code, "ResourceShareInvitationExpiredException");
}

TEST_P(AwsApiContract, AnInvitationIsGoodUntilTheLastMoment) {
  SHARE_ORDERS();
  world_->advance(hours(12) - Millis(1));
  accept_all(kConsumer);
  EXPECT_EQ(glue(kConsumer, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}})
                ["Table"]["Name"],
            "orders");
}

TEST_P(AwsApiContract, AfterExpiryRevokingAndGrantingInvitesAgain) {
  SHARE_ORDERS();
  world_->advance(hours(13));
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"}, {"SELECT", "DESCRIBE"});
  accept_all(kConsumer);
  const Json get = {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}};
  EXPECT_EQ(glue_error(kConsumer, "GetTable", get).code, "AccessDeniedException");
  revoke(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"});
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"}, {"SELECT", "DESCRIBE"});
  accept_all(kConsumer);
  glue(kConsumer, "GetTable", get);
}

TEST_P(AwsApiContract, AnInvitationIsAnsweredOnce) {
  SHARE_ORDERS();
  const Json invitation = all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(),
                                    "resourceShareInvitations")[0];
  const Json input = {{"resourceShareInvitationArn", invitation["resourceShareInvitationArn"]}};
  EXPECT_EQ(ram(kConsumer, "AcceptResourceShareInvitation", input)["resourceShareInvitation"]["status"], "ACCEPTED");
  EXPECT_EQ(ram_error(kConsumer, "AcceptResourceShareInvitation", input).code,
            "ResourceShareInvitationAlreadyAcceptedException");
}

TEST_P(AwsApiContract, ARejectedInvitationCannotBeAccepted) {
  SHARE_ORDERS();
  const Json invitation = all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(),
                                    "resourceShareInvitations")[0];
  const Json input = {{"resourceShareInvitationArn", invitation["resourceShareInvitationArn"]}};
  ram(kConsumer, "RejectResourceShareInvitation", input);
  const Error error = ram_error(kConsumer, "AcceptResourceShareInvitation", input);
  EXPECT_EQ(error.code, "ResourceShareInvitationAlreadyRejectedException");
  EXPECT_EQ(error.kind, ErrorKind::Expired);
}

TEST_P(AwsApiContract, OnlyTheReceiverAnswersAnInvitation) {
  SHARE_ORDERS();
  const Json invitation = all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(),
                                    "resourceShareInvitations")[0];
  EXPECT_EQ(ram_error(kOther, "AcceptResourceShareInvitation",
                      {{"resourceShareInvitationArn", invitation["resourceShareInvitationArn"]}})
                .code,
            "ResourceShareInvitationArnNotFoundException");
}

TEST_P(AwsApiContract, AcceptingIsForWhoAdministersIam) {
  SHARE_ORDERS();
  const Json invitation = all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(),
                                    "resourceShareInvitations")[0];
  const Result<Json> answer =
      call(world_->as_role("reader"), kConsumer, Service::Ram, "AcceptResourceShareInvitation",
           {{"resourceShareInvitationArn", invitation["resourceShareInvitationArn"]}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Denied);
}

TEST_P(AwsApiContract, APendingInvitationTellsItsResources) {
  SHARE_ORDERS();
  const Json invitation = all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(),
                                    "resourceShareInvitations")[0];
  const Json list = ram(kConsumer, "ListPendingInvitationResources",
                        {{"resourceShareInvitationArn", invitation["resourceShareInvitationArn"]}})["resources"];
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["arn"], "arn:aws:glue:eu-west-1:111122223333:table/sales/orders");
  EXPECT_EQ(list[0]["type"], "glue:Table");
}

TEST_P(AwsApiContract, InsideAnOrganizationThereIsNoInvitation) {
  world_->join_organization(kOther, {kOther, kOwner, kConsumer}, true);
  SHARE_ORDERS();
  EXPECT_EQ(all_pages(kConsumer, Service::Ram, "GetResourceShareInvitations", Json::object(),
                      "resourceShareInvitations")
                .size(),
            0U);
  glue(kConsumer, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}});
}

TEST_P(AwsApiContract, OnlyTheManagementAccountEnablesSharingWithTheOrganization) {
  world_->join_organization(kOther, {kOther, kOwner, kConsumer}, false);
  EXPECT_EQ(ram_error(kOwner, "EnableSharingWithAwsOrganization").code, "OperationNotPermittedException");
  EXPECT_EQ(ram(kOther, "EnableSharingWithAwsOrganization")["returnValue"], true);
  SHARE_ORDERS();
  glue(kConsumer, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}});
}

TEST_P(AwsApiContract, AGrantToTheOrganizationReachesItsAccounts) {
  world_->join_organization(kOther, {kOther, kOwner, kConsumer}, true);
  make_sales();
  lock_down(kConsumer);
  grant(kOwner, "arn:aws:organizations::777788889999:organization/o-mesh000001", table(kOwner, "sales", "orders"),
        {"SELECT"});
  glue(kConsumer, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}});
}

TEST_P(AwsApiContract, AnAccountHas20PendingInvitationsAtMost) {
  make_sales();
  for (int i = 0; i < 20; ++i) {
    grant(kOwner, std::to_string(300000000000 + i), table(kOwner, "sales", "orders"), {"SELECT"});
  }
  EXPECT_EQ(grant_error(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT"}).code,
            "ResourceNumberLimitExceededException");
  EXPECT_EQ(held(kOwner, kConsumer, all_columns(kOwner, "sales", "orders")), "");
}

TEST_P(AwsApiContract, RevokingTheLastGrantDeletesTheShare) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  revoke(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"});
  const std::vector<Json> shares =
      all_pages(kOwner, Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}}, "resourceShares");
  ASSERT_EQ(shares.size(), 1U);
  EXPECT_EQ(shares[0]["status"], "DELETED");
  world_->advance(hours(2));
  EXPECT_EQ(
      all_pages(kOwner, Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}}, "resourceShares").size(), 0U);
  EXPECT_EQ(glue_error(kConsumer, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}})
                .code,
            "AccessDeniedException");
}

TEST_P(AwsApiContract, T26AShareDeletedByHandIsNotSharedAgainByAnIdenticalGrant) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  const Json share =
      all_pages(kOwner, Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}}, "resourceShares")[0];
  ram(kOwner, "DeleteResourceShare", {{"resourceShareArn", share["resourceShareArn"]}});
  const Json get = {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}};
  EXPECT_EQ(glue_error(kConsumer, "GetTable", get).code, "AccessDeniedException");
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"}, {"SELECT", "DESCRIBE"});
  accept_all(kConsumer);
  EXPECT_EQ(glue_error(kConsumer, "GetTable", get).code, "AccessDeniedException");
  revoke(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"});
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"}, {"SELECT", "DESCRIBE"});
  accept_all(kConsumer);
  glue(kConsumer, "GetTable", get);
}

TEST_P(AwsApiContract, ADisassociatedReceiverReadsNothing) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  const Json share =
      all_pages(kOwner, Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}}, "resourceShares")[0];
  ram(kOwner, "DisassociateResourceShare",
      {{"resourceShareArn", share["resourceShareArn"]}, {"principals", {kConsumer}}});
  EXPECT_EQ(glue_error(kConsumer, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}})
                .code,
            "AccessDeniedException");
}

TEST_P(AwsApiContract, T15DeletingASharedTableOrphansItsShare) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  glue(kOwner, "DeleteTable", {{"DatabaseName", "sales"}, {"Name", "orders"}});
  EXPECT_EQ(rows(kOwner, {{"ResourceType", "TABLE"}}), std::vector<Json>());
  const std::vector<Json> left = all_pages(kOwner, Service::Ram, "ListResources", {{"resourceOwner", "SELF"}}, "resources");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0]["arn"], "arn:aws:glue:eu-west-1:111122223333:table/sales/orders");
}

TEST_P(AwsApiContract, WhatIsOpenToIamIsNotShared) {
  glue(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "open"}}}});
  lock_down(kOwner);
  const Error error = grant_error(kOwner, kConsumer, database(kOwner, "open"), {"DESCRIBE"});
  EXPECT_EQ(error.message, "Insufficient Lake Formation permissions: Illegal combination");
}

TEST_P(AwsApiContract, T29WhatIsOpenToIamIsSharedFromAHybridLocationWithVersion4) {
  glue(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "open"}, {"LocationUri", "s3://lake/open"}}}});
  lf(kOwner, "RegisterResource",
     {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}, {"HybridAccessEnabled", true}});
  lock_down(kOwner, "3");
  EXPECT_EQ(grant_error(kOwner, kConsumer, database(kOwner, "open"), {"DESCRIBE"}).kind, ErrorKind::Denied);
  put_settings(kOwner, "4");
  grant(kOwner, kConsumer, database(kOwner, "open"), {"DESCRIBE"});
}

TEST_P(AwsApiContract, ALinkMayLeadToAnotherRegion) {
  make_sales();
  Json link = database_link("sales_rl", kOwner, "sales");
  link["TargetDatabase"]["Region"] = kRegion;
  const auto elsewhere = [&](const std::string& operation, Json input) {
    return operator_.call({{kOwner, "us-east-1"}, Service::Glue, operation, std::move(input)});
  };
  ASSERT_TRUE(elsewhere("CreateDatabase", {{"DatabaseInput", link}}));
  const Result<Json> found = elsewhere("GetDatabase", {{"Name", "sales_rl"}});
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)["Database"]["TargetDatabase"]["Region"], kRegion);
  grant(kOwner, "IAM_ALLOWED_PRINCIPALS", table(kOwner, "sales", "orders"), {"ALL"});
  const Result<Json> tables = elsewhere("GetTables", {{"DatabaseName", "sales_rl"}});
  ASSERT_TRUE(tables);
  EXPECT_EQ((*tables)["TableList"].size(), 1U);
}

TEST_P(AwsApiContract, RevokingFromTheOrganizationTakesTheReGrantsOfItsAccounts) {
  world_->join_organization(kOther, {kOther, kOwner, kConsumer}, true);
  make_sales();
  lock_down(kConsumer);
  const std::string everyone = "arn:aws:organizations::777788889999:organization/o-mesh000001";
  grant(kOwner, everyone, table(kOwner, "sales", "orders"), {"SELECT"}, {"SELECT"});
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
  revoke(kOwner, everyone, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(held(kConsumer, kConsumerReader, all_columns(kOwner, "sales", "orders")), "");
}

TEST_P(AwsApiContract, RevokingOnOneDatabaseLeavesReGrantsOnAnother) {
  SHARE_ORDERS();
  make_database(kOwner, "sales_eu");
  make_table(kOwner, "sales_eu", "orders");
  grant(kOwner, kConsumer, table(kOwner, "sales_eu", "orders"), {"SELECT"}, {"SELECT"});
  accept_all(kConsumer);
  grant(kConsumer, kConsumerReader, table(kOwner, "sales_eu", "orders"), {"SELECT"});
  revoke(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(held(kConsumer, kConsumerReader, all_columns(kOwner, "sales_eu", "orders")), "SELECT");
}

TEST_P(AwsApiContract, DropAndAllOnADatabaseStayWithinTheAccount) {
  make_sales();
  EXPECT_EQ(grant_error(kOwner, kConsumer, database(kOwner, "sales"), {"DROP"}).code, "InvalidInputException");
  EXPECT_EQ(grant_error(kOwner, kConsumer, database(kOwner, "sales"), {"ALL"}).code, "InvalidInputException");
}

TEST_P(AwsApiContract, ColumnsAreSharedByIncludeListsOnly) {
  make_sales();
  EXPECT_EQ(grant_error(kOwner, kConsumer, columns_except(kOwner, "sales", "orders", {"email"}), {"SELECT"}).code,
            "InvalidInputException");
  grant(kOwner, kConsumer, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"});
}

TEST_P(AwsApiContract, BelowVersion3OnlyAccountsReceiveGrants) {
  lock_down(kOwner, "1");
  make_database(kOwner, "sales");
  make_table(kOwner, "sales", "orders");
  EXPECT_EQ(grant_error(kOwner, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"}).code,
            "InvalidInputException");
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT"});
}

TEST_P(AwsApiContract, AGrantStraightToAnExternalRoleReachesItAlone) {
  make_sales();
  lock_down(kConsumer);
  grant(kOwner, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
  accept_all(kConsumer);
  const Json get = {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}};
  EXPECT_TRUE(glue_as("reader", kConsumer, "GetTable", get));
  EXPECT_FALSE(glue_as("friend", kConsumer, "GetTable", get));
  const Json seen = *lf_as("reader", kConsumer, "ListPermissions", {{"Resource", table(kOwner, "sales", "orders")}});
  EXPECT_EQ(seen["PrincipalResourcePermissions"].size(), 1U);
}

TEST_P(AwsApiContract, SharedDatabasesAreListedOnDemand) {
  SHARE_ORDERS();
  grant(kOwner, kConsumer, database(kOwner, "sales"), {"DESCRIBE"}, {"DESCRIBE"});
  accept_all(kConsumer);
  make_database(kConsumer, "own");
  const auto names = [&](Json input) {
    std::string out;
    for (const Json& one : all_pages(kConsumer, Service::Glue, "GetDatabases", std::move(input), "DatabaseList")) {
      out += one["Name"].get<std::string>() + " ";
    }
    return out;
  };
  EXPECT_EQ(names(Json::object()), "own ");
  EXPECT_EQ(names({{"ResourceShareType", "FOREIGN"}}), "sales ");
  EXPECT_EQ(names({{"ResourceShareType", "ALL"}, {"MaxResults", 1}}), "own sales ");
}

TEST_P(AwsApiContract, SharedTablesAreFoundOnDemand) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  EXPECT_EQ(all_pages(kConsumer, Service::Glue, "SearchTables", Json::object(), "TableList").size(), 0U);
  EXPECT_EQ(all_pages(kConsumer, Service::Glue, "SearchTables", {{"ResourceShareType", "ALL"}}, "TableList").size(), 1U);
}

TEST_P(AwsApiContract, TheCatalogPolicyMustLetRamShare) {
  make_sales();
  lock_down(kConsumer);
  glue(kOwner, "PutResourcePolicy", {{"PolicyInJson", R"({"Version":"2012-10-17","Statement":[]})"}});
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT"}, {"SELECT"});
  accept_all(kConsumer);
  const Json association = all_pages(kOwner, Service::Ram, "GetResourceShareAssociations",
                                     {{"associationType", "PRINCIPAL"}}, "resourceShareAssociations")[0];
  EXPECT_EQ(association["status"], "FAILED");
  EXPECT_EQ(glue_error(kConsumer, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}})
                .code,
            "AccessDeniedException");
}

TEST_P(AwsApiContract, OnceSomethingIsSharedThePolicyNeedsEnableHybrid) {
  SHARE_ORDERS();
  Json input = {{"PolicyInJson", R"({"Version":"2012-10-17","Statement":[]})"}};
  EXPECT_EQ(glue_error(kOwner, "PutResourcePolicy", input).code, "InvalidInputException");
  input["EnableHybrid"] = "TRUE";
  glue(kOwner, "PutResourcePolicy", input);
}

TEST_P(AwsApiContract, TheSharesAreAmongTheResourcePolicies) {
  SHARE_ORDERS();
  EXPECT_EQ(glue(kOwner, "GetResourcePolicies")["GetResourcePoliciesResponseList"].size(), 1U);
}

TEST_P(AwsApiContract, AConsumerAdministratorGrantsOnInsideItsAccount) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  const Json get = {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}};
  EXPECT_FALSE(glue_as("reader", kConsumer, "GetTable", get));
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_TRUE(glue_as("reader", kConsumer, "GetTable", get));
}

TEST_P(AwsApiContract, ReGrantsAreRowsOfTheConsumersCatalog) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(held(kConsumer, kConsumerReader, all_columns(kOwner, "sales", "orders")), "SELECT");
  EXPECT_EQ(held(kOwner, kConsumerReader, all_columns(kOwner, "sales", "orders")), "");
  bool is_listed = false;
  for (const Json& row : rows(kConsumer, {{"Resource", table(kOwner, "sales", "orders")}})) {
    is_listed = is_listed || row["Principal"]["DataLakePrincipalIdentifier"] == kConsumerReader;
  }
  EXPECT_TRUE(is_listed);
}

TEST_P(AwsApiContract, T19TheOwnersCatalogIdIsNeededForSharedResources) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  Json without = table(kOwner, "sales", "orders");
  without["Table"].erase("CatalogId");
  EXPECT_EQ(rows(kConsumer, {{"Resource", without}}), std::vector<Json>());
  EXPECT_EQ(grant_error(kConsumer, kConsumerReader, without, {"SELECT"}).code, "EntityNotFoundException");
}

TEST_P(AwsApiContract, AReGrantDoesNotExceedWhatTheAccountHasWithGrantOption) {
  make_sales();
  lock_down(kConsumer);
  grant(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT", "INSERT"}, {"SELECT"});
  accept_all(kConsumer);
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(grant_error(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"INSERT"}).code,
            "AccessDeniedException");
}

TEST_P(AwsApiContract, AReGrantStaysWithinTheAccount) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  for (const std::string& principal : {std::string(kOther), std::string("IAM_ALLOWED_PRINCIPALS")}) {
    EXPECT_EQ(grant_error(kConsumer, principal, table(kOwner, "sales", "orders"), {"SELECT"}).code,
              "InvalidInputException");
  }
}

TEST_P(AwsApiContract, AReGrantOnAllColumnsReadsOnlyThoseShared) {
  make_sales();
  lock_down(kConsumer);
  grant(kOwner, kConsumer, columns(kOwner, "sales", "orders", {"id", "amount"}), {"SELECT"}, {"SELECT"});
  accept_all(kConsumer);
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(columns_seen("reader", kConsumer, "sales", "orders", kOwner), std::vector<std::string>({"id", "amount"}));
}

TEST_P(AwsApiContract, RevokingFromTheAccountTakesItsReGrants) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"});
  revoke(kOwner, kConsumer, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(held(kConsumer, kConsumerReader, all_columns(kOwner, "sales", "orders")), "");
  EXPECT_EQ(held(kConsumer, kConsumerReader, table(kOwner, "sales", "orders")), "DESCRIBE");
}

TEST_P(AwsApiContract, RevokingAColumnFromTheAccountTakesItFromItsReGrants) {
  make_sales();
  lock_down(kConsumer);
  grant(kOwner, kConsumer, columns(kOwner, "sales", "orders", {"id", "email"}), {"SELECT"}, {"SELECT"});
  accept_all(kConsumer);
  grant(kConsumer, kConsumerReader, columns(kOwner, "sales", "orders", {"id", "email"}), {"SELECT"});
  revoke(kOwner, kConsumer, columns(kOwner, "sales", "orders", {"email"}), {"SELECT"});
  EXPECT_EQ(held(kConsumer, kConsumerReader, columns(kOwner, "sales", "orders", {"id"})), "SELECT");
}

TEST_P(AwsApiContract, AReGrantCanBeRevokedAfterTheTableIsGone) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
  glue(kOwner, "DeleteTable", {{"DatabaseName", "sales"}, {"Name", "orders"}});
  revoke(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
}

TEST_P(AwsApiContract, WhoIsNoAdministratorReGrantsWhatItHoldsWithGrantOption) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  const Json input = one_permission(role_arn(kConsumer, "friend"), table(kOwner, "sales", "orders"), "SELECT");
  EXPECT_FALSE(lf_as("reader", kConsumer, "GrantPermissions", input));
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"}, {"SELECT"});
  EXPECT_TRUE(lf_as("reader", kConsumer, "GrantPermissions", input));
}

TEST_P(AwsApiContract, AProducerCreatesAndOwnsTablesInTheCentralCatalogThroughALink) {
  lock_down(kOwner);
  lock_down(kConsumer);
  make_database(kOwner, "sales");
  grant(kOwner, kConsumer, database(kOwner, "sales"), {"CREATE_TABLE", "ALTER", "DESCRIBE"},
        {"CREATE_TABLE", "ALTER", "DESCRIBE"});
  accept_all(kConsumer);
  glue(kConsumer, "CreateDatabase", {{"DatabaseInput", database_link("sales", kOwner, "sales")}});
  grant(kConsumer, kConsumerReader, database(kConsumer, "sales"), {"DESCRIBE"});
  grant(kConsumer, kConsumerReader, database(kOwner, "sales"), {"CREATE_TABLE"});
  ASSERT_TRUE(glue_as("reader", kConsumer, "CreateTable",
                      {{"DatabaseName", "sales"}, {"TableInput", table_input("clicks")}}));
  const Json made = glue(kConsumer, "GetTable", {{"DatabaseName", "sales"}, {"Name", "clicks"}})["Table"];
  EXPECT_EQ(made["CatalogId"], kOwner);
  EXPECT_EQ(made["CreatedBy"], kConsumerReader);
  EXPECT_TRUE(glue_as("reader", kConsumer, "UpdateTable",
                      {{"DatabaseName", "sales"}, {"TableInput", table_input("clicks")}}));
}

TEST_P(AwsApiContract, AReaderNeedsTheLinkAndTheTargetAcrossAccounts) {
  SHARE_ORDERS();
  accept_all(kConsumer);
  glue(kConsumer, "CreateDatabase", {{"DatabaseInput", database_link("sales_rl", kOwner, "sales")}});
  grant(kConsumer, kConsumerReader, table(kOwner, "sales", "orders"), {"SELECT"});
  const Json get = {{"DatabaseName", "sales_rl"}, {"Name", "orders"}};
  EXPECT_FALSE(glue_as("reader", kConsumer, "GetTable", get));
  grant(kConsumer, kConsumerReader, database(kConsumer, "sales_rl"), {"DESCRIBE"});
  const Json found = (*glue_as("reader", kConsumer, "GetTable", get))["Table"];
  EXPECT_EQ(found["CatalogId"], kOwner);
  EXPECT_EQ(found["DatabaseName"], "sales");
}

TEST_P(AwsApiContract, DataLocationsAreGrantedAcrossAccountsWithoutAShare) {
  lock_down(kOwner);
  lock_down(kConsumer);
  lf(kOwner, "RegisterResource", {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}});
  grant(kOwner, kConsumer, location(kOwner, "arn:aws:s3:::lake"), {"DATA_LOCATION_ACCESS"}, {"DATA_LOCATION_ACCESS"});
  grant(kConsumer, kConsumerReader, location(kOwner, "arn:aws:s3:::lake"), {"DATA_LOCATION_ACCESS"});
  EXPECT_EQ(held(kConsumer, kConsumerReader, location(kOwner, "arn:aws:s3:::lake")), "DATA_LOCATION_ACCESS");
  EXPECT_EQ(all_pages(kOwner, Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}}, "resourceShares").size(),
            0U);
}

}  // namespace datamesh::testing
