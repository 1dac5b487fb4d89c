// Requests through a real proxy: plain ones, and TLS inside a tunnel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/http/client.h"
#include "tests/http/connect_proxy.h"
#include "tests/http/tls.h"

namespace datamesh::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

void greet(const Request& request, const Respond& respond) {
  respond(json_response(200, {{"path", request.path},
                              {"body", request.body},
                              {"shown", request.headers.find("Proxy-Authorization").value_or("nothing")}}));
}

Result<Response> ask(const std::string& base, const ClientOptions& options, const std::string& method = "POST") {
  auto client = Client::create(base, options);
  if (!client) return fail(client.error());
  Request request;
  request.method = method;
  request.path = "/hello";
  request.body = method == "GET" ? "" : "{}";
  return client->send(request, Millis(5'000));
}

ClientOptions through(const ConnectProxy& proxy, const std::string& user = {}) {
  ClientOptions out;
  out.proxies.https = out.proxies.http = "http://" + (user.empty() ? "" : user + "@") + proxy.address();
  out.ca_pem = authority().cert_pem;
  return out;
}

TEST(ClientProxy, TlsGoesThroughATunnelFromEndToEnd) {
  const auto server = serve_tls(greet, {}, {"glue.example.test"});
  const ConnectProxy proxy(server->address().port);
  const auto answer = ask("https://glue.example.test", through(proxy));
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(answer->body, HasSubstr("nothing"));
  EXPECT_THAT(proxy.asked(), ElementsAre("CONNECT glue.example.test:443 HTTP/1.1"));
}

TEST(ClientProxy, TheServersCertificateCountsNotTheProxys) {
  const auto server = serve_tls(greet, {}, {"another.example.test"});
  const ConnectProxy proxy(server->address().port);
  EXPECT_FALSE(ask("https://glue.example.test", through(proxy)));
}

TEST(ClientProxy, OneTunnelServesManyRequests) {
  const auto server = serve_tls(greet, {}, {"glue.example.test"});
  const ConnectProxy proxy(server->address().port);
  auto client = *Client::create("https://glue.example.test:8443", through(proxy));
  Request request;
  request.method = "POST";
  request.path = "/";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.send(request));
  EXPECT_THAT(proxy.asked(), ElementsAre("CONNECT glue.example.test:8443 HTTP/1.1"));
}

TEST(ClientProxy, PlainRequestsNameTheServerInTheirFirstLine) {
  auto server = *Server::start({}, {}, greet);
  const ConnectProxy proxy(server->address().port);
  const auto answer = ask("http://moto.example.test:5000", through(proxy));
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_THAT(answer->body, HasSubstr("/hello"));
  EXPECT_THAT(proxy.asked(), ElementsAre("POST http://moto.example.test:5000/hello HTTP/1.1"));
}

TEST(ClientProxy, TheUserIsShownToTheProxyAndToNobodyElse) {
  const auto server = serve_tls(greet, {}, {"glue.example.test"});
  const ConnectProxy proxy(server->address().port, "Basic am9lOnBAc3M6dw==");  // joe:p@ss:w
  const auto answer = ask("https://glue.example.test", through(proxy, "joe:p%40ss:w"));
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_THAT(answer->body, HasSubstr("nothing"));
}

TEST(ClientProxy, ARefusalNamesTheProxyWithoutThePassword) {
  const auto server = serve_tls(greet, {}, {"glue.example.test"});
  const ConnectProxy proxy(server->address().port, "Basic other");
  const auto answer = ask("https://glue.example.test", through(proxy, "joe:s3cret"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Transient);
  EXPECT_THAT(to_string(answer.error()), HasSubstr("(through the proxy http://" + proxy.address() + ")"));
  EXPECT_THAT(to_string(answer.error()), Not(HasSubstr("s3cret")));
}

TEST(ClientProxy, WhatNoProxyExceptsIsAskedDirectly) {
  const auto server = serve_tls(greet);
  const ConnectProxy proxy(server->address().port);
  EXPECT_TRUE(ask("https://" + to_string(server->address()), through(proxy)));  // loopback
  ClientOptions options = through(proxy);
  options.proxies.none = ".example.invalid";
  EXPECT_FALSE(ask("https://glue.example.invalid", options));  // there is no such host
  EXPECT_TRUE(proxy.asked().empty());
}

TEST(ClientProxy, OneThatCannotBeUsedIsSaidAtOnce) {
  ClientOptions options;
  options.proxies.https = "socks5://joe:s3cret@proxy:1080";
  const auto answer = ask("https://glue.example.test", options);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(to_string(answer.error()), Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace datamesh::http
