#include "controller/embedded/sqlite_store_tables.h"

#include "controller/embedded/sqlite_store_rules.h"

namespace datamesh::embedded {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
/// "dmst" in ASCII, so that the file of another program is recognized before anything is written to it.
constexpr std::int64_t kApplicationId = 0x646d7374;

// The first revision is 1 and not 0, because clients of Kubernetes take the resourceVersion "0" of a list for "any".
constexpr const char* kTables = R"sql(
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    compacted INTEGER NOT NULL);
  INSERT INTO state VALUES (1, 1, 0);
  CREATE TABLE versions (
    revision INTEGER PRIMARY KEY,
    type INTEGER NOT NULL,
    kind TEXT NOT NULL,
    ns TEXT NOT NULL,
    name TEXT NOT NULL,
    superseded INTEGER);
  CREATE TABLE bodies (
    revision INTEGER PRIMARY KEY,
    body TEXT NOT NULL);
  CREATE UNIQUE INDEX versions_live ON versions (kind, ns, name) WHERE superseded IS NULL;
  CREATE INDEX versions_superseded ON versions (superseded) WHERE superseded IS NOT NULL;
  PRAGMA application_id = 1684894580;
  PRAGMA user_version = 1;
)sql";
static_assert(kApplicationId == 1684894580);

Result<void> create_tables(Database& database) {
  TRY_VALUE(Transaction transaction, Transaction::begin(database, TransactionKind::Write));
  TRY(database.execute(kTables));
  return transaction.commit();
}

Result<Json> parse_body(const Database& database, std::string_view text) {
  Result<Json> object = parse_own_json(text);
  if (!object) return fail(database.damage("an object in it is no JSON"));
  return object;
}

Result<std::string> to_body(const Json& object) {
  std::string text;
  try {
    text = object.dump();
  } catch (const Json::type_error&) {
    return fail(invalid({"<object>: Invalid value: holds a string that is not UTF-8"}));
  }
  if (text.size() > kMaxObjectBytes) {
    return fail(invalid({"<object>: Too long: " + std::to_string(text.size()) + " bytes: may not be more than " +
                         std::to_string(kMaxObjectBytes)}));
  }
  return text;
}

}  // namespace

Result<void> prepare_tables(Database& database) {
  TRY_VALUE(const std::int64_t version, database.integer("PRAGMA user_version"));
  TRY_VALUE(const std::int64_t application, database.integer("PRAGMA application_id"));
  TRY_VALUE(const std::int64_t tables, database.integer("SELECT count(*) FROM sqlite_schema"));
  if (tables == 0 && version == 0) return create_tables(database);
  if (application != kApplicationId) {
    return fail(ErrorKind::Unavailable,
                database.file() + " is the database of another program: nothing was changed; use another file",
                "store");
  }
  if (version > kSchemaVersion) {
    return fail(ErrorKind::Unavailable,
                database.file() + " was written by a newer datamesh (its format is " + std::to_string(version) +
                    ", this program knows " + std::to_string(kSchemaVersion) +
                    "): nothing was changed; use that version, or another file",
                "store");
  }
  return {};
}

Result<StoreState> read_state(Database& database) {
  TRY_VALUE(Statement state, database.prepare("SELECT revision, compacted FROM state"));
  TRY_VALUE(const bool found, state.next());
  if (!found) return fail(database.damage("its state is missing"));
  return StoreState{state.integer(0), state.integer(1)};
}

Result<std::optional<Live>> find_live(Database& database, const api::ObjectKey& key) {
  TRY_VALUE(Statement live,
            database.prepare("SELECT v.revision, b.body FROM versions v JOIN bodies b ON b.revision = v.revision "
                             "WHERE v.kind = ? AND v.ns = ? AND v.name = ? AND v.superseded IS NULL"));
  live.bind(key.kind).bind(key.ns).bind(key.name);
  TRY_VALUE(const bool found, live.next());
  if (!found) return std::nullopt;
  TRY_VALUE(Json object, parse_body(database, live.text(1)));
  return Live{std::move(object), live.integer(0)};
}

// ---- lists ----------------------------------------------------------------------------------------------------

