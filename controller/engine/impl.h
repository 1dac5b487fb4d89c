// The inside of the engine. One object, several files by concern: impl_store (what is declared), impl_jobs (whose turn it
// is), impl_reading, impl_catalog, impl_shares and impl_undeclared (what is observed and done), impl_tables (which tables were made again), impl_notices (what others
// say), impl_preflight (what IAM would refuse), impl_status (what is said about it), impl_report (what is asked).
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/catalog/evaluate.h"
#include "controller/engine/account_preflight.h"
#include "controller/engine/catalog_state.h"
#include "controller/engine/engine.h"
#include "controller/engine/job_queue.h"
#include "controller/engine/ledger.h"
#include "controller/lake/apply.h"
#include "controller/mesh/mesh.h"
#include "reconcilers/assess.h"

namespace datamesh::engine {

/// One status to write, with the finalizer that goes with it.
struct PendingWrite {
  api::ObjectKey key;
  std::string uid;
  api::Revision revision = 0;
  std::optional<Json> status;                          ///< nullopt: only the finalizers
  std::optional<std::vector<std::string>> finalizers;  ///< the new list, when it changes
  std::string hash;
  std::string conditions;
  std::map<KeyId, Recorded> recorded;
  TableMemory tables;
  reconcilers::Health health = reconcilers::Health::Reconciling;
};

/// Results of one flush of statuses.
struct WriteResult {
  PendingWrite write;
  std::optional<Error> error;
  api::Revision revision = 0;
};

class Engine::Impl {
 public:
  explicit Impl(Parts parts) : parts_(std::move(parts)), queue_(parts_.catalogs_at_once) {}

  // impl_store.cpp
  void start();
  void stop(std::function<void()> stopped);

  // impl_notices.cpp
  void catalogs_changed(const lake::Notice& notice);
  void queue_polled(const std::string& url, const std::optional<Error>& error);

  // impl_report.cpp
  Json status() const;
  Json plan(const PlanRequest& request);
  // explain.cpp
  Result<Json> explain(const AccessQuestion& question) const;
  Result<Json> who_can(const AccessQuestion& question) const;
  // impl_report.cpp
  bool idle() const;
  bool converged() const;
  bool synced() const { return synced_; }

 private:
  friend class Preview;

  struct Listed {
    std::vector<api::Resource> resources;
    std::vector<Json> statuses;
    api::Revision revision = 0;
    std::unique_ptr<api::Watch> watch;
  };

  // ---- impl_store.cpp: the desired side
  void list_store();
  Result<Listed> read_store();
  void take_list(Result<Listed> listed);
  void poll_store();
  void take_event(const api::WatchEvent& event);
  void put_resource(api::Resource resource, const Json& status);
  void drop_resource(const api::ObjectKey& key);
  void restore(ResourceState& state, const Json& status);
  void queue_reclaim(const std::vector<api::ObjectKey>& keys);
  void reclaim_queued();
  reconcilers::ClaimSet claims_of(const api::Resource& resource, bool is_needed, Time time) const;
  void reclaim(const api::ObjectKey& key);
  void recheck_at(ResourceState& state, std::optional<Time> when);

  // ---- impl_jobs.cpp: whose turn it is
  void pump_later(CatalogState& state);
  void wake_at(CatalogState& state, Time when);
  void pump(CatalogState& state);
  std::optional<Urgency> urgency_of(const CatalogState& state) const;
  bool is_overdue(const CatalogState& state) const;
  void work_off();
  void work_on(CatalogState& state);
  bool is_abandoned(const CatalogState& state) const;
  void forget(const CatalogState& state);
  void arm(CatalogState& state);
  void begin_job(CatalogState& state);
  void job_done(CatalogState& state);

  // ---- impl_reading.cpp: what the catalogs hold
  void observe(CatalogState& state);
  void stop_reading(CatalogState& state, const Error& error, bool got_on);
  void take_snapshot(CatalogState& state, catalog::Snapshot fresh, std::vector<catalog::LocalKey> changed);
  void note_quotas(CatalogState& state);
  void limits_changed(CatalogState& state);
  void judge_writes(CatalogState& state, const std::vector<catalog::LocalKey>& changed);
  void note_change(CatalogState& state, const catalog::LocalKey& key, bool first_reading);
  void note_source(const CatalogState& state, const catalog::LocalKey& key);
  void find_source(const api::Resource& resource);
  void read_source(const CatalogState& state, const std::string& database);

