// The reader of requests, fed by hand. What it refuses is listed in server_test.cpp, where peers see it.
#include "controller/http/request_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace datamesh::http {
namespace {

using Step = RequestReader::Step;

constexpr std::string_view kThreeRequests =
    "POST /a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
    "PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\nX-Late: y\r\n\r\n"
    "GET /c HTTP/1.1\r\nHost: h\r\n\r\n";

/// What came out, one line a request; "refused 400" ends it.
std::string read(std::string_view bytes, std::size_t step) {
  const ServerLimits limits;
  RequestReader reader(limits);
  std::string out;
  reader.begin();
  while (true) {
    switch (reader.advance()) {
      case Step::HeadRead: break;
      case Step::Refused: return out + "refused " + std::to_string(reader.refusal().status);
      case Step::Complete: {
        const Request request = reader.take();
        out += request.method + " " + request.raw_target + " " + request.body + "\n";
        reader.begin();
        break;
      }
      case Step::NeedsMore: {
        if (bytes.empty()) return out;
        const auto room = reader.room();
        const std::size_t size = std::min({room.size(), bytes.size(), step});
        std::copy_n(bytes.begin(), size, room.begin());
        reader.received(size);
        bytes.remove_prefix(size);
      }
    }
  }
}

TEST(RequestReader, ReadsTheSameHoweverTheBytesAreCut) {
  for (std::size_t step = 1; step <= kThreeRequests.size(); ++step) {
    ASSERT_EQ(read(kThreeRequests, step), "POST /a?x=1 abc\nPUT /b def\nGET /c \n") << step;
  }
}

TEST(RequestReader, ReadsChunksThatWouldFailAnAssertionOfBeast) {
  const std::string empty = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t step = 1; step <= empty.size(); ++step) ASSERT_EQ(read(empty, step), "POST / \n") << step;
}

TEST(RequestReader, RefusesTheSameHoweverTheBytesAreCut) {
  const std::string folded = "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n";
  const std::string bare = "GET / HTTP/1.1\r\nHost: h\nX: a\r\n\r\n";
  const std::string chunked = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t step = 1; step <= folded.size(); ++step) {
    ASSERT_EQ(read(folded, step), "refused 400") << step;
    ASSERT_EQ(read(bare, step), "refused 400") << step;
    for (const char* body : {"1\nx\r\n0\r\n\r\n", "1\rx\r\n0\r\n\r\n", "1 \r\nx\r\n", "1\r\nxy\r\n", "1\r\nx\n0\r\n\r\n", ";\r\n",
                             "\r\n", "g\r\n", "-1\r\n", "0\r\n folded\r\n\r\n", "0\r\nnone\r\n\r\n", "0\r\n\n", "1000000000000000\r\n"}) {
      ASSERT_EQ(read(chunked + body, step), "refused 400") << body << step;
    }
  }
}

/// `text` with a few bytes changed, dropped, doubled or moved.
std::string mutated(std::string text, std::mt19937& random) {
  static constexpr std::string_view kBytes = "\r\n\t :;,/%?0aF\0\x80";
  const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); };
  for (std::size_t left = 1 + below(4); left > 0; --left) {
    const std::size_t at = below(text.size());
    switch (below(4)) {
      case 0: text[at] = kBytes[below(kBytes.size())]; break;
      case 1: text.erase(at, 1 + below(8)); break;
      case 2: text.insert(at, text.substr(below(text.size()), 1 + below(40))); break;
      default: text.insert(at, 1, kBytes[below(kBytes.size())]);
    }
    if (text.empty()) text = "x";
  }
  return text;
}

TEST(RequestReader, ReadsTheSameHoweverBrokenBytesAreCut) {
  std::mt19937 random(20261122);
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string bytes = mutated(std::string(kThreeRequests), random);
    const std::string whole = read(bytes, bytes.size());
    ASSERT_EQ(read(bytes, 1), whole) << bytes;
    ASSERT_EQ(read(bytes, 1 + static_cast<std::size_t>(i % 50)), whole) << bytes;
    refused += whole.find("refused") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(refused, 1000) << "the mutations break too little to tell anything";
  EXPECT_LT(refused, 4000);
}

TEST(RequestReader, CarriesALargeBody) {
  const std::string body(3 << 20, 'x');
  const std::string request = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  EXPECT_EQ(read(request + body + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n", 1 << 20),
            "POST / " + body + "\nGET /next \n");
}

TEST(RequestReader, WaitsForBytesThatWereAskedForBeforeANewRequestBegan) {
  const ServerLimits limits;
  RequestReader reader(limits);
  reader.begin();
  const auto room = reader.room();
  reader.begin();  // a streamed response ended while a read was under way
  const std::string request = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
  std::copy(request.begin(), request.end(), room.begin());
  reader.received(request.size());
  EXPECT_EQ(reader.advance(), Step::HeadRead);
  EXPECT_EQ(reader.advance(), Step::Complete);
  EXPECT_EQ(reader.take().path, "/a");
}

}  // namespace
}  // namespace datamesh::http
