// A server for one test.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "controller/http/server.h"

namespace datamesh::http {

inline const std::string kGetAndClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Answers "METHOD path body" at once.
inline void echo(Request request, const Respond& respond) {
  respond(text_response(200, request.method + " " + request.path + " " + request.body));
}

/// Serves on a free port of the loopback interface until it is destroyed. Throws when it cannot.
inline std::unique_ptr<Server> serve(Handler handler = echo, const ServerLimits& limits = {}) {
  ServerOptions options;
  options.limits = limits;
  auto server = Server::start({}, options, std::move(handler));
  if (!server) throw std::runtime_error(to_string(server.error()));
  return std::move(*server);
}

}  // namespace datamesh::http