namespace {

/// A list query while it is put together: both halves of it name the same parameters.
class ListQuery {
 public:
  explicit ListQuery(const Selection& selection) : selection_(selection) {
    revision_ = "?1";
    const api::ListRequest& request = selection.request;
    if (!request.kind.empty()) where_ += " AND v.kind = " + parameter(request.kind);
    if (request.ns) where_ += " AND v.ns = " + parameter(*request.ns);
    if (selection.after) where_ += " AND " + behind(*selection.after);
    for (const auto& [key, value] : request.labels) {
      where_ += " AND EXISTS (SELECT 1 FROM json_each(b.body, '$.metadata.labels') l WHERE l.key = " +
                parameter(key) + " AND l.type = 'text' AND l.value = " + parameter(value) + ")";
    }
  }

  std::string page() const {
    const std::string columns = "SELECT v.kind AS kind, v.ns AS ns, v.name AS name, b.body ";
    return columns + live(kWithBodies) + " UNION ALL " + columns + superseded(kWithBodies) +
           " ORDER BY kind, ns, name LIMIT " + "?" + std::to_string(texts_.size() + 2);
  }

  std::string total() const {
    const char* bodies = selection_.request.labels.empty() ? "" : kWithBodies;
    return "SELECT (SELECT count(*) " + live(bodies) + ") + (SELECT count(*) " + superseded(bodies) + ")";
  }

  void bind(Statement& statement) const {
    statement.bind(selection_.revision);
    for (const std::string& text : texts_) statement.bind(text);
  }

 private:
  static constexpr const char* kWithBodies = " CROSS JOIN bodies b ON b.revision = v.revision";

  // The plus signs keep SQLite from scanning by rowid: the live index has the order that is wanted.
  std::string live(const char* bodies) const {
    return "FROM versions v" + std::string(bodies) + " WHERE v.superseded IS NULL AND +v.revision <= " + revision_ +
           where_;
  }
  std::string superseded(const char* bodies) const {
    return "FROM versions v INDEXED BY versions_superseded" + std::string(bodies) + " WHERE v.superseded > " +
           revision_ + " AND +v.revision <= " + revision_ + where_;
  }

  std::string parameter(const std::string& text) {
    texts_.push_back(text);
    return "?" + std::to_string(texts_.size() + 1);
  }

  /// Compares only columns that the rest of the condition leaves open, so that the index is entered at the place.
  std::string behind(const api::ObjectKey& after) {
    const api::ListRequest& request = selection_.request;
    if (request.kind.empty()) {
      const std::string kind = parameter(after.kind);
      const std::string ns = parameter(after.ns);
      return "(v.kind, v.ns, v.name) > (" + kind + ", " + ns + ", " + parameter(after.name) + ")";
    }
    if (request.ns) return "v.name > " + parameter(after.name);
    const std::string ns = parameter(after.ns);
    return "(v.ns, v.name) > (" + ns + ", " + parameter(after.name) + ")";
  }

  const Selection& selection_;
  std::string revision_;
  std::string where_;
  std::vector<std::string> texts_;
};

}  // namespace

Result<std::vector<Json>> read_page(Database& database, const Selection& selection, std::size_t limit) {
  const ListQuery query(selection);
  TRY_VALUE(Statement page, database.prepare_text(query.page()));
  query.bind(page);
  page.bind(limit == 0 ? std::int64_t{-1} : static_cast<std::int64_t>(limit));
  std::vector<Json> items;
  for (;;) {
    TRY_VALUE(const bool found, page.next());
    if (!found) return items;
    TRY_VALUE(Json object, parse_body(database, page.text(3)));
    items.push_back(std::move(object));
  }
}

Result<std::size_t> count(Database& database, const Selection& selection) {
  const ListQuery query(selection);
  TRY_VALUE(Statement total, database.prepare_text(query.total()));
  query.bind(total);
  TRY(total.next());
  return static_cast<std::size_t>(total.integer(0));
}

