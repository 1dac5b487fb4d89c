// STS: sessions of roles, and who is calling.
// Source: lake-formation.md 1.6
#include <random>

#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_principal.h"

namespace datamesh::embedded::lake {
namespace {

/// Credentials must not be guessed, so they alone are not repeatable.
std::string random_hex(std::size_t length) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string out(length, '0');
  for (char& c : out) c = kDigits[random() % 16];
  return out;
}

std::string upper_hex(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// The ARN of a session of a role: what STS shows, and Lake Formation never does.
std::string session_arn(const Identity& identity, const std::string& session_name) {
  return role_name_of(identity.arn).empty() ? identity.arn : session_arn_of(identity.arn, session_name);
}

std::string unique_id(const Identity& identity) {
  const char* prefix = role_name_of(identity.arn).empty() ? "AIDA" : "AROA";
  return prefix + upper_hex(text_hash(identity.arn));
}

Result<Json> get_caller_identity(Session& session, const Json&) {
  const bool is_role = !role_name_of(session.caller.arn).empty();
  return Json{{"UserId", unique_id(session.caller) + (is_role ? ":" + session.caller.session : "")},
              {"Account", session.account()},
              {"Arn", session_arn(session.caller, session.caller.session)}};
}

/// How long a session is known after its end, so that its holder hears that it ended and not that it never was.
constexpr std::int64_t kRememberedMillis = 3'600'000;

void forget_expired(Session& session) {
  std::vector<std::string> expired;
  for (const auto& [key, one] : session.state.sessions) {
    if (one.at("expires").get<std::int64_t>() + kRememberedMillis <= session.now_millis()) expired.push_back(key);
  }
  for (const std::string& key : expired) session.state.sessions.erase(key);
}

/// Roles that assume roles do so for an hour at most.
constexpr std::int64_t kLongestChained = 3600;

/// What AWS allows and the lake does not: a session with less than its role's rights would get them all.
Result<void> check_session(Session& session, const Json& input, std::int64_t seconds) {
  if (input.contains("Policy") || input.contains("PolicyArns")) {
    return session.error("MalformedPolicyDocument", "The embedded lake has no session policies; leave Policy and "
                                                    "PolicyArns out, or assume a role that has fewer rights.");
  }
  if (seconds > kLongestChained && !role_name_of(session.caller.arn).empty()) {
    return session.error("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                                            "assumed by role chaining");
  }
  return {};
}

/// Any role that exists trusts every identity; only names that begin with "unknown-" do not exist.
Result<Json> assume_role(Session& session, const Json& input) {
  const std::string arn = string_at(input, "RoleArn");
  const Result<Principal> role = read_principal(arn);
  if (!role || role_name_of(arn).empty()) {
    return session.error("AccessDenied", "User: " + session.caller.arn +
                                             " is not authorized to perform: sts:AssumeRole on resource: " + arn);
  }
  const std::int64_t seconds = input.value("DurationSeconds", std::int64_t{3600});
  TRY(check_session(session, input, seconds));
  forget_expired(session);
  const std::int64_t expires = session.now_millis() + seconds * 1000;
  const std::string key = "ASIA" + upper_hex(random_hex(16));
  const std::string secret = random_hex(40);
  const std::string token = random_hex(64);
  const Identity identity{role->account, arn};
  const std::string name = string_at(input, "RoleSessionName");
  session.state.sessions.put(key, {{"principal", arn},
                                   {"session", name},
                                   {"by", session.caller.arn},
                                   {"secret", secret},
                                   {"token", token},
                                   {"expires", expires}});
  return Json{{"Credentials",
               {{"AccessKeyId", key},
                {"SecretAccessKey", secret},
                {"SessionToken", token},
                {"Expiration", seconds_of(expires)}}},
              {"AssumedRoleUser",
               {{"Arn", session_arn(identity, name)}, {"AssumedRoleId", unique_id(identity) + ":" + name}}},
              {"PackedPolicySize", 0}};
}

}  // namespace

void add_sts_operations(Operations& operations) {
  operations.add({aws::Service::Sts, "GetCallerIdentity", Effect::Read, IamRight::Anyone, "", get_caller_identity});
  operations.add({aws::Service::Sts, "AssumeRole", Effect::Write, IamRight::Anyone,
                  "RoleArn*:s20-2048 RoleSessionName*:s2-64 DurationSeconds:i900-43200 ExternalId:s2-1224 "
                  "Policy:s1-2048 PolicyArns:[@PolicyDescriptor]0-10 Tags:[@SessionTag]0-50 "
                  "TransitiveTagKeys:[s1-128]0-50 SourceIdentity:s2-64",
                  assume_role});
}

}  // namespace datamesh::embedded::lake
