#include "controller/kube/lease.h"

#include "controller/kube/micro_time.h"

namespace datamesh::kube {
namespace {

/// How much earlier than a rival could we stop writing: a call may be on its way for a while.
constexpr Millis kFence{1'000};

int integer(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_number_integer() ? value.get<int>() : 0;
}

}  // namespace

LeaseRecord decode_lease(const Json& object) {
  const Json& spec = member(object, "spec");
  LeaseRecord out;
  out.holder = string_at(spec, "holderIdentity");
  out.duration_seconds = integer(spec, "leaseDurationSeconds");
  out.acquired = parse_rfc3339(string_at(spec, "acquireTime")).value_or(Time{});
  out.renewed = parse_rfc3339(string_at(spec, "renewTime")).value_or(Time{});
  out.transitions = integer(spec, "leaseTransitions");
  return out;
}

Json encode_lease(const LeaseRecord& record) {
  return {{"holderIdentity", record.holder},
          {"leaseDurationSeconds", record.duration_seconds},
          {"acquireTime", micro_time(record.acquired)},
          {"renewTime", micro_time(record.renewed)},
          {"leaseTransitions", record.transitions}};
}

Result<void> validate(const LeaseTimings& timings) {
  if (timings.retry.count() <= 0 || timings.renew * 5 <= timings.retry * 6 || timings.lease <= timings.renew) {
    return fail(ErrorKind::Invalid,
                "a lease must last longer than its renewal deadline, and that longer than 1.2 times the retry period");
  }
  return {};
}

LeaderElector::LeaderElector(LeaseLock& lock, std::string identity, LeaseTimings timings, const Clock& clock,
                             const Clock& wall)
    : lock_(lock), identity_(std::move(identity)), timings_(timings), clock_(clock), wall_(wall) {}

bool LeaderElector::is_leader() const {
  const Millis::rep renewed = renewed_at_;
  return renewed != kNever && clock_.now().time_since_epoch().count() - renewed < timings_.renew.count();
}

bool LeaderElector::may_write() const {
  const Millis::rep renewed = renewed_at_;
  return renewed != kNever &&
         clock_.now().time_since_epoch().count() - renewed < (timings_.lease - kFence).count();
}

bool LeaderElector::is_taken_by_other(Time now) const {
  if (!seen_ || seen_->record.holder.empty() || seen_->record.holder == identity_) return false;
  return now < seen_since_ + std::chrono::seconds(seen_->record.duration_seconds);
}

bool LeaderElector::attempt() {
  if (is_leader() && seen_) {  // most often nobody interfered, and reading first would be one call more
    LeaseRecord record = seen_->record;
    record.renewed = wall_.now();
    if (put(record, seen_->version)) return true;
  }
  auto held = lock_.get();
  if (!held) return is_leader();
  return take(std::move(*held));
}

bool LeaderElector::take(std::optional<LeaseLock::Held> held) {
  if (held && (!seen_ || seen_->record != held->record)) seen_since_ = clock_.now();
  seen_ = std::move(held);
  if (is_taken_by_other(clock_.now())) {
    renewed_at_ = kNever;
    return false;
  }
  LeaseRecord record;
  record.holder = identity_;
  record.duration_seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(timings_.lease).count());
  record.renewed = wall_.now();
  const bool ours = seen_ && seen_->record.holder == identity_;
  record.acquired = ours ? seen_->record.acquired : record.renewed;
  if (seen_) record.transitions = seen_->record.transitions + (ours ? 0 : 1);
  return put(record, seen_ ? seen_->version : std::string()) || is_leader();
}

bool LeaderElector::put(const LeaseRecord& record, const std::string& version) {
  // The time before the call: the server may count from then.
  const Time begun = clock_.now();
  auto written = lock_.put(record, version);
  if (!written) return false;
  seen_ = LeaseLock::Held{record, std::move(*written)};
  seen_since_ = begun;
  renewed_at_ = begun.time_since_epoch().count();
  return true;
}

Result<void> LeaderElector::release() {
  const bool held = renewed_at_ != kNever;
  renewed_at_ = kNever;
  if (!held || !seen_ || seen_->record.holder != identity_) return {};
  LeaseRecord record = seen_->record;
  record.holder.clear();
  record.duration_seconds = 1;
  record.renewed = wall_.now();
  TRY_VALUE(seen_->version, lock_.put(record, seen_->version));
  seen_->record = record;
  return {};
}

}  // namespace datamesh::kube
