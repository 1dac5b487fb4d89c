// An AWS of our own for data meshes: Glue, Lake Formation, RAM and STS for any number of accounts and regions, and a
// little SQS, kept in one SQLite file. It enforces: what a caller may not see or do, it cannot.
//
// Accounts exist as soon as they are named, in the state of a fresh AWS account: no administrator, and
// IAM_ALLOWED_PRINCIPALS everywhere. The roles `datamesh-operator` and `Admin` of each account administer IAM there;
// every other identity has IAM rights for Glue and for the data and permission calls of Lake Formation, but not for
// settings, registration of locations, or changes in RAM. What Lake Formation lets anybody see or do is another
// matter, decided by permissions alone. Identities need not be made: only names that begin with "unknown-" do not
// exist (trap T13).
//
//   call ─► known operation? ─► shape of the input ─► IAM ─► operation (checks, then changes) ─► file ─► answer
//                                                            an error undoes every change of the call
//
// It is a catalog without data: what a reader could read shows in the columns that GetTable returns. Callers carry no
// session tags, so that a grant with a condition is kept and listed, and gives nobody anything.
//
// Where the behaviour of AWS could not be confirmed, the lake chose one and says so at the function concerned.
// Source: lake-formation.md sections 1.2 to 1.6 and 2
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/aws/api.h"
#include "controller/base/clock.h"

namespace datamesh::embedded {

/// Accounts that share without invitations once sharing is enabled.
struct Organization {
  std::string id;  ///< "o-mesh000001"
  std::string management_account;
  std::vector<std::string> accounts;                       ///< the management account included
  std::map<std::string, std::vector<std::string>> units;  ///< "ou-root-sales" to accounts
  bool sharing_enabled = false;

  bool operator==(const Organization&) const = default;
};

/// Who a session of AssumeRole is, and what proves that a caller holds it.
struct AccessKey {
  std::string principal;  ///< the ARN of the role
  std::string session;    ///< its name
  std::string secret;
  std::string token;
  Time expires;
};

/// Safe to call from several threads; calls happen one after another. Permission writes that overlap in time on one
/// catalog make the later one fail with ConcurrentModificationException, as AWS does.
class EmbeddedLake {
 public:
  struct Options {
    std::string file;        ///< ":memory:" keeps nothing
    Clock* clock = nullptr;  ///< must outlive the lake
    bool durable = true;     ///< a call that has returned survives the loss of power
  };

  /// Opens the lake of `options.file`, making an empty one when there is none. The file belongs to this process
  /// until the lake is destroyed.
  /// Errors: Unavailable, naming the file and what to do.
  static Result<std::unique_ptr<EmbeddedLake>> open(const Options& options);
  ~EmbeddedLake();
  EmbeddedLake(const EmbeddedLake&) = delete;
  EmbeddedLake& operator=(const EmbeddedLake&) = delete;

  /// Calls as `arn:aws:iam::<account>:role/<role_name>` of the account of each call, in a session datamesh-operator. The lake
  /// must outlive it.
  std::unique_ptr<aws::Api> as_role(std::string role_name);
  /// Calls as one principal, in a session of that name when it is a role; a call to another account is AccessDenied.
  /// The lake must outlive it.
  std::unique_ptr<aws::Api> as_principal(std::string arn, std::string session = "datamesh");

  /// Replaces the organization.
  /// Errors: Unavailable when it cannot be written.
  Result<void> set_organization(const Organization& organization);

  /// Every account and region that was ever called, but for STS, in order.
  std::vector<CatalogRef> catalogs() const;
  /// How many calls were made since the lake was opened, by "glue:CreateTable".
  std::map<std::string, std::uint64_t> call_counts() const;
  /// The session that an access key of AssumeRole stands for, kept for an hour beyond its end; nullopt when unknown.
  std::optional<AccessKey> find_access_key(const std::string& id) const;

 private:
  class Core;
  explicit EmbeddedLake(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace datamesh::embedded
