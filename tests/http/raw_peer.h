// A TCP peer that sends exactly the bytes it is told to, for requests that no client library would make.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace datamesh::http {

class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawPeer() { ::close(socket_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  bool connected() const { return connected_; }

  /// False when the other side has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// What has arrived when `text` appears in it, the other side closes, or ten seconds have passed.
  std::string receive_until(std::string_view text) {
    while (received_.find(text) == std::string::npos && receive_some()) {
    }
    return received_;
  }
  /// Everything until the other side closes.
  std::string receive_all() {
    while (receive_some()) {
    }
    return received_;
  }
  /// True when the other side closed without a byte more.
  bool is_closed() {
    const std::size_t before = received_.size();
    return !receive_some() && closed_ && received_.size() == before;
  }

 private:
  bool receive_some() {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) <= 0) return false;
    char bytes[4096];
    const ssize_t size = ::recv(socket_, bytes, sizeof bytes, 0);
    closed_ = size <= 0;
    if (size > 0) received_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  int socket_;
  bool connected_ = false;
  bool closed_ = false;
  std::string received_;
};

/// Takes one connection, reads a head, sends `reply` as it is, and closes.
class RawServer {
 public:
  explicit RawServer(std::string reply) : socket_(::socket(AF_INET, SOCK_STREAM, 0)), reply_(std::move(reply)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(socket_, 1);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  void serve() {
    const int peer = ::accept(socket_, nullptr, nullptr);
    if (peer < 0) return;
    std::string head;
    char byte = 0;
    while (head.find("\r\n\r\n") == std::string::npos && ::recv(peer, &byte, 1, 0) == 1) head += byte;
    ::send(peer, reply_.data(), reply_.size(), MSG_NOSIGNAL);
    ::close(peer);
  }

  int socket_;
  std::string reply_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// How often `part` occurs in `text`.
inline int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

}  // namespace datamesh::http
