// The contract of aws::Api: what Glue, Lake Formation, RAM and STS do, claim by claim. Every implementation passes it:
// link the contract_*.cpp files and instantiate AwsApiContract with a factory of a world.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/aws/api.h"
#include "controller/base/clock.h"

namespace datamesh::testing {

/// An empty AWS, and time to move.
class AwsWorld {
 public:
  virtual ~AwsWorld() = default;
  /// Calls as a role of that name in the account of each call.
  virtual aws::Api& as_role(const std::string& role) = 0;
  /// Calls as one principal.
  virtual aws::Api& as_principal(const std::string& arn) = 0;
  virtual void advance(Millis by) = 0;
  /// Puts accounts into one organization; `sharing` as if EnableSharingWithAwsOrganization had been called.
  virtual void join_organization(const std::string& management, const std::vector<std::string>& accounts,
                                 bool sharing) = 0;
};

using AwsWorldFactory = std::function<std::unique_ptr<AwsWorld>()>;

inline constexpr const char* kOwner = "111122223333";
inline constexpr const char* kConsumer = "444455556666";
inline constexpr const char* kOther = "777788889999";
inline constexpr const char* kRegion = "eu-west-1";

inline std::string role_arn(const std::string& account, const std::string& role) {
  return "arn:aws:iam::" + account + ":role/" + role;
}

/// A role that holds nothing by itself.
inline const std::string kReader = role_arn(kOwner, "reader");

/// The operator administers every account that `lock_down` was called for.
class AwsApiContract : public ::testing::TestWithParam<AwsWorldFactory> {
 protected:
  AwsApiContract();

  using Service = aws::Service;

  Result<Json> call(aws::Api& api, const std::string& account, Service service, const std::string& operation,
                    Json input = Json::object());

  // As the operator. The first form expects success, the second failure.
  Json glue(const std::string& account, const std::string& operation, Json input = Json::object());
  Json lf(const std::string& account, const std::string& operation, Json input = Json::object());
  Json ram(const std::string& account, const std::string& operation, Json input = Json::object());
  Error glue_error(const std::string& account, const std::string& operation, Json input = Json::object());
  Error lf_error(const std::string& account, const std::string& operation, Json input = Json::object());
  Error ram_error(const std::string& account, const std::string& operation, Json input = Json::object());

  // As a role "reader", "steward", … of the account.
  Result<Json> glue_as(const std::string& role, const std::string& account, const std::string& operation, Json input);
  Result<Json> lf_as(const std::string& role, const std::string& account, const std::string& operation, Json input);

  /// Makes the operator the only administrator, clears the open defaults, and sets the cross-account version.
  void put_settings(const std::string& account, const std::string& version);
  /// The same in a fresh account, where IAM_ALLOWED_PRINCIPALS also lose CREATE_DATABASE.
  void lock_down(const std::string& account, const std::string& version = "4");
  /// A database without open defaults.
  void make_database(const std::string& account, const std::string& name);
  /// A table with the columns id, email and amount (int, string, double) and the partition key day.
  void make_table(const std::string& account, const std::string& database, const std::string& name);
  /// The database sales with the table orders, in kOwner.
  void make_sales();
  /// Accepts every pending invitation of `account`.
  void accept_all(const std::string& account);

  void grant(const std::string& account, const std::string& principal, Json resource,
             std::vector<std::string> permissions, std::vector<std::string> grantable = {});
  Error grant_error(const std::string& account, const std::string& principal, Json resource,
                    std::vector<std::string> permissions, std::vector<std::string> grantable = {});
  void revoke(const std::string& account, const std::string& principal, Json resource,
              std::vector<std::string> permissions, std::vector<std::string> grantable = {});
  Error revoke_error(const std::string& account, const std::string& principal, Json resource,
                     std::vector<std::string> permissions, std::vector<std::string> grantable = {});

  /// Every row of ListPermissions, over all pages, without those of the operator; times and editors left out.
  std::vector<Json> rows(const std::string& account, Json input = Json::object());
  /// "SELECT,DESCRIBE*" per principal: the permissions of rows on exactly that resource; `*` marks the grant option.
  std::string held(const std::string& account, const std::string& principal, const Json& listed_resource);
  /// Follows pages of any listing; `token` is NextToken or nextToken.
  std::vector<Json> all_pages(const std::string& account, Service service, const std::string& operation, Json input,
                              const std::string& list);
  /// The names of the columns that GetTable shows to a role.
  std::vector<std::string> columns_seen(const std::string& role, const std::string& account,
                                        const std::string& database, const std::string& table,
                                        const std::string& owner = {});

  std::unique_ptr<AwsWorld> world_;
  aws::Api& operator_;
};

// Resources of the wire.
Json catalog_resource();
Json database(const std::string& account, const std::string& name);
Json table(const std::string& account, const std::string& database, const std::string& name);
Json all_tables(const std::string& account, const std::string& database);
Json columns(const std::string& account, const std::string& database, const std::string& table,
             std::vector<std::string> names);
Json all_columns(const std::string& account, const std::string& database, const std::string& table);
Json columns_except(const std::string& account, const std::string& database, const std::string& table,
                    std::vector<std::string> names);
Json location(const std::string& account, const std::string& arn);
Json tag_resource(const std::string& account, const std::string& key, std::vector<std::string> values);
Json policy(const std::string& account, const std::string& type, const std::string& key,
            std::vector<std::string> values);
Json filter_resource(const std::string& account, const std::string& database, const std::string& table,
                     const std::string& name);

/// A TableInput with the columns id, email and amount and the partition key day.
Json table_input(const std::string& name);
/// A TableInput that links.
Json table_link(const std::string& name, const std::string& owner, const std::string& database,
                const std::string& target);
Json database_link(const std::string& name, const std::string& owner, const std::string& target);

}  // namespace datamesh::testing
