// Credentials that are renewed in time. One thread renews; the others use what is still good.
//
//   fresh ──5 min before the end──► early: one renews, the rest go on ──1 min before──► late: all wait for the one
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "controller/aws/credentials.h"

namespace datamesh::aws {

/// Safe to use from several threads. `provider` and `clock` must outlive it.
class CachedCredentials {
 public:
  CachedCredentials(CredentialProvider& provider, const Clock& clock) : provider_(provider), clock_(clock) {}

  /// Credentials that hold for a while. A failure to renew is no failure while the old ones are good; one that matters
  /// is remembered for a few seconds, so that everyone who waits gets it without another try.
  /// Errors: the provider's; Unavailable when it has nothing to give.
  Result<Credentials> get();

  /// AWS refused `keys`: they are not given again, unless the provider does.
  void refused(const sigv4::Keys& keys);

 private:
  enum class State { Fresh, Early, Late };
  State state(Time now) const;
  bool still_good(Time now) const;
  Result<Credentials> renew(std::unique_lock<std::mutex>& lock);

  CredentialProvider& provider_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable renewed_;
  bool renewing_ = false;
  unsigned tries_ = 0;  ///< to tell a new outcome from an old one
  std::optional<Credentials> known_;
  std::optional<Error> failure_;  ///< of the last try
  Time failed_{};
};

}  // namespace datamesh::aws
