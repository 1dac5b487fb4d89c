// What `datamesh up` tells the clients of its AWS endpoint: the key that it hands out, and the two files in which the
// AWS CLI and every SDK look for endpoints, keys and roles.
#pragma once

#include <string>
#include <vector>

#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::cli {

/// A long-lived access key. It stands for an identity that belongs to no account and may do nothing but assume roles.
struct AwsKey {
  std::string id;  ///< "AKIA…"
  std::string secret;
  bool operator==(const AwsKey&) const = default;
};

/// Reads the key of `folder`, or makes one and keeps it there, for this user only.
/// Errors: Unavailable when the file cannot be written.
Result<AwsKey> open_aws_key(const std::string& folder);

/// Where and how clients connect.
struct AwsEndpointFacts {
  std::string url;      ///< "https://127.0.0.1:4566"
  std::string ca_file;  ///< an absolute path
};

/// A profile that assumes a role.
struct AwsProfile {
  std::string name;
  std::string role_arn;
  std::string region;
  bool operator==(const AwsProfile&) const = default;
};

/// One profile for each role that `accounts` (declared Account objects) name, in order of their names: of a persona
/// "ACCOUNT-PERSONA", or "ACCOUNT-PERSONA-ROLE" when it has several roles; of an administrator "ACCOUNT-ROLE". Accounts
/// of the same name have their namespace before it. All in lower case. Pure.
std::vector<AwsProfile> aws_profiles(const std::vector<Json>& accounts);

/// The text of a config file: the key itself is the profile "default". Pure.
std::string aws_config_text(const std::vector<AwsProfile>& profiles, const AwsEndpointFacts& facts);
/// The text of a credentials file. Pure.
std::string aws_credentials_text(const AwsKey& key);

}  // namespace datamesh::cli
