#include "tests/api/resource_store_contract.h"

#include <chrono>
#include <set>

#include "controller/base/clock.h"

namespace datamesh::testing {

using api::ListRequest;
using api::PatchType;

// ---- building blocks --------------------------------------------------------------------------------------------

std::string factory_name(const ::testing::TestParamInfo<StoreFactory>& info) { return info.param.name; }

Json product(const std::string& ns, const std::string& name, const std::string& description) {
  return {{"apiVersion", "datamesh.dev/v1alpha1"},
          {"kind", "DataProduct"},
          {"metadata", {{"name", name}, {"namespace", ns}}},
          {"spec",
           {{"account", "producer"},
            {"database", "sales"},
            {"description", description},
            {"owner", "team@example.com"},
            {"domain", "retail"},
            {"location", "s3://example-bucket/sales"},
            {"tables",
             {{{"name", "orders"},
               {"columns", {{{"name", "id"}, {"type", "bigint"}}, {{"name", "day"}, {"type", "date"}}}}}}}}}};
}

Json account(const std::string& ns, const std::string& name) {
  return {{"apiVersion", "datamesh.dev/v1alpha1"},
          {"kind", "Account"},
          {"metadata", {{"name", name}, {"namespace", ns}}},
          {"spec", {{"accountId", "111122223333"}, {"regions", {"eu-west-1"}}, {"roles", {"Producer"}}}}};
}

Json mesh(const std::string& name) {
  return {{"apiVersion", "datamesh.dev/v1alpha1"},
          {"kind", "Mesh"},
          {"metadata", {{"name", name}}},
          {"spec", {{"governance", "Federated"}}}};
}

Json& spec_description(Json& object) { return object["spec"]["description"]; }
Json metadata_of(const Json& object) { return object.at("metadata"); }
api::Revision revision_in(const Json& object) { return std::stoll(string_at(object.at("metadata"), "resourceVersion")); }
std::int64_t generation_in(const Json& object) { return object.at("metadata").at("generation").get<std::int64_t>(); }

Follower::Follower(api::ResourceStore& store, const api::WatchRequest& request) {
  auto opened = store.watch(request, [this] {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    woken_.notify_all();
  });
  if (!opened) throw std::runtime_error(to_string(opened.error()));
  watch_ = std::move(*opened);
}

std::vector<api::WatchEvent> Follower::take(std::size_t expected) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::vector<api::WatchEvent> events;
  for (;;) {
    const int before = wakes();
    auto more = watch_->poll();
    if (!more) throw std::runtime_error(to_string(more.error()));
    events.insert(events.end(), more->begin(), more->end());
    if (events.size() >= expected) return events;
    std::unique_lock lock(mutex_);
    if (!woken_.wait_until(lock, deadline, [&] { return wakes_ > before; })) return events;
  }
}

int Follower::wakes() {
  const std::lock_guard lock(mutex_);
  return wakes_;
}

Json ResourceStoreContract::created(const Json& object) {
  auto result = store().create(object);
  if (!result) throw std::runtime_error(to_string(result.error()));
  return *result;
}

Json ResourceStoreContract::stored(const api::ObjectKey& key) {
  auto result = store().get(key);
  if (!result) throw std::runtime_error(to_string(result.error()));
  return *result;
}

api::Revision ResourceStoreContract::revision() { return store().list({.kind = "DataProduct"})->revision; }

std::vector<std::string> ResourceStoreContract::listed(const ListRequest& request) {
  const auto page = store().list(request);
  if (!page) throw std::runtime_error(to_string(page.error()));
  std::vector<std::string> names;
  for (const Json& item : page->items) names.push_back(api::to_string(api::key_of(item)));
  return names;
}

Json with_finalizers(Json object, const Json& finalizers) {
  object["metadata"]["finalizers"] = finalizers;
  return object;
}

Json with_labels(Json object, const Json& labels) {
  object["metadata"]["labels"] = labels;
  return object;
}

Json without_revision(Json object) {
  object["metadata"].erase("resourceVersion");
  return object;
}

Json json_patch(const char* text) { return *parse_json(text); }

// ---- create -----------------------------------------------------------------------------------------------------

