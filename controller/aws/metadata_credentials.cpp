#include "controller/aws/metadata_credentials.h"

#include <algorithm>
#include <array>

#include "controller/aws/endpoints.h"

namespace datamesh::aws {
namespace {

constexpr Millis kContainerTimeout{2'000};
constexpr Millis kInstanceTimeout{1'000};
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";

http::Request get(std::string path) {
  http::Request out;
  out.method = "GET";
  out.path = std::move(path);
  return out;
}

/// "http://[::1]:80/x" -> "[::1]" in brackets as it stands there, without port.
std::string_view host_name(std::string_view base) {
  std::string_view host = base.substr(base.find("//") + 2);
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_loopback(std::string_view host) {
  const bool is_numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (is_numeric && host.starts_with("127."));
}

/// Credentials go unprotected over http, so only to where no wire is.
bool is_allowed(std::string_view base) {
  static constexpr std::array<std::string_view, 3> kAgents = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  const std::string_view host = host_name(base);
  return base.starts_with("https://") || is_loopback(host) ||
         std::find(kAgents.begin(), kAgents.end(), host) != kAgents.end();
}

struct Place {
  std::string base;
  http::Request request;
};

Result<Place> place_of(const std::string& uri) {
  const auto wrong = [&](const std::string& why) { return fail(ErrorKind::Invalid, why, "container credentials"); };
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string::npos) return wrong("AWS_CONTAINER_CREDENTIALS_FULL_URI must be like https://host/path");
  const std::size_t slash = std::min(uri.find('/', scheme + 3), uri.size());
  Place out;
  TRY_VALUE(out.base, base_address(uri.substr(0, slash)));
  if (!is_allowed(out.base)) {
    return wrong("http to " + std::string(host_name(out.base)) +
                 " is not safe for credentials: use https, a loopback address, or the agent of ECS or EKS");
  }
  out.request.method = "GET";
  TRY(http::parse_target(slash == uri.size() ? "/" : uri.substr(slash), out.request));
  return out;
}

}  // namespace

Result<std::string> ContainerCredentials::token() const {
  std::string out = machine_.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = machine_.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    TRY_VALUE(out, machine_.read(file));
  }
  if (out.find_first_of("\r\n") != std::string::npos) {
    return fail(ErrorKind::Invalid, "the authorization token must be one line without an end", name());
  }
  return out;
}

Result<std::optional<Credentials>> ContainerCredentials::obtain() {
  const std::string relative = machine_.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = relative.empty() ? machine_.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                                            : "http://169.254.170.2" + relative;
  if (full.empty()) return std::nullopt;
  TRY_VALUE(Place place, place_of(full));
  TRY_VALUE(const std::string token, this->token());
  if (!token.empty()) place.request.headers.add("Authorization", token);
  TRY_VALUE(const http::Response response, sender_.send(place.base, place.request, kContainerTimeout));
  if (response.status != 200) {
    const bool ours = response.status >= 400 && response.status < 500 && response.status != 429;
    return fail(ours ? ErrorKind::Denied : ErrorKind::Transient, "HTTP " + std::to_string(response.status), name());
  }
  const auto json = parse_json(response.body);
  if (!json) return fail(ErrorKind::Transient, "the answer is no JSON", name());
  TRY_VALUE(Credentials out, read_credentials(*json, {}, name()));
  return out;
}

std::string InstanceCredentials::base() const {
  const std::string named = machine_.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (!named.empty()) return base_address(named).value_or("");
  const std::string mode = machine_.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  return mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

Result<std::optional<Credentials>> InstanceCredentials::obtain() {
  const std::string disabled = machine_.variable("AWS_EC2_METADATA_DISABLED");
  if (disabled == "true" || disabled == "TRUE" || disabled == "True" || base().empty()) return std::nullopt;
  http::Request ask = get("/latest/api/token");
  ask.method = "PUT";
  ask.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "21600");
  const auto token = sender_.send(base(), ask, kInstanceTimeout);
  if (!token || token->status != 200) return std::nullopt;  // this is no EC2 instance, or we may not ask
  http::Request request = get(std::string(kRolePath));
  request.headers.add("X-aws-ec2-metadata-token", token->body);
  TRY_VALUE(const http::Response roles, sender_.send(base(), request, kInstanceTimeout));
  if (roles.status != 200) return std::nullopt;  // it has no role
  request.path += roles.body.substr(0, roles.body.find_first_of("\r\n"));
  TRY_VALUE(const http::Response answer, sender_.send(base(), request, kInstanceTimeout));
  const auto json = parse_json(answer.body);
  if (answer.status != 200 || !json) {
    return fail(ErrorKind::Transient, "HTTP " + std::to_string(answer.status) + " instead of credentials", name());
  }
  if (const std::string code = string_at(*json, "Code"); !code.empty() && code != "Success") {
    return fail(ErrorKind::Transient, "the instance's role cannot be used now: " + code, name());
  }
  TRY_VALUE(Credentials out, read_credentials(*json, {}, name()));
  return out;
}

}  // namespace datamesh::aws
