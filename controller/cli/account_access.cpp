#include "controller/cli/account_access.h"

#include <chrono>
#include <thread>

#include "controller/aws/failing_api.h"
#include "controller/mesh/topology.h"

namespace datamesh::cli {
namespace {

constexpr const char* kDefaultRole = "datamesh-operator";

/// "arn:aws:iam::111122223333:role/team/reader" -> "team/reader"
std::string role_name(const std::string& arn) {
  const std::size_t at = arn.find(":role/");
  return at == std::string::npos ? kDefaultRole : arn.substr(at + 6);
}

/// What two accounts that are reached the same way have in common. In the embedded lake a role of one name is in all.
std::string way_of(const api::AccountSpec& account) {
  const api::Connection& connection = account.connection;
  if (connection.type == api::ConnectionType::Embedded) return "embedded " + role_name(connection.role_arn);
  return "aws " + mesh::operator_role(account) + " " + connection.external_id + " " + connection.endpoint;
}

}  // namespace

/// The chain of one way: measured( fenced( faulty( lake or AWS ) ) ).
struct AccountAccess::Way {
  Way(std::string way_name, std::unique_ptr<aws::Api> way_end, const Options& options, telemetry::Metrics& metrics)
      : name(std::move(way_name)),
        end(std::move(way_end)),
        faulty(*end, options.faults, std::hash<std::string>()(name), [](Millis time) { std::this_thread::sleep_for(time); }),
        fenced(faulty, options.may_write ? options.may_write : [] { return true; }),
        observed(
            fenced, [] { return std::chrono::steady_clock::now().time_since_epoch(); },
            [&metrics](const aws::Observation& seen) {
              metrics.api_call({to_string(seen.call.service), seen.call.operation,
                                seen.error == nullptr ? "Success" : to_string(seen.error->kind), seen.duration});
            }) {}

  std::string name;
  std::unique_ptr<aws::Api> end;
  aws::FaultyApi faulty;
  aws::FencedApi fenced;
  aws::ObservedApi observed;
  Way* next = nullptr;
};

AccountAccess::AccountAccess(embedded::EmbeddedLake* lake, RemoteAccess& remote, Options options, telemetry::Metrics& metrics)
    : lake_(lake), remote_(remote), options_(std::move(options)), metrics_(metrics) {}

AccountAccess::~AccountAccess() {
  for (Way* way = ways_; way != nullptr;) delete std::exchange(way, way->next);
}

std::unique_ptr<aws::Api> AccountAccess::open(const api::AccountSpec& account) {
  if (account.connection.type == api::ConnectionType::Aws) return remote_.as_operator(account);
  if (lake_ != nullptr) return lake_->as_role(role_name(account.connection.role_arn));
  return std::make_unique<aws::FailingApi>(Error{ErrorKind::Invalid, "",
                                                 "this operator has no embedded lake: set connection.type to Aws, or start it "
                                                 "with --lake embedded", "datamesh", std::nullopt});
}

aws::Api* AccountAccess::api_for(const api::AccountSpec& account) {
  const std::string name = way_of(account);
  Way* const first = ways_.load();
  for (Way* known = first; known != nullptr; known = known->next) {
    if (known->name == name) return &known->observed;
  }
  auto fresh = std::make_unique<Way>(name, open(account), options_, metrics_);
  fresh->next = first;
  Way* expected = first;
  if (!ways_.compare_exchange_strong(expected, fresh.get())) return api_for(account);  // another thread was faster
  return &fresh.release()->observed;
}

}  // namespace datamesh::cli
