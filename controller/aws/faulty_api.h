// An Api that fails on purpose: for tests, the simulation, and `datamesh up --faults`.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "controller/aws/api.h"
#include "controller/base/clock.h"

namespace datamesh::aws {

/// One way to fail, and which calls it strikes.
struct FaultRule {
  enum class Effect {
    Error,         ///< answers with `code` and `message` without making the call
    Throttle,      ///< answers ThrottlingException without making the call
    Latency,       ///< waits for `latency`, then makes the call
    LostResponse,  ///< makes the call, then answers as if the connection had broken
  };
  enum class When { Always, Probability, EveryNth, NextN };

  std::optional<Service> service;  ///< nullopt: every service
  std::string operation = "*";     ///< exact, or with `*` for any run of characters ("Batch*")
  Effect effect = Effect::Throttle;
  std::string code;     ///< Effect::Error
  std::string message;  ///< Effect::Error
  Millis latency{0};    ///< Effect::Latency
  When when = When::Always;
  double probability = 1;   ///< When::Probability, 0 to 1
  std::uint64_t count = 0;  ///< When::EveryNth and When::NextN

  bool operator==(const FaultRule&) const = default;
};

/// Reads rules, separated by commas: `SERVICE:OPERATION=EFFECT[@WHEN]`.
/// SERVICE: glue, lakeformation, ram, sts or `*`. OPERATION may hold `*`.
/// EFFECT: `throttle`, `lost`, `latency(250ms)`, `error(InternalServiceException)`.
/// WHEN: `0.2` (a share of the calls), `3` (the next three calls), `/3` (every third call); absent: always.
/// Example: `glue:CreateTable=throttle@0.2,lakeformation:*=lost@3`
/// Errors: Invalid, naming the rule and what is wrong with it.
Result<std::vector<FaultRule>> parse_fault_rules(std::string_view text);

/// Passes calls on to another Api, except where a rule strikes. The first rule that strikes decides; latency
/// strikes beside the others. Safe to call from several threads; repeatable for one thread and one seed.
class FaultyApi final : public Api {
 public:
  using Sleep = std::function<void(Millis)>;

  FaultyApi(Api& inner, std::vector<FaultRule> rules, std::uint64_t seed, Sleep sleep);

  Result<Json> call(const Call& call) override;

  /// Replaces the rules; counts start again.
  void set_rules(std::vector<FaultRule> rules);
  /// How many calls a rule has struck.
  std::uint64_t strikes() const;

 private:
  struct Armed {
    FaultRule rule;
    std::uint64_t seen = 0;
  };
  struct Verdict {
    Millis latency{0};
    std::optional<FaultRule> fault;
  };

  Verdict judge(const Call& call);
  bool strikes_now(Armed& armed);

  Api& inner_;
  Sleep sleep_;
  mutable std::mutex mutex_;
  std::vector<Armed> rules_;
  std::mt19937_64 random_;
  std::uint64_t strikes_ = 0;
};

}  // namespace datamesh::aws