TEST_P(ResourceStoreContract, CreateFillsInTheServersMetadata) {
  const Json metadata = metadata_of(created(product("retail", "orders")));
  EXPECT_EQ(string_at(metadata, "uid").size(), 36U);
  EXPECT_EQ(string_at(metadata, "uid")[14], '4');
  EXPECT_TRUE(parse_rfc3339(string_at(metadata, "creationTimestamp")));
  EXPECT_EQ(metadata.at("generation"), 1);
  EXPECT_GT(std::stoll(string_at(metadata, "resourceVersion")), 0);
}

TEST_P(ResourceStoreContract, CreateKeepsTheSpec) {
  EXPECT_EQ(created(product("retail", "orders")).at("spec").at("database"), "sales");
}

TEST_P(ResourceStoreContract, CreateAnswersWhatGetAnswers) {
  const Json object = created(product("retail", "orders"));
  EXPECT_EQ(stored(kOrders), object);
}

TEST_P(ResourceStoreContract, EveryObjectHasItsOwnUid) {
  std::set<std::string> uids;
  for (const char* name : {"a", "b", "c", "d"}) {
    uids.insert(string_at(metadata_of(created(product("retail", name))), "uid"));
  }
  EXPECT_EQ(uids.size(), 4U);
}

TEST_P(ResourceStoreContract, CreateIgnoresTheClientsServerMetadata) {
  Json object = product("retail", "orders");
  object["metadata"]["uid"] = "abc";
  object["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z";
  object["metadata"]["generation"] = 77;
  object["metadata"]["deletionTimestamp"] = "2001-01-01T00:00:00Z";
  const Json metadata = metadata_of(created(object));
  EXPECT_NE(metadata.at("uid"), "abc");
  EXPECT_NE(metadata.at("creationTimestamp"), "2001-01-01T00:00:00Z");
  EXPECT_EQ(metadata.at("generation"), 1);
  EXPECT_FALSE(metadata.contains("deletionTimestamp"));
}

TEST_P(ResourceStoreContract, CreateDropsTheStatus) {
  Json object = product("retail", "orders");
  object["status"] = {{"observedGeneration", 9}};
  EXPECT_FALSE(created(object).contains("status"));
}

TEST_P(ResourceStoreContract, CreateDropsManagedFieldsAndSelfLink) {
  Json object = product("retail", "orders");
  object["metadata"]["managedFields"] = Json::array({{{"manager", "kubectl"}}});
  object["metadata"]["selfLink"] = "/x";
  const Json metadata = metadata_of(created(object));
  EXPECT_FALSE(metadata.contains("managedFields"));
  EXPECT_FALSE(metadata.contains("selfLink"));
}

TEST_P(ResourceStoreContract, CreateOfAnExistingNameAlreadyExists) {
  created(product("retail", "orders"));
  EXPECT_EQ(outcome(store().create(product("retail", "orders"))), "AlreadyExists");
}

TEST_P(ResourceStoreContract, CreateOfANameBeingDeletedSaysSo) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  ASSERT_TRUE(store().remove(kOrders));
  const auto again = store().create(product("retail", "orders"));
  EXPECT_EQ(outcome(again), "AlreadyExists");
  EXPECT_NE(again.error().message.find("object is being deleted"), std::string::npos) << again.error().message;
}

TEST_P(ResourceStoreContract, OneNameInTwoNamespacesIsTwoObjects) {
  created(product("retail", "orders"));
  created(product("bank", "orders"));
  EXPECT_EQ(listed({.kind = "DataProduct"}), (Names{"DataProduct/bank/orders", "DataProduct/retail/orders"}));
}

TEST_P(ResourceStoreContract, OneNameOfTwoKindsIsTwoObjects) {
  created(product("retail", "orders"));
  created(account("retail", "orders"));
  EXPECT_EQ(listed({.kind = "Account"}), Names{"Account/retail/orders"});
}

TEST_P(ResourceStoreContract, GenerateNameMakesDistinctNames) {
  Json object = product("retail", "");
  object["metadata"].erase("name");
  object["metadata"]["generateName"] = "orders-";
  std::set<std::string> names;
  for (int i = 0; i < 5; ++i) names.insert(string_at(metadata_of(created(object)), "name"));
  EXPECT_EQ(names.size(), 5U);
  EXPECT_EQ(names.begin()->substr(0, 7), "orders-");
  EXPECT_EQ(names.begin()->size(), 12U);
}

