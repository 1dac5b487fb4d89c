// How objects lie in SQLite: every version of an object that somebody may still ask for, once.
//
//   versions  one small row for each write; its rowid is the revision
//   bodies    the JSON text of that version, under the same rowid
//   state     one row: the last revision, and the revision up to which history was compacted
//
// A version is live while `superseded` is NULL. At revision R exactly those versions existed with
// revision <= R < superseded (or live). A deletion is a version that is superseded by itself. Hence watches are a
// scan by rowid, an old list is a filter, and compaction deletes by `superseded`.
#pragma once

#include <optional>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/embedded/database.h"
#include "controller/embedded/sqlite_store_token.h"

namespace datamesh::embedded {

/// Makes the tables of a new file. A file of ours is checked, and one of another program or version is refused.
/// Errors: Unavailable with what to do.
Result<void> prepare_tables(Database& database);

struct StoreState {
  api::Revision revision = 0;
  api::Revision compacted = 0;  ///< events up to and with this one are gone
};

Result<StoreState> read_state(Database& database);

/// The live version of an object.
struct Live {
  Json object;
  api::Revision revision = 0;
};

Result<std::optional<Live>> find_live(Database& database, const api::ObjectKey& key);

/// What is listed, without its paging.
struct Selection {
  const api::ListRequest& request;
  api::Revision revision = 0;           ///< as it was then
  std::optional<api::ObjectKey> after;  ///< only what sorts behind
};

/// At most `limit` objects (0: all), by kind, namespace and name.
Result<std::vector<Json>> read_page(Database& database, const Selection& selection, std::size_t limit);
Result<std::size_t> count(Database& database, const Selection& selection);

/// At most `limit` events after `since` that pass the filter of `request`, oldest first.
Result<std::vector<api::WatchEvent>> read_events(Database& database, const api::WatchRequest& request,
                                                 api::Revision since, std::size_t limit);

/// What a write did, for the watches.
struct Change {
  api::Revision revision = 0;
  api::ObjectKey key;
};

/// One write transaction. Every write takes the next revision; nothing of it is visible to others before commit().
class Writing {
 public:
  /// `history`: how many events remain at most.
  static Result<Writing> begin(Database& database, std::size_t history);

  Result<std::optional<Live>> find(const api::ObjectKey& key) { return find_live(database_, key); }
  api::Revision next_revision() const { return state_.revision + 1; }

  /// Stores a new object, the next version of one, or the last version of one, where `old` is the live one. Returns it with its revision.
  /// Errors: Invalid for an object that is too large or no text.
  Result<Json> add(Json object);
  Result<Json> replace(api::Revision old, Json object);
  Result<Json> remove(api::Revision old, Json last);

  /// Makes the writes durable and compacts the history. Does nothing when there were none.
  Result<void> commit();
  const std::vector<Change>& changes() const { return changes_; }

 private:
  Writing(Database& database, Transaction transaction, StoreState state, std::size_t history)
      : database_(database), transaction_(std::move(transaction)), state_(state), history_(history) {}
  Result<Json> append(api::EventType type, Json object, std::optional<api::Revision> old);
  Result<void> supersede(api::Revision old);
  Result<void> compact();

  Database& database_;
  Transaction transaction_;
  StoreState state_;
  std::size_t history_;
  std::vector<Change> changes_;
};

}  // namespace datamesh::embedded
