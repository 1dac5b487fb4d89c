#include "controller/cli/aws_profiles.h"

#include <algorithm>
#include <map>

#include "controller/cli/state_folder.h"

namespace datamesh::cli {
namespace {

constexpr const char* kKeyFile = "key";
constexpr const char* kDefaultRegion = "us-east-1";
constexpr const char* kHead =
    "# Written by `datamesh up` as accounts are declared; what is changed here is lost.\n";

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// In lower case, with everything but letters, digits, '.' and '_' as '-'.
std::string name_part(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    out += plain ? c : '-';
  }
  return out;
}

/// "reader" of "arn:aws:iam::111122223333:role/team/reader"; empty for what no profile can assume.
std::string role_of(const std::string& arn) {
  const bool clean = std::all_of(arn.begin(), arn.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!clean || arn.find(":role/") == std::string::npos) return {};
  return arn.substr(arn.rfind('/') + 1);
}

class Profiles {
 public:
  /// The name gets a number when another role has it.
  void add(const std::string& name, const std::string& role_arn, const std::string& region) {
    for (int number = 1;; ++number) {
      const std::string tried = number == 1 ? name : name + "-" + std::to_string(number);
      const auto [place, fresh] = by_name_.try_emplace(tried, AwsProfile{tried, role_arn, region});
      if (fresh || place->second.role_arn == role_arn) return;
    }
  }

  std::vector<AwsProfile> take() {
    std::vector<AwsProfile> out;
    for (auto& [name, profile] : by_name_) out.push_back(std::move(profile));
    return out;
  }

 private:
  std::map<std::string, AwsProfile> by_name_;
};

std::vector<std::string> roles_in(const Json& principals) {
  std::vector<std::string> out;
  for (const Json& one : principals.is_array() ? principals : Json::array()) {
    if (one.is_string() && !role_of(one).empty()) out.push_back(one);
  }
  return out;
}

void add_account(const Json& account, const std::string& base, Profiles& profiles) {
  const Json& spec = member(account, "spec");
  const Json& regions = member(spec, "regions");
  const std::string region = regions.is_array() && !regions.empty() && regions[0].is_string()
                                 ? regions[0].get<std::string>()
                                 : kDefaultRegion;
  const Json& personas = member(spec, "personas");
  for (const Json& persona : personas.is_array() ? personas : Json::array()) {
    const std::vector<std::string> roles = roles_in(member(persona, "principals"));
    const std::string name = base + "-" + name_part(string_at(persona, "name"));
    for (const std::string& role : roles) {
      profiles.add(roles.size() == 1 ? name : name + "-" + name_part(role_of(role)), role, region);
    }
  }
  for (const std::string& role : roles_in(member(spec, "administrators"))) {
    profiles.add(base + "-" + name_part(role_of(role)), role, region);
  }
}

std::string name_of(const Json& account) { return string_at(member(account, "metadata"), "name"); }

std::string section(const std::string& head, const std::string& region, const AwsEndpointFacts& facts) {
  return "\n[" + head + "]\nregion = " + region + "\nendpoint_url = " + facts.url + "\nca_bundle = " + facts.ca_file +
         "\n";
}

}  // namespace

Result<AwsKey> open_aws_key(const std::string& folder) {
  const std::string line = read_state_file(folder, kKeyFile).value_or("");
  const std::size_t space = line.find(' ');
  if (space != std::string::npos && space > 0 && space + 1 < line.size()) {
    return AwsKey{line.substr(0, space), line.substr(space + 1)};
  }
  const AwsKey key{"AKIA" + upper(random_token().substr(0, 16)), random_token() + random_token().substr(0, 8)};
  TRY(write_state_file(folder, kKeyFile, key.id + " " + key.secret));
  return key;
}

std::vector<AwsProfile> aws_profiles(const std::vector<Json>& accounts) {
  std::map<std::string, int> named;
  for (const Json& account : accounts) ++named[name_of(account)];
  Profiles profiles;
  for (const Json& account : accounts) {
    std::string base = name_part(name_of(account));
    if (named[name_of(account)] > 1) base = name_part(string_at(member(account, "metadata"), "namespace")) + "-" + base;
    add_account(account, base, profiles);
  }
  return profiles.take();
}

std::string aws_config_text(const std::vector<AwsProfile>& profiles, const AwsEndpointFacts& facts) {
  std::string out = kHead + section("default", profiles.empty() ? kDefaultRegion : profiles.front().region, facts);
  for (const AwsProfile& profile : profiles) {
    out += section("profile " + profile.name, profile.region, facts) + "role_arn = " + profile.role_arn +
           "\nsource_profile = default\nrole_session_name = " + profile.name.substr(0, 64) + "\n";
  }
  return out;
}

std::string aws_credentials_text(const AwsKey& key) {
  return std::string(kHead) + "\n[default]\naws_access_key_id = " + key.id + "\naws_secret_access_key = " + key.secret + "\n";
}

}  // namespace datamesh::cli