TEST_P(ResourceStoreContract, CreateWithoutAnyNameIsInvalid) {
  Json object = product("retail", "");
  object["metadata"].erase("name");
  EXPECT_EQ(outcome(store().create(object)), "Invalid");
}

TEST_P(ResourceStoreContract, CreateWithARevisionIsInvalid) {
  Json object = product("retail", "orders");
  object["metadata"]["resourceVersion"] = "5";
  EXPECT_EQ(outcome(store().create(object)), "Invalid");
}

TEST_P(ResourceStoreContract, ClusterScopedObjectsLiveInNoNamespace) {
  created(mesh("main"));
  EXPECT_EQ(stored({"Mesh", "", "main"}).at("spec").at("governance"), "Federated");
}

TEST_P(ResourceStoreContract, AnObjectOutsideItsScopeIsInvalid) {
  Json inside = mesh("main");
  inside["metadata"]["namespace"] = "retail";
  Json outside = product("retail", "orders");
  outside["metadata"].erase("namespace");
  EXPECT_EQ(outcome(store().create(inside)), "Invalid");
  EXPECT_EQ(outcome(store().create(outside)), "Invalid");
}

TEST_P(ResourceStoreContract, RevisionsGrowAcrossKinds) {
  const api::Revision first = revision_in(created(product("retail", "orders")));
  const api::Revision second = revision_in(created(account("retail", "producer")));
  const api::Revision third = revision_in(created(mesh("main")));
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

// ---- get --------------------------------------------------------------------------------------------------------

TEST_P(ResourceStoreContract, GetOfAnAbsentObjectIsNotFound) {
  const auto absent = store().get(kOrders);
  EXPECT_EQ(outcome(absent), "NotFound");
  EXPECT_NE(absent.error().message.find("\"orders\" not found"), std::string::npos) << absent.error().message;
}

// ---- update -----------------------------------------------------------------------------------------------------

TEST_P(ResourceStoreContract, UpdateReplacesSpecAndMetadata) {
  Json object = created(with_labels(product("retail", "orders"), {{"tier", "gold"}}));
  spec_description(object) = "second";
  object["metadata"].erase("labels");
  object["metadata"]["annotations"] = {{"note", "new"}};
  const auto updated = store().update(object);
  ASSERT_TRUE(updated) << to_string(updated.error());
  const Json now = stored(kOrders);
  EXPECT_EQ(now, *updated);
  EXPECT_EQ(now.at("spec").at("description"), "second");
  EXPECT_FALSE(now.at("metadata").contains("labels"));
  EXPECT_EQ(now.at("metadata").at("annotations"), Json({{"note", "new"}}));
  EXPECT_GT(revision_in(now), revision_in(object));
}

TEST_P(ResourceStoreContract, StaleRevisionIsAConflict) {
  Json object = created(product("retail", "orders"));
  const Json stale = object;
  spec_description(object) = "second";
  ASSERT_TRUE(store().update(object));
  const auto late = store().update(stale);
  EXPECT_EQ(outcome(late), "Conflict");
  EXPECT_NE(late.error().message.find("the object has been modified"), std::string::npos) << late.error().message;
  EXPECT_EQ(stored(kOrders).at("spec").at("description"), "second");
}

TEST_P(ResourceStoreContract, UpdateWithoutARevisionIsUnconditional) {
  Json object = created(product("retail", "orders"));
  spec_description(object) = "second";
  ASSERT_TRUE(store().update(object));
  spec_description(object) = "third";
  const auto updated = store().update(without_revision(object));
  ASSERT_TRUE(updated) << to_string(updated.error());
  EXPECT_EQ(stored(kOrders).at("spec").at("description"), "third");
}

TEST_P(ResourceStoreContract, UpdateWithAnotherUidIsAConflict) {
  Json object = created(product("retail", "orders"));
  object["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000";
  EXPECT_EQ(outcome(store().update(without_revision(object))), "Conflict");
}

TEST_P(ResourceStoreContract, UpdateOfAnAbsentObjectIsNotFound) {
  EXPECT_EQ(outcome(store().update(product("retail", "orders"))), "NotFound");
}

TEST_P(ResourceStoreContract, UpdateWithARevisionThatIsNoNumberIsInvalid) {
  Json object = created(product("retail", "orders"));
  object["metadata"]["resourceVersion"] = "abc";
  EXPECT_EQ(outcome(store().update(object)), "Invalid");
}

TEST_P(ResourceStoreContract, UpdateLeavesTheStatusAlone) {
  const Json object = created(product("retail", "orders"));
  store().write_statuses({{kOrders, "", {{"observedGeneration", 1}}}});
  Json wanted = stored(kOrders);
  wanted["status"] = {{"observedGeneration", 99}};
  spec_description(wanted) = "second";
  ASSERT_TRUE(store().update(wanted));
  EXPECT_EQ(stored(kOrders).at("status"), Json({{"observedGeneration", 1}}));
}

TEST_P(ResourceStoreContract, UpdateCannotChangeTheServersMetadata) {
  const Json object = created(product("retail", "orders"));
  Json wanted = object;
  wanted["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z";
  wanted["metadata"]["generation"] = 77;
  wanted["metadata"]["deletionTimestamp"] = "2001-01-01T00:00:00Z";
  const auto updated = store().update(wanted);
  EXPECT_TRUE(updated || updated.error().kind == ErrorKind::Invalid) << "a kube-apiserver says that they are immutable";
  EXPECT_EQ(stored(kOrders), object);
}

TEST_P(ResourceStoreContract, UpdateThatOmitsTheServersMetadataKeepsIt) {
  const Json object = created(product("retail", "orders"));
  ASSERT_TRUE(store().update(product("retail", "orders")));
  EXPECT_EQ(stored(kOrders), object);
}

TEST_P(ResourceStoreContract, AnUpdateThatChangesNothingKeepsTheRevision) {
  const Json object = created(product("retail", "orders"));
  const auto updated = store().update(object);
  ASSERT_TRUE(updated);
  EXPECT_EQ(*updated, object);
  EXPECT_EQ(revision(), revision_in(object));
}

TEST_P(ResourceStoreContract, EmptyMetadataIsAsGoodAsNone) {
  const Json object = created(product("retail", "orders"));
  Json wanted = object;
  wanted["metadata"]["labels"] = Json::object();
  wanted["metadata"]["finalizers"] = Json::array();
  wanted["metadata"]["annotations"] = nullptr;
  EXPECT_EQ(*store().update(wanted), object);
}

TEST_P(ResourceStoreContract, GenerationGrowsWhenTheSpecChanges) {
  Json object = created(product("retail", "orders"));
  spec_description(object) = "second";
  EXPECT_EQ(generation_in(*store().update(object)), 2);
}

TEST_P(ResourceStoreContract, GenerationStaysWhenMetadataChanges) {
  const Json object = created(product("retail", "orders"));
  const auto updated = store().update(with_labels(object, {{"tier", "gold"}}));
  ASSERT_TRUE(updated);
  EXPECT_EQ(generation_in(*updated), 1);
  EXPECT_GT(revision_in(*updated), revision_in(object));
}

// ---- patch ------------------------------------------------------------------------------------------------------

TEST_P(ResourceStoreContract, MergePatchChangesWhatItNames) {
  created(product("retail", "orders"));
  const auto patched = store().patch(kOrders, PatchType::Merge, {{"spec", {{"description", "second"}}}});
  ASSERT_TRUE(patched) << to_string(patched.error());
  EXPECT_EQ(patched->at("spec").at("description"), "second");
  EXPECT_EQ(patched->at("spec").at("database"), "sales");
  EXPECT_EQ(generation_in(*patched), 2);
  EXPECT_EQ(stored(kOrders), *patched);
}

TEST_P(ResourceStoreContract, MergePatchRemovesWithNull) {
  created(with_labels(product("retail", "orders"), {{"tier", "gold"}, {"area", "eu"}}));
  const auto patched =
      store().patch(kOrders, PatchType::Merge, {{"metadata", {{"labels", {{"tier", nullptr}}}}}});
  ASSERT_TRUE(patched);
  EXPECT_EQ(patched->at("metadata").at("labels"), Json({{"area", "eu"}}));
}

TEST_P(ResourceStoreContract, MergePatchReplacesLists) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x", "example.com/y"}));
  const auto patched =
      store().patch(kOrders, PatchType::Merge, {{"metadata", {{"finalizers", {"example.com/z"}}}}});
  ASSERT_TRUE(patched);
  EXPECT_EQ(patched->at("metadata").at("finalizers"), Json::array({"example.com/z"}));
}

TEST_P(ResourceStoreContract, APatchThatChangesNothingKeepsTheRevision) {
  const Json object = created(product("retail", "orders"));
  EXPECT_EQ(*store().patch(kOrders, PatchType::Merge, Json::object()), object);
  EXPECT_EQ(*store().patch(kOrders, PatchType::Json, Json::array()), object);
  EXPECT_EQ(revision(), revision_in(object));
}

TEST_P(ResourceStoreContract, PatchWithAStaleRevisionIsAConflict) {
  const Json object = created(product("retail", "orders"));
  ASSERT_TRUE(store().patch(kOrders, PatchType::Merge, {{"spec", {{"description", "second"}}}}));
  const Json stale = {{"metadata", {{"resourceVersion", string_at(object.at("metadata"), "resourceVersion")}}},
                      {"spec", {{"description", "third"}}}};
  EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Merge, stale)), "Conflict");
}

