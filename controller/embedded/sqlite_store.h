// The embedded store of declared objects: one SQLite file with the rules of a Kubernetes API server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/base/clock.h"
#include "controller/embedded/database.h"
#include "controller/embedded/sqlite_store_lock.h"
#include "controller/embedded/sqlite_store_rules.h"
#include "controller/embedded/sqlite_store_tables.h"
#include "controller/embedded/sqlite_store_watch.h"

namespace datamesh::embedded {

/// Fills in the defaults of an object and holds it to its schema. Sees the whole object but its status, with the
/// server's metadata; called within writes, from any thread, and must not call the store.
/// Errors: Invalid with every problem, one a line.
using Admission = std::function<Result<Json>(Json object)>;

/// Keeps objects of any kind. One writer at a time; readers neither wait for it nor hold it up. A write returns when
/// it is on the disk. Watches must be destroyed before their store.
class SqliteStore final : public api::ResourceStore {
 public:
  struct Options {
    std::string file;              ///< ":memory:" lives and dies with the store
    const Clock* clock = nullptr;  ///< required; outlives the store
    KindTable kinds;               ///< kinds that are cluster-scoped, or whose names in messages matter
    Admission admission;           ///< empty: what has the shape of an object is accepted
    std::size_t history = 10'000;  ///< how many events are kept for watches and continued lists, at least 10
    std::optional<std::uint64_t> seed;  ///< makes uids and generated names repeatable; drawn when absent
    std::size_t max_file_bytes = 0;     ///< 0: as large as the disk
    ManagedFields managed_fields = ManagedFields::Drop;  ///< whether metadata.managedFields are kept
  };

  /// Opens or makes the store at `options.file`, its folder included. Nothing stored is ever deleted or repaired.
  /// Errors: Unavailable, naming the file and what to do, when it is damaged, another program's, of a newer version,
  /// in use, or when folder or disk refuse.
  static Result<std::unique_ptr<SqliteStore>> open(Options options);

  Result<api::ListPage> list(const api::ListRequest& request) override;
  Result<Json> get(const api::ObjectKey& key) override;
  Result<Json> create(const Json& object) override;
  Result<Json> update(const Json& object) override;
  Result<Json> patch(const api::ObjectKey& key, api::PatchType type, const Json& patch) override;
  std::vector<Result<Json>> write_statuses(const std::vector<api::StatusWrite>& writes) override;
  Result<Json> remove(const api::ObjectKey& key, const api::Preconditions& preconditions = {}) override;
  Result<std::unique_ptr<api::Watch>> watch(const api::WatchRequest& request, std::function<void()> wake) override;

 private:
  class EventWatch;

  SqliteStore(Options options, FileLock lock, std::unique_ptr<Database> writer);

  bool in_memory() const;
  KindTraits traits(const std::string& kind) const { return traits_of(options_.kinds, kind); }
  Error absent(const api::ObjectKey& key) const { return not_found(traits(key.kind), key); }

  /// Runs `job` in a read transaction of its own.
  template <class Value>
  Result<Value> read(const std::function<Result<Value>(Database&)>& job);
  /// Runs `job` in a write transaction, commits when it succeeds, and wakes the watches.
  template <class Value>
  Result<Value> write(const std::function<Result<Value>(Writing&)>& job);

  Result<std::unique_ptr<Database>> take_reader();
  void return_reader(std::unique_ptr<Database> reader);

  Result<Json> admit(Json object) const;
  Result<Json> admit_change(const Json& stored, Json wanted) const;
  Result<api::ObjectKey> free_name(Writing& writing, const Json& object) const;
  Result<Json> create_in(Writing& writing, Json object) const;
  Result<Json> change_in(Writing& writing, const Live& live, Json wanted) const;
  Result<Json> remove_in(Writing& writing, const Live& live) const;
  Result<Json> write_status_in(Writing& writing, const api::StatusWrite& write) const;
  Result<api::ListPage> list_in(Database& database, const api::ListRequest& request) const;
  std::uint64_t random(api::Revision revision, std::uint64_t draw) const;

  const Options options_;
  const std::uint64_t seed_;
  const FileLock lock_;
  WatchHub hub_;

  std::mutex writing_;  ///< held during a write transaction; in memory, during every transaction
  std::unique_ptr<Database> writer_;
  std::mutex pooling_;
  std::vector<std::unique_ptr<Database>> readers_;  ///< those that nobody uses now
};

}  // namespace datamesh::embedded
