// What a server grants its peers. Beyond a limit a request is refused with a status, or its connection closed.
#pragma once

#include <cstddef>

#include "controller/base/clock.h"

namespace datamesh::http {

struct ServerLimits {
  std::size_t header = 32 << 10;      ///< of request line and fields; beyond it: 431
  std::size_t target = 16 << 10;      ///< of the request target; beyond it: 414
  std::size_t fields = 100;           ///< of one request; beyond it: 431
  std::size_t body = 8 << 20;         ///< beyond it: 413
  std::size_t bodies = 256 << 20;     ///< of all requests being read or handled; beyond it: 503
  std::size_t connections = 256;      ///< beyond it the one that idles longest gives way, or the new one is closed
  std::size_t handshakes = 1024;      ///< at a time; beyond it the oldest gives way
  Millis handshake{10'000};           ///< of TLS
  Millis idle{60'000};                ///< between two requests
  Millis read{30'000};                ///< from a request's first byte to its last
  Millis handle{600'000};             ///< until `respond`
  Millis write{30'000};               ///< of one piece of a response, 256 KiB at most
};

}  // namespace datamesh::http
