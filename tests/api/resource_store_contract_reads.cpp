// The second half of the suite: deletion, lists and watches.
#include <algorithm>

#include "controller/base/clock.h"
#include "tests/api/resource_store_contract.h"

namespace datamesh::testing {

using api::ListRequest;
using api::PatchType;

namespace {

/// "Added orders"
std::string line(const api::WatchEvent& event) {
  static constexpr const char* kTypes[] = {"Added", "Modified", "Deleted"};
  return std::string(kTypes[static_cast<int>(event.type)]) + " " + string_at(event.object.at("metadata"), "name");
}

Names lines(const std::vector<api::WatchEvent>& events) {
  Names all;
  for (const auto& event : events) all.push_back(line(event));
  return all;
}

}  // namespace

// ---- remove -----------------------------------------------------------------------------------------------------

TEST_P(ResourceStoreContract, RemoveDeletes) {
  created(product("retail", "orders"));
  ASSERT_TRUE(store().remove(kOrders));
  EXPECT_EQ(outcome(store().get(kOrders)), "NotFound");
  EXPECT_EQ(listed({.kind = "DataProduct"}), Names{});
}

TEST_P(ResourceStoreContract, RemoveAnswersTheLastState) {
  const Json object = created(product("retail", "orders"));
  const auto last = store().remove(kOrders);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->at("spec"), object.at("spec"));
  EXPECT_EQ(last->at("metadata").at("uid"), object.at("metadata").at("uid"));
}

TEST_P(ResourceStoreContract, RemoveOfAnAbsentObjectIsNotFound) {
  EXPECT_EQ(outcome(store().remove(kOrders)), "NotFound");
}

TEST_P(ResourceStoreContract, RemoveHoldsToItsPreconditions) {
  const Json object = created(product("retail", "orders"));
  const api::Revision present = revision_in(object);
  const std::string uid = string_at(object.at("metadata"), "uid");
  EXPECT_EQ(outcome(store().remove(kOrders, {.uid = "nope"})), "Conflict");
  EXPECT_EQ(outcome(store().remove(kOrders, {.revision = present - 1})), "Conflict");
  EXPECT_EQ(outcome(store().remove(kOrders, {.uid = uid, .revision = present})), "");
}

TEST_P(ResourceStoreContract, RemoveMarksAnObjectWithFinalizers) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  const auto marked = store().remove(kOrders);
  ASSERT_TRUE(marked);
  EXPECT_TRUE(parse_rfc3339(string_at(marked->at("metadata"), "deletionTimestamp")));
  EXPECT_EQ(marked->at("metadata").at("deletionGracePeriodSeconds"), 0);
  EXPECT_EQ(generation_in(*marked), 2);
  EXPECT_EQ(stored(kOrders), *marked);
}

TEST_P(ResourceStoreContract, ASecondRemoveChangesNothing) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  const auto marked = store().remove(kOrders);
  EXPECT_EQ(*store().remove(kOrders), *marked);
  EXPECT_EQ(revision(), revision_in(*marked));
}

TEST_P(ResourceStoreContract, TheLastFinalizerTakesTheObjectWithIt) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x", "example.com/y"}));
  Json marked = *store().remove(kOrders);
  marked = *store().update(with_finalizers(marked, {"example.com/y"}));
  EXPECT_EQ(stored(kOrders), marked);
  ASSERT_TRUE(store().update(with_finalizers(marked, Json::array())));
  EXPECT_EQ(outcome(store().get(kOrders)), "NotFound");
}

TEST_P(ResourceStoreContract, APatchOfTheLastFinalizerTakesTheObjectWithIt) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  ASSERT_TRUE(store().remove(kOrders));
  ASSERT_TRUE(store().patch(kOrders, PatchType::Json, json_patch(R"([{"op":"remove","path":"/metadata/finalizers/0"}])")));
  EXPECT_EQ(outcome(store().get(kOrders)), "NotFound");
}

TEST_P(ResourceStoreContract, ALiveObjectMayLoseItsLastFinalizer) {
  const Json object = created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  ASSERT_TRUE(store().update(with_finalizers(object, Json::array())));
  EXPECT_FALSE(stored(kOrders).at("metadata").contains("finalizers"));
}

