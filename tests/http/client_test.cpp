#include "controller/http/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/http/raw_peer.h"
#include "tests/http/serving.h"

namespace datamesh::http {
namespace {

Client client_of(const Address& address, const ClientOptions& options = {}) {
  auto client = Client::create("http://" + to_string(address), options);
  if (!client) throw std::runtime_error(to_string(client.error()));
  return std::move(*client);
}

Request request(std::string method, std::string path, std::string body = {}) {
  Request made;
  made.method = std::move(method);
  made.path = std::move(path);
  made.body = std::move(body);
  return made;
}

TEST(Client, SendsWhatItIsToldAndReturnsTheAnswer) {
  Request seen;
  const auto server = serve([&](Request received, const Respond& respond) {
    seen = std::move(received);
    Response response = json_response(404, {{"code", 404}});
    response.headers.add("X-Answer", "yes");
    respond(response);
  });
  auto client = client_of(server->address());
  Request sent = request("PATCH", "/a b/ü", R"({"x":1})");
  sent.query = {{"q", "a&b=c d"}};
  sent.headers.add("Content-Type", "application/merge-patch+json");
  sent.headers.add("Authorization", "Bearer abc");
  const auto response = client.send(sent);
  ASSERT_TRUE(response) << to_string(response.error());
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "{\"code\":404}\n");
  EXPECT_EQ(response->headers.find("X-Answer"), "yes");
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.path, sent.path);
  EXPECT_EQ(seen.query, sent.query);
  EXPECT_EQ(seen.body, sent.body);
  EXPECT_EQ(seen.headers.find("Content-Type"), "application/merge-patch+json");
  EXPECT_EQ(seen.headers.find("Authorization"), "Bearer abc");
}

TEST(Client, CarriesLargeBodiesBothWays) {
  const auto server = serve([](Request received, const Respond& respond) {
    respond(text_response(200, received.body + received.body));
  });
  auto client = client_of(server->address());
  const auto response = client.send(request("POST", "/", std::string(3 << 20, 'x')));
  ASSERT_TRUE(response) << to_string(response.error());
  EXPECT_EQ(response->body.size(), std::size_t{6 << 20});
}

TEST(Client, ReportsAServerThatIsNotThere) {
  Address gone;
  gone.port = serve([](const Request&, const Respond&) {})->address().port;
  auto client = client_of(gone);
  const auto response = client.send(request("GET", "/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Transient);
}

TEST(Client, GivesUpOnALateAnswer) {
  std::vector<Respond> kept;
  const auto server = serve([&](const Request&, const Respond& respond) { kept.push_back(respond); });
  auto client = client_of(server->address());
  const auto response = client.send(request("GET", "/"), Millis(100));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Transient);
  EXPECT_EQ(response.error().message, "no response in time");
}

TEST(Client, EndsSoonAfterItIsStopped) {
  std::stop_source stop;
  std::vector<Respond> never;  // answered when all is over
  const auto server = serve([&](const Request&, const Respond& respond) {
    never.push_back(respond);
    stop.request_stop();
  });
  auto client = client_of(server->address());
  const auto begun = std::chrono::steady_clock::now();
  const auto response = client.send(request("GET", "/"), Millis(30'000), stop.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  const auto later = client.send(request("GET", "/"), Millis(30'000), stop.get_token());
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().kind, ErrorKind::Cancelled) << "and lets nothing begin any more";
  EXPECT_EQ(never.size(), 1u);
}

TEST(Client, RefusesAResponseOverItsBudget) {
  const auto server = serve([](const Request&, const Respond& respond) {
    respond(text_response(200, std::string(8 << 20, 'x')));
  });
  ClientOptions options;
  options.response_budget = 1 << 20;
  auto client = client_of(server->address(), options);
  const auto response = client.send(request("GET", "/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::LimitExceeded);
}

TEST(Client, DoesNotFollowRedirects) {
  std::atomic<int> calls{0};
  const auto server = serve([&](const Request&, const Respond& respond) {
    ++calls;
    Response response = text_response(302, "");
    response.headers.add("Location", "/elsewhere");
    respond(response);
  });
  auto client = client_of(server->address());
  const auto response = client.send(request("GET", "/"));
  ASSERT_TRUE(response) << to_string(response.error());
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(calls, 1);
}

/// Answers the first request of a connection and drops the connection after reading the second.
class DroppingServer {
 public:
  DroppingServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(socket_, 8);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~DroppingServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }

  std::uint16_t port() const { return port_; }
  int requests() const { return requests_; }

 private:
  void run() {
    for (int peer = ::accept(socket_, nullptr, nullptr); peer >= 0; peer = ::accept(socket_, nullptr, nullptr)) {
      if (read_request(peer)) {
        static constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        ::send(peer, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
        read_request(peer);
      }
      ::close(peer);
    }
  }

  bool read_request(int peer) {
    std::string text;
    while (text.find("\r\n\r\nbody") == std::string::npos) {
      char bytes[1024];
      const ssize_t size = ::recv(peer, bytes, sizeof bytes, 0);
      if (size <= 0) return false;
      text.append(bytes, static_cast<std::size_t>(size));
    }
    ++requests_;
    return true;
  }

  int socket_;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

TEST(Client, NeverSendsARequestTwice) {
  DroppingServer server;
  auto client = client_of({"127.0.0.1", server.port()});
  ASSERT_TRUE(client.send(request("POST", "/", "body")));
  const auto second = client.send(request("POST", "/", "body"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Transient);
  EXPECT_EQ(server.requests(), 2);
}

TEST(Client, RefusesAMalformedBase) { EXPECT_FALSE(Client::create("nonsense")); }

}  // namespace
}  // namespace datamesh::http
