#include "controller/http/transport.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <span>
#include <string_view>

namespace datamesh::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

using Waste = std::array<char, 16 << 10>;

/// How much of what a peer goes on sending is taken after its last answer: enough that whoever has just sent a body that
/// is too large reads the refusal, rather than a reset.
constexpr std::size_t kPoliteness = 1 << 20;

/// Reads and drops until the peer closes, or has sent `left` bytes more.
void discard(tcp::socket& socket, Waste& waste, std::size_t left, Transport::Done done) {
  socket.async_read_some(boost::asio::buffer(waste),
                         [&socket, &waste, left, done = std::move(done)](error_code error, std::size_t size) mutable {
                           if (error || size >= left) return done(error, 0);
                           discard(socket, waste, left - size, std::move(done));
                         });
}

void stop_sending(tcp::socket& socket) {
  error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void close_socket(tcp::socket& socket) {
  error_code ignored;
  socket.shutdown(tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(tcp::socket socket) : socket_(std::move(socket)) {}

  void handshake(Done done) override {
    boost::asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }
  void read_some(boost::asio::mutable_buffer room, Done done) override {
    socket_.async_read_some(room, std::move(done));
  }
  void write(boost::asio::const_buffer bytes, Done done) override {
    boost::asio::async_write(socket_, bytes, std::move(done));
  }
  void finish(Done done) override {
    stop_sending(socket_);
    waste_ = std::make_unique<Waste>();
    discard(socket_, *waste_, kPoliteness, std::move(done));
  }
  void close() override { close_socket(socket_); }

 private:
  tcp::socket socket_;
  std::unique_ptr<Waste> waste_;  ///< from `finish` on: an idle connection does not carry it
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(tcp::socket socket, std::shared_ptr<boost::asio::ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}

  void handshake(Done done) override {
    stream_.async_handshake(boost::asio::ssl::stream_base::server,
                            [done = std::move(done)](error_code error) { done(error, 0); });
  }
  void read_some(boost::asio::mutable_buffer room, Done done) override {
    stream_.async_read_some(room, std::move(done));
  }
  void write(boost::asio::const_buffer bytes, Done done) override {
    boost::asio::async_write(stream_, bytes, std::move(done));
  }
  void finish(Done done) override {
    stream_.async_shutdown([this, done = std::move(done)](error_code) mutable {
      stop_sending(stream_.next_layer());
      waste_ = std::make_unique<Waste>();
      discard(stream_.next_layer(), *waste_, kPoliteness, std::move(done));
    });
  }
  void close() override { close_socket(stream_.next_layer()); }

 private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  boost::asio::ssl::stream<tcp::socket> stream_;
  std::unique_ptr<Waste> waste_;  ///< from `finish` on: an idle connection does not carry it
};

/// Where "http/1.1" is in a client's list of protocols; empty when it is not.
std::span<const unsigned char> find_protocol(std::span<const unsigned char> offered) {
  static constexpr std::string_view kProtocol = "http/1.1";
  while (!offered.empty() && offered[0] < offered.size()) {
    const auto name = offered.subspan(1, offered[0]);
    if (std::equal(name.begin(), name.end(), kProtocol.begin(), kProtocol.end())) return name;
    offered = offered.subspan(1 + name.size());
  }
  return {};
}

/// Without http/1.1 among what the client offers, its offer is ignored.
constexpr auto kChooseProtocol = [](SSL*, const unsigned char** chosen, unsigned char* size,
                                    const unsigned char* offered, unsigned int offered_size, void*) {
  const auto name = find_protocol({offered, offered_size});
  if (name.empty()) return SSL_TLSEXT_ERR_NOACK;
  *chosen = name.data();
  *size = static_cast<unsigned char>(name.size());
  return SSL_TLSEXT_ERR_OK;
};

}  // namespace

std::unique_ptr<Transport> plain_transport(tcp::socket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

Result<MakeTransport> tls_transports(const TlsIdentity& identity) {
  namespace ssl = boost::asio::ssl;
  const auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  error_code error;
  context->use_certificate_chain(boost::asio::buffer(identity.cert_pem), error);
  if (!error) context->use_private_key(boost::asio::buffer(identity.key_pem), ssl::context::pem, error);
  SSL_CTX* const native = context->native_handle();
  if (error || SSL_CTX_check_private_key(native) != 1) {
    return fail(ErrorKind::Invalid, "the server's certificate and key do not go together: " + error.message(), "tls");
  }
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_alpn_select_cb(native, kChooseProtocol, nullptr);
  return [context](tcp::socket socket) -> std::unique_ptr<Transport> {
    return std::make_unique<TlsTransport>(std::move(socket), context);
  };
}

}  // namespace datamesh::http
