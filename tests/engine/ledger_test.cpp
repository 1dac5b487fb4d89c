// What the ledger keeps beside the claims, so that nobody has to walk over all of them.
#include "controller/engine/ledger.h"

#include <gtest/gtest.h>

namespace datamesh::engine {
namespace {

using catalog::EntryKind;

catalog::EntryKey entry(const std::string& account, const std::string& name) {
  return {{account, "eu-west-1"}, {EntryKind::Database, name}};
}

reconcilers::ClaimSet claims_on(const std::vector<catalog::EntryKey>& keys, reconcilers::Release release) {
  reconcilers::ClaimSet out;
  for (const auto& key : keys) {
    out.claims.push_back({key, catalog::Shared<catalog::Database>(catalog::Database{}), {}, reconcilers::Step::CreateEntities, release});
  }
  return out;
}

class ClaimedIn : public ::testing::Test {
 protected:
  std::vector<std::string> names(const std::string& account) const {
    std::vector<std::string> out;
    for (const KeyId id : ledger.claimed_in(account)) out.push_back(ledger.key(id).local.name);
    return out;
  }
  using Names = std::vector<std::string>;
  Ledger ledger;
  ResourceState& second = ledger.at({"DataProduct", "b", "x"});
  ResourceState& first = ledger.at({"DataProduct", "a", "x"});
};

TEST_F(ClaimedIn, FollowsTheClaimsOfEachAccount) {
  ledger.set_claims(first, claims_on({entry("1", "sales"), entry("2", "hr")}, reconcilers::Release::Remove));
  ledger.set_claims(second, claims_on({entry("1", "sales"), entry("1", "stock")}, reconcilers::Release::Remove));
  EXPECT_EQ(names("1"), (Names{"sales", "stock"}));
  EXPECT_EQ(names("2"), (Names{"hr"}));
  EXPECT_EQ(names("3"), Names());
  ledger.set_claims(first, {});
  EXPECT_EQ(names("1"), (Names{"sales", "stock"})) << "another claims it still";
  EXPECT_EQ(names("2"), Names());
  ledger.erase(second.key);
  EXPECT_EQ(names("1"), Names());
}

TEST_F(ClaimedIn, TheFirstClaimantIsFirstByNameAndNotByTime) {
  ledger.set_claims(second, claims_on({entry("1", "sales")}, reconcilers::Release::Remove));
  ledger.set_claims(first, claims_on({entry("1", "sales")}, reconcilers::Release::Retain));
  EXPECT_EQ(ledger.first_claim(*ledger.lookup(entry("1", "sales"))).release, reconcilers::Release::Retain);
}

}  // namespace
}  // namespace datamesh::engine