TEST_P(ResourceStoreContract, PatchCannotChangeWhatNamesTheObject) {
  const Json object = created(product("retail", "orders"));
  EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Merge, {{"metadata", {{"uid", "zzz"}}}})), "Invalid");
  EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Merge, {{"metadata", {{"name", "other"}}}})), "Invalid");
  EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Merge, {{"metadata", {{"namespace", "bank"}}}})), "Invalid");
  EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Merge, {{"kind", "Grant"}})), "Invalid");
  EXPECT_EQ(stored(kOrders), object);
}

TEST_P(ResourceStoreContract, PatchLeavesTheStatusAlone) {
  created(product("retail", "orders"));
  store().write_statuses({{kOrders, "", {{"observedGeneration", 1}}}});
  const Json before = stored(kOrders);
  EXPECT_EQ(*store().patch(kOrders, PatchType::Merge, {{"status", {{"observedGeneration", 99}}}}), before);
  EXPECT_EQ(*store().patch(kOrders, PatchType::Json, json_patch(R"([{"op":"remove","path":"/status"}])")), before);
}

TEST_P(ResourceStoreContract, PatchOfAnAbsentObjectIsNotFound) {
  EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Merge, Json::object())), "NotFound");
}

TEST_P(ResourceStoreContract, PatchOfTheWrongShapeIsInvalid) {
  created(product("retail", "orders"));
  EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Merge, Json::array({1}))), "Invalid");
  EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Json, Json::object())), "Invalid");
}

