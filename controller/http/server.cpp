#include "controller/http/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <algorithm>
#include <charconv>
#include <set>
#include <thread>

#include "controller/http/connection.h"

namespace datamesh::http {

using boost::asio::ip::tcp;

std::string to_string(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Result<Address> parse_address(std::string_view text) {
  const auto malformed = [&] {
    return fail(ErrorKind::Invalid,
                "\"" + std::string(text) + "\" is no address; write it as 127.0.0.1:8080 or [::1]:8080");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed();
  Address address;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return malformed();
  }
  if (!host.empty()) address.host = host == "localhost" ? "127.0.0.1" : host;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) return malformed();
  return address;
}

namespace {

Error listening_failed(const Address& address, const boost::system::error_code& error) {
  std::string remedy = "choose another address";
  if (error == boost::asio::error::address_in_use) {
    remedy = "stop the program that uses it (ss -ltnp shows which), or choose another port";
  } else if (error == boost::asio::error::access_denied) {
    remedy = "choose a port above 1023";
  }
  return {ErrorKind::Unavailable, "",
          "cannot listen on " + to_string(address) + ": " + error.message() + "; " + remedy, "http", {}};
}

}  // namespace

class Server::Core final : public ConnectionOwner {
 public:
  Core(const ServerOptions& options, MakeTransport make_transport, Handler handler)
      : options_(options), make_transport_(std::move(make_transport)), handler_(std::move(handler)) {
    gate_->io = &io_;
  }

  ~Core() override { stop(Millis(0)); }

  Result<void> listen(const Address& address) {
    boost::system::error_code error;
    const auto host = boost::asio::ip::make_address(address.host, error);
    if (error) {
      return fail(ErrorKind::Invalid, "\"" + address.host + "\" is no IP address", "http");
    }
    const tcp::endpoint endpoint(host, address.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) return fail(listening_failed(address, error));
    address_ = {address.host, acceptor_.local_endpoint().port()};
    accept();
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  void stop(Millis patience) {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this, patience] { drain(patience); });
    thread_.join();
    {
      const std::lock_guard lock(gate_->mutex);
      gate_->io = nullptr;
    }
    const auto left = connections_;
    for (const auto& connection : left) connection->close();
  }

  const Address& address() const { return address_; }

  const ServerOptions& options() const override { return options_; }
  const Handler& handler() const override { return handler_; }
  std::shared_ptr<Gate> gate() const override { return gate_; }
  bool draining() const override { return draining_; }
  bool hold(std::ptrdiff_t more) override {
    held_ += more;
    return held_ <= static_cast<std::ptrdiff_t>(options_.limits.bodies) || more <= 0;
  }
  void closed(const std::shared_ptr<Connection>& connection) override {
    connections_.erase(connection);
    if (draining_ && connections_.empty()) io_.stop();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error == boost::asio::error::operation_aborted || draining_) return;
      if (error) return pause();
      admit(std::move(socket));
      accept();
    });
  }

  void admit(tcp::socket socket) {
    using State = Connection::State;
    if (count(State::Handshaking) >= options_.limits.handshakes) close_oldest(State::Handshaking);
    if (connections_.size() >= options_.limits.connections) close_oldest(State::Waiting);
    if (connections_.size() >= options_.limits.connections) return;  // and the socket closes
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    // Without a bound the kernel buffers megabytes for each peer that does not read.
    socket.set_option(tcp::socket::send_buffer_size(kSendBuffer), ignored);
    const tcp::endpoint remote = socket.remote_endpoint(ignored);
    std::string peer = to_string(Address{remote.address().to_string(ignored), remote.port()});
    const auto connection =
        std::make_shared<Connection>(make_transport_(std::move(socket)), io_, std::move(peer), *this);
    connections_.insert(connection);
    connection->start();
  }

  std::size_t count(Connection::State state) const {
    if (connections_.size() < options_.limits.handshakes) return 0;  // cannot be too many
    return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                  [&](const auto& one) { return one->state() == state; }));
  }

  void close_oldest(Connection::State state) {
    std::shared_ptr<Connection> oldest;
    for (const auto& one : connections_) {
      if (one->state() == state && (!oldest || one->since() < oldest->since())) oldest = one;
    }
    if (oldest) oldest->close();
  }

  /// Out of file descriptors, most likely: accepting again at once would spin.
  void pause() {
    timer_.expires_after(std::chrono::milliseconds(100));
    timer_.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled && !draining_) accept();
    });
  }

  void drain(Millis patience) {
    draining_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    const auto connections = connections_;
    for (const auto& connection : connections) connection->drain();
    if (connections_.empty() || patience.count() <= 0) return io_.stop();
    timer_.expires_after(patience);
    timer_.async_wait([this](boost::system::error_code) { io_.stop(); });
  }

  static constexpr int kSendBuffer = 128 << 10;

  ServerOptions options_;
  MakeTransport make_transport_;
  Handler handler_;
  Address address_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  bool draining_ = false;
  std::ptrdiff_t held_ = 0;  ///< bytes of request bodies
  std::thread thread_;
  boost::asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  boost::asio::steady_timer timer_{io_};
  std::set<std::shared_ptr<Connection>> connections_;
};

Server::Server(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const Address& address, const ServerOptions& options,
                                              Handler handler) {
  MakeTransport make_transport = plain_transport;
  if (options.tls) {
    TRY_VALUE(make_transport, tls_transports(*options.tls));
  }
  auto core = std::make_unique<Core>(options, std::move(make_transport), std::move(handler));
  TRY(core->listen(address));
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

Address Server::address() const { return core_->address(); }
void Server::stop(Millis patience) { core_->stop(patience); }

}  // namespace datamesh::http
