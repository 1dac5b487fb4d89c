// Streams at the client: what comes when, how they end, and how they are ended.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "controller/http/client.h"
#include "tests/http/raw_peer.h"
#include "tests/http/serving.h"
#include "tests/http/stream_source.h"

namespace datamesh::http {
namespace {

Client client_of(const Server& server, const ClientOptions& options = {}) {
  return std::move(*Client::create("http://" + to_string(server.address()), options));
}

Request get() {
  Request request;
  request.method = "GET";
  request.path = "/";
  return request;
}

TEST(ClientStream, GivesPiecesAsTheyComeUntilTheEnd) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve([&](const Request&, const Respond& respond) { respond(streamed(source)); });
  source->push("1");
  std::string seen;
  const auto response = client_of(*server).stream(get(), [&](std::string_view piece) {
    seen += piece;
    seen.size() < 5 ? source->push(std::to_string(seen.size() + 1)) : source->end();
  }, {});
  ASSERT_TRUE(response) << to_string(response.error());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(seen, "12345");
}

TEST(ClientStream, GivesAnErrorsBodyInTheResponse) {
  const auto server = serve([](const Request&, const Respond& respond) {
    respond(json_response(410, {{"reason", "Expired"}}));
  });
  int pieces = 0;
  const auto response = client_of(*server).stream(get(), [&](std::string_view) { ++pieces; }, {});
  ASSERT_TRUE(response) << to_string(response.error());
  EXPECT_EQ(response->status, 410);
  EXPECT_EQ(response->body, "{\"reason\":\"Expired\"}\n");
  EXPECT_EQ(pieces, 0);
}

TEST(ClientStream, IsStoppedFromAnotherThreadWhileItIsQuiet) {
  auto source = std::make_shared<StreamSource>();
  auto gone = source->gone();
  source->push("something");
  const auto server = serve([&](const Request&, const Respond& respond) {
    respond(streamed(std::exchange(source, nullptr)));
  });
  std::stop_source stop;
  std::promise<void> began;
  std::thread stopping([&] {
    began.get_future().wait();
    stop.request_stop();
  });
  const auto response = client_of(*server).stream(get(), [&](std::string_view) { began.set_value(); }, stop.get_token());
  stopping.join();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Cancelled);
  EXPECT_EQ(gone.wait_for(std::chrono::seconds(10)), std::future_status::ready) << "the server was not told";
}

TEST(ClientStream, IsStoppedWhileTheHeadIsAwaited) {
  std::promise<void> asked;
  std::vector<Respond> kept;
  const auto server = serve([&](const Request&, const Respond& respond) {
    kept.push_back(respond);
    asked.set_value();
  });
  std::stop_source stop;
  std::thread stopping([&] {
    asked.get_future().wait();
    stop.request_stop();
  });
  const auto response = client_of(*server).stream(get(), [](std::string_view) {}, stop.get_token());
  stopping.join();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Cancelled);
}

TEST(ClientStream, BreaksWhenTheServerGoes) {
  RawServer server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  Client client = std::move(*Client::create("http://127.0.0.1:" + std::to_string(server.port())));
  std::string seen;
  const auto response = client.stream(get(), [&](std::string_view piece) { seen += piece; }, {});
  EXPECT_EQ(seen, "hello");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Transient);
}

TEST(ClientStream, IsLostWhenNothingComesForTooLong) {
  const auto source = std::make_shared<StreamSource>();
  const auto server = serve([&](const Request&, const Respond& respond) { respond(streamed(source)); });
  ClientOptions options;
  options.quiet = Millis(50);
  const auto response = client_of(*server, options).stream(get(), [](std::string_view) {}, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Transient);
}

TEST(ClientStream, ReportsAServerThatIsNotThere) {
  auto server = serve([](const Request&, const Respond&) {});
  Client client = client_of(*server);
  server.reset();
  const auto response = client.stream(get(), [](std::string_view) {}, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Transient);
}

/// Counts what the server has taken of it; has `size` bytes.
class CountingSource final : public BodySource {
 public:
  CountingSource(std::size_t size, std::atomic<std::size_t>& taken) : left_(size), taken_(taken) {}
  Piece take(std::size_t budget) override {
    const std::size_t size = std::min(budget, left_);
    left_ -= size;
    taken_ += size;
    return {std::string(size, 'x'), left_ == 0};
  }
  void on_ready(std::function<void()>) override {}

 private:
  std::size_t left_;
  std::atomic<std::size_t>& taken_;
};

TEST(ClientStream, MakesTheServerWaitForASlowReader) {
  constexpr std::size_t kSize = 256 << 20;
  std::atomic<std::size_t> taken{0};
  const auto server = serve([&](const Request& request, const Respond& respond) {
    if (request.path == "/") return respond(streamed(std::make_shared<CountingSource>(kSize, taken)));
    respond(text_response(200, ""));
  });
  Client client = client_of(*server);
  Client other = client_of(*server);
  std::size_t seen = 0;
  std::size_t most_ahead = 0;
  const auto response = client.stream(get(), [&](std::string_view piece) {
    if (seen == 0) {  // let the server run ahead as far as it can
      Request request = get();
      request.path = "/other";
      for (int i = 0; i < 200; ++i) ASSERT_TRUE(other.send(request));
      most_ahead = taken;
    }
    seen += piece.size();
  }, {});
  ASSERT_TRUE(response) << to_string(response.error());
  EXPECT_EQ(seen, kSize);
  EXPECT_LT(most_ahead, std::size_t{64 << 20});
}

}  // namespace
}  // namespace datamesh::http
