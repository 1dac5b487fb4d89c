// Permissions that nobody declared: found, aged, reported, and revoked only where the account says so.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

constexpr const char* kIntruder = "arn:aws:iam::100000000001:role/intruder";
constexpr const char* kItems = R"({"Table": {"CatalogId": "100000000001", "DatabaseName": "orders", "Name": "items"}})";

std::string central_account(const std::string& undeclared) {
  return R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: central, namespace: governance}
spec: {accountId: "100000000001", regions: [eu-west-1], roles: [Central], undeclared: )Y" + undeclared + "}\n";
}

struct Intruded : SmallWorld {
  explicit Intruded(const std::string& undeclared) {
    apply(central_account(undeclared));
    converge();
    hand_grants(kCentral, "GrantPermissions", kIntruder, kItems, {"SELECT"});
    sweep();
  }
  bool intruder_is_there() {
    const Lines lines = entries(kCentral);
    return std::any_of(lines.begin(), lines.end(), [](const auto& line) { return line.find("intruder") != line.npos; });
  }
  Json undeclared() { return at_path(get("Account", "governance", "central"), {"status", "undeclared"}); }
};

TEST(Undeclared, IsReportedWithItsAgeAndLeftAlone) {
  Intruded world("Report");
  EXPECT_TRUE(world.intruder_is_there());
  const Json told = world.undeclared();
  ASSERT_EQ(told["count"], 1) << told.dump();
  EXPECT_EQ(told["items"][0]["entry"],
            "100000000001/eu-west-1 Permission table:100000000001:orders/items@arn:aws:iam::100000000001:role/intruder");
  EXPECT_EQ(world.ready("Account", "governance", "central"), "True:InForce");
}

TEST(Undeclared, IsNothingInAFreshMesh) {
  // Every fresh catalog lets IAM decide who makes databases. With the defaults closed that opens nothing.
  SmallWorld world;
  world.converge();
  ASSERT_NE(world.permissions(kCentral).dump().find("IAM_ALLOWED_PRINCIPALS"), std::string::npos)
      << "the lake must list it, or this shows nothing";
  EXPECT_EQ(world.engine->status()["undeclared"], 0) << world.engine->status().dump(2);
}

