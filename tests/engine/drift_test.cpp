// Whatever somebody changes by hand is as declared again after the next sweep, and nothing else is touched.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using aws::Service;

struct Drift {
  std::string name;
  std::function<void(SmallWorld&)> change;
};

void PrintTo(const Drift& drift, std::ostream* out) { *out << drift.name; }

std::vector<Drift> drifts() {
  const auto call = [](const char* account, Service service, const char* operation, const char* input) {
    return [=](SmallWorld& world) { world.by_hand(account, service, operation, input); };
  };
  return {
      {"AGrantIsRevoked",
       [](SmallWorld& world) {
         world.hand_grants(kCentral, "RevokePermissions", kAnalytics,
                           R"({"Table": {"CatalogId": "100000000001", "DatabaseName": "orders", "TableWildcard": {}}})",
                           {"SELECT"});
       }},
      {"ALocalGrantIsRevoked",
       [](SmallWorld& world) {
         world.hand_grants(kAnalytics, "RevokePermissions", kAnalyst,
                           R"({"Database": {"CatalogId": "100000000003", "Name": "orders"}})", {"DESCRIBE"});
       }},
      {"ATableIsChanged", call(kCentral, Service::Glue, "UpdateTable",
                               R"({"DatabaseName": "orders", "TableInput": {"Name": "items", "TableType": "EXTERNAL_TABLE",
                                   "StorageDescriptor": {"Columns": [{"Name": "other", "Type": "int"}]}}})")},
      {"ATableIsDropped", call(kCentral, Service::Glue, "DeleteTable", R"({"DatabaseName": "orders", "Name": "items"})")},
      {"ADatabaseIsChanged", call(kCentral, Service::Glue, "UpdateDatabase",
                                  R"({"Name": "orders", "DatabaseInput": {"Name": "orders", "Description": "by hand"}})")},
      {"ALinkIsDeleted", call(kAnalytics, Service::Glue, "DeleteDatabase", R"({"Name": "orders"})")},
      {"ALinkIsPointedElsewhere",
       [](SmallWorld& world) {
         world.by_hand(kAnalytics, Service::Glue, "DeleteDatabase", R"({"Name": "orders"})");
         world.by_hand(kAnalytics, Service::Glue, "CreateDatabase",
                       R"({"DatabaseInput": {"Name": "orders", "TargetDatabase": {"CatalogId": "100000000002", "DatabaseName": "x"}}})");
       }},
      {"SettingsAreChanged", call(kCentral, Service::LakeFormation, "PutDataLakeSettings",
                                  R"({"DataLakeSettings": {"DataLakeAdmins": [
                                      {"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/datamesh-operator"}],
                                      "CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions":
                                      [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}],
                                      "Parameters": {"CROSS_ACCOUNT_VERSION": "4"}}})")},
      {"ATagValueIsChanged",
       [](SmallWorld& world) {
         world.by_hand(kCentral, Service::LakeFormation, "UpdateLFTag", R"({"TagKey": "domain", "TagValuesToAdd": ["other"]})");
         world.by_hand(kCentral, Service::LakeFormation, "AddLFTagsToResource",
                       R"({"Resource": {"Database": {"Name": "orders"}}, "LFTags": [{"TagKey": "domain", "TagValues": ["other"]}]})");
       }},
      {"ATagIsRemoved", call(kCentral, Service::LakeFormation, "RemoveLFTagsFromResource",
                             R"({"Resource": {"Database": {"Name": "orders"}}, "LFTags": [{"TagKey": "domain", "TagValues": ["retail"]}]})")},
      {"ALocationIsDeregistered", call(kCentral, Service::LakeFormation, "DeregisterResource",
                                       R"({"ResourceArn": "arn:aws:s3:::retail-data/orders"})")},
      {"IamAllowedPrincipalsIsGranted",
       [](SmallWorld& world) {
         world.hand_grants(kCentral, "GrantPermissions", "IAM_ALLOWED_PRINCIPALS",
                           R"({"Table": {"DatabaseName": "orders", "Name": "items"}})", {"ALL"});
       }},
  };
}

class Repaired : public ::testing::TestWithParam<Drift> {};

TEST_P(Repaired, ByTheNextSweep) {
  SmallWorld world;
  world.converge();
  Lines before = world.everything();
  GetParam().change(world);
  EXPECT_TRUE(world.everything() != before || GetParam().name == "SettingsAreChanged") << "the change must be one";
  world.sweep();
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  Lines after = world.everything();
  // Tag values only ever gain: nobody knows who else uses them.
  std::erase_if(after, [](const std::string& line) { return line.find("TagKey") != line.npos; });
  std::erase_if(before, [](const std::string& line) { return line.find("TagKey") != line.npos; });
  EXPECT_EQ(after, before);
  EXPECT_TRUE(world.analyst_reads());
  const auto settings = world.call_as(operator_of(kCentral), Service::LakeFormation, "GetDataLakeSettings", Json::object());
  EXPECT_EQ(at_path(*settings, {"DataLakeSettings", "CreateTableDefaultPermissions"}), Json::array());
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{})) << "and then there is rest";
}

INSTANTIATE_TEST_SUITE_P(Drift, Repaired, ::testing::ValuesIn(drifts()),
                         [](const auto& info) { return info.param.name; });

TEST(Drift, OfSettingsKeepsWhatOthersSet) {
  SmallWorld world;
  world.converge();
  world.by_hand(kCentral, Service::LakeFormation, "PutDataLakeSettings",
                R"({"DataLakeSettings": {"DataLakeAdmins": [
                    {"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/datamesh-operator"},
                    {"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/somebody"}],
                    "CreateDatabaseDefaultPermissions":
                    [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}],
                    "Parameters": {"CROSS_ACCOUNT_VERSION": "5", "SET_SOURCE_IDENTITY": "TRUE"}}})");
  world.sweep();
  const Json settings = member(*world.call_as(operator_of(kCentral), Service::LakeFormation, "GetDataLakeSettings", Json::object()),
                               "DataLakeSettings");
  EXPECT_EQ(settings["DataLakeAdmins"].size(), 2u);
  EXPECT_EQ(settings["CreateDatabaseDefaultPermissions"], Json::array());
  EXPECT_EQ(settings["Parameters"], Json::parse(R"({"CROSS_ACCOUNT_VERSION": "5", "SET_SOURCE_IDENTITY": "TRUE"})"))
      << "a version is never lowered";
}

TEST(Drift, OfWhatNobodyDeclaredIsLeftAlone) {
  SmallWorld world;
  world.converge();
  world.by_hand(kCentral, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "theirs"}})");
  world.by_hand(kCentral, Service::Glue, "CreateTable",
                R"({"DatabaseName": "theirs", "TableInput": {"Name": "t", "StorageDescriptor": {"Columns": []}}})");
  const Lines before = world.everything();
  world.writes();
  world.sweep();
  EXPECT_EQ(world.everything(), before);
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

}  // namespace
}  // namespace datamesh::testing
