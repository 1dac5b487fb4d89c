#include "controller/embedded/embedded_lake.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "controller/base/partition.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_principal.h"
#include "controller/embedded/lake_queues.h"
#include "controller/embedded/lake_storage.h"

namespace datamesh::embedded {

using lake::Effect;
using lake::Identity;
using lake::Operation;
using lake::Session;

/// Everything behind the lock, and the flags before it.
class EmbeddedLake::Core {
 public:
  explicit Core(Clock& clock) : clock_(clock) {}

  Result<void> open_file(const std::string& file, bool durable);
  Result<Json> call(const aws::Call& call, const Identity& caller);
  Result<void> set_organization(Json organization);
  std::vector<CatalogRef> catalogs() const;
  std::map<std::string, std::uint64_t> call_counts() const;
  std::optional<AccessKey> find_access_key(const std::string& id) const;

 private:
  Result<Json> run(const Operation& operation, const aws::Call& call, const Identity& caller);
  Result<void> check(const Operation& operation, const Session& session) const;
  Result<void> commit();
  std::atomic_flag& permission_writer(const CatalogRef& catalog);
  void count(const aws::Call& call);

  Clock& clock_;
  mutable std::mutex mutex_;
  lake::State state_;
  std::unique_ptr<lake::LakeStorage> storage_;  ///< null: in memory only
  std::uint64_t listings_ = 0;

  /// Guards what a call needs before it may wait for the lake.
  mutable std::mutex entrance_;
  std::map<CatalogRef, std::atomic_flag> writers_;
  std::map<std::string, std::uint64_t> counts_;
};

namespace {

/// Lets go of a flag that this call has set.
class FlagHeld {
 public:
  explicit FlagHeld(std::atomic_flag& flag) : flag_(flag) {}
  ~FlagHeld() { flag_.clear(); }
  FlagHeld(const FlagHeld&) = delete;
  FlagHeld& operator=(const FlagHeld&) = delete;