TEST_P(ResourceStoreContract, NewFinalizersAreRefusedWhileDeleting) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  const Json marked = *store().remove(kOrders);
  const auto refused = store().update(with_finalizers(marked, {"example.com/x", "example.com/y"}));
  EXPECT_EQ(outcome(refused), "Invalid");
  EXPECT_NE(refused.error().message.find(
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found "
                "new finalizers []string{\"example.com/y\"}"),
            std::string::npos)
      << refused.error().message;
}

TEST_P(ResourceStoreContract, DeletionCannotBeTakenBack) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  const Json marked = *store().remove(kOrders);
  EXPECT_EQ(*store().patch(kOrders, PatchType::Merge, {{"metadata", {{"deletionTimestamp", nullptr}}}}), marked);
}

TEST_P(ResourceStoreContract, TheSpecMayChangeWhileDeleting) {
  created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  Json marked = *store().remove(kOrders);
  spec_description(marked) = "second";
  EXPECT_EQ(generation_in(*store().update(marked)), 3);
}

TEST_P(ResourceStoreContract, ARecreatedObjectIsAnother) {
  const Json first = created(product("retail", "orders"));
  ASSERT_TRUE(store().remove(kOrders));
  const Json second = created(product("retail", "orders"));
  EXPECT_NE(first.at("metadata").at("uid"), second.at("metadata").at("uid"));
  EXPECT_EQ(generation_in(second), 1);
  EXPECT_GT(revision_in(second), revision_in(first));
}

// ---- list -------------------------------------------------------------------------------------------------------

TEST_P(ResourceStoreContract, ListsAreSorted) {
  for (const char* name : {"b", "a-1", "a", "c"}) created(product("retail", name));
  created(product("bank", "z"));
  EXPECT_EQ(listed({.kind = "DataProduct"}),
            (Names{"DataProduct/bank/z", "DataProduct/retail/a", "DataProduct/retail/a-1", "DataProduct/retail/b",
                   "DataProduct/retail/c"}));
}

TEST_P(ResourceStoreContract, ListsKeepToOneNamespace) {
  created(product("retail", "orders"));
  created(product("bank", "loans"));
  EXPECT_EQ(listed({.kind = "DataProduct", .ns = "bank"}), Names{"DataProduct/bank/loans"});
}

TEST_P(ResourceStoreContract, ListsOfEveryKindAreSortedByKind) {
  created(product("retail", "orders"));
  created(mesh("main"));
  created(account("retail", "producer"));
  EXPECT_EQ(listed({}), (Names{"Account/retail/producer", "DataProduct/retail/orders", "Mesh/main"}));
}

TEST_P(ResourceStoreContract, LabelsSelectWhereAllOfThemHold) {
  created(with_labels(product("retail", "a"), {{"tier", "gold"}, {"example.com/area", "eu"}}));
  created(with_labels(product("retail", "b"), {{"tier", "gold"}}));
  created(with_labels(product("retail", "c"), {{"tier", "silver"}, {"example.com/area", "eu"}}));
  created(product("retail", "d"));
  EXPECT_EQ(listed({.kind = "DataProduct", .labels = {{"tier", "gold"}}}),
            (Names{"DataProduct/retail/a", "DataProduct/retail/b"}));
  EXPECT_EQ(listed({.kind = "DataProduct", .labels = {{"tier", "gold"}, {"example.com/area", "eu"}}}),
            Names{"DataProduct/retail/a"});
}

TEST_P(ResourceStoreContract, AListShowsTheRevisionOfTheLastWrite) {
  created(product("retail", "orders"));
  const Json last = created(account("retail", "producer"));
  EXPECT_GE(revision(), revision_in(last));
}

