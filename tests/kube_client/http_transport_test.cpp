// An API server over TLS: whom we trust, who we say we are, and what happens when that is refused.
#include "controller/kube/http_transport.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/http/raw_peer.h"
#include "tests/http/tls.h"

namespace datamesh::kube {
namespace {

const SystemClock& wall() {
  static const SystemClock kClock;
  return kClock;
}

/// A server of the test authority that keeps what it was asked, and how it is reached.
class Subject {
 public:
  explicit Subject(http::Handler handler, const std::vector<std::string>& names = {"127.0.0.1", "localhost"})
      : server_(http::serve_tls(std::move(handler), {}, names)) {
    access.server = "https://" + to_string(server_->address());
    access.authority.text = http::authority().cert_pem;
  }

  Result<http::Response> get(const std::string& path = "/x") {
    auto transport = HttpTransport::create(
        access, wall(), [this](const std::string& file) -> Result<std::string> { return files.at(file); },
        {std::chrono::seconds(10), [this](const std::string& code, const std::string&) { codes.push_back(code); }});
    if (!transport) return fail(transport.error());
    http::Request request;
    request.method = "GET";
    request.path = path;
    return (*transport)->send(request);
  }

  ClusterAccess access;
  std::map<std::string, std::string> files;
  std::vector<std::string> codes;

 private:
  std::unique_ptr<http::Server> server_;
};

TEST(HttpTransport, SaysWhoWeAre) {
  Subject subject([](http::Request request, http::Respond respond) {
    respond(http::text_response(200, request.headers.find("Authorization").value_or("nobody") + " as " +
                                         request.headers.find("Impersonate-User").value_or("itself")));
  });
  EXPECT_EQ(subject.get()->body, "nobody as itself");
  subject.access.token = "t";
  subject.access.impersonate_user = "carol";
  EXPECT_EQ(subject.get()->body, "Bearer t as carol");
  EXPECT_EQ(subject.codes, (std::vector<std::string>{"200", "200"}));
}

TEST(HttpTransport, ARefusedTokenIsReadAgainAndSentOnce) {
  std::atomic<int> requests{0};
  Subject subject([&](http::Request request, http::Respond respond) {
    ++requests;
    const bool known = request.headers.find("Authorization") == "Bearer new";
    respond(http::text_response(known ? 200 : 401, ""));
  });
  subject.access.token_file = "/token";
  subject.files["/token"] = "old";
  EXPECT_EQ(subject.get()->status, 401) << "the file still holds the old one";
  EXPECT_EQ(requests, 2);
}

TEST(HttpTransport, AConnectionThatIdledIsNotTrustedWithAnotherRequest) {
  std::mutex mutex;
  std::vector<std::string> peers;
  http::ServerLimits limits;
  limits.idle = Millis(100);  // as a proxy between that closes what idles
  auto server = *http::Server::start({}, {.limits = limits}, [&](const http::Request& request, const http::Respond& respond) {
    const std::lock_guard lock(mutex);
    peers.push_back(request.peer);
    respond(http::text_response(201, ""));
  });
  ClusterAccess access;
  access.server = "http://" + to_string(server->address());
  FakeClock clock(http::kToday);
  const auto none = [](const std::string& file) -> Result<std::string> { return fail(ErrorKind::NotFound, file); };
  const auto transport = *HttpTransport::create(access, clock, none, {std::chrono::seconds(10), {}});
  http::Request create;
  create.method = "POST";
  create.path = "/apis/datamesh.dev/v1alpha1/grants";
  create.body = "{}";
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(transport->send(create));
  EXPECT_EQ(peers[0], peers[1]) << "while it is used it is kept";
  http::RawPeer waiting(server->address().port);
  ASSERT_TRUE(waiting.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  waiting.receive_all();  // ends when the server has closed what idled longer than its limit
  clock.advance(Millis(15'001));
  const auto written = transport->send(create);
  ASSERT_TRUE(written) << to_string(written.error());
  EXPECT_EQ(written->status, 201);
}

TEST(HttpTransport, AnAuthorityThatWeDoNotTrustIsNoServer) {
  Subject subject([](http::Request, http::Respond respond) { respond(http::text_response(200, "")); });
  subject.access.authority.text = http::make_authority("another", http::kToday)->cert_pem;
  EXPECT_EQ(subject.get().error().kind, ErrorKind::Transient);
  subject.access.authority.text.clear();
  subject.access.skip_verification = true;
  EXPECT_EQ(subject.get()->status, 200);
}

TEST(HttpTransport, AServerIsKnownByItsNameWhereverItIsReached) {
  Subject subject([](http::Request, http::Respond respond) { respond(http::text_response(200, "")); },
                  {"api.mesh.internal"});
  EXPECT_EQ(subject.get().error().kind, ErrorKind::Transient) << "its certificate names no address";
  subject.access.tls_server_name = "api.mesh.internal";
  const auto answer = subject.get();
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 200);
  subject.access.tls_server_name = "elsewhere.internal";
  EXPECT_EQ(subject.get().error().kind, ErrorKind::Transient) << "a name that it does not have";
}

TEST(HttpTransport, AStreamEndsWhenItsTakerHasEnough) {
  Subject subject([](http::Request, http::Respond respond) { respond(http::text_response(200, std::string(1 << 20, 'x'))); });
  auto transport = HttpTransport::create(
      subject.access, wall(), [](const std::string&) -> Result<std::string> { return std::string(); }, {});
  ASSERT_TRUE(transport) << to_string(transport.error());
  http::Request request;
  request.method = "GET";
  request.path = "/watch";
  std::size_t taken = 0;
  const auto answer = (*transport)->stream(
      request,
      [&](std::string_view piece) {
        taken += piece.size();
        return false;
      },
      {});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_GT(taken, 0u);
}

}  // namespace
}  // namespace datamesh::kube
