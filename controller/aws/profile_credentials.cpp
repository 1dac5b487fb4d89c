#include "controller/aws/profile_credentials.h"

#include <algorithm>
#include <charconv>

#include "controller/aws/digest.h"

namespace datamesh::aws {
namespace {

constexpr Millis kPortalTimeout{10'000};

std::string setting(const Settings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

tl::unexpected<Error> wrong(const std::string& profile, const std::string& message) {
  return fail(ErrorKind::Invalid, message, "profile \"" + profile + "\"");
}

bool has_keys(const Settings& settings) {
  return settings.contains("aws_access_key_id") || settings.contains("aws_secret_access_key");
}

/// The profile assumes a role by itself, with keys of another.
bool has_role(const Settings& settings) {
  return settings.contains("role_arn") && !settings.contains("web_identity_token_file");
}

Result<std::optional<Credentials>> keys_of(const std::map<std::string, Settings>& file, const std::string& profile) {
  const auto found = file.find(profile);
  if (found == file.end() || !has_keys(found->second)) return std::nullopt;
  const Settings& settings = found->second;
  Credentials out;
  out.keys = {setting(settings, "aws_access_key_id"), setting(settings, "aws_secret_access_key"),
              setting(settings, "aws_session_token")};
  if (out.keys.access_key.empty()) return wrong(profile, "it has a secret key and no aws_access_key_id");
  if (out.keys.secret_key.empty()) return wrong(profile, "it has an access key and no aws_secret_access_key");
  return out;
}

RoleRequest request_of(const Settings& settings) {
  RoleRequest out;
  out.role_arn = setting(settings, "role_arn");
  out.external_id = setting(settings, "external_id");
  if (const std::string name = setting(settings, "role_session_name"); !name.empty()) out.session_name = name;
  const std::string duration = setting(settings, "duration_seconds");
  long seconds = 0;
  const auto [end, error] = std::from_chars(duration.data(), duration.data() + duration.size(), seconds);
  if (error == std::errc() && seconds > 0) out.duration = std::chrono::seconds(seconds);
  return out;
}

std::string circle(const std::vector<std::string>& visited, const std::string& last) {
  std::string out;
  for (const std::string& each : visited) out += each + " -> ";
  return out + last;
}

}  // namespace

/// Errors: Invalid when a profile that was asked for by name is in neither file.
Result<Profiles> ProfileSource::profiles(const std::string& profile) const {
  TRY_VALUE(Profiles out, read_profiles(machine_));
  if (profile != "default" && !out.has(profile)) {
    return wrong(profile, "neither " + config_file(machine_) + " nor " + credentials_file(machine_) + " has it");
  }
  return out;
}

StsPlace ProfileSource::place(const Settings& settings) const {
  const std::string own = setting(settings, "region");
  const std::string general = region_of(machine_);
  return {!general.empty() ? general : !own.empty() ? own : "us-east-1", ""};
}

Result<std::optional<Credentials>> ProfileSource::role(const std::string& profile) const {
  TRY_VALUE(const Profiles all, profiles(profile));
  return role(all, profile, {profile});
}

Result<std::optional<Credentials>> ProfileSource::role(const Profiles& all, const std::string& profile,
                                                       Visited visited) const {
  const Settings settings = all.merged(profile);
  if (!has_role(settings)) return std::nullopt;
  if (settings.contains("mfa_serial")) {
    return wrong(profile, "its role wants an MFA token, which an operator cannot type: use a role without mfa_serial");
  }
  TRY_VALUE(const Credentials source, source_of_role(all, profile, std::move(visited)));
  TRY_VALUE(Credentials out, assume_role(calls_, source.keys, request_of(settings), place(settings)));
  return out;
}

Result<Credentials> ProfileSource::source_of_role(const Profiles& all, const std::string& profile,
                                                  Visited visited) const {
  const Settings settings = all.merged(profile);
  const std::string source = setting(settings, "source_profile");
  const std::string named = setting(settings, "credential_source");
  if (source.empty() == named.empty()) {
    return wrong(profile, "a role needs either source_profile or credential_source");
  }
  if (!named.empty()) return named_source(named);
  if (!all.has(source)) return wrong(profile, "its source_profile \"" + source + "\" does not exist");
  if (std::find(visited.begin(), visited.end(), source) == visited.end()) {
    visited.push_back(source);
    return from_profile(all, source, std::move(visited));
  }
  if (source != profile || !has_keys(all.merged(source))) {
    return wrong(profile, "source_profile goes in a circle: " + circle(visited, source));
  }
  return from_profile(all, source, std::move(visited));
}

/// Keys of its own go before a role: so a profile may be its own source.
Result<Credentials> ProfileSource::from_profile(const Profiles& all, const std::string& profile,
                                                Visited visited) const {
  const Settings settings = all.merged(profile);
  TRY_VALUE(auto out, has_keys(settings) || !has_role(settings) ? direct(all, profile)
                                                                : role(all, profile, std::move(visited)));
  if (!out) return wrong(profile, "it is the source of a role, and has no credentials");
  return *std::move(out);
}

Result<Credentials> ProfileSource::named_source(const std::string& name) const {
  CredentialProvider* const provider = name == "Environment"           ? &sources_.environment
                                       : name == "EcsContainer"        ? &sources_.container
                                       : name == "Ec2InstanceMetadata" ? &sources_.instance
                                                                       : nullptr;
  if (provider == nullptr) {
    return fail(ErrorKind::Invalid, "it must be Environment, EcsContainer or Ec2InstanceMetadata",
                "credential_source " + name);
  }
  TRY_VALUE(auto out, provider->obtain());
  if (!out) return fail(ErrorKind::Unavailable, "there are no credentials", provider->name());
  return *std::move(out);
}

Result<std::optional<Credentials>> ProfileSource::direct(const std::string& profile) const {
  TRY_VALUE(const Profiles all, profiles(profile));
  return direct(all, profile);
}

Result<std::optional<Credentials>> ProfileSource::direct(const Profiles& all, const std::string& profile) const {
  const Settings settings = all.merged(profile);
  if (const std::string file = setting(settings, "web_identity_token_file"); !file.empty()) {
    TRY_VALUE(Credentials out, bearer(file, request_of(settings)));
    return out;
  }
  TRY_VALUE(auto signed_on, sso(all, profile));
  if (signed_on) return signed_on;
  TRY_VALUE(auto keys, keys_of(all.credentials, profile));
  if (keys) return keys;
  if (const std::string command = setting(settings, "credential_process"); !command.empty()) {
    TRY_VALUE(Credentials out, process(command));
    return out;
  }
  return keys_of(all.config, profile);
}

Result<std::optional<Credentials>> ProfileSource::web_identity(const std::string& profile) const {
  const std::string file = machine_.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (file.empty()) {
    TRY_VALUE(const Profiles all, profiles(profile));
    const Settings settings = all.merged(profile);
    if (!settings.contains("web_identity_token_file")) return std::nullopt;
    TRY_VALUE(Credentials out, bearer(setting(settings, "web_identity_token_file"), request_of(settings)));
    return out;
  }
  RoleRequest request;
  request.role_arn = machine_.variable("AWS_ROLE_ARN");
  if (const std::string name = machine_.variable("AWS_ROLE_SESSION_NAME"); !name.empty()) request.session_name = name;
  TRY_VALUE(Credentials out, bearer(file, request));
  return out;
}

Result<Credentials> ProfileSource::bearer(const std::string& token_file, const RoleRequest& request) const {
  if (request.role_arn.empty()) {
    return fail(ErrorKind::Invalid, "the role is missing: set AWS_ROLE_ARN, or role_arn in the profile", "web identity");
  }
  TRY_VALUE(std::string token, machine_.read(token_file));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  return assume_role_with_web_identity(calls_, token, request, place({}));
}

Result<Credentials> ProfileSource::process(const std::string& command) const {
  std::vector<std::string> words = shell_words(command);
  if (words.empty()) return fail(ErrorKind::Invalid, "it names no program", "credential_process");
  ProgramCall call;
  call.command = words.front();
  call.arguments.assign(words.begin() + 1, words.end());
  TRY_VALUE(const std::string printed, machine_.run(call));
  // Nothing of what it printed goes into a message: it holds the secret.
  const auto json = parse_json(printed);
  if (!json) return fail(ErrorKind::Invalid, "credential_process did not print JSON", call.command);
  if (member(*json, "Version") != 1) return fail(ErrorKind::Invalid, "credential_process must print Version 1", call.command);
  return read_credentials(*json, {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", Millis(1000)},
                          call.command);
}

/// Source: SSO portal API, GetRoleCredentials
Result<std::optional<Credentials>> ProfileSource::sso(const Profiles& all, const std::string& profile) const {
  Settings settings = all.merged(profile);
  if (!settings.contains("sso_account_id") && !settings.contains("sso_role_name")) return std::nullopt;
  if (const std::string session = setting(settings, "sso_session"); !session.empty()) {
    const auto found = all.sso_sessions.find(session);
    if (found == all.sso_sessions.end()) return wrong(profile, "its sso-session \"" + session + "\" does not exist");
    settings.insert(found->second.begin(), found->second.end());
  }
  for (const char* name : {"sso_start_url", "sso_region", "sso_account_id", "sso_role_name"}) {
    if (setting(settings, name).empty()) return wrong(profile, std::string("it uses single sign-on and has no ") + name);
  }
  TRY_VALUE(const std::string token, sso_token(settings, profile));
  TRY_VALUE(const std::string base, endpoint_of("portal.sso", setting(settings, "sso_region"), calls_.endpoints()));
  http::Request request;
  request.method = "GET";
  request.path = "/federation/credentials";
  request.query = {{"account_id", setting(settings, "sso_account_id")},
                   {"role_name", setting(settings, "sso_role_name")}};
  request.headers.add("x-amz-sso_bearer_token", token);
  TRY_VALUE(const http::Response response, calls_.sender().send(base, request, kPortalTimeout));
  if (response.status == 401 || response.status == 403) {
    return fail(ErrorKind::Denied, "single sign-on refused; run: aws sso login --profile " + profile, base);
  }
  const auto json = parse_json(response.body);
  if (response.status != 200 || !json) {
    return fail(ErrorKind::Transient, "HTTP " + std::to_string(response.status) + " instead of credentials", base);
  }
  TRY_VALUE(Credentials out, read_credentials(member(*json, "roleCredentials"),
                                              {"accessKeyId", "secretAccessKey", "sessionToken", "expiration", Millis(1)},
                                              base));
  return out;
}

Result<std::string> ProfileSource::sso_token(const Settings& settings, const std::string& profile) const {
  const std::string session = setting(settings, "sso_session");
  const std::string name = sha1_hex(session.empty() ? setting(settings, "sso_start_url") : session);
  const std::string remedy = "; run: aws sso login --profile " + profile;
  const auto text = machine_.read(sso_cache_file(machine_, name));
  if (!text) return fail(ErrorKind::Expired, "nobody is signed on" + remedy, "single sign-on");
  const auto json = parse_json(*text);
  const std::string token = json ? string_at(*json, "accessToken") : "";
  std::string until = json ? string_at(*json, "expiresAt") : "";
  if (until.ends_with("UTC")) until.replace(until.size() - 3, 3, "Z");
  const auto time = parse_rfc3339(until);
  if (token.empty() || !time) return fail(ErrorKind::Invalid, "the cached token cannot be read" + remedy, "single sign-on");
  if (*time <= calls_.clock().now()) return fail(ErrorKind::Expired, "the sign-on has ended" + remedy, "single sign-on");
  return token;
}

}  // namespace datamesh::aws
