// What only the embedded store promises: admission, Kubernetes' own words, time, repeatable names, any kind.
#include <limits>

#include "tests/embedded/store_fixture.h"

namespace datamesh::testing {
namespace {

using api::PatchType;
using embedded::SqliteStore;

class StoreRules : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteStore> with_admission(embedded::Admission admission) {
    auto options = store_options(":memory:", clock_);
    options.admission = std::move(admission);
    return opened(std::move(options));
  }

  FakeClock clock_{kStart};
  std::unique_ptr<SqliteStore> store_ = opened(store_options(":memory:", clock_));
};

/// The message of an error, or "" when there is none.
template <class T>
std::string words(const Result<T>& result) {
  return result ? "" : result.error().message;
}

// ---- words ------------------------------------------------------------------------------------------------------

TEST_F(StoreRules, ErrorsUseTheWordsOfAnApiServer) {
  EXPECT_EQ(words(store_->get(kOrders)), "dataproducts.datamesh.dev \"orders\" not found");
  Json object = *store_->create(product("retail", "orders"));
  EXPECT_EQ(words(store_->create(product("retail", "orders"))),
            "dataproducts.datamesh.dev \"orders\" already exists");
  object["metadata"]["resourceVersion"] = "1";
  EXPECT_EQ(words(store_->update(object)),
            "Operation cannot be fulfilled on dataproducts.datamesh.dev \"orders\": the object has been modified; "
            "please apply your changes to the latest version and try again");
  EXPECT_EQ(words(store_->patch(kOrders, PatchType::Merge, {{"metadata", {{"uid", "zzz"}}}})),
            "metadata.uid: Invalid value: \"zzz\": field is immutable");
  EXPECT_EQ(words(store_->patch(kOrders, PatchType::Merge, {{"kind", "Foo"}})),
            "kind: Invalid value: \"Foo\": must be DataProduct");
}

TEST_F(StoreRules, PreconditionsUseTheWordsOfAnApiServer) {
  const Json object = *store_->create(product("retail", "orders"));
  const std::string uid = object.at("metadata").at("uid");
  EXPECT_EQ(words(store_->remove(kOrders, {.uid = "nope"})),
            "Operation cannot be fulfilled on DataProduct.datamesh.dev \"orders\": the UID in the precondition (nope) "
            "does not match the UID in record (" + uid +
                "). The object might have been deleted and then recreated");
  EXPECT_EQ(words(store_->remove(kOrders, {.revision = 1})),
            "Operation cannot be fulfilled on DataProduct.datamesh.dev \"orders\": the ResourceVersion in the "
            "precondition (1) does not match the ResourceVersion in record (2). The object might have been modified");
}

TEST_F(StoreRules, KindsWithoutTraitsAreGuessedAsKubernetesGuesses) {
  EXPECT_EQ(words(store_->get({"Lease", "default", "x"})), "leases \"x\" not found");
  EXPECT_EQ(words(store_->get({"NetworkPolicy", "default", "x"})), "networkpolicies \"x\" not found");
  EXPECT_EQ(words(store_->get({"Ingress", "default", "x"})), "ingresses \"x\" not found");
}

TEST_F(StoreRules, AllProblemsOfAShapeAreToldAtOnce) {
  const Json object = {{"kind", "DataProduct"},
                       {"metadata", {{"labels", {{"tier", 1}}}, {"annotations", "text"}, {"finalizers", {1}}}}};
  EXPECT_EQ(words(store_->create(object)),
            "apiVersion: Required value\n"
            "metadata.name: Required value: name or generateName is required\n"
            "metadata.namespace: Required value\n"
            "metadata.labels[tier]: Invalid value: must be a string\n"
            "metadata.annotations: Invalid value: must be an object of strings\n"
            "metadata.finalizers: Invalid value: must be a list of strings");
}

TEST_F(StoreRules, WhatIsNoObjectIsInvalid) {
  for (const Json& value : {Json(), Json(1), Json::array(), Json("text"), Json::object(), Json{{"metadata", 7}}}) {
    EXPECT_EQ(outcome(store_->create(value)), "Invalid") << value;
    EXPECT_EQ(outcome(store_->update(value)), "Invalid") << value;
  }
}

// ---- any kind ---------------------------------------------------------------------------------------------------

TEST_F(StoreRules, ObjectsOfAnyKindAreKept) {
  const Json ns = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "retail"}}}};
  const Json lease = {{"apiVersion", "coordination.k8s.io/v1"},
                      {"kind", "Lease"},
                      {"metadata", {{"name", "leader"}, {"namespace", "default"}}},
                      {"spec", {{"holderIdentity", "a"}}}};
  const Json event = {{"apiVersion", "v1"},
                      {"kind", "Event"},
                      {"metadata", {{"name", "orders.1"}, {"namespace", "retail"}}},
                      {"reason", "Synced"}};
  for (const Json& object : {ns, lease, event}) ASSERT_EQ(outcome(store_->create(object)), "");
  EXPECT_EQ(store_->get({"Event", "retail", "orders.1"})->at("reason"), "Synced");
  Json changed = *store_->get({"Event", "retail", "orders.1"});
  changed["reason"] = "Failed";
  EXPECT_EQ(generation_in(*store_->update(changed)), 2);
}

