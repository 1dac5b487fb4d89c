// Streamed responses, as peers see them that read, that do not, and that go away.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/http/raw_peer.h"
#include "tests/http/serving.h"
#include "tests/http/stream_source.h"

namespace datamesh::http {
namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Streams `source` to whoever asks for "/", and answers all else at once.
Handler streaming(const std::shared_ptr<BodySource>& source) {
  return [source](const Request& request, const Respond& respond) {
    if (request.path == "/") return respond(streamed(source));
    respond(text_response(200, "answer to " + request.path));
  };
}

TEST(ServerStream, SendsEachPieceAsItIsMade) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve(streaming(source));
  RawPeer peer(server->address().port);
  peer.send(kGetAndClose);
  const std::string head = peer.receive_until("\r\n\r\n");
  EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << "the head waits for no piece";
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
  source->push("one");
  EXPECT_TRUE(peer.receive_until("one\r\n").ends_with("3\r\none\r\n"));
  source->push("second piece");
  EXPECT_TRUE(peer.receive_until("piece\r\n").ends_with("c\r\nsecond piece\r\n"));
  source->end();
  EXPECT_TRUE(peer.receive_all().ends_with("piece\r\n0\r\n\r\n"));
}

TEST(ServerStream, LosesNothingThatIsPushedFromAnotherThread) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve(streaming(source));
  RawPeer peer(server->address().port);
  peer.send("GET / HTTP/1.0\r\n\r\n");
  std::string expected;
  for (int i = 0; i < 20'000; ++i) expected += std::to_string(i) + "\n";
  std::thread pushing([&] {
    for (int i = 0; i < 20'000; ++i) source->push(std::to_string(i) + "\n");
    source->end();
  });
  const std::string reply = peer.receive_all();
  pushing.join();
  EXPECT_EQ(reply.find("chunked"), std::string::npos) << "HTTP/1.0 knows no chunks";
  EXPECT_EQ(reply.substr(reply.find("\r\n\r\n") + 4), expected);
}

TEST(ServerStream, KeepsTheConnectionForTheNextRequest) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve(streaming(source));
  RawPeer peer(server->address().port);
  peer.send(kGet);
  peer.receive_until("\r\n\r\n");
  source->end();
  peer.receive_until("0\r\n\r\n");
  peer.send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(peer.receive_all().ends_with("answer to /next"));
}

TEST(ServerStream, AnswersWhatWasSentMeanwhileAfterItsEnd) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve(streaming(source));
  RawPeer peer(server->address().port);
  peer.send(kGet);
  peer.receive_until("\r\n\r\n");
  peer.send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  source->push("piece");
  peer.receive_until("piece");
  source->end();
  const std::string reply = peer.receive_all();
  EXPECT_LT(reply.find("0\r\n\r\nHTTP/1.1 200"), reply.find("answer to /next")) << reply;
}

TEST(ServerStream, ToAHeadIsAHeadOnly) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve(streaming(source));
  RawPeer peer(server->address().port);
  peer.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(peer.receive_all().ends_with("\r\n\r\n"));
}

TEST(ServerStream, MayBeQuietForLongerThanAnyLimit) {
  const auto source = std::make_shared<StreamSource>();
  ServerLimits limits;
  limits.idle = limits.read = limits.handle = limits.write = Millis(60);
  const auto server = serve(streaming(source), limits);
  RawPeer peer(server->address().port);
  peer.send(kGetAndClose);
  source->push("first");
  peer.receive_until("first");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(RawPeer(server->address().port).is_closed()) << "idles longer than it may";
  source->push("after the silence");
  EXPECT_NE(peer.receive_until("silence").find("after the silence"), std::string::npos);
}

/// Always has more.
class EndlessSource final : public BodySource {
 public:
  ~EndlessSource() override { total_.set_value(taken_); }
  std::future<std::size_t> total() { return total_.get_future(); }

  Piece take(std::size_t budget) override {
    taken_ += budget;
    return {std::string(budget, 'x'), false};
  }
  void on_ready(std::function<void()>) override {}

 private:
  std::size_t taken_ = 0;
  std::promise<std::size_t> total_;
};

TEST(ServerStream, CutsAPeerThatReadsNothingAndTakesLittleForIt) {
  std::promise<std::size_t> unused;
  auto source = std::make_shared<EndlessSource>();
  auto total = source->total();
  ServerLimits limits;
  limits.write = Millis(300);
  const auto server = serve([&source](const Request& request, const Respond& respond) {
    if (request.path == "/") return respond(streamed(std::exchange(source, nullptr)));
    respond(text_response(200, "served"));
  }, limits);
  RawPeer stuck(server->address().port);
  stuck.send(kGet);
  RawPeer other(server->address().port);
  other.send("GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other.receive_all().ends_with("served"));
  EXPECT_LT(total.get(), std::size_t{32 << 20}) << "more than the buffers of two sockets hold";
}

TEST(ServerStream, LetsGoOfItsSourceWhenThePeerGoes) {
  auto source = std::make_shared<StreamSource>();
  auto gone = source->gone();
  const auto server = serve([&source](const Request&, const Respond& respond) {
    respond(streamed(std::exchange(source, nullptr)));
  });
  {
    RawPeer peer(server->address().port);
    peer.send(kGet);
    peer.receive_until("\r\n\r\n");
  }
  EXPECT_EQ(gone.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(ServerStream, IsEndedInFormWhenTheServerStops) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve(streaming(source));
  RawPeer peer(server->address().port);
  peer.send(kGet);
  peer.receive_until("\r\n\r\n");
  std::thread stopping([&] { server->stop(Millis(10'000)); });
  EXPECT_TRUE(peer.receive_all().ends_with("\r\n\r\n0\r\n\r\n"));
  stopping.join();
}

TEST(ServerStream, MayBeWokenAfterTheServerWent) {
  const auto source = std::make_shared<StreamSource>();
  {
    const auto server = serve(streaming(source));
    RawPeer peer(server->address().port);
    peer.send(kGet);
    peer.receive_until("\r\n\r\n");
  }
  source->push("to nobody");
  EXPECT_EQ(source->take(100).data, "to nobody");
}

TEST(ServerStream, ReachesAThousandPeers) {
  std::vector<std::shared_ptr<StreamSource>> sources;
  ServerLimits limits;
  limits.connections = 1100;
  const auto server = serve([&sources](const Request&, const Respond& respond) {
    sources.push_back(std::make_shared<StreamSource>());
    respond(streamed(sources.back()));
  }, limits);
  std::vector<std::unique_ptr<RawPeer>> peers;
  const int count = std::min<int>(1000, static_cast<int>(::sysconf(_SC_OPEN_MAX) / 2 - 50));
  for (int i = 0; i < count; ++i) {
    peers.push_back(std::make_unique<RawPeer>(server->address().port));
    ASSERT_TRUE(peers.back()->connected());
    peers.back()->send(kGet);
  }
  for (const auto& peer : peers) ASSERT_NE(peer->receive_until("\r\n\r\n"), "");
  for (const auto& source : sources) source->push("event");
  for (const auto& peer : peers) ASSERT_TRUE(peer->receive_until("event").ends_with("5\r\nevent\r\n") ||
                                             peer->receive_until("event\r\n").ends_with("event\r\n"));
}

}  // namespace
}  // namespace datamesh::http
