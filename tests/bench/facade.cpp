// The figures of the Kubernetes API: a `datamesh up` of its own, and clients that speak TLS to it as kubectl does.
//
// usage: bench_facade (the binary `datamesh` is beside it)
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using SteadyClock = std::chrono::steady_clock;

const std::string kLinks = "/apis/datamesh.dev/v1alpha1/namespaces/default/resourcelinks";
constexpr int kClients = 16;
constexpr int kWatchers = 1000;
constexpr int kEvents = 30;
constexpr int kObjects = 500;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The server under test.
class Up {
 public:
  explicit Up(const std::filesystem::path& binary) {
    char name[] = "/tmp/datamesh-bench-XXXXXX";
    folder_ = ::mkdtemp(name);
    child_ = ::fork();
    if (child_ == 0) {
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, STDOUT_FILENO);
      ::dup2(nowhere, STDERR_FILENO);
      ::execl(binary.c_str(), "datamesh", "--state-dir", folder_.c_str(), "up", "--metrics-listen", "127.0.0.1:0", nullptr);
      ::_exit(127);
    }
    while (!std::filesystem::exists(folder_ / "address")) ::usleep(20'000);
    address = read_file(folder_ / "address");
    token = read_file(folder_ / "token");
  }
  ~Up() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }

  double resident_kb() const {
    std::ifstream file("/proc/" + std::to_string(child_) + "/status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("VmRSS:")) return std::stod(line.substr(6));
    }
    return 0;
  }

  std::string address;
  std::string token;

 private:
  std::filesystem::path folder_;
  pid_t child_ = 0;
};

/// One connection, kept.
class Peer {
 public:
  explicit Peer(const Up& up) : up_(up) {
    static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    bio_.reset(BIO_new_ssl_connect(context));
    BIO_set_conn_hostname(bio_.get(), up.address.c_str());
    if (BIO_do_connect(bio_.get()) != 1) throw std::runtime_error("cannot connect");
  }

  void send(const std::string& method, const std::string& target, const std::string& body = {}) {
    const std::string type = method == "PATCH" ? "application/merge-patch+json" : "application/json";
    const std::string request = method + " " + target + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + up_.token +
                                "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body;
    BIO_write(bio_.get(), request.data(), static_cast<int>(request.size()));
  }
  /// The size of the body of the next response, whose status must be that of a success.
  std::size_t receive() {
    std::string text;
    std::size_t head = std::string::npos;
    while ((head = text.find("\r\n\r\n")) == std::string::npos) more(text);
    if (text[9] != '2') throw std::runtime_error(text.substr(0, 400));
    const std::size_t length = std::stoul(text.substr(text.find("Content-Length: ") + 16));
    while (text.size() < head + 4 + length) more(text);
    return length;
  }
  void more(std::string& text) {
    char bytes[65536];
    const int size = BIO_read(bio_.get(), bytes, sizeof bytes);
    if (size <= 0) throw std::runtime_error("the server closed");
    text.append(bytes, static_cast<std::size_t>(size));
  }
  int socket() const { return static_cast<int>(BIO_get_fd(bio_.get(), nullptr)); }
  bool has_more() const {
    SSL* ssl = nullptr;
    BIO_get_ssl(bio_.get(), &ssl);
    return SSL_pending(ssl) > 0;
  }

 private:
  const Up& up_;
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio_{nullptr, BIO_free_all};
};

std::string link(const std::string& name, int version = 0) {
  return R"({"apiVersion":"datamesh.dev/v1alpha1","kind":"ResourceLink","metadata":{"name":")" + name +
         R"(","annotations":{"version":")" + std::to_string(version) +
         R"("}},"spec":{"account":"nobody","product":{"name":"nothing"}}})";
}