Result<std::vector<api::WatchEvent>> read_events(Database& database, const api::WatchRequest& request,
                                                 api::Revision since, std::size_t limit) {
  TRY_VALUE(Statement events,
            database.prepare("SELECT v.revision, v.type, b.body FROM versions v CROSS JOIN bodies b "
                             "ON b.revision = v.revision WHERE v.revision > ?1 AND (?2 = '' OR v.kind = ?2) "
                             "AND (?3 = 0 OR v.ns = ?4) ORDER BY v.revision LIMIT ?5"));
  const std::string ns = request.ns.value_or("");
  events.bind(since).bind(request.kind).bind(request.ns ? 1 : 0).bind(ns).bind(static_cast<std::int64_t>(limit));
  std::vector<api::WatchEvent> found;
  for (;;) {
    TRY_VALUE(const bool more, events.next());
    if (!more) return found;
    TRY_VALUE(Json object, parse_body(database, events.text(2)));
    found.push_back({static_cast<api::EventType>(events.integer(1)), std::move(object), events.integer(0)});
  }
}

// ---- writes ---------------------------------------------------------------------------------------------------

Result<Writing> Writing::begin(Database& database, std::size_t history) {
  TRY_VALUE(Transaction transaction, Transaction::begin(database, TransactionKind::Write));
  TRY_VALUE(const StoreState state, read_state(database));
  return Writing(database, std::move(transaction), state, history);
}

Result<Json> Writing::add(Json object) { return append(api::EventType::Added, std::move(object), std::nullopt); }

Result<Json> Writing::replace(api::Revision old, Json object) {
  return append(api::EventType::Modified, std::move(object), old);
}

Result<Json> Writing::remove(api::Revision old, Json last) {
  TRY_VALUE(Json stored, append(api::EventType::Deleted, std::move(last), old));
  // A deletion is history at once: it is in no list, and goes when its event goes.
  TRY_VALUE(Statement itself, database_.prepare("UPDATE versions SET superseded = revision WHERE revision = ?"));
  TRY(itself.bind(state_.revision).run());
  return stored;
}

Result<Json> Writing::append(api::EventType type, Json object, std::optional<api::Revision> old) {
  const api::Revision revision = next_revision();
  object["metadata"]["resourceVersion"] = std::to_string(revision);
  // What can be refused is refused before the first change: others may be written in the same transaction.
  TRY_VALUE(const std::string body, to_body(object));
  if (old) TRY(supersede(*old));
  const api::ObjectKey key = api::key_of(object);
  TRY_VALUE(Statement version, database_.prepare("INSERT INTO versions (revision, type, kind, ns, name) "
                                                 "VALUES (?, ?, ?, ?, ?)"));
  TRY(version.bind(revision).bind(static_cast<std::int64_t>(type)).bind(key.kind).bind(key.ns).bind(key.name).run());
  TRY_VALUE(Statement text, database_.prepare("INSERT INTO bodies (revision, body) VALUES (?, ?)"));
  TRY(text.bind(revision).bind(body).run());
  state_.revision = revision;
  changes_.push_back({revision, key});
  return object;
}

Result<void> Writing::supersede(api::Revision old) {
  TRY_VALUE(Statement update, database_.prepare("UPDATE versions SET superseded = ? WHERE revision = ?"));
  return update.bind(next_revision()).bind(old).run();
}

Result<void> Writing::commit() {
  if (changes_.empty()) return {};
  TRY(compact());
  {
    TRY_VALUE(Statement state, database_.prepare("UPDATE state SET revision = ?, compacted = ?"));
    TRY(state.bind(state_.revision).bind(state_.compacted).run());
  }
  return transaction_.commit();
}

/// Cuts a tenth off at a time, so that most writes need not compact.
Result<void> Writing::compact() {
  const auto history = static_cast<api::Revision>(history_);
  if (state_.revision - state_.compacted <= history) return {};
  state_.compacted = state_.revision - (history - history / 10);
  TRY_VALUE(Statement bodies, database_.prepare("DELETE FROM bodies WHERE revision IN "
                                                "(SELECT revision FROM versions WHERE superseded <= ?)"));
  TRY(bodies.bind(state_.compacted).run());
  TRY_VALUE(Statement versions, database_.prepare("DELETE FROM versions WHERE superseded <= ?"));
  return versions.bind(state_.compacted).run();
}

}  // namespace datamesh::embedded
