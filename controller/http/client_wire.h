// Between our values and cpprestsdk's.
#pragma once

#include <cpprest/http_client.h>

#include "controller/http/client.h"

namespace datamesh::http {

/// How the library's client shall behave: no redirects, no time limit of its own that matters, `proxy` unless it is
/// empty, and the trust that `options` name.
web::http::client::http_client_config client_configuration(const ClientOptions& options, const ProxyAddress& proxy);

/// `request` with a body that cannot be sent twice, for the server that `options` name.
web::http::http_request to_wire(const Request& request, const ClientOptions& options);

/// Status and headers of a response.
Response head_of(const web::http::http_response& wire);

}  // namespace datamesh::http