/// Requests a second of kClients connections, `count` requests each.
template <class Ask>
void measure(const Up& up, const char* what, int count, const Ask& ask) {
  std::vector<std::thread> clients;
  std::vector<std::vector<double>> times(kClients);
  const auto begin = SteadyClock::now();
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      Peer peer(up);
      for (int i = 0; i < count; ++i) {
        const auto asked = SteadyClock::now();
        ask(peer, client, i);
        peer.receive();
        times[static_cast<std::size_t>(client)].push_back(seconds_since(asked) * 1e3);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  std::vector<double> all;
  for (const auto& some : times) all.insert(all.end(), some.begin(), some.end());
  std::printf("%s: %.0f a second, p50 %.2f ms, p99 %.2f ms (%d clients)\n", what,
              static_cast<double>(all.size()) / seconds_since(begin), percentile(all, 0.5), percentile(all, 0.99), kClients);
}

struct Watcher {
  std::unique_ptr<Peer> peer;
  std::string text;
};

/// Waits until every watcher has seen `wanted`; adds the milliseconds that each took since `begin`.
void await_all(std::vector<Watcher>& watchers, const std::string& wanted, SteadyClock::time_point begin,
               std::vector<double>& times) {
  std::vector<pollfd> waiting;
  std::vector<std::size_t> who;
  std::size_t left = watchers.size();
  std::vector<bool> seen(watchers.size(), false);
  while (left > 0) {
    waiting.clear();
    who.clear();
    for (std::size_t i = 0; i < watchers.size(); ++i) {
      if (seen[i]) continue;
      waiting.push_back({watchers[i].peer->socket(), POLLIN, 0});
      who.push_back(i);
    }
    if (::poll(waiting.data(), waiting.size(), 30'000) <= 0) throw std::runtime_error("a watcher saw nothing");
    for (std::size_t at = 0; at < waiting.size(); ++at) {
      if (waiting[at].revents == 0) continue;
      Watcher& watcher = watchers[who[at]];
      do watcher.peer->more(watcher.text);
      while (watcher.peer->has_more());
      if (watcher.text.find(wanted) == std::string::npos) continue;
      times.push_back(seconds_since(begin) * 1e3);
      seen[who[at]] = true;
      watcher.text.clear();
      --left;
    }
  }
}

void measure_watches(const Up& up) {
  const double before = up.resident_kb();
  std::vector<Watcher> watchers(kWatchers);
  for (Watcher& watcher : watchers) {
    watcher.peer = std::make_unique<Peer>(up);
    watcher.peer->send("GET", kLinks + "?watch=true&timeoutSeconds=600&fieldSelector=metadata.name%3Dwatched");
  }
  std::vector<double> ignored;
  await_all(watchers, "\r\n\r\n", SteadyClock::now(), ignored);
  const double idle = up.resident_kb();
  Peer writer(up);
  writer.send("POST", kLinks, link("watched"));
  writer.receive();
  await_all(watchers, "ADDED", SteadyClock::now(), ignored);
  std::vector<double> times;
  std::vector<double> last;
  for (int event = 1; event <= kEvents; ++event) {
    const auto begin = SteadyClock::now();
    writer.send("PATCH", kLinks + "/watched", link("watched", event));
    writer.receive();
    std::vector<double> these;
    await_all(watchers, "\"version\":\"" + std::to_string(event) + "\"", begin, these);
    times.insert(times.end(), these.begin(), these.end());
    last.push_back(*std::max_element(these.begin(), these.end()));
  }
  std::printf("Watch fan-out to %d watchers, write to event seen: p50 %.1f ms, p99 %.1f ms; all have it after p50 %.1f ms\n",
              kWatchers, percentile(times, 0.5), percentile(times, 0.99), percentile(last, 0.5));
  std::printf("  memory a watch: %.1f KB quiet, %.1f KB after %d events\n", (idle - before) / kWatchers,
              (up.resident_kb() - before) / kWatchers, kEvents);
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const Up up(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "datamesh");
    measure(up, "Create", kObjects / kClients + 1, [](Peer& peer, int client, int i) {
      peer.send("POST", kLinks, link("link-" + std::to_string(client) + "-" + std::to_string(i)));
    });
    measure(up, "Get", 500, [](Peer& peer, int client, int) {
      peer.send("GET", kLinks + "/link-" + std::to_string(client) + "-0");
    });
    measure(up, "List of 500", 10, [](Peer& peer, int, int) { peer.send("GET", kLinks + "?limit=500"); });
    measure_watches(up);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
  }
  return 0;
}