 private:
  std::atomic_flag& flag_;
};

/// The word of each service for an input that is not of its shape.
/// Source: boto3 issue 3229 (Glue); what the models of Lake Formation and RAM declare; STS API reference, common errors
std::string code_of(const aws::Call& call, const lake::Fault& fault) {
  if (call.service == aws::Service::Sts) return "ValidationError";
  if (call.service == aws::Service::Sqs) return "InvalidParameterValue";
  if (fault.kind == lake::FaultKind::WrongType) return "SerializationException";
  if (call.service == aws::Service::Glue) return "ValidationException";
  const bool is_page = call.service == aws::Service::Ram && fault.message.starts_with("maxResults");
  return is_page ? "InvalidMaxResultsException" : "InvalidInputException";
}

std::string qualified(const aws::Call& call) {
  return std::string(aws::to_string(call.service)) + ":" + call.operation;
}

}  // namespace

Result<void> EmbeddedLake::Core::open_file(const std::string& file, bool durable) {
  if (file == ":memory:") return {};
  TRY_VALUE(storage_, lake::LakeStorage::open(file, durable));
  return storage_->load(state_);
}

std::atomic_flag& EmbeddedLake::Core::permission_writer(const CatalogRef& catalog) {
  const std::lock_guard lock(entrance_);
  return writers_[catalog];
}

void EmbeddedLake::Core::count(const aws::Call& call) {
  const std::lock_guard lock(entrance_);
  ++counts_[qualified(call)];
}

Result<Json> EmbeddedLake::Core::call(const aws::Call& call, const Identity& caller) {
  count(call);
  const Operation* operation = lake::operations().find(call.service, call.operation);
  if (operation == nullptr) {
    return fail(aws::make_error(call, "UnknownOperationException", "There is no operation " + qualified(call)));
  }
  if (operation->effect != Effect::PermissionWrite) return run(*operation, call, caller);
  // The flag is taken before the lock: a write that waits for the lock overlaps with the one that holds it.
  std::atomic_flag& writer = permission_writer(call.target);
  if (writer.test_and_set()) {
    return fail(aws::make_error(call, "ConcurrentModificationException",
                                "Permission update failed for Resource. Please retry in a short while."));
  }
  const FlagHeld held(writer);
  return run(*operation, call, caller);
}

Result<void> EmbeddedLake::Core::check(const Operation& operation, const Session& session) const {
  if (!lake::is_account_id(session.account()) || session.region().empty()) {
    return session.invalid("An account of 12 digits and a region are needed to make a call.");
  }
  if (session.caller.account != session.account()) {
    return session.denied("User: " + session.caller.arn + " is not an identity of account " + session.account());
  }
  if (operation.right == lake::IamRight::Administrator && !lake::administers_iam(session.caller)) {
    return session.denied("User: " + session.caller.arn + " is not authorized to perform: " +
                          qualified(session.call));
  }
  if (const lake::Fault fault = lake::fault_of(session.call.input, operation.members)) {
    return session.error(code_of(session.call, fault), fault.message);
  }
  return {};
}

Result<Json> EmbeddedLake::Core::run(const Operation& operation, const aws::Call& call, const Identity& caller) {
  const std::lock_guard lock(mutex_);
  Session session(state_, call, caller, clock_.now(), listings_);
  TRY(check(operation, session));
  if (call.service != aws::Service::Sts && call.service != aws::Service::Sqs) session.home();
  Result<Json> answer = operation.run(session, call.input);
  if (!answer) {
    if (answer.error().origin.empty()) {
      // Pure code knows what is wrong but not in which call.
      answer = fail(aws::make_error(call, answer.error().code, answer.error().message));
    }
    state_.journal.undo_to(0);
    return answer;
  }
  if (operation.effect != Effect::Read) lake::tell_of_write(session);
  TRY(commit());
  return answer;
}

Result<void> EmbeddedLake::Core::commit() {
  if (state_.journal.changes().empty()) return {};
  if (storage_ == nullptr) {
    state_.journal.clear();
    return {};
  }
  Result<void> written = storage_->write(state_.journal);
  // Memory follows the file, whatever the error says became of it.
  if (!written && !storage_->holds_last_write()) state_.journal.undo_to(0);
  state_.journal.clear();
  return written;
}

Result<void> EmbeddedLake::Core::set_organization(Json organization) {
  const std::lock_guard lock(mutex_);
  state_.organizations.put("", std::move(organization));
  return commit();
}

std::vector<CatalogRef> EmbeddedLake::Core::catalogs() const {
  const std::lock_guard lock(mutex_);
  std::vector<CatalogRef> out;
  for (const auto& [ref, catalog] : state_.catalogs()) out.push_back(ref);
  return out;
}

std::map<std::string, std::uint64_t> EmbeddedLake::Core::call_counts() const {
  const std::lock_guard lock(entrance_);
  return counts_;
}

std::optional<AccessKey> EmbeddedLake::Core::find_access_key(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const Json* session = state_.sessions.find(id);
  // Lakes of before kept no secrets; nobody can prove that such a session is theirs.
  if (session == nullptr || !session->contains("secret")) return std::nullopt;
  return AccessKey{string_at(*session, "principal"), string_at(*session, "session"), string_at(*session, "secret"),
                   string_at(*session, "token"), Time(Millis(session->at("expires").get<std::int64_t>()))};
}

EmbeddedLake::EmbeddedLake(std::unique_ptr<Core> core) : core_(std::move(core)) {}
EmbeddedLake::~EmbeddedLake() = default;

Result<std::unique_ptr<EmbeddedLake>> EmbeddedLake::open(const Options& options) {
  if (options.clock == nullptr) return fail(ErrorKind::Internal, "the lake needs a clock", "lake");
  auto core = std::make_unique<Core>(*options.clock);
  TRY(core->open_file(options.file, options.durable));
  return std::unique_ptr<EmbeddedLake>(new EmbeddedLake(std::move(core)));
}

std::unique_ptr<aws::Api> EmbeddedLake::as_role(std::string role_name) {
  class AsRole final : public aws::Api {
   public:
    AsRole(Core& core, std::string role) : core_(core), role_(std::move(role)) {}
    Result<Json> call(const aws::Call& call) override {
      const std::string& account = call.target.account;
      const std::string partition(partition_of(call.target.region));
      return core_.call(call, Identity{account, "arn:" + partition + ":iam::" + account + ":role/" + role_, "datamesh-operator"});
    }

   private:
    Core& core_;
    std::string role_;
  };
  return std::make_unique<AsRole>(*core_, std::move(role_name));
}

std::unique_ptr<aws::Api> EmbeddedLake::as_principal(std::string arn, std::string session) {
  class AsPrincipal final : public aws::Api {
   public:
    AsPrincipal(Core& core, Identity identity) : core_(core), identity_(std::move(identity)) {}
    Result<Json> call(const aws::Call& call) override { return core_.call(call, identity_); }

   private:
    Core& core_;
    Identity identity_;
  };
  std::string account(lake::account_of_arn(arn));
  return std::make_unique<AsPrincipal>(*core_, Identity{std::move(account), std::move(arn), std::move(session)});
}

Result<void> EmbeddedLake::set_organization(const Organization& organization) {
  Json units = Json::object();
  for (const auto& [unit, accounts] : organization.units) units[unit] = accounts;
  return core_->set_organization({{"id", organization.id},
                                  {"managementAccount", organization.management_account},
                                  {"accounts", organization.accounts},
                                  {"units", std::move(units)},
                                  {"sharing", organization.sharing_enabled}});
}

std::vector<CatalogRef> EmbeddedLake::catalogs() const { return core_->catalogs(); }

std::map<std::string, std::uint64_t> EmbeddedLake::call_counts() const { return core_->call_counts(); }

std::optional<AccessKey> EmbeddedLake::find_access_key(const std::string& id) const {
  return core_->find_access_key(id);
}

}  // namespace datamesh::embedded
