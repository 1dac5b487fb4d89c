// The AWS CLI's config and credentials files. Pure.
// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files"
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/aws/credentials.h"

namespace datamesh::aws {

using Settings = std::map<std::string, std::string>;  ///< names in lower case

struct Profiles {
  std::map<std::string, Settings> config;       ///< by profile, from the config file
  std::map<std::string, Settings> credentials;  ///< by profile, from the credentials file
  std::map<std::string, Settings> sso_sessions;

  bool has(const std::string& profile) const;
  /// What both files say of `profile`; the credentials file goes first.
  Settings merged(const std::string& profile) const;
};

/// Sections of an ini file by their head ("profile x", "default"). Nested settings are passed over; a line that is
/// nothing is, too: the CLI's own files must never stop us.
std::map<std::string, Settings> parse_ini(std::string_view text);

/// "profile \"a b\"" -> {"profile", "a b"}, as a shell splits; also for credential_process. Quotes that do not end go
/// to the end.
std::vector<std::string> shell_words(std::string_view text);

/// The files that `machine` names (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, else those in ~/.aws). Absent files
/// are empty.
/// Errors: Unavailable when a file cannot be read.
Result<Profiles> read_profiles(const Machine& machine);

/// Where those files are.
std::string config_file(const Machine& machine);
std::string credentials_file(const Machine& machine);
/// "~/.aws/sso/cache/NAME.json"
std::string sso_cache_file(const Machine& machine, const std::string& name);

/// AWS_PROFILE, AWS_DEFAULT_PROFILE or "default".
std::string profile_name(const Machine& machine);
/// AWS_REGION, AWS_DEFAULT_REGION, the profile's region, or "".
std::string region_of(const Machine& machine);

}  // namespace datamesh::aws
