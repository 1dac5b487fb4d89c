// The server and the client under TLS, and peers that do not belong there.
#include <gtest/gtest.h>

#include "controller/http/client.h"
#include "tests/http/raw_peer.h"
#include "tests/http/serving.h"
#include "tests/http/stream_source.h"
#include "tests/http/tls.h"

namespace datamesh::http {
namespace {

Client client_of(const Server& server, const std::string& ca_pem) {
  ClientOptions options;
  options.ca_pem = ca_pem;
  return std::move(*Client::create("https://" + to_string(server.address()), options));
}

Request post(std::string body) {
  Request request;
  request.method = "POST";
  request.path = "/";
  request.body = std::move(body);
  return request;
}

TEST(Tls, CarriesRequestsToAServerThatTheAuthoritySigned) {
  const auto server = serve_tls(echo);
  Client client = client_of(*server, authority().cert_pem);
  for (int i = 0; i < 3; ++i) {
    const auto response = client.send(post("hello"));
    ASSERT_TRUE(response) << to_string(response.error());
    EXPECT_EQ(response->body, "POST / hello");
  }
}

TEST(Tls, CarriesLargeBodiesBothWays) {
  const auto server = serve_tls([](Request request, const Respond& respond) {
    respond(text_response(200, request.body + request.body));
  });
  const std::string body(3 << 20, 'x');
  const auto response = client_of(*server, authority().cert_pem).send(post(body));
  ASSERT_TRUE(response) << to_string(response.error());
  EXPECT_EQ(response->body, body + body);
}

TEST(Tls, ClientRefusesAServerOfAnotherAuthority) {
  std::atomic<int> handled{0};
  const auto server = serve_tls([&](Request request, const Respond& respond) {
    ++handled;
    echo(std::move(request), respond);
  });
  const TlsIdentity other = *make_authority("test authority", kToday);
  EXPECT_FALSE(client_of(*server, other.cert_pem).send(post("secret")));
  EXPECT_FALSE(client_of(*server, "").send(post("secret"))) << "the system's authorities never signed it";
  EXPECT_EQ(handled, 0);
}

TEST(Tls, ClientRefusesAServerOfAnotherName) {
  const auto server = serve_tls(echo, {}, {"192.0.2.1", "example.org"});
  EXPECT_FALSE(client_of(*server, authority().cert_pem).send(post("secret")));
}

TEST(Tls, ChoosesHttp11AmongWhatIsOffered) {
  const auto server = serve_tls(echo);
  TlsPeer peer(server->address().port, [](SSL_CTX* context) {
    static constexpr unsigned char kOffer[] = "\x02h2\x08http/1.1";
    SSL_CTX_set_alpn_protos(context, kOffer, sizeof kOffer - 1);
  });
  ASSERT_TRUE(peer.connected());
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(peer.ssl(), &name, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(name), size), "http/1.1");
  EXPECT_TRUE(peer.ask(kGetAndClose).ends_with("GET / "));
  EXPECT_TRUE(peer.was_dismissed());
}

TEST(Tls, SpeaksToAPeerThatOffersOtherProtocolsOnly) {
  const auto server = serve_tls(echo);
  TlsPeer peer(server->address().port, [](SSL_CTX* context) {
    static constexpr unsigned char kOffer[] = "\x02h2";
    SSL_CTX_set_alpn_protos(context, kOffer, sizeof kOffer - 1);
  });
  EXPECT_TRUE(peer.ask(kGetAndClose).ends_with("GET / "));
}

TEST(Tls, RefusesVersionsBefore12) {
  const auto server = serve_tls(echo);
  const auto speak = [&](int version) {
    return TlsPeer(server->address().port, [version](SSL_CTX* context) {
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_min_proto_version(context, version);
      SSL_CTX_set_max_proto_version(context, version);
    }).connected();
  };
  EXPECT_FALSE(speak(TLS1_VERSION));
  EXPECT_FALSE(speak(TLS1_1_VERSION));
  EXPECT_TRUE(speak(TLS1_2_VERSION));
  EXPECT_TRUE(speak(TLS1_3_VERSION));
}

TEST(Tls, ClosesAPeerThatDoesNotShakeHands) {
  ServerLimits limits;
  limits.handshake = Millis(100);
  const auto server = serve_tls(echo, limits);
  EXPECT_TRUE(RawPeer(server->address().port).is_closed());
}

TEST(Tls, ClosesAPeerThatSpeaksPlainHttp) {
  std::atomic<int> handled{0};
  const auto server = serve_tls([&](Request request, const Respond& respond) {
    ++handled;
    echo(std::move(request), respond);
  });
  RawPeer peer(server->address().port);
  peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(peer.receive_all().find("200"), std::string::npos);
  EXPECT_EQ(handled, 0);
}

TEST(Tls, GivesTheSlotOfTheOldestHandshakeToANewPeer) {
  ServerLimits limits;
  limits.handshakes = 2;
  const auto server = serve_tls(echo, limits);
  RawPeer first(server->address().port);
  RawPeer second(server->address().port);
  TlsPeer third(server->address().port, [](SSL_CTX*) {});
  EXPECT_TRUE(first.is_closed());
  EXPECT_TRUE(third.ask(kGetAndClose).ends_with("GET / "));
}

TEST(Tls, LetsAPeerThatIsStillSendingReadWhyItWasRefused) {
  ServerLimits limits;
  limits.body = 1000;
  const auto server = serve_tls(echo, limits);
  TlsPeer peer(server->address().port, [](SSL_CTX*) {});
  const std::string body(500'000, 'x');
  EXPECT_TRUE(peer.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + body).starts_with("HTTP/1.1 413"));
}

TEST(Tls, StreamsUntilTheServerEndsIt) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve_tls([&](const Request&, const Respond& respond) { respond(streamed(source)); });
  Client client = client_of(*server, authority().cert_pem);
  source->push("first ");
  std::string seen;
  const auto response = client.stream(post(""), [&](std::string_view piece) {
    seen += piece;
    if (seen == "first ") source->push("second ");
    if (seen == "first second ") source->end();
  }, {});
  ASSERT_TRUE(response) << to_string(response.error());
  EXPECT_EQ(seen, "first second ");
}

TEST(Tls, ServerNeedsAKeyThatFitsItsCertificate) {
  ServerOptions options;
  options.tls = {make_server_identity(authority(), {"a"}, kToday)->cert_pem, authority().key_pem};
  const auto server = Server::start({}, options, echo);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::Invalid);
}

}  // namespace
}  // namespace datamesh::http