TEST_P(ResourceStoreContract, PagesMakeTheWholeList) {
  for (const char* name : {"a", "b", "c", "d", "e"}) created(product("retail", name));
  ListRequest request{.kind = "DataProduct", .limit = 2};
  Names names;
  std::vector<std::size_t> remaining;
  do {
    const auto page = store().list(request);
    ASSERT_TRUE(page) << to_string(page.error());
    for (const Json& item : page->items) names.push_back(api::key_of(item).name);
    remaining.push_back(page->remaining);
    request.continue_token = page->continue_token;
  } while (!request.continue_token.empty());
  EXPECT_EQ(names, (Names{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(remaining, (std::vector<std::size_t>{3, 1, 0}));
}

TEST_P(ResourceStoreContract, AFullLastPageHasNoToken) {
  for (const char* name : {"a", "b"}) created(product("retail", name));
  const auto page = store().list({.kind = "DataProduct", .limit = 2});
  EXPECT_EQ(page->continue_token, "");
  EXPECT_EQ(page->remaining, 0U);
}

TEST_P(ResourceStoreContract, PagesShowOneRevisionWhateverHappensMeanwhile) {
  for (const char* name : {"a", "c", "d", "e", "f"}) created(product("retail", name));
  ListRequest request{.kind = "DataProduct", .limit = 1};
  const auto first = store().list(request);
  created(product("retail", "b"));
  ASSERT_TRUE(store().remove({"DataProduct", "retail", "c"}));
  created(product("retail", "c", "recreated"));
  ASSERT_TRUE(store().patch({"DataProduct", "retail", "d"}, PatchType::Merge, {{"spec", {{"description", "new"}}}}));
  ASSERT_TRUE(store().patch({"DataProduct", "retail", "d"}, PatchType::Merge, {{"spec", {{"description", "newer"}}}}));
  ASSERT_TRUE(store().remove({"DataProduct", "retail", "e"}));
  request.limit = 10;
  request.continue_token = first->continue_token;
  const auto rest = store().list(request);
  ASSERT_TRUE(rest) << to_string(rest.error());
  Names shown;
  for (const Json& item : rest->items) {
    shown.push_back(api::key_of(item).name + " " + item.at("spec").at("description").get<std::string>());
  }
  EXPECT_EQ(shown, (Names{"c first", "d first", "e first", "f first"}));
  EXPECT_EQ(rest->revision, first->revision);
}

TEST_P(ResourceStoreContract, AMalformedContinueTokenIsInvalid) {
  EXPECT_EQ(outcome(store().list({.kind = "DataProduct", .limit = 1, .continue_token = "garbage"})), "Invalid");
}

TEST_P(ResourceStoreContract, AnEmptyListHasARevisionToWatchFrom) {
  const auto page = store().list({.kind = "DataProduct"});
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->items.empty());
  EXPECT_GT(page->revision, 0);
  Follower follower(store(), {.kind = "DataProduct", .since = page->revision});
  created(product("retail", "orders"));
  EXPECT_EQ(lines(follower.take(1)), Names{"Added orders"});
}

// ---- watch ------------------------------------------------------------------------------------------------------

TEST_P(ResourceStoreContract, WatchesSeeEveryChangeInOrder) {
  Follower follower(store(), {.kind = "DataProduct", .since = revision()});
  Json object = created(product("retail", "orders"));
  spec_description(object) = "second";
  object = *store().update(object);
  store().write_statuses({{kOrders, "", {{"observedGeneration", 2}}}});
  created(product("retail", "returns"));
  ASSERT_TRUE(store().remove(kOrders));
  const auto events = follower.take(5);
  EXPECT_EQ(lines(events), (Names{"Added orders", "Modified orders", "Modified orders", "Added returns",
                                  "Deleted orders"}));
  for (std::size_t i = 1; i < events.size(); ++i) EXPECT_LT(events[i - 1].revision, events[i].revision);
}

TEST_P(ResourceStoreContract, EventsCarryTheObjectOfTheirRevision) {
  Follower follower(store(), {.kind = "DataProduct", .since = revision()});
  const Json first = created(product("retail", "orders"));
  Json wanted = first;
  spec_description(wanted) = "second";
  const Json second = *store().update(wanted);
  const auto events = follower.take(2);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].object, first);
  EXPECT_EQ(events[0].revision, revision_in(first));
  EXPECT_EQ(events[1].object, second);
}

TEST_P(ResourceStoreContract, DeletionsCarryTheLastStateAtTheirOwnRevision) {
  const Json object = created(product("retail", "orders"));
  Follower follower(store(), {.kind = "DataProduct", .since = revision_in(object)});
  ASSERT_TRUE(store().remove(kOrders));
  const auto events = follower.take(1);
  ASSERT_EQ(lines(events), Names{"Deleted orders"});
  EXPECT_GT(events[0].revision, revision_in(object));
  EXPECT_EQ(revision_in(events[0].object), events[0].revision);
  EXPECT_EQ(events[0].object.at("spec"), object.at("spec"));
}

TEST_P(ResourceStoreContract, AMarkedObjectIsModifiedAndThenDeleted) {
  const Json object = created(with_finalizers(product("retail", "orders"), {"example.com/x"}));
  Follower follower(store(), {.kind = "DataProduct", .since = revision_in(object)});
  const Json marked = *store().remove(kOrders);
  ASSERT_TRUE(store().update(with_finalizers(marked, Json::array())));
  EXPECT_EQ(lines(follower.take(2)), (Names{"Modified orders", "Deleted orders"}));
}

