// Which proxy a request goes through, as the variables of the environment say. Pure.
// Source: golang.org/x/net/http/httpproxy; curl's manual, "Environment"; AWS CLI User Guide, "Using an HTTP proxy"
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "controller/base/result.h"

namespace datamesh::http {

/// What the variables hold.
struct ProxySettings {
  std::string https;  ///< HTTPS_PROXY: for requests to https servers
  std::string http;   ///< HTTP_PROXY
  std::string none;   ///< NO_PROXY: servers that are asked directly
  bool operator==(const ProxySettings&) const = default;
};

/// Reads https_proxy, http_proxy and no_proxy, or what is not set of them in capitals: of two the lower case counts, as
/// with curl and the AWS CLI. `variable` gives "" for what is not set.
ProxySettings proxy_settings(const std::function<std::string(const std::string& name)>& variable);

/// The URL of the proxy for the server of `base` ("https://host:port"), as the variable has it; empty: none. Loopback
/// addresses and "localhost" never have one. An entry of NO_PROXY is
///   `*`                       every server;
///   10.1.2.3, [fd00::1]       an address;
///   10.0.0.0/8, fd00::/8      a range of addresses;
///   example.com, .example.com, *.example.com   a name and all below it;
/// each but `*` and ranges with a port (":8443") for that port alone. Commas and blanks separate entries.
/// AD-HOC: to Go a name with a leading dot is not in itself excepted; to curl and the AWS CLI it is, and here.
std::string proxy_for(std::string_view base, const ProxySettings& settings);

/// A proxy's URL in parts.
struct ProxyAddress {
  std::string base;  ///< "http://proxy:3128"
  std::string user;
  std::string password;
  bool operator==(const ProxyAddress&) const = default;
};

/// "http://user:p%40ss@proxy:3128/" or "proxy:3128". Without a port it is 80.
/// Errors: Invalid for what is no such URL, and for proxies that are themselves asked over TLS or SOCKS. The message has
/// no part of `url`, which may hold a password.
Result<ProxyAddress> parse_proxy(std::string_view url);

}  // namespace datamesh::http
