#include "controller/kube/http_transport.h"

namespace datamesh::kube {
namespace {

constexpr Millis kCertificateAge{60'000};

/// Shorter than proxies and load balancers keep a connection that idles: a minute, and half of that at times.
constexpr Millis kLongestIdle{15'000};

Result<std::string> text_of(const PemSource& source, const ReadFile& read) {
  if (!source.text.empty() || source.file.empty()) return source.text;
  return read(source.file);
}

}  // namespace

Result<std::unique_ptr<HttpTransport>> HttpTransport::create(ClusterAccess access, const Clock& clock, ReadFile read,
                                                             Options options) {
  std::unique_ptr<HttpTransport> out(
      new HttpTransport(std::move(access), clock, std::move(read), std::move(options)));
  TRY(out->client({}));
  return out;
}

HttpTransport::HttpTransport(ClusterAccess access, const Clock& clock, ReadFile read, Options options)
    : access_(std::move(access)),
      clock_(clock),
      read_(std::move(read)),
      options_(std::move(options)),
      credentials_(access_, clock, read_, run_program) {}

Result<http::ClientOptions> HttpTransport::client_options(const Credential& credential) const {
  http::ClientOptions out;
  out.timeout = options_.timeout;
  TRY_VALUE(out.ca_pem, text_of(access_.authority, read_));
  TRY_VALUE(out.identity.cert_pem, text_of(access_.certificate, read_));
  TRY_VALUE(out.identity.key_pem, text_of(access_.key, read_));
  if (!credential.certificate.empty()) out.identity = {credential.certificate, credential.key};
  out.server_name = access_.tls_server_name;
  out.proxy_url = access_.proxy_url;
  out.skip_verification = access_.skip_verification;
  return out;
}

/// The client of the present certificates. While they cannot be read, the last good ones serve.
Result<std::shared_ptr<http::Client>> HttpTransport::client(const Credential& credential) {
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  const bool same = shown_.certificate == credential.certificate && shown_.key == credential.key;
  const bool idled = now > used_ + kLongestIdle || now < used_;
  if (client_ && same && !idled && now < checked_ + kCertificateAge) return client_;
  checked_ = now;
  shown_ = credential;
  auto options = client_options(credential);
  if (!options && client_) return client_;
  if (!options) return fail(options.error());
  const std::string fingerprint =
      text_hash(options->ca_pem + '\n' + options->identity.cert_pem + '\n' + options->identity.key_pem);
  if (client_ && !idled && fingerprint == fingerprint_) return client_;
  TRY_VALUE(http::Client fresh, http::Client::create(access_.server, *options));
  client_ = std::make_shared<http::Client>(std::move(fresh));
  fingerprint_ = fingerprint;
  used_ = now;
  return client_;
}

Result<http::Response> HttpTransport::exchange(const http::Request& request, const Exchange& exchange) {
  for (int attempt = 1;; ++attempt) {
    TRY_VALUE(const Credential credential, credentials_.current());
    http::Request wanted = request;
    if (!credential.authorization.empty()) wanted.headers.add("Authorization", credential.authorization);
    if (!access_.impersonate_user.empty()) wanted.headers.add("Impersonate-User", access_.impersonate_user);
    for (const std::string& group : access_.impersonate_groups) wanted.headers.add("Impersonate-Group", group);
    TRY_VALUE(const std::shared_ptr<http::Client> used, client(credential));
    auto answer = exchange(*used, wanted);
    if (options_.observe) options_.observe(answer ? std::to_string(answer->status) : "<error>", request.method);
    if (!answer || answer->status != 401 || attempt == 2 || credential == Credential{}) return answer;
    credentials_.refused(credential);
  }
}

Result<http::Response> HttpTransport::send(const http::Request& request) {
  auto out = exchange(request, [](http::Client& client, const http::Request& wanted) { return client.send(wanted); });
  const std::lock_guard lock(mutex_);
  used_ = clock_.now();
  return out;
}

Result<http::Response> HttpTransport::stream(const http::Request& request, const TakePiece& take,
                                             std::stop_token stop) {
  return exchange(request, [&](http::Client& client, const http::Request& wanted) -> Result<http::Response> {
    std::stop_source enough;
    const std::stop_callback follow(stop, [&enough] { enough.request_stop(); });
    const auto on_piece = [&](std::string_view piece) {
      if (!enough.stop_requested() && !take(piece)) enough.request_stop();
    };
    auto answer = client.stream(wanted, on_piece, enough.get_token());
    if (answer || answer.error().kind != ErrorKind::Cancelled) return answer;
    http::Response ended;  // by `take` or `stop`, which is no failure
    return ended;
  });
}

}  // namespace datamesh::kube
