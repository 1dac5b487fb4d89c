// The figures of AWS's client side: signatures a second on one core, calls on loopback, and how well the rate limiter
// keeps pace with a server that throttles.
//
// usage: bench_aws [signatures] [calls] [throttling] [mesh]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controller/aws/remote_api.h"
#include "controller/http/server.h"
#include "tests/bench/throttled_mesh.h"

namespace datamesh::aws {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Time kWhen{std::chrono::seconds(1'795'334'400)};
const sigv4::Keys kKeys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token"};

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// A request to Glue with a body of 1 KiB, signed from the beginning each time.
void signatures() {
  const sigv4::Request request{"POST",
                               "/",
                               "",
                               {{"Host", "glue.eu-west-1.amazonaws.com"},
                                {"Content-Type", "application/x-amz-json-1.1"},
                                {"X-Amz-Target", "AWSGlue.GetTables"}},
                               std::string(1024, 'a'),
                               {}};
  std::vector<double> rates;
  for (int round = 0; round < 5; ++round) {
    constexpr int kCount = 50'000;
    const auto begin = SteadyClock::now();
    for (int i = 0; i < kCount; ++i) {
      sigv4::Request copy = request;
      copy.body[0] = static_cast<char>(i);
      sigv4::sign(copy, kKeys, {"eu-west-1", "glue"}, kWhen);
    }
    rates.push_back(kCount / seconds_since(begin));
  }
  std::printf("signatures: %.0f a second on one core (1 KiB body, no key kept)\n", percentile(rates, 0.5));
}

/// Answers like AWS; takes `rate` calls a second, a second's worth at once, when that is not 0.
class Server {
 public:
  explicit Server(double rate) : rate_(rate), tokens_(rate) {
    server_ = *http::Server::start({}, {}, [this](const http::Request& request, const http::Respond& respond) {
      http::Response out;
      const bool is_glue = request.headers.find("X-Amz-Target").has_value();
      if (!is_glue && request.body.starts_with("Action=GetCallerIdentity")) {
        out.body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>"
                   "</GetCallerIdentityResult></GetCallerIdentityResponse>";
      } else if (takes()) {
        out.body = R"({"Table":{"Name":"orders","DatabaseName":"sales"}})";
      } else {
        out.status = 400;
        out.body = R"({"__type":"ThrottlingException","message":"Rate exceeded"})";
      }
      respond(out);
    });
  }
  std::string base() const { return "http://" + to_string(server_->address()); }
  int refused() const { return refused_; }

 private:
  bool takes() {  // on the server's one thread
    if (rate_ == 0) return true;
    const auto now = SteadyClock::now();
    tokens_ = std::min(rate_, tokens_ + rate_ * std::chrono::duration<double>(now - filled_).count());
    filled_ = now;
    if (tokens_ < 1) {
      ++refused_;
      return false;
    }
    tokens_ -= 1;
    return true;
  }

  const double rate_;
  double tokens_;
  SteadyClock::time_point filled_ = SteadyClock::now();
  std::atomic<int> refused_{0};
  std::unique_ptr<http::Server> server_;
};

class Keys final : public CredentialProvider {
 public:
  std::string name() const override { return "keys"; }
  Result<std::optional<Credentials>> obtain() override { return Credentials{kKeys, std::nullopt}; }
};

struct Client {
  Client(const std::string& base, const RateOptions& rates)
      : calls(sender, clock, {{.override_all = base}}), limiter(clock, rates) {}

  SystemClock clock;
  HttpSender sender{clock};
  SignedCalls calls;
  Keys keys;
  CachedCredentials own{keys, calls.clock()};
  RateLimiter limiter;
  RemoteAws api{{calls, own, limiter, [](Millis wait) { std::this_thread::sleep_for(wait); }},
                [](const std::string&) { return RoleAccess{}; }};
};

const Call kCall{{"111122223333", "eu-west-1"}, Service::Glue, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}}};

/// Server and client share the machine.
void calls() {
  const Server server(0);
  for (const int in_flight : {1, 16, 64}) {
    Client client(server.base(), {.start = 1e9, .most = 1e9});
    std::vector<double> latencies;
    std::mutex mutex;
    std::atomic<int> failed{0};
    const auto begin = SteadyClock::now();
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < in_flight; ++i) {
        threads.emplace_back([&] {
          std::vector<double> mine;
          while (seconds_since(begin) < 3) {
            const auto sent = SteadyClock::now();
            if (!client.api.call(kCall)) ++failed;
            mine.push_back(seconds_since(sent) * 1e3);
          }
          const std::lock_guard lock(mutex);
          latencies.insert(latencies.end(), mine.begin(), mine.end());
        });
      }
    }
    std::printf("calls, %2d in flight: %.0f a second, p50 %.2f ms, p99 %.2f ms, %d failed\n", in_flight,
                static_cast<double>(latencies.size()) / seconds_since(begin), percentile(latencies, 0.5),
                percentile(latencies, 0.99), failed.load());
  }
}

/// Sixteen threads with a minute's work, each call repeated as its error says.
void throttling() {
  for (const double rate : {5.0, 20.0, 100.0}) {
    const Server server(rate);
    Client client(server.base(), {});
    const int wanted = static_cast<int>(rate * 60);
    std::atomic<int> taken{0};
    const auto begin = SteadyClock::now();
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
          while (taken++ < wanted) {
            for (auto out = client.api.call(kCall); !out; out = client.api.call(kCall)) {
              std::this_thread::sleep_for(out.error().retry_after.value_or(Millis(250)));
            }
          }
        });
      }
    }
    const double ideal = (wanted - rate) / rate;  // a second's worth is taken at once
    std::printf("throttled at %3.0f a second: %.2f times the ideal time, %.1f %% of the requests refused\n", rate,
                seconds_since(begin) / ideal, 100.0 * server.refused() / (server.refused() + wanted));
  }
}

}  // namespace
}  // namespace datamesh::aws

int main(int argc, char** argv) {
  const std::vector<std::string> asked(argv + 1, argv + argc);
  const auto wants = [&](const char* name) {
    return asked.empty() || std::find(asked.begin(), asked.end(), name) != asked.end();
  };
  if (wants("signatures")) datamesh::aws::signatures();
  if (wants("calls")) datamesh::aws::calls();
  if (wants("throttling")) datamesh::aws::throttling();
  if (wants("mesh")) datamesh::bench::throttled_meshes();
}
