#include "controller/aws/cached_credentials.h"

namespace datamesh::aws {
namespace {

constexpr Millis kEarly{5 * 60'000};
constexpr Millis kLate{60'000};
/// Between two tries to renew early, and how long a failure answers for the next try.
constexpr Millis kEarlyPause{30'000};
constexpr Millis kFailurePause{3'000};
constexpr Millis kArrival{5'000};

}  // namespace

CachedCredentials::State CachedCredentials::state(Time now) const {
  if (!known_) return State::Late;
  if (!known_->until || now + kEarly < *known_->until) return State::Fresh;
  return now + kLate < *known_->until ? State::Early : State::Late;
}

/// A request that is signed now must still arrive in time.
bool CachedCredentials::still_good(Time now) const {
  return known_ && (!known_->until || now + kArrival < *known_->until);
}

Result<Credentials> CachedCredentials::get() {
  std::unique_lock lock(mutex_);
  const Time now = clock_.now();
  const State present = state(now);
  if (present == State::Fresh) return *known_;
  const Millis pause = present == State::Early ? kEarlyPause : kFailurePause;
  const bool failed_lately = failure_ && now >= failed_ && now < failed_ + pause;
  if (present == State::Early && (renewing_ || failed_lately)) return *known_;
  if (failed_lately) return still_good(now) ? Result<Credentials>(*known_) : fail(*failure_);
  if (!renewing_) return renew(lock);
  renewed_.wait(lock, [this, before = tries_] { return tries_ != before; });
  if (still_good(clock_.now())) return *known_;
  return fail(failure_.value_or(Error{ErrorKind::Expired, "", "the credentials ended at once", provider_.name(), {}}));
}

/// The provider is asked without the lock.
Result<Credentials> CachedCredentials::renew(std::unique_lock<std::mutex>& lock) {
  renewing_ = true;
  lock.unlock();
  auto obtained = provider_.obtain();
  lock.lock();
  renewing_ = false;
  ++tries_;
  renewed_.notify_all();
  if (obtained && *obtained) {
    known_ = **obtained;
    failure_.reset();
    return *known_;
  }
  failure_ = obtained ? Error{ErrorKind::Unavailable, "", "it has no credentials", provider_.name(), {}}
                      : obtained.error();
  failed_ = clock_.now();
  return still_good(failed_) ? Result<Credentials>(*known_) : fail(*failure_);
}

void CachedCredentials::refused(const sigv4::Keys& keys) {
  const std::lock_guard lock(mutex_);
  if (known_ && known_->keys == keys) known_.reset();
}

}  // namespace datamesh::aws
