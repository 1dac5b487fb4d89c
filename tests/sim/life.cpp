#include "tests/sim/life.h"

#include <algorithm>
#include <iterator>

namespace datamesh::sim {

Life::Life(std::uint64_t seed, Journal& journal)
    : random_(seed),
      journal_(journal),
      world_(options(seed)),
      maker_(random_),
      hands_({&world_, &random_, &journal, maker_.accounts()}) {
  journal_.set_clock(&world_.clock);
}

testing::World::Options Life::options(std::uint64_t seed) {
  testing::World::Options out;
  out.seed = seed;
  out.wrap_api = [this](std::unique_ptr<aws::Api> inner) {
    ChaosApi::Parts parts;
    parts.inner = std::move(inner);
    parts.clock = &world_.clock;
    parts.random = &random_;
    parts.journal = &journal_;
    parts.interrupt = [this] { random_.chance(50) ? edit() : hands_.meddle(declared_); };
    parts.written = [this](const aws::Call& call) {
      written_.insert(call.target);
      const bool is_table = call.operation == "CreateTable" || call.operation == "UpdateTable";
      const std::string table = string_at(member(call.input, "TableInput"), "Name");
      if (is_table) unsettled_.insert(call.target.account + ":" + string_at(call.input, "DatabaseName") + "/" + table);
      if (call.operation == "DeleteDatabase") hands_.forget_place(call.target, string_at(call.input, "Name"));
      if (call.operation == "DeleteTable") {
        hands_.forget_place(call.target, string_at(call.input, "DatabaseName") + "/" + string_at(call.input, "Name"));
      }
      look_at_once();
    };
    auto chaos = std::make_unique<ChaosApi>(std::move(parts));
    chaos_ = chaos.get();
    return chaos;
  };
  out.wrap_store = [this](api::ResourceStore* inner) {
    return std::make_unique<embedded::FaultyStore>(
        *inner, [this](embedded::StoreOperation operation, const api::ObjectKey&) { return store_fault(operation); });
  };
  return out;
}

embedded::StoreFault Life::store_fault(embedded::StoreOperation operation) {
  using Point = embedded::StoreFault::Point;
  if (store_dies_after_ && (*store_dies_after_)-- <= 0) return {Point::Before, ErrorKind::Unavailable};
  if (!random_.chance(store_faults_)) return {};
  const Point point = random_.chance(50) ? Point::Before : Point::After;
  journal_.note("  store " + std::string(to_string(operation)) + (point == Point::Before ? " fails" : " loses its answer"));
  return {point, ErrorKind::Transient};
}

/// After each write, in the middle of a job of the operator, which must not learn of it.
void Life::look_at_once() {
  if (violation_) return;
  try {
    check_written();
  } catch (const Violation& violation) {
    violation_ = violation.what();
  }
}

Weather Life::bad_weather() {
  Weather out;
  for (int* fault : {&out.error, &out.throttle, &out.lost, &out.delay, &out.stale, &out.part_failed, &out.interrupted}) {
    if (random_.chance(40)) *fault = random_.between(1, 12);
  }
  return out;
}

void Life::begin() {
  for (const std::string& account : maker_.accounts()) {
    if (random_.chance(20)) hands_.meddle(declared_);
    hands_.move_in(account);
  }
  for (const Json& object : maker_.first()) declare({object, std::nullopt, "declare " + to_string(api::key_of(object)) + " " + object["spec"].dump()});
  start();
}

void Life::live() {
  begin();
  const int rounds = random_.between(1, 3);
  for (int round = 0; round < rounds; ++round) {
    chaos_->weather = random_.chance(25) ? Weather::calm() : bad_weather();
    store_faults_ = random_.chance(30) ? random_.between(1, 10) : 0;
    if (round > 0 && random_.chance(50)) begin_gently();
    const int happenings = random_.between(3, 12);
    for (int n = 0; n < happenings; ++n) {
      something();
      run_some(random_.between(0, 40));
    }
    end_gently();
    rest();
    check_at_rest();
  }
  check_quiet(expect(declared_, world_.clock.now()));
}

void Life::something() {
  if (gentle_) return random_.chance(50) ? rescope() : edit();
  const int dice = random_.between(1, 100);
  if (dice <= 60) return edit();
  if (dice <= 78) return hands_.meddle(declared_);
  if (dice <= 88) return pass_time();
  crash();
}

void Life::edit() {
  Edit edit = maker_.edit(declared_, world_.clock.now());
  if (gentle_ && edit.apply) (*edit.apply)["spec"].erase("quotas");  // what finds no room stays away for long
  declare(edit);
}

void Life::rescope() {
  for (const Edit& each : maker_.rescope(declared_, world_.clock.now())) declare(each);
}

void Life::declare(const Edit& edit) {
  const api::ObjectKey key = edit.remove ? *edit.remove : api::key_of(*edit.apply);
  const Json now = world_.get(key.kind, key.ns, key.name);
  if (at_path(now, {"metadata", "deletionTimestamp"}).is_string()) return;  // it must be gone first
  if (edit.remove && now.is_null()) return;
  if (gentle_) note_declared();  // time alone may have changed what is given
  journal_.note(edit.what);
  if (edit.remove) {
    world_.remove(key.kind, key.ns, key.name);
  } else {
    world_.apply_object(*edit.apply);
  }
  note_declared();
}

/// A product that is retained when nobody governs it any more keeps its tags, and they are nobody's.
void Life::note_abandoned(const Declared& before) {
  for (const auto& [key, object] : before) {
    const std::string owner = key.kind == "DataProduct" ? governor_of(before, key) : "";
    if (owner.empty() || string_at(object["spec"], "deletionPolicy") != "Retain" || governor_of(declared_, key) == owner) continue;
    const std::string base = owner + ":" + string_at(object["spec"], "database");
    for (const std::string& tag : assigned_tags(before)) {
      if (tag.starts_with(base + "#") || tag.starts_with(base + "/")) hands_.tagged.insert(tag);
    }
  }
}

/// Reads what is declared now, and adds what it gives to what may be held.
void Life::note_declared() {
  const Declared before = std::exchange(declared_, {});
  Declared leaving;  // an Account that is being deleted counts until it is gone
  const auto page = world_.store->list({});
  for (const Json& object : page->items) {
    const bool goes = object["metadata"].contains("deletionTimestamp");
    if (!goes) declared_[api::key_of(object)] = object;
    if (!goes || string_at(object, "kind") == "Account") leaving[api::key_of(object)] = object;
  }
  note_abandoned(before);
  if (leaving.size() != declared_.size()) {
    const Expectation then = expect(leaving, world_.clock.now());
    allow_reads(leaving, then.allowed);
    allow(then.allowed);
  }
  const Expectation now = expect(declared_, world_.clock.now());
  keep(now.due);
  allow_reads(declared_, now.allowed);
  allow(now.allowed);
  for (const std::string& account : maker_.accounts()) {
    if (undeclared_policy(declared_, account) == "Revoke") revoking_.insert(account);
  }
}

void Life::allow(Rights rights) {
  std::copy_if(rights.begin(), rights.end(), std::inserter(opened_, opened_.end()),
               [](const Right& right) { return right.principal == "IAM_ALLOWED_PRINCIPALS"; });
  window_.merge(std::move(rights));
}

void Life::start() {
  if (world_.engine) return;
  journal_.note("the operator starts");
  world_.start_engine();
}

/// kill -9, perhaps in the middle of a job: what it has called by then has happened, and nothing after that.
void Life::crash() {
  if (!world_.engine) return start();
  if (world_.executor.jobs() > 0 && random_.chance(70)) {
    chaos_->dies_after = random_.between(0, 6);
    store_dies_after_ = random_.between(0, 3);
    world_.executor.run_job(random_.below(world_.executor.jobs()));
  }
  journal_.note("the operator crashes");
  world_.crash();
  chaos_->dies_after.reset();
  store_dies_after_.reset();
  check_written();
  if (random_.chance(60)) start();
}

void Life::pass_time() {
  const Millis by = random_.chance(8) ? Millis(std::chrono::hours(13)) : Millis(std::chrono::seconds(random_.between(1, 1500)));
  journal_.note("time passes: " + human_age(by));
  world_.clock.advance(by);
}

void Life::run_some(int steps) {
  for (int n = 0; n < steps && world_.engine; ++n) {
    step();
    check_written();
  }
}

/// One task or one job, whichever comes first in this life; the next timer when there is nothing else.
void Life::step() {
  auto& executor = world_.executor;
  executor.fire_timers();
  if (executor.jobs() > 0 && (executor.tasks() == 0 || random_.chance(30))) {
    executor.run_job(random_.below(executor.jobs()));
  } else if (executor.tasks() > 0) {
    executor.run_task();
  } else if (const auto next = executor.next_timer()) {
    if (*next > world_.clock.now()) world_.clock.set(*next);
  }
}

Outcome simulate(std::uint64_t seed, Voice voice) {
  Journal journal(voice == Voice::Aloud);
  Outcome out;
  out.seed = seed;
  try {
    Life(seed, journal).live();
  } catch (const std::exception& violation) {
    out.ok = false;
    out.failure = violation.what();
    journal.set_clock(nullptr);
  }
  out.journal = journal.text();
  return out;
}

}  // namespace datamesh::sim
