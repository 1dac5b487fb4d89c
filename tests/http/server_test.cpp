// The server against peers that play by the rules and peers that do not, on a loopback socket.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/http/raw_peer.h"
#include "tests/http/serving.h"

namespace datamesh::http {
namespace {

/// What comes back for `bytes` until the server closes.
std::string reply_to(const Server& server, std::string_view bytes) {
  RawPeer peer(server.address().port);
  EXPECT_TRUE(peer.connected());
  peer.send(bytes);
  return peer.receive_all();
}

int status_of(std::string_view reply) {
  return reply.size() < 12 ? 0 : std::stoi(std::string(reply.substr(9, 3)));
}

TEST(Server, AnswersWithBodyAndLength) {
  const auto server = serve();
  const std::string reply = reply_to(
      *server, "POST /a?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
  EXPECT_EQ(status_of(reply), 200);
  EXPECT_NE(reply.find("Content-Length: 11\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\nPOST /a abc")) << reply;
}

TEST(Server, ReadsChunkedBodies) {
  const auto server = serve();
  EXPECT_TRUE(reply_to(*server,
                       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                       "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
                  .ends_with("POST / abc"));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  const auto server = serve();
  const std::string reply = reply_to(*server,
                                     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                                     "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                                     "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(count_of(reply, "HTTP/1.1 200"), 3);
  EXPECT_LT(reply.find("GET /1"), reply.find("GET /2"));
  EXPECT_LT(reply.find("GET /2"), reply.find("GET /3"));
}

TEST(Server, HeadHasTheLengthOfTheGetAndNoBody) {
  const auto server = serve([](const Request&, const Respond& respond) { respond(text_response(200, "12345")); });
  const std::string reply = reply_to(*server, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(reply.find("Content-Length: 5\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\n")) << reply;
}

TEST(Server, SendsContinueBeforeTheBodyIsSent) {
  const auto server = serve();
  RawPeer peer(server->address().port);
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("abc");
  EXPECT_TRUE(peer.receive_all().ends_with("POST / abc"));
}

TEST(Server, RefusesABodyOverTheLimitBeforeItIsSent) {
  ServerLimits limits;
  limits.body = 100;
  const auto server = serve(echo, limits);
  EXPECT_EQ(status_of(reply_to(*server,
                               "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                               "Content-Length: 200000000\r\n\r\n")),
            413);
}

struct Attack {
  const char* name;
  const char* bytes;
  int status;  ///< 0: closed without an answer
};

class ServerRefuses : public testing::TestWithParam<Attack> {};

TEST_P(ServerRefuses, AndCloses) {
  std::atomic<int> handled{0};
  ServerLimits limits;
  limits.read = Millis(300);
  const auto server = serve([&](Request request, const Respond& respond) {
    ++handled;
    echo(std::move(request), respond);
  }, limits);
  const std::string reply = reply_to(*server, GetParam().bytes);
  EXPECT_EQ(status_of(reply), GetParam().status) << reply;
  EXPECT_EQ(count_of(reply, "HTTP/1.1"), GetParam().status == 0 ? 0 : 1) << reply;
  EXPECT_EQ(handled, 0) << "the handler saw a refused request";
}

INSTANTIATE_TEST_SUITE_P(
    Malformed, ServerRefuses,
    testing::Values(
        Attack{"LengthAndChunked",
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
               "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"ChunkedAndLength",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
               "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"TwoLengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
        Attack{"NegativeLength", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nab", 400},
        Attack{"SpaceBeforeColon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc", 400},
        Attack{"HugeChunk",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc", 400},
        Attack{"TwoGigabyteChunk",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7FFFFFF0\r\nabc", 413},
        Attack{"NegativeChunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n", 400},
        Attack{"OtherCoding",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        Attack{"BadMethod", "GE T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"TlsHello", "\x16\x03\x01\x02 \x01 \x01\xfc\x03\x03\r\n\r\n", 400},
        Attack{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        Attack{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        Attack{"BrokenEscape", "GET /small%zz%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"AbsoluteTarget", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"HeaderWithoutColon", "GET / HTTP/1.1\r\nHost a\r\nfoo\r\n\r\n", 400},
        Attack{"BareLineFeeds", "GET / HTTP/1.1\nHost: a\n\n", 400},
        Attack{"UnknownExpectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417},
        Attack{"FoldedLine", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
        Attack{"FoldedByATab", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n", 400},
        Attack{"BareCarriageReturn", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rContent-Length: 5\r\n\r\n", 400},
        Attack{"BareLineFeedInAField", "GET / HTTP/1.1\r\nHost: a\r\nX: a\nContent-Length: 5\r\n\r\n", 400},
        Attack{"TheSameLengthTwice",
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400},
        Attack{"LengthAsAList", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\nab", 400},
        Attack{"LengthWithASign", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\nab", 400},
        Attack{"LengthInHexadecimal", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n\r\nab", 400},
        Attack{"LengthOverAnyNumber",
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\nab", 400},
        Attack{"HundredMebibytes", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n", 413},
        Attack{"ChunkedTwice",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
               "0\r\n\r\n", 400},
        Attack{"ChunkedThenIdentity",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
               "0\r\n\r\n", 400},
        Attack{"ChunkedSpeltOtherwise",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
        Attack{"ChunkedInHttp10",
               "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Attack{"ChunkWithoutItsEnd",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400},
        Attack{"ChunkSizeEndedByALineFeed",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400},
        Attack{"ChunkSizeWithAPrefix",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400},
        Attack{"NoMethod", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"UnknownMethod", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        Attack{"Connect", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        Attack{"Trace", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        Attack{"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        Attack{"NoVersion", "GET /\r\nHost: a\r\n\r\n", 400},
        Attack{"Dots", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"EscapedDots", "GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"EscapedSlash", "GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"EscapedNul", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"EscapedLineEnd", "GET /a%0d%0ab HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Attack{"BodyNeverComes", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na", 0}),
    [](const auto& attack) { return attack.param.name; });

TEST(Server, RefusesAHeadOverTheLimit) {
  const auto server = serve();
  RawPeer peer(server->address().port);
  peer.send("GET / HTTP/1.1\r\nHost: a\r\nX-Big: ");
  for (int i = 0; i < 100 && peer.send(std::string(1000, 'a')); ++i) {
  }
  EXPECT_EQ(status_of(peer.receive_all()), 431);
}

TEST(Server, RefusesATargetOverTheLimit) {
  const auto server = serve();
  const std::string target(ServerLimits{}.target, 'a');
  EXPECT_EQ(status_of(reply_to(*server, "GET /" + target + " HTTP/1.1\r\nHost: a\r\n\r\n")), 414);
  EXPECT_EQ(status_of(reply_to(*server, "GET /" + target + target + target)), 414) << "even when it never ends";
}

TEST(Server, RefusesMoreFieldsThanTheLimit) {
  const auto server = serve();
  std::string request = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 0; i < ServerLimits{}.fields; ++i) request += "X: y\r\n";
  EXPECT_EQ(status_of(reply_to(*server, request + "\r\n")), 431);
}

TEST(Server, RefusesAChunkHeadThatNeverEnds) {
  const auto server = serve();
  RawPeer peer(server->address().port);
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
  for (int i = 0; i < 1000 && peer.send(std::string(1000, 'x')); ++i) {
  }
  const int status = status_of(peer.receive_all());
  EXPECT_TRUE(status == 400 || status == 431) << status;
}

TEST(Server, IgnoresChunkExtensionsAndTrailers) {
  Headers seen;
  const auto server = serve([&](Request request, const Respond& respond) {
    seen = request.headers;
    echo(std::move(request), respond);
  });
  const std::string reply =
      reply_to(*server,
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
               "3;a=b\r\nabc\r\n0\r\nAuthorization: Bearer smuggled\r\n\r\n");
  EXPECT_TRUE(reply.ends_with("POST / abc")) << reply;
  EXPECT_EQ(seen.find("Authorization"), std::nullopt);
}

TEST(Server, HoldsNoMoreBodiesThanAllowed) {
  std::promise<Respond> handed;
  ServerLimits limits;
  limits.bodies = 1000;
  const auto server = serve([&](Request request, const Respond& respond) {
    if (request.path != "/kept") return echo(std::move(request), respond);
    handed.set_value(respond);
  }, limits);
  const std::string body(800, 'x');
  RawPeer first(server->address().port);
  first.send("POST /kept HTTP/1.1\r\nHost: a\r\nContent-Length: 800\r\nConnection: close\r\n\r\n" + body);
  const Respond respond = handed.get_future().get();
  const std::string second = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 800\r\nConnection: close\r\n\r\n" + body;
  EXPECT_EQ(status_of(reply_to(*server, second)), 503);
  respond(text_response(200, "done"));
  EXPECT_EQ(status_of(first.receive_all()), 200);
  EXPECT_EQ(status_of(reply_to(*server, second)), 200) << "what the first one held was not given back";
}

TEST(Server, ShapesItsOwnAnswersAsItIsTold) {
  ServerOptions options;
  options.limits.body = 10;
  options.refusal = [](int status, const std::string& message) {
    return json_response(status, {{"code", status}, {"message", message}});
  };
  const auto server = Server::start({}, options, echo);
  ASSERT_TRUE(server);
  EXPECT_TRUE(reply_to(**server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n")
                  .ends_with("{\"code\":413,\"message\":\"Request entity too large: limit is 10\"}\n"));
}

TEST(Server, TellsWhoAskedAndTheUndecodedTarget) {
  Request seen;
  const auto server = serve([&](Request request, const Respond& respond) {
    seen = request;
    echo(std::move(request), respond);
  });
  reply_to(*server, "GET /a%20b?x=%31 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(seen.raw_target, "/a%20b?x=%31");
  EXPECT_TRUE(seen.peer.starts_with("127.0.0.1:")) << seen.peer;
}

TEST(Server, LetsNoLineEndIntoAHeader) {
  const auto server = serve([](const Request&, const Respond& respond) {
    Response response = text_response(200, "");
    response.headers.add("X-Name", "a\r\nSet-Cookie: b");
    response.headers.add("Content-Length", "5");
    respond(response);
  });
  const std::string reply = reply_to(*server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(reply.find("\r\nSet-Cookie"), std::string::npos) << reply;
  EXPECT_EQ(count_of(reply, "Content-Length: "), 1) << reply;
}

TEST(Server, ClosesAConnectionThatTricklesItsHead) {
  ServerLimits limits;
  limits.read = Millis(200);
  const auto server = serve(echo, limits);
  RawPeer peer(server->address().port);
  peer.send("GET / HTTP/1.1\r\nHost: a\r\n");
  const auto begin = std::chrono::steady_clock::now();
  std::thread trickle([&] {
    while (peer.send("X-a: b\r\n") && std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  EXPECT_EQ(peer.receive_all(), "");
  trickle.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
}

TEST(Server, ClosesAnIdleConnection) {
  ServerLimits limits;
  limits.idle = Millis(50);
  const auto server = serve(echo, limits);
  RawPeer peer(server->address().port);
  EXPECT_TRUE(peer.is_closed());
}

TEST(Server, TakesNoMoreConnectionsThanAllowed) {
  ServerLimits limits;
  limits.connections = 2;
  const auto server = serve(echo, limits);
  RawPeer first(server->address().port);
  RawPeer second(server->address().port);
  for (RawPeer* busy : {&first, &second}) {  // a request under way is not given up for a newcomer
    busy->send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\n");
    busy->receive_until("100 Continue");
  }
  RawPeer third(server->address().port);
  EXPECT_TRUE(third.is_closed());
  for (RawPeer* busy : {&first, &second}) {
    busy->send("x");
    EXPECT_TRUE(busy->receive_all().ends_with("POST / x"));
  }
}

TEST(Server, GivesTheSlotOfWhoIdlesLongestToANewConnection) {
  ServerLimits limits;
  limits.connections = 2;
  const auto server = serve(echo, limits);
  RawPeer first(server->address().port);
  RawPeer second(server->address().port);
  for (RawPeer* idle : {&first, &second}) {
    idle->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    idle->receive_until("GET / ");
  }
  RawPeer third(server->address().port);
  EXPECT_TRUE(first.is_closed());
  for (RawPeer* left : {&second, &third}) {
    left->send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(left->receive_all().ends_with("GET / "));
  }
}

TEST(Server, WaitsForAnAnswerFromAnotherThread) {
  std::promise<Respond> handed;
  const auto server = serve([&](const Request&, const Respond& respond) { handed.set_value(respond); });
  RawPeer peer(server->address().port);
  peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  std::thread answering([&] {
    const Respond respond = handed.get_future().get();
    respond(text_response(200, "first"));
    respond(text_response(200, "second"));
  });
  const std::string reply = peer.receive_all();
  answering.join();
  EXPECT_TRUE(reply.ends_with("first")) << reply;
}

TEST(Server, AnswersForAHandlerThatDropsTheRequest) {
  const auto server = serve([](const Request&, const Respond&) {});
  EXPECT_EQ(status_of(reply_to(*server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")), 500);
}

TEST(Server, AnswersForAHandlerThatTakesTooLong) {
  ServerLimits limits;
  limits.handle = Millis(50);
  std::vector<Respond> kept;
  const auto server = serve([&](const Request&, const Respond& respond) { kept.push_back(respond); }, limits);
  EXPECT_EQ(status_of(reply_to(*server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 504);
}

TEST(Server, IgnoresAnAnswerAfterItsEnd) {
  std::promise<Respond> handed;
  auto server = serve([&](const Request&, const Respond& respond) { handed.set_value(respond); });
  RawPeer peer(server->address().port);
  peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const Respond respond = handed.get_future().get();
  server.reset();
  respond(text_response(200, "too late"));
  EXPECT_EQ(peer.receive_all(), "");
}

TEST(Server, FinishesAnAnswerUnderWayWhenItStops) {
  std::promise<Respond> handed;
  auto server = serve([&](const Request&, const Respond& respond) { handed.set_value(respond); });
  RawPeer idle(server->address().port);
  RawPeer peer(server->address().port);
  peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const Respond respond = handed.get_future().get();
  std::thread stopping([&] { server->stop(Millis(10'000)); });
  EXPECT_TRUE(idle.is_closed());
  respond(text_response(200, "finished"));
  EXPECT_TRUE(peer.receive_all().ends_with("finished"));
  stopping.join();
  EXPECT_FALSE(RawPeer(server->address().port).connected());
}

TEST(Server, SaysWhatToDoWhenThePortIsInUse) {
  const auto first = serve();
  const auto second = Server::start(first->address(), {}, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
  EXPECT_NE(second.error().message.find(to_string(first->address())), std::string::npos);
  EXPECT_NE(second.error().message.find("choose another port"), std::string::npos);
}

TEST(Address, IsReadAndWritten) {
  EXPECT_EQ(*parse_address("127.0.0.1:80"), (Address{"127.0.0.1", 80}));
  EXPECT_EQ(*parse_address("localhost:0"), (Address{"127.0.0.1", 0}));
  EXPECT_EQ(*parse_address(":8080"), (Address{"127.0.0.1", 8080}));
  EXPECT_EQ(*parse_address("[::1]:8080"), (Address{"::1", 8080}));
  EXPECT_EQ(to_string(Address{"::1", 8080}), "[::1]:8080");
  for (const char* text : {"", "8080", "host:", "a:70000", "a:-1", "::1:80", "a:8x"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

}  // namespace
}  // namespace datamesh::http