  // ---- impl_catalog.cpp: what is done about it
  CatalogState& catalog(const CatalogRef& ref);
  const catalog::Snapshot* snapshot(const CatalogRef& ref) const;
  SnapshotOf snapshots() const;
  CatalogPolicy policy(const CatalogState& state) const;
  void mark(KeyId id);
  void mark_waiters(KeyId id);
  PlanInput plan_input(const CatalogState& state) const;
  Progress progress(const CatalogState& state) const;
  bool rests(const CatalogState& state, KeyId id) const;
  void plan_and_apply(CatalogState& state);
  void settle_plan(CatalogState& state, const CatalogPlan& plan);
  std::vector<catalog::Action> guarded(CatalogState& state, std::vector<catalog::Action> actions);
  void settings_first(CatalogState& state, std::vector<catalog::Action>& actions);
  GuardFacts guard_facts(CatalogState& state) const;
  void spend(CatalogState& state, const std::vector<catalog::Action>& actions, const lake::ApplyReport& report);
  void apply(CatalogState& state, std::vector<catalog::Action> actions);
  void take_report(CatalogState& state, const std::vector<catalog::Action>& actions,
                   const lake::ApplyReport& report);
  void take_outcome(CatalogState& state, const catalog::Action& action, const lake::Outcome& outcome);
  void succeeded(CatalogState& state, KeyId id, const catalog::Action& action, lake::Effect effect);
  bool went_with_its_share(const CatalogState& state, KeyId id, const catalog::Action& action, const Error& error) const;
  void failed(CatalogState& state, KeyId id, const Error& error);
  void setback(CatalogState& state, const Error& error);
  void recovered(CatalogState& state);
  bool is_lasting(const CatalogState& state) const;
  void audit(const CatalogState& state, const catalog::Action& action, const lake::Outcome& outcome) const;

  // ---- impl_tables.cpp: which tables were made again
  bool is_given(const catalog::EntryKey& table, const catalog::Snapshot& snapshot) const;
  std::optional<Time> created_at(const api::Resource& product, const catalog::EntryKey& table,
                                 const catalog::Snapshot& snapshot) const;
  std::vector<SeenTable> seen_tables(const api::Resource& product, const ResourceState& state,
                                     const std::vector<catalog::EntryKey>& tables) const;
  TableMemory memory_of(const api::Resource& product, const ResourceState& state) const;
  bool note_withheld(const api::Resource& product, const ResourceState& state, const reconcilers::ClaimSet& claims);
  void take_tables(ResourceState& state, TableMemory tables);
  void table_changed(KeyId table);
  void table_deleted(KeyId table);

  // ---- impl_shares.cpp: what others share with an account
  void poll_shares(CatalogState& state);
  void note_shares_error(CatalogState& state, const std::optional<Error>& error);
  void take_shares(CatalogState& state, std::map<catalog::LocalKey, catalog::EntryValue> shares);
  void share_is_broken(KeyId share);
  void look_for_broken_shares(CatalogState& state);
  bool awaits_share(const CatalogState& state) const;

  // ---- impl_undeclared.cpp: what nobody declares
  void update_undeclared(CatalogState& state, const catalog::LocalKey& key);
  void follow_opening(CatalogState& state, const EntryPlan& plan);
  void add_openings(const ResourceState& state, const std::map<KeyId, Recorded>& recorded,
                    std::vector<reconcilers::Standing>& out) const;
  void forget_undeclared(CatalogState& state, bool first_reading);
  void follow_policy(CatalogState& state);

  // ---- impl_notices.cpp: what others say
  bool is_own(const std::string& caller) const;
  NoticeFate wake(const CatalogRef& ref, const lake::Notice& notice);
  void follow_notice(CatalogState& state);
  void tell_of_queues();
  std::optional<reconcilers::StatedCondition> change_notices(const api::Resource& account) const;

