// From standings to conditions, hops and health.
#include "reconcilers/assess.h"

#include <gtest/gtest.h>

#include "reconcilers/reasons.h"
#include "tests/reconcilers/claim_lines.h"

namespace datamesh::reconcilers {
namespace {

const Time kNow = mesh::kStart;

/// A resource with claims and how they stand.
struct Scene {
  api::Resource resource;
  ClaimSet claims;
  AssessInput input;

  explicit Scene(const std::string& kind = "Grant") {
    resource.key = {kind, "retail", "g"};
    resource.metadata.generation = 7;
    input.now = kNow;
  }
  Scene& claim(Step step, const std::string& account, Standing standing, catalog::EntryKind kind = catalog::EntryKind::Permission) {
    claims.claims.push_back({{{account, "eu-west-1"}, {kind, "x" + std::to_string(claims.claims.size())}}, {}, {}, step,
                             Release::Remove});
    input.standings.push_back(std::move(standing));
    return *this;
  }
  Scene& finding(Effect effect, std::string_view reason) {
    claims.findings.push_back({effect, std::string(reason), "because"});
    return *this;
  }
  Json status() {
    input.resource = &resource;
    input.claims = &claims;
    return assess(input);
  }
};

/// "Ready=False:PlanHeld Stalled=True:PlanHeld …"
std::string conditions(const Json& status) {
  std::string out;
  for (const Json& each : status["conditions"]) {
    out += (out.empty() ? "" : " ") + string_at(each, "type") + "=" + string_at(each, "status") + ":" +
           string_at(each, "reason");
  }
  return out;
}

std::string status_of(const Json& status, const std::string& type) {
  for (const Json& each : status["conditions"]) {
    if (string_at(each, "type") == type) return string_at(each, "status");
  }
  return "absent";
}

std::vector<Standing> all_standings() {
  std::vector<Standing> out = {{EntryState::InForce, "", "", "", false}, {EntryState::Pending, "", "", "", false}};
  out.push_back({EntryState::Waiting, std::string(reason::kEntryMissing), "waits", "something", false});
  out.push_back({EntryState::Held, std::string(reason::kPlanHeld), "held", "", true});
  out.push_back({EntryState::Failed, std::string(reason::kThrottled), "slow", "", false});
  out.push_back({EntryState::Failed, std::string(reason::kAccessDenied), "no", "", true});
  out.push_back({EntryState::Conflict, std::string(reason::kConflict), "two", "", true});
  return out;
}

/// Every mixture of findings, standings of claims, and standings of what is released.
std::vector<Scene> all_scenes() {
  std::vector<std::vector<Finding>> findings = {{}};
  for (const auto& [effect, why] : {std::pair(Effect::Waits, reason::kAccountNotFound), std::pair(Effect::Refused, reason::kForeignPrincipal),
                                    std::pair(Effect::Invalid, reason::kDuplicateMesh), std::pair(Effect::Ended, reason::kExpired)}) {
    findings.push_back({{effect, std::string(why), "because"}});
    findings.push_back({{Effect::Waits, std::string(reason::kMeshNotFound), "first"}, {effect, std::string(why), "because"}});
  }
  std::vector<Scene> out;
  for (const auto& found : findings) {
    for (const Standing& a : all_standings()) {
      for (const Standing& b : all_standings()) {
        for (const Standing& releasing : all_standings()) {
          Scene scene;
          scene.claims.findings = found;
          scene.claim(Step::GrantConsumer, "1", a).claim(Step::GrantConsumer, "1", b);
          if (releasing.state != EntryState::InForce) scene.input.releasing.push_back(releasing);
          out.push_back(std::move(scene));
        }
      }
    }
  }
  return out;
}

/// Source: operator-runtime.md 9.3
TEST(Conditions, ObeyTheRulesOfConsistencyInEveryMixture) {
  for (Scene& scene : all_scenes()) {
    const Json status = scene.status();
    const std::string told = conditions(status);
    const bool ready = status_of(status, "Ready") == "True";
    const std::string reconciling = status_of(status, "Reconciling"), stalled = status_of(status, "Stalled");
    EXPECT_NE(status_of(status, "Ready"), "absent") << told;
    EXPECT_NE(reconciling, "False") << told << ": present only while true";
    EXPECT_NE(stalled, "False") << told << ": present only while true";
    EXPECT_FALSE(reconciling == "True" && stalled == "True") << told;
    EXPECT_EQ(ready, reconciling == "absent" && stalled == "absent") << told;
    EXPECT_EQ(status["observedGeneration"], 7);
    for (const Json& each : status["conditions"]) {
      EXPECT_EQ(each["observedGeneration"], 7) << told;
      EXPECT_FALSE(string_at(each, "reason").empty()) << told;
      const auto& all = reason::kAll;
      EXPECT_NE(std::find(all.begin(), all.end(), string_at(each, "reason")), all.end()) << told;
    }
  }
}

TEST(Conditions, AreReadyOnlyWhenEverythingIsInForceAndNothingWaits) {
  for (Scene& scene : all_scenes()) {
    const bool waits = std::any_of(scene.claims.findings.begin(), scene.claims.findings.end(),
                                   [](const Finding& finding) { return finding.effect != Effect::Ended; });
    const bool in_force = std::all_of(scene.input.standings.begin(), scene.input.standings.end(),
                                      [](const Standing& each) { return each.state == EntryState::InForce; });
    const bool expected = !waits && in_force && scene.input.releasing.empty();
    const Json status = scene.status();
    EXPECT_EQ(status_of(status, "Ready") == "True", expected) << conditions(status);
  }
}

TEST(Conditions, SayWhatIsWorst) {
  struct Case {
    std::string says;
    Scene scene;
    std::string expected;
  };
  const std::string fine = " Authorized=True:Authorized Synced=True:InForce Conflict=False:NoConflict";
  const auto standings = all_standings();
  std::vector<Case> cases = {
      {"all in force", Scene().claim(Step::GrantConsumer, "1", standings[0]), "Ready=True:InForce" + fine},
      {"nothing to do", Scene(), "Ready=True:InForce" + fine},
      {"at work", Scene().claim(Step::GrantConsumer, "1", standings[1]),
       "Ready=False:Progressing Reconciling=True:Progressing Authorized=True:Authorized Synced=False:Progressing "
       "Conflict=False:NoConflict"},
      {"held beside a passing failure",
       Scene().claim(Step::GrantConsumer, "1", standings[4]).claim(Step::GrantConsumer, "1", standings[3]),
       "Ready=False:PlanHeld Stalled=True:PlanHeld Authorized=True:Authorized Synced=False:PlanHeld "
       "Conflict=False:NoConflict"},
      {"denied beside a conflict",
       Scene().claim(Step::GrantConsumer, "1", standings[6]).claim(Step::GrantConsumer, "1", standings[5]),
       "Ready=False:AccessDenied Stalled=True:AccessDenied Authorized=True:Authorized Synced=False:AccessDenied "
       "Conflict=True:Conflict"},
      {"refused", Scene().finding(Effect::Waits, reason::kAccountNotFound).finding(Effect::Refused, reason::kForeignPrincipal),
       "Ready=False:ForeignPrincipal Stalled=True:ForeignPrincipal Authorized=False:ForeignPrincipal "
       "Synced=True:InForce Conflict=False:NoConflict"},
      {"waiting for a declaration", Scene().finding(Effect::Waits, reason::kAccountNotFound).claim(Step::GrantConsumer, "1", standings[0]),
       "Ready=False:AccountNotFound Reconciling=True:AccountNotFound" + fine},
      {"expired", Scene().finding(Effect::Ended, reason::kExpired), "Ready=True:Expired" + fine},
  };
  for (Case& each : cases) EXPECT_EQ(conditions(each.scene.status()), each.expected) << each.says;
}

TEST(Conditions, SayThatFormerEntriesAreBeingReleased) {
  Scene scene;
  scene.finding(Effect::Ended, reason::kExpired);
  scene.input.releasing.push_back({EntryState::Pending, "", "", "", false});
  EXPECT_EQ(conditions(scene.status()),
            "Ready=False:Releasing Reconciling=True:Releasing Authorized=True:Authorized Synced=False:Releasing "
            "Conflict=False:NoConflict");
}

TEST(Conditions, KeepTheirTimeWhileTheirStatusStays) {
  Scene scene;
  scene.claim(Step::GrantConsumer, "1", {EntryState::Pending, "", "", "", false});
  const Json before = scene.status();
  scene.input.previous = before;
  scene.input.now = kNow + std::chrono::hours(1);
  EXPECT_EQ(scene.status(), before) << "an equal world gives an equal status";
  scene.input.standings[0].state = EntryState::InForce;
  const Json after = scene.status();
  for (const Json& each : after["conditions"]) {
    const bool turned = string_at(each, "type") == "Ready" || string_at(each, "type") == "Synced";
    EXPECT_EQ(each["lastTransitionTime"], turned ? "2026-11-22T09:00:00Z" : "2026-11-22T08:00:00Z") << each.dump();
  }
}

TEST(Hops, AreAsBadAsTheirWorstEntry) {
  Scene scene;
  scene.claim(Step::GrantConsumer, "1", {EntryState::InForce, "", "", "", false})
      .claim(Step::GrantConsumer, "1", {EntryState::Waiting, "EntryMissing", "waits for x", "Table x", false})
      .claim(Step::AcceptShare, "2", {EntryState::InForce, "", "", "", false})
      .claim(Step::GrantConsumer, "3", {EntryState::Failed, "Throttled", "slow", "", false});
  EXPECT_EQ(scene.status()["hops"],
            Json::parse(R"([
      {"step": "5-AcceptShare", "catalog": "2/eu-west-1", "state": "Done"},
      {"step": "7-GrantConsumer", "catalog": "1/eu-west-1", "state": "Waiting", "waitsFor": "Table x", "message": "waits for x"},
      {"step": "7-GrantConsumer", "catalog": "3/eu-west-1", "state": "Failed", "message": "slow"}])"));
}

TEST(Hops, ShowTheSchemaOfATableAsItsOwnStep) {
  Scene scene("DataProduct");
  scene.claim(Step::CreateEntities, "1", {EntryState::Pending, "", "", "", false}, catalog::EntryKind::Table);
  EXPECT_EQ(scene.status()["hops"],
            Json::parse(R"([{"step": "2-CreateEntities", "catalog": "1/eu-west-1", "state": "Pending"},
                            {"step": "6-PropagateSchema", "catalog": "1/eu-west-1", "state": "Pending"}])"));
}

TEST(Status, SaysOfAGrantWhetherItExpired) {
  EXPECT_EQ(Scene().status()["expired"], false);
  EXPECT_EQ(Scene().finding(Effect::Ended, reason::kExpired).status()["expired"], true);
  EXPECT_FALSE(Scene("ResourceLink").status().contains("expired"));
}

TEST(Health, IsReadFromTheConditions) {
  const auto standings = all_standings();
  EXPECT_EQ(health_of(Scene().status()), Health::Ready);
  EXPECT_EQ(health_of(Scene().claim(Step::GrantConsumer, "1", standings[1]).status()), Health::Reconciling);
  EXPECT_EQ(health_of(Scene().claim(Step::GrantConsumer, "1", standings[3]).status()), Health::Stalled);
  EXPECT_EQ(health_of(Json()), Health::Reconciling) << "nothing is known yet";
}

}  // namespace
}  // namespace datamesh::reconcilers