// ---- time and names ---------------------------------------------------------------------------------------------

TEST_F(StoreRules, TimestampsComeFromTheClock) {
  Json object = product("retail", "orders");
  object["metadata"]["finalizers"] = {"example.com/x"};
  EXPECT_EQ(store_->create(object)->at("metadata").at("creationTimestamp"), to_rfc3339(kStart));
  clock_.advance(std::chrono::minutes(5));
  const Json marked = *store_->remove(kOrders);
  EXPECT_EQ(marked.at("metadata").at("deletionTimestamp"), to_rfc3339(kStart + std::chrono::minutes(5)));
  EXPECT_EQ(marked.at("metadata").at("creationTimestamp"), to_rfc3339(kStart));
}

TEST_F(StoreRules, ASeedRepeatsUidsAndNames) {
  Json generated = product("retail", "");
  generated["metadata"].erase("name");
  generated["metadata"]["generateName"] = "p-";
  const auto other = opened(store_options(":memory:", clock_));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(*store_->create(generated), *other->create(generated));
}

TEST_F(StoreRules, WithoutASeedStoresDiffer) {
  auto options = store_options(":memory:", clock_);
  options.seed.reset();
  const Json one = *opened(options)->create(product("retail", "orders"));
  const Json other = *opened(options)->create(product("retail", "orders"));
  EXPECT_NE(one.at("metadata").at("uid"), other.at("metadata").at("uid"));
}

