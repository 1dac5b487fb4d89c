// What it costs to find the order in which tags and permissions by them change: counted, not measured.
#include <gtest/gtest.h>

#include "controller/engine/tag_order.h"

namespace datamesh::testing {
namespace {

using catalog::EntryKey;
using catalog::EntryKind;
using catalog::Permission;
using catalog::PermissionValue;
using catalog::ResourceType;
using catalog::TagAssignment;
using engine::KeyId;

const CatalogRef kCatalog{"100000000001", "eu-west-1"};

/// A database whose tables all change their level at once, while some roles hold permissions by it and some lose theirs.
class ManyTables {
 public:
  ManyTables(int tables, int roles) {
    for (int n = 0; n < tables; ++n) tag("sales/t" + std::to_string(n), n % 2 == 0 ? "internal" : "public", n % 2 == 0 ? "public" : "internal");
    tag("sales", "public", "internal");
    for (int n = 0; n < roles; ++n) {
      permit(n, "level=public", true, n % 2 == 0);
      permit(n, "level=internal,public", n % 2 != 0, true);
    }
  }

  engine::CatalogPlan plan() {
    engine::ResourceState& state = ledger_.at({"DataProduct", "a", "sales"});
    ledger_.set_claims(state, claims_);
    ledger_.set_recorded(state, recorded_);
    const engine::Confirmed confirmed;
    const std::set<KeyId> irrevocable;
    engine::PlanInput input;
    input.ledger = &ledger_;
    input.catalog = kCatalog;
    input.snapshots = [this](const CatalogRef&) { return &snapshot_; };
    input.confirmed = &confirmed;
    input.irrevocable = &irrevocable;
    return engine::plan_catalog(input, ids_);
  }

 private:
  void tag(const std::string& resource, const std::string& now, const std::string& wanted) {
    const EntryKey key{kCatalog, {EntryKind::TagAssignment, resource + "#level"}};
    snapshot_.entries[{EntryKind::TagKey, "level"}] = catalog::Shared<catalog::TagKey>(catalog::TagKey{{"public", "internal"}, {}, false});
    snapshot_.entries[key.local] = TagAssignment{now};
    claim(key, TagAssignment{wanted});
  }
  void permit(int role, const std::string& expression, bool is_there, bool is_claimed) {
    const catalog::PermissionId id{{ResourceType::TablePolicy, kCatalog.account, "", "", expression},
                                   "arn:aws:iam::100000000001:role/r" + std::to_string(role)};
    const EntryKey key{kCatalog, catalog::permission_key(id)};
    const PermissionValue value{{Permission::Select, Permission::Describe}, {}, {}, {}, false};
    if (is_there) snapshot_.entries[key.local] = value;
    if (is_claimed) claim(key, value);
    if (is_there && !is_claimed) ids_.push_back(ledger_.intern(key));
    recorded_[ledger_.intern(key)] = {value, "", false, false};
  }
  void claim(const EntryKey& key, catalog::EntryValue value) {
    claims_.claims.push_back({key, std::move(value), {}, reconcilers::Step::CreateEntities, reconcilers::Release::Remove});
    ids_.push_back(ledger_.intern(key));
    recorded_[ids_.back()] = {};
  }

  engine::Ledger ledger_;
  catalog::Snapshot snapshot_;
  reconcilers::ClaimSet claims_;
  std::map<KeyId, engine::Recorded> recorded_;
  std::vector<KeyId> ids_;
};

TEST(CostOfTheOrder, GrowsWithTheTablesThatChangeAndNotWithTheirSquare) {
  const auto few = ManyTables(100, 10).plan();
  const auto many = ManyTables(1000, 10).plan();
  EXPECT_GE(few.actions.size(), 100u);
  EXPECT_GE(many.actions.size(), 1000u);
  EXPECT_GT(few.tried_out, 0u);
  EXPECT_LE(many.tried_out, 11 * few.tried_out);
  EXPECT_LE(many.tried_out, 40u * 1000u);
}

}  // namespace
}  // namespace datamesh::testing