TEST_P(ResourceStoreContract, JsonPatchAddsReplacesAndRemoves) {
  created(with_labels(product("retail", "orders"), {{"tier", "gold"}}));
  const auto patched = store().patch(kOrders, PatchType::Json, json_patch(R"([
    {"op": "test", "path": "/spec/description", "value": "first"},
    {"op": "replace", "path": "/spec/description", "value": "second"},
    {"op": "add", "path": "/metadata/labels/example.com~1area", "value": "eu"},
    {"op": "remove", "path": "/metadata/labels/tier"}])"));
  ASSERT_TRUE(patched) << to_string(patched.error());
  EXPECT_EQ(patched->at("spec").at("description"), "second");
  EXPECT_EQ(patched->at("metadata").at("labels"), Json({{"example.com/area", "eu"}}));
}

TEST_P(ResourceStoreContract, JsonPatchIsAllOrNothing) {
  const Json object = created(product("retail", "orders"));
  const auto patched = store().patch(kOrders, PatchType::Json, json_patch(R"([
    {"op": "replace", "path": "/spec/description", "value": "second"},
    {"op": "test", "path": "/spec/database", "value": "other"}])"));
  EXPECT_EQ(outcome(patched), "Invalid");
  EXPECT_EQ(stored(kOrders), object);
}