TEST(Uuid, HasVersionFourAndItsVariant) {
  EXPECT_EQ(embedded::uuid_v4(0, 0), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(embedded::uuid_v4(std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()),
            "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

// ---- admission --------------------------------------------------------------------------------------------------

TEST_F(StoreRules, AdmissionFillsInDefaults) {
  const auto store = with_admission([](Json object) -> Result<Json> {
    if (!object["spec"].contains("domain")) object["spec"]["domain"] = "unknown";
    return object;
  });
  Json object = product("retail", "orders");
  object["spec"].erase("domain");
  EXPECT_EQ(store->create(object)->at("spec").at("domain"), "unknown");
  const Json patch = {{"spec", {{"domain", nullptr}}}};
  EXPECT_EQ(generation_in(*store->patch(kOrders, PatchType::Merge, patch)), 1) << "the default came back";
}

TEST_F(StoreRules, AdmissionRefusesCreateUpdateAndPatch) {
  const auto store = with_admission([](Json object) -> Result<Json> {
    if (object.at("spec").at("description") == "bad") return fail(ErrorKind::Invalid, "spec.description: bad\nmore");
    return object;
  });
  EXPECT_EQ(words(store->create(product("retail", "orders", "bad"))), "spec.description: bad\nmore");
  const Json object = *store->create(product("retail", "orders", "good"));
  EXPECT_EQ(words(store->update(product("retail", "orders", "bad"))), "spec.description: bad\nmore");
  EXPECT_EQ(words(store->patch(kOrders, PatchType::Merge, {{"spec", {{"description", "bad"}}}})),
            "spec.description: bad\nmore");
  EXPECT_EQ(*store->get(kOrders), object);
}

TEST_F(StoreRules, AdmissionSeesTheNameAndNoStatus) {
  std::vector<std::string> seen;
  const auto store = with_admission([&](Json object) -> Result<Json> {
    seen.push_back(string_at(object.at("metadata"), "name") + (object.contains("status") ? " with status" : ""));
    return object;
  });
  Json object = product("retail", "orders");
  object["status"] = {{"n", 1}};
  ASSERT_TRUE(store->create(object));
  store->write_statuses({{kOrders, "", {{"n", 1}}}});
  ASSERT_TRUE(store->patch(kOrders, PatchType::Merge, {{"spec", {{"description", "second"}}}}));
  EXPECT_EQ(seen, (std::vector<std::string>{"orders", "orders"}));
  EXPECT_EQ(store->get(kOrders)->at("status"), Json({{"n", 1}}));
}

TEST_F(StoreRules, AFinalizerCanBeRemovedFromAnObjectThatASchemaNoLongerAdmits) {
  bool strict = false;
  const auto store = with_admission([&](Json object) -> Result<Json> {
    if (strict) return fail(ErrorKind::Invalid, "spec: no longer valid");
    return object;
  });
  Json object = product("retail", "orders");
  object["metadata"]["finalizers"] = {"example.com/x"};
  object = *store->create(object);
  strict = true;
  const Json marked = *store->remove(kOrders);
  EXPECT_EQ(outcome(store->patch(kOrders, PatchType::Merge, {{"spec", {{"description", "second"}}}})), "Invalid");
  EXPECT_EQ(outcome(store->patch(kOrders, PatchType::Merge, {{"metadata", {{"finalizers", nullptr}}}})), "");
  EXPECT_EQ(outcome(store->get(kOrders)), "NotFound");
}

// ---- bounds -----------------------------------------------------------------------------------------------------

TEST_F(StoreRules, AnObjectOfMoreThanThreeMegabytesIsInvalid) {
  EXPECT_EQ(outcome(store_->create(product("retail", "small", std::string(3'000'000, 'x')))), "");
  EXPECT_EQ(outcome(store_->create(product("retail", "large", std::string(3'200'000, 'x')))), "Invalid");
}

TEST_F(StoreRules, AnObjectThatNestsTooDeeplyIsInvalid) {
  Json deep = 1;
  for (int i = 0; i < 100'000; ++i) deep = Json::array({std::move(deep)});
  Json object = product("retail", "orders");
  object["spec"]["deep"] = std::move(deep);
  EXPECT_EQ(outcome(store_->create(object)), "Invalid");
}

TEST_F(StoreRules, TextThatIsNotUtf8IsInvalidAndSpoilsNothing) {
  EXPECT_EQ(outcome(store_->create(product("retail", "orders", "\xff\xfe"))), "Invalid");
  const Json object = *store_->create(product("retail", "orders"));
  ASSERT_TRUE(store_->create(product("retail", "returns")));
  const auto outcomes = store_->write_statuses(
      {{kOrders, "", {{"text", "\xff"}}}, {{"DataProduct", "retail", "returns"}, "", {{"text", "good"}}}});
  EXPECT_EQ(outcome(outcomes[0]), "Invalid");
  EXPECT_EQ(outcome(outcomes[1]), "");
  EXPECT_EQ(*store_->get(kOrders), object);
}

TEST_F(StoreRules, APatchCannotCopyItselfHuge) {
  ASSERT_TRUE(store_->create(product("retail", "orders", std::string(100'000, 'x'))));
  Json patch = Json::array();
  for (int i = 0; i < 30; ++i) {
    patch.push_back({{"op", "copy"}, {"from", "/spec"}, {"path", "/spec/copy" + std::to_string(i)}});
  }
  EXPECT_NE(words(store_->patch(kOrders, PatchType::Json, patch)).find("copies more"), std::string::npos);
}

TEST_F(StoreRules, APatchOfTooManyOperationsIsInvalid) {
  ASSERT_TRUE(store_->create(product("retail", "orders")));
  Json patch = Json::array();
  for (int i = 0; i < 10'001; ++i) patch.push_back({{"op", "test"}, {"path", "/kind"}, {"value", "DataProduct"}});
  EXPECT_NE(words(store_->patch(kOrders, PatchType::Json, patch)).find("Too many"), std::string::npos);
}

TEST_F(StoreRules, LabelsAreComparedAsTextWhateverTheyHold) {
  Json object = product("retail", "orders");
  object["metadata"]["labels"] = {{"a\"b'$.c", "1' OR '1'='1"}};
  ASSERT_TRUE(store_->create(object));
  EXPECT_EQ(store_->list({.labels = {{"a\"b'$.c", "1' OR '1'='1"}}})->items.size(), 1U);
  EXPECT_EQ(store_->list({.labels = {{"a\"b'$.c", "1"}}})->items.size(), 0U);
}

// ---- the transcript of a real API server ------------------------------------------------------------------------

TEST_F(StoreRules, GenerationAndRevisionFollowTheTranscriptOfARealServer) {
  const api::ObjectKey key{"Widget", "default", "g"};
  const api::Revision start = store_->list({})->revision;
  std::vector<std::string> states;
  const auto note = [&](const Result<Json>& object) {
    states.push_back(object ? "gen " + std::to_string(generation_in(*object)) + " rv +" +
                                  std::to_string(revision_in(*object) - start)
                            : outcome(object));
  };
  note(store_->create({{"apiVersion", "demo.example.com/v1"},
                       {"kind", "Widget"},
                       {"metadata", {{"name", "g"}, {"namespace", "default"}}},
                       {"spec", {{"color", "red"}, {"replicas", 1}}}}));
  note(store_->patch(key, PatchType::Merge, {{"spec", {{"color", "blue"}}}}));
  note(store_->patch(key, PatchType::Merge, {{"spec", {{"color", "blue"}}}}));
  note(store_->patch(key, PatchType::Merge, {{"metadata", {{"labels", {{"a", "b"}}}}}}));
  note(store_->patch(key, PatchType::Merge, {{"status", {{"observedGeneration", 3}}}}));
  note(store_->write_statuses({{key, "", {{"observedGeneration", 3}}}}).at(0));
  note(store_->write_statuses({{key, "", {{"observedGeneration", 5}}}}).at(0));
  note(store_->write_statuses({{key, "", {{"observedGeneration", 5}}}}).at(0));
  note(store_->patch(key, PatchType::Merge, {{"metadata", {{"generation", 77}}}}));
  note(store_->patch(key, PatchType::Merge, {{"metadata", {{"annotations", {{"x", "y"}}}}}, {"spec", {{"size", 1}}}}));
  EXPECT_EQ(states, (std::vector<std::string>{"gen 1 rv +1", "gen 2 rv +2", "gen 2 rv +2", "gen 2 rv +3",
                                              "gen 2 rv +3", "gen 2 rv +4", "gen 2 rv +5", "gen 2 rv +5",
                                              "gen 2 rv +5", "gen 3 rv +6"}));
}

}  // namespace
}  // namespace datamesh::testing