TEST(Undeclared, IsNothingInTheExampleMesh) {
  World world;
  for (const auto& file : std::filesystem::directory_iterator(std::string(DATAMESH_SOURCE_DIR) + "/docs/examples/central")) {
    std::ifstream in(file.path());
    world.apply(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.engine->status()["undeclared"], 0) << world.engine->status().dump(2);
}

TEST(Undeclared, IsWhatIamDecidesIncludedWhereItIsRevoked) {
  Intruded world("Revoke");
  EXPECT_EQ(world.permissions(kCentral).dump().find("IAM_ALLOWED_PRINCIPALS"), std::string::npos);
}

TEST(Undeclared, KeepsItsAgeOverARestart) {
  Intruded world("Report");
  const Json before = world.undeclared();
  world.advance(hours(1));
  world.restart();
  world.run_until_idle();
  world.sweep();
  EXPECT_EQ(world.undeclared(), before);
}

TEST(Undeclared, IsForgottenWhenItIsGone) {
  Intruded world("Report");
  world.hand_grants(kCentral, "RevokePermissions", kIntruder, kItems, {"SELECT"});
  world.sweep();
  EXPECT_EQ(world.undeclared(), Json());
}

TEST(Undeclared, IsForgottenWhenItWentWhileNobodyLooked) {
  Intruded world("Report");
  world.crash();
  world.hand_grants(kCentral, "RevokePermissions", kIntruder, kItems, {"SELECT"});
  world.start_engine();
  world.run_until_idle();
  world.sweep();
  EXPECT_EQ(world.undeclared(), Json());
}

TEST(Undeclared, IsNotShownWhereTheAccountIgnoresIt) {
  Intruded world("Ignore");
  EXPECT_TRUE(world.intruder_is_there());
  EXPECT_EQ(world.undeclared(), Json());
}

TEST(Undeclared, IsRevokedWhereTheAccountSaysSo) {
  Intruded world("Revoke");
  EXPECT_FALSE(world.intruder_is_there());
  EXPECT_EQ(world.undeclared(), Json());
  EXPECT_TRUE(world.engine->converged());
  EXPECT_TRUE(world.analyst_reads());
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST(Undeclared, IsRevokedOnceTheAccountSaysSo) {
  Intruded world("Report");
  world.apply(central_account("Revoke"));
  world.run_until_idle();
  world.sweep();
  EXPECT_FALSE(world.intruder_is_there());
}

TEST(Undeclared, IsNotRevokedOfWhatADeclaredGrantGivesToo) {
  Intruded world("Revoke");
  world.hand_grants(kCentral, "GrantPermissions", kAnalytics,
                    R"({"Table": {"CatalogId": "100000000001", "DatabaseName": "orders", "Name": "orders"}})", {"SELECT"});
  const Lines before = world.entries(kCentral);
  world.sweep();
  Lines expected = before;
  std::erase_if(expected, [](const auto& line) { return line.starts_with("Permission table:C:orders/orders@K"); });
  EXPECT_NE(expected, before);
  EXPECT_EQ(world.entries(kCentral), expected) << "only the row that nobody declares";
}

/// The small mesh, whose analyst holds DROP by hand beside the DESCRIBE that is declared.
struct Beside : SmallWorld {
  explicit Beside(const std::string& undeclared) {
    std::string model = kCentralMesh;
    const std::string role = "roles: [Consumer]";
    apply(model.replace(model.find(role), role.size(), role + "\n  undeclared: " + undeclared));
    converge();
    hand_grants(kAnalytics, "GrantPermissions", kAnalyst, R"({"Database": {"Name": "orders"}})", {"DROP"});
    sweep();
  }
  std::string analysts_right() {
    for (const std::string& line : entries(kAnalytics)) {
      if (line.starts_with("Permission database:K:orders@") && line.find("analyst") != line.npos) return line.substr(line.find(" = "));
    }
    return "";
  }
  Json undeclared() { return at_path(get("Account", "analytics", "analytics"), {"status", "undeclared", "count"}); }
};

TEST(Undeclared, IsWhatStandsBesideADeclaredPermissionToo) {
  Beside reported("Report");
  EXPECT_EQ(reported.undeclared(), 1);
  EXPECT_EQ(reported.analysts_right(), " = DROP, DESCRIBE");
  Beside ignored("Ignore");
  EXPECT_EQ(ignored.undeclared(), Json());
  Beside revoked("Revoke");
  EXPECT_EQ(revoked.undeclared(), Json());
  EXPECT_EQ(revoked.analysts_right(), " = DESCRIBE") << "and no more than that";
  EXPECT_TRUE(revoked.analyst_reads());
  revoked.writes();
  revoked.sweep();
  EXPECT_EQ(revoked.writes(), (std::map<std::string, int>{}));
}

TEST(Undeclared, IsNotWhatTheOperatorHasStillToTakeBack) {
  SmallWorld world;
  world.converge();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchRevokePermissions") return std::nullopt;
    return aws::make_error(call, "AccessDeniedException", "not now");
  };
  std::string fewer = kOrders;
  fewer.replace(fewer.find("[ALTER, INSERT, DESCRIBE]"), 25, "[ALTER, DESCRIBE]");
  world.apply(fewer);
  world.run_until_idle();
  world.sweep();
  EXPECT_EQ(world.engine->status()["undeclared"], 0) << world.engine->status().dump(2);
}

TEST(Undeclared, IsNeverTheRightOfACreatorOrAdministrator) {
  Intruded world("Revoke");
  world.by_hand(kCentral, aws::Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "ours"}})");
  world.by_hand(kCentral, aws::Service::LakeFormation, "PutDataLakeSettings",
                R"({"DataLakeSettings": {"DataLakeAdmins": [
                    {"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/datamesh-operator"},
                    {"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/second"}],
                    "CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": [],
                    "Parameters": {"CROSS_ACCOUNT_VERSION": "4"}}})");
  ASSERT_TRUE(world.call_as("arn:aws:iam::100000000001:role/second", aws::Service::Glue, "CreateDatabase",
                            {{"DatabaseInput", {{"Name", "seconds"}}}}));
  world.writes();
  world.sweep();
  world.sweep();
  EXPECT_EQ(world.undeclared(), Json());
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST(Undeclared, AndIrrevocableIsTriedOnceAndThenOnlyReported) {
  // Somebody without a name in the settings made a table: the rights of creators are implicit and stay.
  Intruded world("Revoke");
  ASSERT_TRUE(world.call_as("arn:aws:iam::100000000001:role/Admin", aws::Service::LakeFormation, "GetDataLakeSettings",
                            Json::object()));
  world.hand_grants(kCentral, "GrantPermissions", "arn:aws:iam::100000000001:role/builder",
                    R"({"Catalog": {}})", {"CREATE_DATABASE"});
  ASSERT_TRUE(world.call_as("arn:aws:iam::100000000001:role/builder", aws::Service::Glue, "CreateDatabase",
                            {{"DatabaseInput", {{"Name", "built"}}}}));
  world.sweep();
  world.sweep();
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{})) << "no storm of revokes";
}

}  // namespace
}  // namespace datamesh::testing
