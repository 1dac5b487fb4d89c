// A real little proxy on loopback: tunnels (CONNECT) and plain requests with the server's address in their first line.
// Whatever server is asked for, it leads to one port of this machine.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace datamesh::http {

class ConnectProxy {
 public:
  /// Leads to `target`. With `authorization` ("Basic …"), whoever does not show that is refused with 407.
  explicit ConnectProxy(std::uint16_t target, std::string authorization = {})
      : target_(target), authorization_(std::move(authorization)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~ConnectProxy() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int each : sockets_) ::shutdown(each, SHUT_RDWR);
    }
    for (std::thread& each : threads_) each.join();
    for (const int each : sockets_) ::close(each);
    ::close(listener_);
  }
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// The first lines of what it was asked for: "CONNECT glue.eu-west-1.amazonaws.com:443 HTTP/1.1".
  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
  }

  void accept_all() {
    for (;;) {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      const int server = ::socket(AF_INET, SOCK_STREAM, 0);
      const std::lock_guard lock(mutex_);
      sockets_.push_back(client);
      sockets_.push_back(server);
      threads_.emplace_back([this, client, server] { serve(client, server); });
    }
  }

  static void send_all(int to, const std::string& bytes) { ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  void serve(int client, int server) {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(client, &byte, 1, 0) == 1) head += byte;
    const std::string line = head.substr(0, head.find("\r\n"));
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(line);
    }
    sockaddr_in address = loopback(target_);
    if (!authorization_.empty() && head.find("Proxy-Authorization: " + authorization_ + "\r\n") == std::string::npos) {
      send_all(client, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      send_all(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (line.starts_with("CONNECT ")) {
      send_all(client, "HTTP/1.1 200 Connection established\r\nX-Proxy: test\r\n\r\n");
      pass_on(client, server);
    } else {
      const std::size_t begin = head.find("//") + 2;
      const std::size_t path = head.find('/', begin);
      send_all(server, head.substr(0, head.find(' ') + 1) + head.substr(path));
      pass_on(client, server);
    }
    ::shutdown(client, SHUT_RDWR);
    ::shutdown(server, SHUT_RDWR);
  }

  static void pass_on(int client, int server) {
    pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    char bytes[16'384];
    while (::poll(both, 2, -1) > 0) {
      for (int i = 0; i < 2; ++i) {
        if (both[i].revents == 0) continue;
        const ssize_t size = ::recv(both[i].fd, bytes, sizeof bytes, 0);
        if (size <= 0) return;
        send_all(both[1 - i].fd, std::string(bytes, static_cast<std::size_t>(size)));
      }
    }
  }

  const std::uint16_t target_;
  const std::string authorization_;
  const int listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace datamesh::http
