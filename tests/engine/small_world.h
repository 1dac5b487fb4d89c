// The small mesh of mesh_text.h in a World, with a hook at every call to the lake, and what the lake holds as lines.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/lake/observe.h"
#include "tests/engine/mesh_text.h"
#include "tests/reconcilers/claim_lines.h"
#include "tests/world/world.h"

namespace datamesh::testing {

inline constexpr const char* kCentral = "100000000001";
inline constexpr const char* kRetail = "100000000002";
inline constexpr const char* kAnalytics = "100000000003";
inline constexpr const char* kAnalyst = "arn:aws:iam::100000000003:role/analyst";
inline constexpr const char* kEngineer = "arn:aws:iam::100000000002:role/engineer";

using Lines = std::vector<std::string>;

/// Whether one of the lines has the text in it.
inline bool mentions(const Lines& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(text) != line.npos; });
}

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline std::string operator_of(const std::string& account) { return "arn:aws:iam::" + account + ":role/datamesh-operator"; }

/// What tests put between the operator and the lake. Both may be empty.
struct Hooks {
  std::function<std::optional<Error>(const aws::Call&)> before;  ///< an error here keeps the call from being made
  std::function<std::optional<Error>(const aws::Call&)> after;   ///< an error here hides that it was made
  std::function<std::optional<Json>(const aws::Call&)> instead;  ///< the answer to a call that is not made
};

class HookedApi final : public aws::Api {
 public:
  HookedApi(std::unique_ptr<aws::Api> inner, std::shared_ptr<Hooks> hooks)
      : inner_(std::move(inner)), hooks_(std::move(hooks)) {}

  Result<Json> call(const aws::Call& call) override {
    if (hooks_->before) {
      if (auto error = hooks_->before(call)) return fail(std::move(*error));
    }
    if (hooks_->instead) {
      if (auto answer = hooks_->instead(call)) return std::move(*answer);
    }
    auto result = inner_->call(call);
    if (hooks_->after) {
      if (auto error = hooks_->after(call)) return fail(std::move(*error));
    }
    return result;
  }

 private:
  std::unique_ptr<aws::Api> inner_;
  std::shared_ptr<Hooks> hooks_;
};

inline bool is_write(const aws::Call& call) {
  return !call.operation.starts_with("Get") && !call.operation.starts_with("List") &&
         !call.operation.starts_with("Search");
}

class SmallWorld : public World {
 public:
  /// `model`: the Mesh and its Accounts. Nothing runs yet.
  explicit SmallWorld(const std::string& model = kCentralMesh, engine::Observer* observer = nullptr)
      : SmallWorld(model, observer, std::make_shared<Hooks>()) {}

  /// Declares the whole small mesh and runs until it has converged.
  SmallWorld& converge() {
    declare_all();
    start_engine();
    EXPECT_TRUE(run_until_idle()) << engine->status().dump(2);
    EXPECT_TRUE(engine->converged()) << engine->status().dump(2);
    return *this;
  }
  void declare_all() {
    for (const char* part : {kOrders, kOrdersToAnalytics, kAnalysts}) apply(part);
  }
  void restart() {
    crash();
    start_engine();
  }
  /// Runs until the next sweep of every catalog is over.
  void sweep() { advance(minutes(6)); }
  /// The calls that wrote something since the last time this was asked, by operation.
  std::map<std::string, int> writes() {
    std::map<std::string, int> out;
    for (const auto& [name, count] : calls->counts()) {
      const std::string operation = name.substr(name.find(':') + 1);
      if (is_write({{}, aws::Service::Glue, operation, {}})) out[name] = count;
    }
    calls->reset();
    return out;
  }

  /// A call as the operator of the account, behind the engine's back.
  Result<Json> by_hand(const std::string& account, aws::Service service, const std::string& operation,
                       const std::string& input) {
    auto result = call_as(operator_of(account), service, operation, Json::parse(input));
    EXPECT_TRUE(result) << to_string(result.error());
    return result;
  }
  /// `principal` gets or loses `permissions` on the resource, by hand.
  void hand_grants(const std::string& account, const std::string& operation, const std::string& principal,
                   const std::string& resource, const Json& permissions) {
    const auto result = call_as(operator_of(account), aws::Service::LakeFormation, operation,
                                {{"Principal", {{"DataLakePrincipalIdentifier", principal}}},
                                 {"Resource", Json::parse(resource)},
                                 {"Permissions", permissions}});
    EXPECT_TRUE(result) << to_string(result.error());
  }

  /// What the account's catalog holds: "Database orders = …", with C, P and K for the accounts. Settings, the rights
  /// of the operator and those on the catalog as such are left out.
  Lines entries(const std::string& account) {
    const auto api = lake->as_role("datamesh-operator");
    const auto snapshot = lake::observe(*api, {account, "eu-west-1"}, clock.now());
    if (!snapshot) return {to_string(snapshot.error())};
    Lines out;
    for (const auto& [key, value] : snapshot->entries) {
      if (key.kind == catalog::EntryKind::Settings || key.name.ends_with("role/datamesh-operator")) continue;
      if (key.kind == catalog::EntryKind::Permission && key.name.starts_with("catalog:")) continue;
      out.push_back(reconcilers::with_letters(
          to_string(key) + " = " +
          std::visit([](const auto& each) { return reconcilers::claim_text::of(each); }, value)));
    }
    return out;
  }
  /// All three catalogs.
  Lines everything() {
    Lines out;
    for (const char* account : {kCentral, kRetail, kAnalytics}) {
      for (const std::string& line : entries(account)) out.push_back(reconcilers::with_letters(account) + ": " + line);
    }
    return out;
  }
  std::string ready(const std::string& kind, const std::string& ns, const std::string& name) {
    return condition(kind, ns, name, "Ready");
  }
  /// What Ready says for people; "" when the object has no such condition.
  std::string message(const std::string& kind, const std::string& ns, const std::string& name) {
    const Json object = get(kind, ns, name);
    for (const Json& each : at_path(object, {"status", "conditions"})) {
      if (string_at(each, "type") == "Ready") return string_at(each, "message");
    }
    return "";
  }
  bool analyst_reads() {
    return call_as(kAnalyst, aws::Service::Glue, "GetTable", {{"DatabaseName", "orders"}, {"Name", "orders"}})
        .has_value();
  }

  std::shared_ptr<Hooks> hooks;

 private:
  SmallWorld(const std::string& model, engine::Observer* observer, std::shared_ptr<Hooks> shared)
      : World(options(observer, shared)), hooks(std::move(shared)) {
    apply(model);
  }
  static Options options(engine::Observer* observer, const std::shared_ptr<Hooks>& hooks) {
    Options out;
    out.observer = observer;
    out.wrap_api = [hooks](std::unique_ptr<aws::Api> inner) -> std::unique_ptr<aws::Api> {
      return std::make_unique<HookedApi>(std::move(inner), hooks);
    };
    return out;
  }
};

inline Error denied(const aws::Call& call) { return aws::make_error(call, "AccessDeniedException", "not allowed", 403); }
inline Error throttled(const aws::Call& call) { return aws::make_error(call, "ThrottlingException", "slow down", 429); }
inline Error lost(const aws::Call& call) {
  return Error{ErrorKind::Transient, "", "the connection broke", "glue:" + call.operation, std::nullopt};
}

}  // namespace datamesh::testing