TEST_P(ResourceStoreContract, JsonPatchThatDoesNotApplyIsInvalid) {
  created(product("retail", "orders"));
  for (const char* patch : {R"([{"op":"remove","path":"/spec/nothing"}])", R"([{"op":"jump","path":"/spec"}])",
                            R"([{"op":"add","path":"/spec/description/deeper","value":1}])",
                            R"([{"op":"add","path":"/spec/absent/deeper","value":1}])",
                            R"([{"op":"move","from":"/spec/nothing","path":"/spec/description"}])",
                            R"([{"op":"replace","path":"spec","value":1}])", R"([{"path":"/spec"}])", R"([7])"}) {
    EXPECT_EQ(outcome(store().patch(kOrders, PatchType::Json, json_patch(patch))), "Invalid") << patch;
  }
}

// ---- status -----------------------------------------------------------------------------------------------------

TEST_P(ResourceStoreContract, StatusWritesReplaceTheStatus) {
  created(product("retail", "orders"));
  store().write_statuses({{kOrders, "", {{"observedGeneration", 1}, {"hops", Json::array()}}}});
  const auto written = store().write_statuses({{kOrders, "", {{"observedGeneration", 2}}}});
  ASSERT_TRUE(written.at(0));
  EXPECT_EQ(written[0]->at("status"), Json({{"observedGeneration", 2}}));
  EXPECT_EQ(stored(kOrders), *written[0]);
}

TEST_P(ResourceStoreContract, StatusWritesLeaveTheRestAlone) {
  const Json object = created(product("retail", "orders"));
  store().write_statuses({{kOrders, "", {{"observedGeneration", 1}}}});
  Json now = stored(kOrders);
  EXPECT_GT(revision_in(now), revision_in(object));
  now.erase("status");
  now["metadata"]["resourceVersion"] = object.at("metadata").at("resourceVersion");
  EXPECT_EQ(now, object);
}

TEST_P(ResourceStoreContract, AStatusThatChangesNothingKeepsTheRevision) {
  created(product("retail", "orders"));
  store().write_statuses({{kOrders, "", {{"observedGeneration", 1}}}});
  const Json before = stored(kOrders);
  EXPECT_EQ(*store().write_statuses({{kOrders, "", {{"observedGeneration", 1}}}}).at(0), before);
}

TEST_P(ResourceStoreContract, TheStatusOfARecreatedObjectIsNotFound) {
  const std::string uid = string_at(metadata_of(created(product("retail", "orders"))), "uid");
  ASSERT_TRUE(store().remove(kOrders));
  const Json again = created(product("retail", "orders"));
  EXPECT_EQ(outcome(store().write_statuses({{kOrders, uid, {{"observedGeneration", 1}}}}).at(0)), "NotFound");
  EXPECT_EQ(stored(kOrders), again);
}

TEST_P(ResourceStoreContract, EachStatusHasItsOwnOutcome) {
  const std::string uid = string_at(metadata_of(created(product("retail", "a"))), "uid");
  created(product("retail", "c"));
  const auto outcomes = store().write_statuses({{{"DataProduct", "retail", "a"}, uid, {{"observedGeneration", 1}}},
                                                {{"DataProduct", "retail", "b"}, "", {{"observedGeneration", 2}}},
                                                {{"DataProduct", "retail", "c"}, "", {{"observedGeneration", 3}}}});
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcome(outcomes[0]), "") << (outcomes[0] ? "" : to_string(outcomes[0].error()));
  EXPECT_EQ(outcome(outcomes[1]), "NotFound");
  EXPECT_EQ(outcome(outcomes[2]), "");
  EXPECT_EQ(stored({"DataProduct", "retail", "a"}).at("status"), Json({{"observedGeneration", 1}}));
  EXPECT_EQ(stored({"DataProduct", "retail", "c"}).at("status"), Json({{"observedGeneration", 3}}));
}

TEST_P(ResourceStoreContract, ABatchOfNoStatusesIsNothing) { EXPECT_TRUE(store().write_statuses({}).empty()); }

}  // namespace datamesh::testing
