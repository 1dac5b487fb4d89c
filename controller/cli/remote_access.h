// AWS itself, for accounts that declare `connection.type: Aws`: the operator's own credentials, and a role of each account.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/aws/api.h"
#include "controller/aws/credentials.h"
#include "controller/base/clock.h"

namespace datamesh::cli {

/// Finds the operator's own credentials as the AWS CLI does, and follows its variables and files for endpoints and trust.
/// Nothing is read before the first account of AWS, nothing asked before the first call. Safe to use from several
/// threads; outlives what it handed out.
class RemoteAccess {
 public:
  /// `clock` must outlive it. Accounts may name AWS's own endpoints and `endpoints`: whoever may declare an Account would
  /// otherwise have the operator send requests to anywhere, and see how they are answered.
  RemoteAccess(const Clock& clock, aws::Machine machine, std::vector<std::string> endpoints);
  ~RemoteAccess();

  /// Calls in `account` as the role that it declares, or its default. Where this machine's settings are wrong, every
  /// call gives the error that says so.
  std::unique_ptr<aws::Api> as_operator(const api::AccountSpec& account);

  /// Ends the calls under way that ask, long polls among them, and what waits for its turn; calls that change something go
  /// on to their answer. From then on every call is Cancelled.
  void finish();
  /// The same, and ends those that change something too.
  void stop();

 private:
  struct Parts;
  Result<Parts*> parts();

  const Clock& clock_;
  const aws::Machine machine_;
  const std::vector<std::string> endpoints_;
  std::mutex mutex_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace datamesh::cli
