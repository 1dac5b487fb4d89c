#include "controller/aws/faulty_api.h"

#include <charconv>
#include <utility>

namespace datamesh::aws {
namespace {

using Effect = FaultRule::Effect;
using When = FaultRule::When;

/// Whether `name` fits `pattern`, in which `*` stands for any run of characters.
bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() != '*') {
    return !name.empty() && name.front() == pattern.front() &&
           fits(pattern.substr(1), name.substr(1));
  }
  for (std::size_t skip = 0; skip <= name.size(); ++skip) {
    if (fits(pattern.substr(1), name.substr(skip))) return true;
  }
  return false;
}

tl::unexpected<Error> bad_rule(std::string_view rule, const std::string& what) {
  return fail(ErrorKind::Invalid, "fault rule \"" + std::string(rule) + "\": " + what, "faults");
}

Result<void> read_target(std::string_view text, std::string_view rule, FaultRule& out) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return bad_rule(rule, "expected SERVICE:OPERATION, such as glue:CreateTable or lakeformation:*");
  }
  const std::string_view service = text.substr(0, colon);
  out.operation = std::string(text.substr(colon + 1));
  if (out.operation.empty()) return bad_rule(rule, "the operation is empty; write * for every one");
  if (service == "*") return {};
  for (const Service known : {Service::Glue, Service::LakeFormation, Service::Ram, Service::Sts, Service::Iam, Service::Sqs}) {
    if (service == to_string(known)) out.service = known;
  }
  if (!out.service) {
    return bad_rule(rule, "unknown service \"" + std::string(service) +
                              "\"; known are glue, lakeformation, ram, sts, iam, sqs and *");
  }
  return {};
}

Result<void> read_effect(std::string_view text, std::string_view rule, FaultRule& out) {
  std::string_view name = text;
  std::string_view argument;
  if (const std::size_t open = text.find('('); open != std::string_view::npos) {
    if (text.back() != ')') return bad_rule(rule, "a ) is missing after the effect");
    name = text.substr(0, open);
    argument = text.substr(open + 1, text.size() - open - 2);
  }
  if (name == "throttle" && argument.empty()) {
    out.effect = Effect::Throttle;
  } else if (name == "lost" && argument.empty()) {
    out.effect = Effect::LostResponse;
  } else if (name == "error" && !argument.empty()) {
    out.effect = Effect::Error;
    out.code = std::string(argument);
    out.message = "injected fault";
  } else if (name == "latency" && !argument.empty()) {
    std::optional<Millis> latency;
    if (argument.ends_with("ms")) {
      std::int64_t value = 0;
      const std::string_view digits = argument.substr(0, argument.size() - 2);
      const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (read.ec == std::errc{} && read.ptr == digits.data() + digits.size() && value >= 0) {
        latency = Millis(value);
      }
    } else {
      latency = parse_duration(argument);
    }
    if (!latency) return bad_rule(rule, "\"" + std::string(argument) + "\" is no duration; write 250ms or 2s");
    out.effect = Effect::Latency;
    out.latency = *latency;
  } else {
    return bad_rule(rule, "unknown effect \"" + std::string(text) +
                              "\"; known are throttle, lost, error(CODE) and latency(250ms)");
  }
  return {};
}

Result<void> read_when(std::string_view text, std::string_view rule, FaultRule& out) {
  const bool every = text.starts_with('/');
  const std::string_view digits = every ? text.substr(1) : text;
  const char* end = digits.data() + digits.size();
  if (!every && digits.find('.') != std::string_view::npos) {
    const auto read = std::from_chars(digits.data(), end, out.probability);
    if (read.ec != std::errc{} || read.ptr != end || out.probability < 0 || out.probability > 1) {
      return bad_rule(rule, "a probability lies between 0.0 and 1.0");
    }
    out.when = When::Probability;
    return {};
  }
  const auto read = std::from_chars(digits.data(), end, out.count);
  if (read.ec != std::errc{} || read.ptr != end || out.count == 0) {
    return bad_rule(rule, "after @ write 0.2 (a share), 3 (the next three calls) or /3 (every third)");
  }
  out.when = every ? When::EveryNth : When::NextN;
  return {};
}

