// Claims follow from what is declared alone: not from the order in which it was declared, nor from what was declared
// before; and whoever a change does not affect claims what it claimed.
#include <gtest/gtest.h>

#include "controller/api/codec.h"
#include "reconcilers/claim.h"
#include "tests/sim/mesh_maker.h"
#include "tests/world/world.h"

namespace datamesh::properties {
namespace {

using api::ObjectKey;
using reconcilers::ClaimSet;

constexpr std::uint64_t kMeshSeeds = 60;
constexpr int kEdits = 25;
const Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(8);

/// A generated mesh as the store would hold it, and its edits.
class Generated {
 public:
  explicit Generated(std::uint64_t seed) : random_(seed), maker_(random_) {
    for (Json& object : maker_.first()) put(std::move(object));
  }

  /// Makes one edit; returns the key that it touched.
  ObjectKey edit() {
    sim::Edit edit = maker_.edit(declared, kNow);
    if (edit.remove) {
      declared.erase(*edit.remove);
      return *edit.remove;
    }
    const ObjectKey key = api::key_of(*edit.apply);
    put(std::move(*edit.apply));
    return key;
  }

  sim::Random& random() { return random_; }

  sim::Declared declared;

 private:
  void put(Json object) {
    EXPECT_TRUE(testing::registry().admit(object).empty()) << object.dump();
    const ObjectKey key = api::key_of(object);
    object["metadata"]["uid"] = "uid-" + to_string(key);
    object["metadata"]["creationTimestamp"] = to_rfc3339(kNow);
    declared[key] = std::move(object);
  }

  sim::Random random_;
  sim::MeshMaker maker_;
};

api::Resource resource(const Json& object) {
  auto decoded = api::decode(object);
  EXPECT_TRUE(decoded) << object.dump();
  return std::move(*decoded);
}

std::map<ObjectKey, ClaimSet> all_claims(const mesh::Mesh& mesh) {
  std::map<ObjectKey, ClaimSet> out;
  for (const auto& [key, each] : mesh.all()) out[key] = reconcilers::claims_of(*each, mesh, kNow);
  return out;
}

mesh::Mesh mesh_of(const sim::Declared& declared) {
  mesh::Mesh out;
  for (const auto& [key, object] : declared) out.put(resource(object));
  return out;
}

TEST(Claims, AreTheSameInWhateverOrderTheMeshWasDeclared) {
  for (std::uint64_t seed = 1; seed <= kMeshSeeds; ++seed) {
    Generated mesh(seed);
    for (int n = 0; n < kEdits; ++n) mesh.edit();
    std::vector<ObjectKey> keys;
    for (const auto& [key, object] : mesh.declared) keys.push_back(key);
    for (std::size_t n = keys.size(); n > 1; --n) std::swap(keys[n - 1], keys[mesh.random().below(n)]);
    mesh::Mesh shuffled;
    for (const ObjectKey& key : keys) shuffled.put(resource(mesh.declared[key]));
    EXPECT_EQ(all_claims(shuffled), all_claims(mesh_of(mesh.declared))) << "seed " << seed;
  }
}

TEST(Claims, DependOnWhatIsDeclaredAndNotOnWhatWasBefore) {
  for (std::uint64_t seed = 1; seed <= kMeshSeeds; ++seed) {
    Generated mesh(seed);
    mesh::Mesh edited = mesh_of(mesh.declared);
    for (int n = 0; n < kEdits; ++n) {
      const ObjectKey key = mesh.edit();
      if (mesh.declared.contains(key)) {
        edited.put(resource(mesh.declared[key]));
      } else {
        edited.remove(key);
      }
    }
    EXPECT_EQ(all_claims(edited), all_claims(mesh_of(mesh.declared))) << "seed " << seed;
  }
}

TEST(Claims, ChangeOnlyWhereTheMeshSaysThatTheyMay) {
  for (std::uint64_t seed = 1; seed <= kMeshSeeds; ++seed) {
    Generated mesh(seed);
    mesh::Mesh edited = mesh_of(mesh.declared);
    for (int n = 0; n < kEdits; ++n) {
      auto before = all_claims(edited);
      const sim::Declared old = mesh.declared;
      const ObjectKey key = mesh.edit();
      auto affected = edited.affected_by(key);
      if (mesh.declared.contains(key)) {
        edited.put(resource(mesh.declared[key]));
      } else {
        edited.remove(key);
      }
      for (const ObjectKey& each : edited.affected_by(key)) affected.push_back(each);
      auto after = all_claims(edited);
      for (const ObjectKey& each : affected) {
        before.erase(each);
        after.erase(each);
      }
      EXPECT_EQ(before, after) << "seed " << seed << ", edit " << n << " of " << to_string(key);
    }
  }
}

TEST(Claims, OfAMeshWhoseGovernanceChangesAndChangesBackAreAsBefore) {
  for (std::uint64_t seed = 1; seed <= kMeshSeeds; ++seed) {
    Generated mesh(seed);
    mesh::Mesh changed = mesh_of(mesh.declared);
    const auto before = all_claims(changed);
    const Json as_it_was = mesh.declared[{"Mesh", "", "mesh"}];
    for (const char* governance : {"Central", "LineOfBusiness", "Federated"}) {
      Json other = as_it_was;
      other["spec"]["governance"] = governance;
      changed.put(resource(other));
      (void)all_claims(changed);
    }
    changed.put(resource(as_it_was));
    EXPECT_EQ(all_claims(changed), before) << "seed " << seed;
  }
}

TEST(Claims, NeedOnlyWhatSomebodyClaimsOrObserves) {
  for (std::uint64_t seed = 1; seed <= kMeshSeeds; ++seed) {
    Generated mesh(seed);
    const auto claims = all_claims(mesh_of(mesh.declared));
    std::set<catalog::EntryKey> claimed;
    for (const auto& [key, set] : claims) {
      for (const auto& claim : set.claims) claimed.insert(claim.key);
    }
    for (const auto& [key, set] : claims) {
      for (const auto& claim : set.claims) {
        for (const catalog::EntryKey& need : claim.needs) {
          // A table or column that no product declares may still be in the catalog; all else the mesh itself brings.
          if (need.local.kind == catalog::EntryKind::Table) continue;
          EXPECT_TRUE(claimed.contains(need)) << "seed " << seed << ": " << to_string(key) << " needs " << to_string(need);
        }
      }
    }
  }
}

}  // namespace
}  // namespace datamesh::properties
