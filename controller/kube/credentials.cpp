#include "controller/kube/credentials.h"

#include "controller/base/json.h"
#include "controller/kube/base64.h"

namespace datamesh::kube {
namespace {

/// Kubernetes renews a pod's token long before its end; client-go reads it as often.
constexpr Millis kTokenFileAge{60'000};
/// A credential is not used in the last moments of its life: the request must still arrive.
constexpr Millis kLeeway{10'000};

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

/// What the plugin reads in KUBERNETES_EXEC_INFO.
Json exec_info(const ClusterAccess& access) {
  Json spec = {{"interactive", false}};
  if (access.exec->provide_cluster) {
    spec["cluster"] = {{"server", access.server}};
    if (!access.authority.text.empty()) spec["cluster"]["certificate-authority-data"] = base64_encode(access.authority.text);
    if (!access.tls_server_name.empty()) spec["cluster"]["tls-server-name"] = access.tls_server_name;
    if (access.skip_verification) spec["cluster"]["insecure-skip-tls-verify"] = true;
  }
  return {{"kind", "ExecCredential"}, {"apiVersion", access.exec->api_version}, {"spec", spec}};
}

}  // namespace

Credentials::Credentials(ClusterAccess access, const Clock& clock, ReadFile read, RunPlugin run)
    : access_(std::move(access)), clock_(clock), read_(std::move(read)), run_(std::move(run)) {}

Result<Credential> Credentials::current() {
  const std::lock_guard lock(mutex_);
  if (cached_ && (!cached_->until || clock_.now() < *cached_->until)) return cached_->value;
  auto fresh = obtain();
  if (!fresh && cached_ && !access_.exec) {  // the file is being replaced; the token most likely still holds
    return cached_->value;
  }
  if (!fresh) return fail(fresh.error());
  cached_ = std::move(*fresh);
  return cached_->value;
}

void Credentials::refused(const Credential& credential) {
  const std::lock_guard lock(mutex_);
  if (cached_ && cached_->value == credential) cached_.reset();
}

Result<Credentials::Cached> Credentials::obtain() const {
  if (access_.exec) return from_plugin();
  if (!access_.token_file.empty()) {
    TRY_VALUE(const std::string text, read_(access_.token_file));
    return Cached{{"Bearer " + trimmed(text), {}, {}}, clock_.now() + kTokenFileAge};
  }
  if (!access_.token.empty()) return Cached{{"Bearer " + access_.token, {}, {}}, std::nullopt};
  if (!access_.username.empty()) {
    return Cached{{"Basic " + base64_encode(access_.username + ":" + access_.password), {}, {}}, std::nullopt};
  }
  return Cached{};
}

Result<Credentials::Cached> Credentials::from_plugin() const {
  const ExecPlugin& plugin = *access_.exec;
  ProgramCall call{plugin.command, plugin.arguments, plugin.environment};
  call.environment["KUBERNETES_EXEC_INFO"] = exec_info(access_).dump();
  const auto output = run_(call);
  if (!output) {
    Error error = output.error();
    if (error.kind == ErrorKind::NotFound && !plugin.install_hint.empty()) error.message += "; " + plugin.install_hint;
    return fail(std::move(error));
  }
  // Nothing of what it printed goes into a message: it may hold the token.
  const auto answer = parse_json(*output);
  if (!answer || string_at(*answer, "kind") != "ExecCredential" ||
      string_at(*answer, "apiVersion") != plugin.api_version) {
    return fail(ErrorKind::Invalid, "it did not print an ExecCredential of " + plugin.api_version, plugin.command);
  }
  const Json& status = member(*answer, "status");
  Cached out{{{}, string_at(status, "clientCertificateData"), string_at(status, "clientKeyData")}, std::nullopt};
  if (const std::string token = string_at(status, "token"); !token.empty()) out.value.authorization = "Bearer " + token;
  if (out.value.certificate.empty() != out.value.key.empty()) {
    return fail(ErrorKind::Invalid, "clientCertificateData and clientKeyData come together", plugin.command);
  }
  if (out.value == Credential{}) {
    return fail(ErrorKind::Invalid, "it gave neither a token nor a client certificate", plugin.command);
  }
  if (const auto end = parse_rfc3339(string_at(status, "expirationTimestamp"))) out.until = *end - kLeeway;
  return out;
}

}  // namespace datamesh::kube