TEST_P(ResourceStoreContract, WritesThatChangeNothingMakeNoEvent) {
  const Json object = created(product("retail", "orders"));
  Follower follower(store(), {.kind = "DataProduct", .since = revision_in(object)});
  ASSERT_TRUE(store().update(object));
  ASSERT_TRUE(store().patch(kOrders, PatchType::Merge, Json::object()));
  ASSERT_FALSE(store().create(product("retail", "orders")));
  created(product("retail", "returns"));
  EXPECT_EQ(lines(follower.take(1)), Names{"Added returns"});
}

TEST_P(ResourceStoreContract, WatchesKeepToOneKind) {
  Follower follower(store(), {.kind = "Account", .since = revision()});
  created(product("retail", "orders"));
  created(account("retail", "producer"));
  EXPECT_EQ(lines(follower.take(1)), Names{"Added producer"});
}

TEST_P(ResourceStoreContract, WatchesKeepToOneNamespace) {
  Follower follower(store(), {.kind = "DataProduct", .ns = "bank", .since = revision()});
  created(product("retail", "orders"));
  created(product("bank", "loans"));
  EXPECT_EQ(lines(follower.take(1)), Names{"Added loans"});
}

TEST_P(ResourceStoreContract, WatchesOfEveryKindSeeThemAll) {
  Follower follower(store(), {.since = revision()});
  created(product("retail", "orders"));
  created(mesh("main"));
  created(account("bank", "consumer"));
  std::vector<std::string> seen = lines(follower.take(3));
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (Names{"Added consumer", "Added main", "Added orders"}));
}

TEST_P(ResourceStoreContract, WatchesStartInThePast) {
  const Json first = created(product("retail", "a"));
  created(product("retail", "b"));
  created(product("retail", "c"));
  Follower follower(store(), {.kind = "DataProduct", .since = revision_in(first)});
  EXPECT_EQ(lines(follower.take(2)), (Names{"Added b", "Added c"}));
}

TEST_P(ResourceStoreContract, APollIsEmptyWhenNothingHappened) {
  created(product("retail", "orders"));
  Follower follower(store(), {.kind = "DataProduct", .since = revision()});
  const auto events = follower.watch().poll();
  ASSERT_TRUE(events);
  EXPECT_TRUE(events->empty());
}

TEST_P(ResourceStoreContract, PollsDeliverEachEventOnceInBatches) {
  Follower follower(store(), {.kind = "DataProduct", .since = revision()});
  for (const char* name : {"a", "b", "c", "d", "e"}) created(product("retail", name));
  std::vector<api::WatchEvent> all;
  while (all.size() < 5) {
    const auto batch = follower.watch().poll(2);
    ASSERT_TRUE(batch);
    EXPECT_LE(batch->size(), 2U);
    all.insert(all.end(), batch->begin(), batch->end());
  }
  EXPECT_EQ(lines(all), (Names{"Added a", "Added b", "Added c", "Added d", "Added e"}));
  EXPECT_TRUE(follower.watch().poll()->empty());
}

TEST_P(ResourceStoreContract, WatchesAreIndependent) {
  const api::Revision start = revision();
  Follower one(store(), {.kind = "DataProduct", .since = start});
  created(product("retail", "orders"));
  EXPECT_EQ(lines(one.take(1)), Names{"Added orders"});
  Follower other(store(), {.kind = "DataProduct", .since = start});
  EXPECT_EQ(lines(other.take(1)), Names{"Added orders"});
}

TEST_P(ResourceStoreContract, AnEventWakesItsWatch) {
  Follower follower(store(), {.kind = "DataProduct", .since = revision()});
  EXPECT_TRUE(follower.take(0).empty());
  const int before = follower.wakes();
  created(product("retail", "orders"));
  EXPECT_EQ(follower.take(1).size(), 1U);
  EXPECT_GT(follower.wakes(), before);
}

TEST_P(ResourceStoreContract, AWatchThatStartsInThePastIsWoken) {
  const api::Revision start = revision();
  created(product("retail", "orders"));
  Follower follower(store(), {.kind = "DataProduct", .since = start});
  EXPECT_EQ(follower.take(1).size(), 1U);
  EXPECT_GT(follower.wakes(), 0);
}

}  // namespace datamesh::testing
