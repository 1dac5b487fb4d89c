// What `datamesh iam-policy` prints is enough: everything that the engine asks of an account in a mesh's life is in it.
#include "controller/lake/iam_policy.h"

#include <fnmatch.h>

#include "controller/api/codec.h"
#include "reconcilers/claim.h"
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

/// The policy of each account for the mesh as it is declared now.
std::map<std::string, std::vector<lake::Statement>> policies(World& world) {
  mesh::Mesh mesh;
  const auto all = api::list_all(*world.store, {});
  for (const Json& object : all->items) mesh.put(*api::decode(object));
  std::map<std::string, std::vector<lake::NeededEntry>> entries;
  for (const auto& [key, resource] : mesh.all()) {
    for (const reconcilers::Claim& claim : reconcilers::claims_of(*resource, mesh, world.clock.now()).claims) {
      entries[claim.key.catalog.account].push_back({claim.key, claim.value, claim.release == reconcilers::Release::Retain});
    }
  }
  std::map<std::string, std::vector<lake::Statement>> out;
  for (const auto& [account, needed] : entries) out[account] = lake::least_policy({account, "aws", {"eu-west-1"}}, needed);
  return out;
}

/// "glue:CreateTable arn:aws:glue:eu-west-1:…:table/sales/orders", or with "*" where the action knows no resources.
std::pair<std::string, std::string> asked(const aws::Call& call) {
  const std::string action = std::string(to_string(call.service)) + ":" + call.operation;
  if (call.service != aws::Service::Glue) return {action, "*"};
  const std::string start = "arn:aws:glue:" + call.target.region + ":" + call.target.account + ":";
  const std::string database = string_at(call.input, "DatabaseName");
  const std::string name = string_at(call.input, "Name") + string_at(member(call.input, "DatabaseInput"), "Name") +
                           string_at(member(call.input, "TableInput"), "Name");
  if (!database.empty()) return {action, start + "table/" + database + "/" + (name.empty() ? "x" : name)};
  return {action, start + (name.empty() ? "catalog" : "database/" + name)};
}

bool allows(const std::vector<lake::Statement>& policy, const std::pair<std::string, std::string>& wish) {
  return std::any_of(policy.begin(), policy.end(), [&](const lake::Statement& statement) {
    const auto& [action, resource] = wish;
    const bool named = std::find(statement.actions.begin(), statement.actions.end(), action) != statement.actions.end();
    return named && std::any_of(statement.resources.begin(), statement.resources.end(), [&](const std::string& pattern) {
             return ::fnmatch(pattern.c_str(), resource.c_str(), 0) == 0;
           });
  });
}

TEST(IamPolicy, AllowsAllThatTheOperatorDoesWhileTheMeshIsMadeAndUnmade) {
  SmallWorld world;
  std::set<std::pair<std::string, std::pair<std::string, std::string>>> calls;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    calls.insert({call.target.account, asked(call)});
    return std::nullopt;
  };
  world.converge();
  const auto allowed = policies(world);
  world.remove("Grant", "analytics", "analysts");
  world.remove("Grant", "retail", "orders-to-analytics");
  world.remove("DataProduct", "retail", "orders");
  EXPECT_TRUE(world.run_until_idle());
  ASSERT_GT(calls.size(), 30u);
  for (const auto& [account, wish] : calls) {
    EXPECT_TRUE(allowed.contains(account) && allows(allowed.at(account), wish)) << account << " " << wish.first << " " << wish.second;
  }
}

}  // namespace
}  // namespace datamesh::testing
