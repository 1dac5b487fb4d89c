#include "controller/http/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "controller/base/text.h"

namespace datamesh::http {
namespace {

/// IPv4 as IPv6 has it, so that one comparison serves both.
using Ip = std::array<std::uint8_t, 16>;
constexpr int kIpv4Prefix = 96;

std::optional<Ip> parse_ip(const std::string& text) {
  Ip out{};
  if (::inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return out;
  out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (::inet_pton(AF_INET, text.c_str(), out.data() + 12) == 1) return out;
  return std::nullopt;
}

bool is_ipv4(const Ip& ip) { return std::equal(ip.begin(), ip.begin() + 12, Ip{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}.begin()); }

/// True when the first `bits` of both are the same.
bool agree(const Ip& a, const Ip& b, int bits) {
  const int whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto at = static_cast<std::size_t>(whole);
  return ((a[at] ^ b[at]) >> (8 - bits % 8)) == 0;
}

bool is_loopback(const Ip& ip) {
  static constexpr Ip kSix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return ip == kSix || (is_ipv4(ip) && ip[12] == 127);
}

std::optional<int> parse_number(std::string_view text) {
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < 0) return std::nullopt;
  return out;
}

/// "Example.COM.:443" -> "example.com", 443; "[::1]" -> "::1". A port of "" is as none.
struct HostPort {
  std::string host;
  std::string port;
};

HostPort split_port(std::string_view text) {
  HostPort out;
  std::string_view host = text;
  if (text.starts_with('[')) {
    const std::size_t end = std::min(text.find(']'), text.size());
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(std::min(end + 1, text.size()));
    if (rest.starts_with(':')) out.port = rest.substr(1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {  // more are an address of IPv6
    host = text.substr(0, text.find(':'));
    out.port = text.substr(text.find(':') + 1);
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  out.host = lower(host);
  return out;
}

bool in_range(const Ip& ip, std::string_view entry) {
  const std::size_t slash = entry.find('/');
  const auto network = parse_ip(std::string(entry.substr(0, slash)));
  const auto bits = parse_number(entry.substr(slash + 1));
  if (!network || !bits || is_ipv4(*network) != is_ipv4(ip)) return false;
  const int prefix = *bits + (is_ipv4(*network) ? kIpv4Prefix : 0);
  return prefix <= 128 && agree(ip, *network, prefix);
}

bool excepts(std::string_view entry, const HostPort& server) {
  if (entry == "*") return true;
  const auto ip = parse_ip(server.host);
  if (entry.find('/') != std::string_view::npos) return ip && in_range(*ip, entry);
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  const HostPort wanted = split_port(entry);
  if (wanted.host.empty() || (!wanted.port.empty() && wanted.port != server.port)) return false;
  if (ip) return parse_ip(wanted.host) == ip;
  return server.host == wanted.host || server.host.ends_with('.' + wanted.host);
}

bool is_excepted(const std::string& list, const HostPort& server) {
  static constexpr std::string_view kBetween = ", \t";
  for (std::size_t at = list.find_first_not_of(kBetween); at != std::string::npos;) {
    const std::size_t end = std::min(list.find_first_of(kBetween, at), list.size());
    if (excepts(std::string_view(list).substr(at, end - at), server)) return true;
    at = list.find_first_not_of(kBetween, end);
  }
  return false;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    int value = 0;
    const std::string_view digits = text.substr(std::min(i + 1, text.size()), 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

/// A host and a port, and nothing that would say something else to a server.
bool is_authority(std::string_view text) {
  const HostPort parts = split_port(text);
  const auto port = parse_number(parts.port);
  if (parts.host.empty() || (!parts.port.empty() && (!port || *port == 0 || *port > 65'535))) return false;
  if (text.starts_with('[')) return parse_ip(parts.host).has_value() && text.find(']') != std::string_view::npos;
  return std::all_of(parts.host.begin(), parts.host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

ProxySettings proxy_settings(const std::function<std::string(const std::string& name)>& variable) {
  const auto either = [&](const std::string& usual, const std::string& capital) {
    std::string out = variable(usual);
    return out.empty() ? variable(capital) : out;
  };
  return {either("https_proxy", "HTTPS_PROXY"), either("http_proxy", "HTTP_PROXY"), either("no_proxy", "NO_PROXY")};
}

std::string proxy_for(std::string_view base, const ProxySettings& settings) {
  const bool tls = base.starts_with("https:");
  const std::string& proxy = tls ? settings.https : settings.http;
  const std::size_t scheme = base.find("//");
  if (proxy.empty() || scheme == std::string_view::npos) return "";
  std::string_view authority = base.substr(scheme + 2);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  HostPort server = split_port(authority);
  if (server.port.empty()) server.port = tls ? "443" : "80";
  const auto ip = parse_ip(server.host);
  if (server.host == "localhost" || (ip && is_loopback(*ip))) return "";
  return is_excepted(settings.none, server) ? "" : proxy;
}

Result<ProxyAddress> parse_proxy(std::string_view url) {
  const auto wrong = [](const std::string& what) {
    return fail(ErrorKind::Invalid, "the URL of the proxy " + what + "; it must be like http://user:password@host:port",
                "proxy");
  };
  std::string_view rest = url;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    const std::string name = lower(rest.substr(0, scheme));
    if (name == "https") return wrong("asks for TLS to the proxy itself, which is not supported");
    if (name.starts_with("socks")) return wrong("names a SOCKS proxy, which is not supported");
    if (name != "http") return wrong("has an unknown scheme");
    rest.remove_prefix(scheme + 3);
  }
  ProxyAddress out;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = rest.substr(0, at);
    const std::size_t colon = std::min(user.find(':'), user.size());
    const auto name = percent_decoded(user.substr(0, colon));
    const auto password = percent_decoded(user.substr(std::min(colon + 1, user.size())));
    if (!name || !password) return wrong("has a user or password with a wrong % escape");
    out.user = *name;
    out.password = *password;
    rest.remove_prefix(at + 1);
  }
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (!is_authority(rest)) return wrong("names no host");
  const bool has_port = !split_port(rest).port.empty();
  if (rest.ends_with(':')) rest.remove_suffix(1);
  out.base = "http://" + std::string(rest) + (has_port ? "" : ":80");
  return out;
}

}  // namespace datamesh::http
