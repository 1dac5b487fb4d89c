// libFuzzer: any bytes as what a connection receives. However they are cut, the same requests come out.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "controller/http/request_reader.h"

namespace {

using datamesh::http::Request;
using datamesh::http::RequestReader;

const datamesh::http::ServerLimits& limits() {
  static const datamesh::http::ServerLimits small = [] {
    datamesh::http::ServerLimits made;
    made.header = 2048;
    made.target = 512;
    made.body = 4096;
    return made;
  }();
  return small;
}

std::string text_of(const Request& request) {
  Request again;
  if (!parse_target(target_of(request), again) || again.path != request.path || again.query != request.query) {
    std::abort();  // what we send is not what we read
  }
  return request.method + ' ' + request.path + ' ' + request.raw_target + ' ' + request.body + '\n';
}

std::string read(std::string_view bytes, std::size_t step) {
  RequestReader reader(limits());
  std::string out;
  reader.begin();
  while (true) {
    switch (reader.advance()) {
      case RequestReader::Step::HeadRead: break;
      case RequestReader::Step::Refused: return out + "refused";
      case RequestReader::Step::Complete:
        out += text_of(reader.take());
        reader.begin();
        break;
      case RequestReader::Step::NeedsMore: {
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (read(bytes, 1) != read(bytes, 4096)) std::abort();
  return 0;
}
