// What every ResourceStore must do, whatever stands behind it. A test program instantiates the suite for its
// implementations and links resource_store_contract.cpp.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/api/resource_store.h"

namespace datamesh::testing {

/// An empty store and whatever it needs to live. The namespaces "retail" and "bank" may be written in.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual api::ResourceStore& store() = 0;
};

struct StoreFactory {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
};

/// Names the instances of the suite.
std::string factory_name(const ::testing::TestParamInfo<StoreFactory>& info);

/// A valid DataProduct. `description` is the part of its spec that tests change.
Json product(const std::string& ns, const std::string& name, const std::string& description = "first");
/// A valid Account: another kind that lives in namespaces.
Json account(const std::string& ns, const std::string& name);
/// A valid Mesh: a cluster-scoped kind.
Json mesh(const std::string& name);

/// A watch, and a wait for what it is to deliver.
class Follower {
 public:
  Follower(api::ResourceStore& store, const api::WatchRequest& request);

  /// The next events, at least `expected` of them, or fewer when they do not come within ten seconds.
  std::vector<api::WatchEvent> take(std::size_t expected);
  int wakes();
  api::Watch& watch() { return *watch_; }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  int wakes_ = 0;
  std::unique_ptr<api::Watch> watch_;
};

class ResourceStoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override { subject_ = GetParam().make(); }
  api::ResourceStore& store() { return subject_->store(); }

  Json created(const Json& object);
  Json stored(const api::ObjectKey& key);
  /// The revision that a list shows now.
  api::Revision revision();
  /// The names that `request` lists, as "kind/ns/name".
  std::vector<std::string> listed(const api::ListRequest& request);

 private:
  std::unique_ptr<StoreUnderTest> subject_;
};

inline const api::ObjectKey kOrders{"DataProduct", "retail", "orders"};

/// "" when `result` is a value, or the name of its error.
template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "" : std::string(to_string(result.error().kind));
}

using Names = std::vector<std::string>;

Json with_finalizers(Json object, const Json& finalizers);
Json with_labels(Json object, const Json& labels);
Json without_revision(Json object);
/// A JSON patch from its text.
Json json_patch(const char* text);

Json& spec_description(Json& object);
Json metadata_of(const Json& object);
api::Revision revision_in(const Json& object);
std::int64_t generation_in(const Json& object);

}  // namespace datamesh::testing
