// What `datamesh install` puts into a cluster.
#include "controller/cli/install_objects.h"

#include <gtest/gtest.h>

#include <set>

namespace datamesh::cli {
namespace {

const std::vector<Json>& objects() {
  static const std::vector<Json> kObjects = *install_objects("mesh-system");
  return kObjects;
}

TEST(Install, EveryObjectHasItsPlace) {
  std::set<std::string> paths;
  for (const Json& object : objects()) paths.insert(install_path(object));
  EXPECT_EQ(paths.size(), objects().size());
  EXPECT_TRUE(paths.contains("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/grants.datamesh.dev"));
  EXPECT_TRUE(paths.contains("/api/v1/namespaces/mesh-system/serviceaccounts/datamesh-operator"));
  EXPECT_TRUE(paths.contains("/apis/rbac.authorization.k8s.io/v1/namespaces/mesh-system/roles/datamesh-operator"));
}

TEST(Install, TheOperatorMayNotReadSecretsNorDeleteAnything) {
  for (const Json& object : objects()) {
    for (const Json& rule : member(object, "rules")) {
      for (const Json& resource : rule.at("resources")) {
        EXPECT_NE(resource, "*");
        EXPECT_NE(resource, "secrets");
      }
      for (const Json& verb : rule.at("verbs")) {
        EXPECT_NE(verb, "*");
        EXPECT_NE(verb, "delete");
      }
    }
  }
}

TEST(Install, RightsOnEveryKindComeWithThoseOnItsStatus) {
  for (const Json& object : objects()) {
    if (object.at("kind") != "ClusterRole") continue;
    const Json& plurals = object.at("rules").at(0).at("resources");
    EXPECT_EQ(plurals.size(), 6u);
    for (std::size_t i = 0; i < plurals.size(); ++i) {
      EXPECT_EQ(object.at("rules").at(1).at("resources").at(i), plurals.at(i).get<std::string>() + "/status");
    }
  }
}

}  // namespace
}  // namespace datamesh::cli
