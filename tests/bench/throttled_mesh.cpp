#include "tests/bench/throttled_mesh.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "controller/aws/remote_api.h"
#include "controller/aws/wire_facade.h"
#include "controller/cli/lake_wire.h"
#include "controller/embedded/embedded_lake.h"
#include "controller/embedded/sqlite_store.h"
#include "controller/engine/asio_executor.h"
#include "controller/engine/engine.h"
#include "controller/http/server.h"
#include "tests/aws/machine_key.h"
#include "tests/bench/meshes.h"
#include "tests/world/world.h"

namespace datamesh::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr double kLimit = 600;  ///< seconds that a mesh may take

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

/// Takes `rate` calls a second of each account and service, a second's worth at once; all of them when it is 0. STS is let
/// through. AWS, too, counts per account and service at least.
class Gate final : public aws::WireBackend {
 public:
  Gate(aws::WireBackend& inner, double rate) : inner_(inner), rate_(rate) {}

  std::optional<aws::WireKey> find_key(const std::string& id) override { return inner_.find_key(id); }
  Result<Json> call(const aws::WireKey& caller, const aws::Call& call) override {
    if (call.service == aws::Service::Sts) return inner_.call(caller, call);
    if (!takes({call.target.account, call.service})) return fail(aws::make_error(call, "ThrottlingException", "Rate exceeded"));
    return inner_.call(caller, call);
  }

  /// Calls taken of the account and service with most.
  int busiest() const {
    int out = 0;
    for (const auto& [payer, bucket] : buckets_) out = std::max(out, bucket.taken);
    return out;
  }
  int taken() const {
    int out = 0;
    for (const auto& [payer, bucket] : buckets_) out += bucket.taken;
    return out;
  }
  int refused() const {
    int out = 0;
    for (const auto& [second, count] : refused_in_) out += count;
    return out;
  }
  /// The most that were refused in one second, after the first five.
  int worst_second() const {
    int out = 0;
    for (const auto& [second, count] : refused_in_) out = std::max(out, second < 5 ? 0 : count);
    return out;
  }

 private:
  struct Bucket {
    double tokens = 0;
    SteadyClock::time_point filled{};
    int taken = 0;
  };

  bool takes(const std::pair<std::string, aws::Service>& payer) {  // on the server's one thread
    const auto now = SteadyClock::now();
    const auto [at, fresh] = buckets_.try_emplace(payer, Bucket{rate_, now, 0});
    Bucket& bucket = at->second;
    bucket.tokens = std::min(rate_, bucket.tokens + rate_ * std::chrono::duration<double>(now - bucket.filled).count());
    bucket.filled = now;
    if (rate_ > 0 && bucket.tokens < 1) {
      ++refused_in_[static_cast<int>(seconds_since(begin_))];
      return false;
    }
    bucket.tokens -= 1;
    ++bucket.taken;
    return true;
  }

  aws::WireBackend& inner_;
  const double rate_;
  const SteadyClock::time_point begin_ = SteadyClock::now();
  std::map<std::pair<std::string, aws::Service>, Bucket> buckets_;
  std::map<int, int> refused_in_;  ///< by second since the beginning
};

struct Figures {
  double seconds = 0;
  int busiest = 0;
  int taken = 0;
  int refused = 0;
  int worst_second = 0;
};

/// The mesh converges from nothing.
Figures converge(const MeshSize& size, double rate) {
  SystemClock clock;
  const auto lake = std::move(*embedded::EmbeddedLake::open({":memory:", &clock, false}));
  const auto store = std::move(*embedded::SqliteStore::open(testing::store_options(clock)));
  for (const Json& object : mesh_objects(size)) {
    if (const auto made = store->create(object); !made) std::fprintf(stderr, "%s\n", to_string(made.error()).c_str());
  }

  const cli::AwsKey key{"AKIADATAMESHLOCALKEY", "a secret of this benchmark"};
  cli::LakeWire wire(*lake, key);
  Gate gate(wire, rate);
  const aws::WireFacade facade({&gate, &clock, nullptr});
  const auto server = std::move(*http::Server::start({}, {}, [&](const http::Request& request, const http::Respond& respond) {
    respond(facade.answer(request));
  }));

  aws::HttpSender sender(clock);
  aws::SignedCalls calls(sender, clock, {{.override_all = "http://" + to_string(server->address())}});
  MachineKey machine(key);
  aws::CachedCredentials own(machine, calls.clock());
  aws::RateLimiter limiter(clock, {});
  aws::RemoteAws api({calls, own, limiter, [](Millis wait) { std::this_thread::sleep_for(wait); }},
                     [](const std::string& account) -> Result<aws::RoleAccess> {
                       aws::RoleAccess access;
                       access.role.role_arn = "arn:aws:iam::" + account + ":role/datamesh-operator";
                       return access;
                     });

  engine::AsioExecutor executor(9);
  engine::Parts parts;
  parts.clock = &clock;
  parts.executor = &executor;
  parts.store = store.get();
  parts.api_for = [&](const api::AccountSpec&) -> aws::Api* { return &api; };
  engine::Engine engine(parts);
  const auto begin = SteadyClock::now();
  engine.start();
  Json status;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::promise<Json> answer;
    executor.post([&] { answer.set_value(engine.status()); });
    status = answer.get_future().get();
  } while (status["converged"] != true && seconds_since(begin) < kLimit);
  const double seconds = seconds_since(begin);
  if (status["converged"] != true) std::printf("NOT CONVERGED: %s\n", status.dump(1).c_str());
  std::promise<void> stopped;
  executor.post([&] { engine.stop([&] { stopped.set_value(); }); });
  stopped.get_future().wait();
  executor.stop();
  return {seconds, gate.busiest(), gate.taken(), gate.refused(), gate.worst_second()};
}

}  // namespace

void throttled_meshes() {
  for (const int rate : {5, 20, 100}) {
    MeshSize size;
    size.products = 3 * rate;
    size.grants_a_product = 3;
    size.consumers = 3;
    const Figures calm = converge(size, 0);
    const Figures throttled = converge(size, rate);
    const double ideal = static_cast<double>(calm.busiest - rate) / rate;  // a second's worth is taken at once
    std::printf("a mesh of %d products at %d calls a second, account and service: %.1f s, %.2f times the ideal time; %d calls for the "
                "%d of an undisturbed run, %.1f %% of the requests refused, at most %d in a second\n",
                size.products, rate, throttled.seconds, throttled.seconds / ideal, throttled.taken, calm.taken,
                100.0 * throttled.refused / (throttled.refused + throttled.taken), throttled.worst_second);
    std::fflush(stdout);
  }
}

}  // namespace datamesh::bench
