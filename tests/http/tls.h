// What tests of TLS share: an authority, a server of its, and a peer that speaks TLS as badly as it is told to.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "controller/http/server.h"

namespace datamesh::http {

inline const Time kToday = SystemClock().now();

inline const TlsIdentity& authority() {
  static const TlsIdentity made = *make_authority("test authority", kToday);
  return made;
}

inline std::unique_ptr<Server> serve_tls(Handler handler, const ServerLimits& limits = {},
                                         const std::vector<std::string>& names = {"127.0.0.1", "localhost"}) {
  ServerOptions options;
  options.limits = limits;
  options.tls = *make_server_identity(authority(), names, kToday);
  auto server = Server::start({}, options, std::move(handler));
  if (!server) throw std::runtime_error(to_string(server.error()));
  return std::move(*server);
}

/// One TLS connection of OpenSSL's own, which checks no certificate.
class TlsPeer {
 public:
  TlsPeer(std::uint16_t port, const std::function<void(SSL_CTX*)>& set_up)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    set_up(context_.get());
    bio_.reset(BIO_new_ssl_connect(context_.get()));
    BIO_set_conn_hostname(bio_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
    connected_ = BIO_do_connect(bio_.get()) == 1;
  }

  bool connected() const { return connected_; }
  SSL* ssl() const {
    SSL* ssl = nullptr;
    BIO_get_ssl(bio_.get(), &ssl);
    return ssl;
  }
  std::string ask(const std::string& request) {
    BIO_write(bio_.get(), request.data(), static_cast<int>(request.size()));
    std::string reply;
    char bytes[4096];
    for (int size = 1; size > 0;) {
      size = BIO_read(bio_.get(), bytes, sizeof bytes);
      if (size > 0) reply.append(bytes, static_cast<std::size_t>(size));
    }
    return reply;
  }
  /// True when the server said goodbye rather than just closing.
  bool was_dismissed() const { return (SSL_get_shutdown(ssl()) & SSL_RECEIVED_SHUTDOWN) != 0; }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio_{nullptr, BIO_free_all};
  bool connected_ = false;
};

}  // namespace datamesh::http