Result<FaultRule> parse_rule(std::string_view rule) {
  const std::size_t equals = rule.find('=');
  if (equals == std::string_view::npos) return bad_rule(rule, "expected SERVICE:OPERATION=EFFECT[@WHEN]");
  FaultRule out;
  TRY(read_target(rule.substr(0, equals), rule, out));
  std::string_view effect = rule.substr(equals + 1);
  if (const std::size_t at = effect.find('@'); at != std::string_view::npos) {
    TRY(read_when(effect.substr(at + 1), rule, out));
    effect = effect.substr(0, at);
  }
  TRY(read_effect(effect, rule, out));
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Error response_lost(const Call& call) {
  Error error = make_error(call, "ResponseLost", "injected fault: the call was made, its response was lost");
  error.kind = ErrorKind::Transient;
  return error;
}

}  // namespace

Result<std::vector<FaultRule>> parse_fault_rules(std::string_view text) {
  std::vector<FaultRule> rules;
  while (!trimmed(text).empty()) {
    const std::size_t comma = text.find(',');
    TRY_VALUE(FaultRule rule, parse_rule(trimmed(text.substr(0, comma))));
    rules.push_back(std::move(rule));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return rules;
}

FaultyApi::FaultyApi(Api& inner, std::vector<FaultRule> rules, std::uint64_t seed, Sleep sleep)
    : inner_(inner), sleep_(std::move(sleep)), random_(seed) {
  set_rules(std::move(rules));
}

void FaultyApi::set_rules(std::vector<FaultRule> rules) {
  const std::lock_guard lock(mutex_);
  rules_.clear();
  for (FaultRule& rule : rules) rules_.push_back(Armed{std::move(rule), 0});
}

std::uint64_t FaultyApi::strikes() const {
  const std::lock_guard lock(mutex_);
  return strikes_;
}

bool FaultyApi::strikes_now(Armed& armed) {
  ++armed.seen;
  switch (armed.rule.when) {
    case When::Always: return true;
    // 53 bits make an even double on every platform, which the library's distributions do not promise.
    case When::Probability:
      return static_cast<double>(random_() >> 11) * 0x1.0p-53 < armed.rule.probability;
    case When::EveryNth: return armed.seen % armed.rule.count == 0;
    case When::NextN: return armed.seen <= armed.rule.count;
  }
  return false;
}

FaultyApi::Verdict FaultyApi::judge(const Call& call) {
  const std::lock_guard lock(mutex_);
  Verdict verdict;
  for (Armed& armed : rules_) {
    const FaultRule& rule = armed.rule;
    if (rule.service && *rule.service != call.service) continue;
    if (!fits(rule.operation, call.operation)) continue;
    const bool is_latency = rule.effect == Effect::Latency;
    if (!is_latency && verdict.fault) continue;
    if (!strikes_now(armed)) continue;
    ++strikes_;
    if (is_latency) {
      verdict.latency += rule.latency;
    } else {
      verdict.fault = rule;
    }
  }
  return verdict;
}

Result<Json> FaultyApi::call(const Call& call) {
  const Verdict verdict = judge(call);
  if (verdict.latency > Millis(0)) sleep_(verdict.latency);
  if (!verdict.fault) return inner_.call(call);
  switch (verdict.fault->effect) {
    case Effect::Error: return fail(make_error(call, verdict.fault->code, verdict.fault->message));
    case Effect::Throttle:
      return fail(make_error(call, "ThrottlingException", "injected fault: Rate exceeded"));
    case Effect::Latency: break;
    case Effect::LostResponse:
      static_cast<void>(inner_.call(call));
      return fail(response_lost(call));
  }
  return inner_.call(call);
}

}  // namespace datamesh::aws