  // ---- impl_preflight.cpp: what IAM would refuse
  const api::Resource* remote_account(const std::string& id) const;
  void needs_changed(const std::string& account);
  void look_over_needs();
  void look_over_needs_of(const std::string& id);
  void begin_preflights();
  void ask_iam(AccountPreflight& preflight);
  void take_preflight(const std::string& account, const AccountPreflight& asked, Result<lake::Preflight> found);
  void try_refused_again(const std::string& account);
  void denied_in(const std::string& account);
  std::optional<reconcilers::StatedCondition> permitted(const api::Resource& account) const;
  Json missing_actions(const std::string& account) const;

  // ---- explain.cpp: who has access, and because of what
  std::vector<api::ObjectKey> declarations_behind(const catalog::Hop& hop) const;
  bool is_implicit(const catalog::Hop& hop) const;
  Json steps_json(const catalog::Access& access) const;

  // ---- impl_status.cpp: what is said
  void assess_later(ResourceState& state);
  void assess_parties(KeyId id);
  void flush_statuses();
  std::optional<PendingWrite> write_for(ResourceState& state);
  bool unsettled(const ResourceState& state);
  bool is_needed_for_release(const api::Resource& resource) const;
  void assess_deferred();
  std::map<KeyId, Recorded> records_for(const ResourceState& state) const;
  catalog::ResourceType type_of(KeyId id) const;
  catalog::PermissionValue left_beside(const IndexedClaim& claim, const catalog::Snapshot& snapshot) const;
  catalog::PermissionValue still_there(KeyId id, const catalog::PermissionValue& recorded,
                                       const catalog::Snapshot& snapshot) const;
  bool is_released(KeyId id, const Recorded& record) const;
  bool is_made_by_us(KeyId id) const;
  Json entries_json(const ResourceState& state, const std::map<KeyId, Recorded>& recorded) const;
  reconcilers::Standing standing(KeyId id) const;
  reconcilers::Standing unreachable(const CatalogState& state) const;
  reconcilers::Standing open_standing(KeyId id, const OpenEntry& open) const;
  void add_account_status(const api::Resource& account, Json& status) const;
  void add_product_status(const api::Resource& product, const ResourceState& state, const TableMemory& tables,
                          Json& status) const;
  Json status_json(ResourceState& state, const api::Resource& resource, const std::map<KeyId, Recorded>& recorded,
                   const TableMemory& tables);
  std::vector<WriteResult> perform(std::vector<PendingWrite> writes);
  void take_writes(std::vector<WriteResult> results);
  void take_write(WriteResult result);
  void tell_of_transition(const ResourceState& state, const PendingWrite& write) const;
  void note_health(ResourceState& state, reconcilers::Health health);
  void publish_gauges();

  Time now() const { return parts_.clock->now(); }

  Parts parts_;
  JobQueue queue_;
  mesh::Mesh mesh_;
  Ledger ledger_;
  std::map<CatalogRef, CatalogState> catalogs_;
  std::map<KeyId, std::set<KeyId>> waiters_;  ///< entry -> entries that wait for it
  std::map<api::ObjectKey, api::Revision> revisions_;
  std::map<CatalogRef, std::set<api::ObjectKey>> unseen_;  ///< products that wait for what the next reading of a catalog shows

  std::map<std::string, AccountPreflight> preflights_;  ///< of the accounts of AWS, by id
  std::optional<std::uint64_t> preflight_timer_;
  int preflights_running_ = 0;  ///< of `jobs_`
  bool look_posted_ = false;
  std::set<std::string> to_look_over_;  ///< accounts whose needs have changed
  Time next_look_{};

  std::unique_ptr<api::Watch> watch_;
  std::set<api::ObjectKey> to_reclaim_;
  std::set<api::ObjectKey> to_assess_;
  std::set<api::ObjectKey> deferred_;  ///< assessed again when something was planned
  std::vector<NoticeQueue> told_queues_;
  std::map<std::string, std::optional<Error>> polled_queues_;  ///< by URL: why one cannot be read, or nullopt
  bool queues_posted_ = false;
  bool reclaim_posted_ = false;
  bool flush_posted_ = false;
  bool flushing_ = false;
  bool synced_ = false;
  bool listing_ = false;
  int list_failures_ = 0;
  int write_failures_ = 0;
  std::atomic<bool> poll_posted_{false};
  std::atomic<bool> stopping_{false};
  std::function<void()> stopped_;
  int jobs_ = 0;
  Time next_gauges_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

inline constexpr const char* kFinalizer = "datamesh.dev/release";

}  // namespace datamesh::engine
