// The embedded store keeps the contract on a disk, in memory, and behind a fault injector that injects nothing.
#include "controller/embedded/faulty_store.h"
#include "tests/embedded/store_fixture.h"

namespace datamesh::testing {
namespace {

class SqliteUnderTest final : public StoreUnderTest {
 public:
  SqliteUnderTest() : store_(opened(store_options(folder_.file(), clock_))) {}
  api::ResourceStore& store() override { return *store_; }

 private:
  TemporaryFolder folder_;
  FakeClock clock_{kStart};
  std::unique_ptr<embedded::SqliteStore> store_;
};

class MemoryUnderTest final : public StoreUnderTest {
 public:
  MemoryUnderTest() : store_(opened(store_options(":memory:", clock_))), quiet_(*store_, nullptr) {}
  api::ResourceStore& store() override { return quiet_; }

 private:
  FakeClock clock_{kStart};
  std::unique_ptr<embedded::SqliteStore> store_;
  embedded::FaultyStore quiet_;
};

INSTANTIATE_TEST_SUITE_P(
    Embedded, ResourceStoreContract,
    ::testing::Values(StoreFactory{"Sqlite", [] { return std::make_unique<SqliteUnderTest>(); }},
                      StoreFactory{"MemoryBehindNoFaults", [] { return std::make_unique<MemoryUnderTest>(); }}),
    factory_name);

}  // namespace
}  // namespace datamesh::testing
