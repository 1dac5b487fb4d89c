#include "controller/http/client_wire.h"

#include <cpprest/producerconsumerstream.h>
#include <openssl/ssl.h>

namespace datamesh::http {
namespace {

namespace asio = boost::asio;

/// A body that cannot seek. The library silently re-sends a request whose body can, when a kept connection turns
/// out to be dead, although the server may have acted on the first one.
concurrency::streams::istream once_only(const std::string& body) {
  concurrency::streams::producer_consumer_buffer<std::uint8_t> buffer;
  buffer.putn_nocopy(reinterpret_cast<const std::uint8_t*>(body.data()), body.size()).wait();
  buffer.close(std::ios_base::out).wait();
  return buffer.create_istream();
}

/// Trusts `options.ca_pem` and nobody else. Called for every new connection. Throws what Asio throws.
void set_trust(asio::ssl::context& context, const ClientOptions& options) {
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  if (!options.ca_pem.empty()) {
    SSL_CTX_set_cert_store(native, X509_STORE_new());  // without the system's authorities
    context.add_certificate_authority(asio::buffer(options.ca_pem));
  }
  if (options.identity.cert_pem.empty()) return;
  context.use_certificate_chain(asio::buffer(options.identity.cert_pem));
  context.use_private_key(asio::buffer(options.identity.key_pem), asio::ssl::context::pem);
}

}  // namespace

web::http::client::http_client_config client_configuration(const ClientOptions& options, const ProxyAddress& proxy) {
  web::http::client::http_client_config config;
  config.set_max_redirects(0);
  config.set_timeout(std::chrono::hours(1));  // an idle timeout; the caller keeps the real deadline
  config.set_validate_certificates(!options.skip_verification);
  if (!proxy.base.empty()) {
    web::web_proxy through{::web::uri(proxy.base)};
    // The library ignores what the address itself says of the user.
    if (!proxy.user.empty()) through.set_credentials(::web::credentials(proxy.user, proxy.password));
    config.set_proxy(through);
  }
  config.set_ssl_context_callback([options](asio::ssl::context& context) { set_trust(context, options); });
  return config;
}

web::http::http_request to_wire(const Request& request, const ClientOptions& options) {
  web::http::http_request wire(request.method);
  wire.set_request_uri(target_of(request));
  for (const auto& [name, value] : request.headers) wire.headers().add(name, value);
  // The library asks TLS for the name that the Host header gives, and checks the certificate for it.
  if (!options.server_name.empty()) wire.headers()["Host"] = options.server_name;
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
    const auto type = request.headers.find("Content-Type").value_or("application/json");
    wire.set_body(once_only(request.body), request.body.size(), type);
  }
  return wire;
}

Response head_of(const web::http::http_response& wire) {
  Response response;
  response.status = wire.status_code();
  response.content_type = wire.headers().content_type();
  for (const auto& [name, value] : wire.headers()) {
    if (name != "Content-Type" && name != "Content-Length") response.headers.add(name, value);
  }
  return response;
}

}  // namespace datamesh::http
