#include "controller/cli/lake_access.h"

#include <chrono>
#include <thread>

namespace datamesh::cli {
namespace {

constexpr const char* kDefaultRole = "datamesh-operator";

/// Stands for accounts of the real AWS, which this version does not reach.
class OutOfReach final : public aws::Api {
 public:
  Result<Json> call(const aws::Call& call) override {
    return fail(ErrorKind::Invalid, "account " + call.target.account + " has connection type Aws; this version of "
                                        "datamesh works on the embedded lake only", "datamesh");
  }
};

/// "arn:aws:iam::111122223333:role/team/reader" -> "team/reader"
std::string role_name(const std::string& arn) {
  const std::size_t at = arn.find(":role/");
  return at == std::string::npos ? kDefaultRole : arn.substr(at + 6);
}

}  // namespace

/// The chain of one role: measured( fenced( faulty( lake as the role ) ) ).
struct LakeAccess::Role {
  Role(std::string role_name, LakeAccess& owner)
      : name(std::move(role_name)),
        lake(owner.lake_.as_role(name)),
        faulty(*lake, owner.options_.faults, std::hash<std::string>()(name),
               [](Millis time) { std::this_thread::sleep_for(time); }),
        fenced(faulty, owner.options_.may_write ? owner.options_.may_write : [] { return true; }),
        observed(
            fenced, [] { return std::chrono::steady_clock::now().time_since_epoch(); },
            [&metrics = owner.metrics_](const aws::Observation& seen) {
              metrics.api_call({to_string(seen.call.service), seen.call.operation,
                                seen.error == nullptr ? "Success" : to_string(seen.error->kind), seen.duration});
            }) {}

  std::string name;
  std::unique_ptr<aws::Api> lake;
  aws::FaultyApi faulty;
  aws::FencedApi fenced;
  aws::ObservedApi observed;
  Role* next = nullptr;
};

LakeAccess::LakeAccess(embedded::EmbeddedLake& lake, Options options, telemetry::Metrics& metrics)
    : lake_(lake), options_(std::move(options)), metrics_(metrics), remote_(std::make_unique<OutOfReach>()) {}

LakeAccess::~LakeAccess() {
  for (Role* role = roles_; role != nullptr;) delete std::exchange(role, role->next);
}

aws::Api* LakeAccess::api_for(const api::AccountSpec& account) {
  if (account.connection.type == api::ConnectionType::Aws) return remote_.get();
  return api_of_role(role_name(account.connection.role_arn));
}

aws::Api* LakeAccess::api_of_role(const std::string& role) {
  Role* const first = roles_.load();
  for (Role* known = first; known != nullptr; known = known->next) {
    if (known->name == role) return &known->observed;
  }
  auto fresh = std::make_unique<Role>(role, *this);
  fresh->next = first;
  Role* expected = first;
  if (!roles_.compare_exchange_strong(expected, fresh.get())) return api_of_role(role);  // another thread was faster
  return &fresh.release()->observed;
}

}  // namespace datamesh::cli
