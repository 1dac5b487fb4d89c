#include "controller/embedded/lake_storage.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <utility>

namespace datamesh::embedded::lake {
namespace {

/// Marks the file as a lake ("DMLK"), so that another program's database is not taken for one.
constexpr std::int64_t kApplicationId = 0x444D4C4B;
constexpr std::int64_t kFormat = 2;

constexpr const char* kSchema =
    "CREATE TABLE shelves(id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL);"
    "CREATE TABLE entries(id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL);"
    "CREATE UNIQUE INDEX entries_by_key ON entries(shelf, key);"
    "CREATE TABLE sequence(number INTEGER NOT NULL);"
    "INSERT INTO sequence VALUES(0);"
    "PRAGMA application_id = 1145916491;"
    "PRAGMA user_version = 2;";

/// Format 1 kept what a share carries in the share itself.
constexpr const char* kUpgradeFrom1 =
    "INSERT INTO shelves(account, region, name) VALUES('', '', 'share_resources');"
    "INSERT INTO entries(shelf, key, value)"
    " SELECT (SELECT id FROM shelves WHERE name = 'share_resources'), e.key || char(31) || r.key, r.value"
    " FROM shelves s JOIN entries e ON e.shelf = s.id, json_each(e.value, '$.resources') r WHERE s.name = 'shares';"
    "UPDATE entries SET value = json_remove(value, '$.resources')"
    " WHERE shelf IN (SELECT id FROM shelves WHERE name = 'shares');"
    "PRAGMA user_version = 2;";

static_assert(kApplicationId == 1145916491);

std::string remedy_of(int code, const std::string& file) {
  switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full; free some space and try again";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another process has it open; stop that one first";
    case SQLITE_READONLY:
    case SQLITE_PERM: return "it cannot be written; check the rights of the file and of its folder";
    case SQLITE_CANTOPEN: return "it cannot be opened; check that the folder exists and may be written";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "it is damaged or no lake; put back a copy, or move it away to begin with an empty lake";
    case SQLITE_IOERR: return "reading or writing failed; check the disk that holds it";
    default: return "SQLite reports: " + std::string(sqlite3_errstr(code)) + " (" + file + ")";
  }
}

void bind_text(sqlite3_stmt* statement, int index, std::string_view text) {
  // A null pointer would bind NULL, which no column takes.
  const char* data = text.empty() ? "" : text.data();
  sqlite3_bind_text(statement, index, data, static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

std::string_view column(sqlite3_stmt* statement, int index) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
  return text ? std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, index)))
              : std::string_view();
}

/// Makes the file readable for its owner alone. One that exists is left alone: opening and closing it would give up
/// the locks that this process may hold on it.
void make_private(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return;
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made >= 0) ::close(made);
}

}  // namespace

LakeStorage::~LakeStorage() {
  for (const auto& [sql, prepared] : statements_) sqlite3_finalize(prepared);
  sqlite3_close(database_);
}

tl::unexpected<Error> LakeStorage::trouble(int code) {
  return fail(ErrorKind::Unavailable, "lake file " + file_ + ": " + remedy_of(code, file_), "lake");
}

Result<std::unique_ptr<LakeStorage>> LakeStorage::open(const std::string& file, bool durable) {
  std::unique_ptr<LakeStorage> storage(new LakeStorage(file));
  make_private(file);
  const int opened = sqlite3_open_v2(file.c_str(), &storage->database_,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (opened != SQLITE_OK) return storage->trouble(opened);
  sqlite3_extended_result_codes(storage->database_, 1);
  TRY(storage->prepare_file(durable));
  return storage;
}

Result<void> LakeStorage::run(const char* sql) {
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return trouble(code);
  return {};
}

Result<sqlite3_stmt*> LakeStorage::statement(const char* sql) {
  sqlite3_stmt*& prepared = statements_[sql];
  if (prepared == nullptr) {
    const int code = sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    if (code != SQLITE_OK) return trouble(code);
  }
  sqlite3_reset(prepared);
  return prepared;
}

Result<std::int64_t> LakeStorage::number(const char* sql) {
  TRY_VALUE(sqlite3_stmt * prepared, statement(sql));
  const int code = sqlite3_step(prepared);
  if (code != SQLITE_ROW) return trouble(code);
  const std::int64_t value = sqlite3_column_int64(prepared, 0);
  sqlite3_reset(prepared);
  return value;
}

Result<void> LakeStorage::prepare_file(bool durable) {
  // The exclusive lock is what keeps a second process from changing the file behind our memory.
  TRY(run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"));
  TRY(run(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF"));
  TRY(run("BEGIN IMMEDIATE"));
  TRY_VALUE(const std::int64_t tables, number("SELECT count(*) FROM sqlite_master"));
  if (tables == 0) {
    TRY(run(kSchema));
  } else {
    TRY(check_owner());
  }
  TRY(run("COMMIT"));
  TRY_VALUE(sequence_, number("SELECT number FROM sequence"));
  return {};
}

Result<void> LakeStorage::check_owner() {
  TRY_VALUE(const std::int64_t application, number("PRAGMA application_id"));
  if (application != kApplicationId) return trouble(SQLITE_NOTADB);
  TRY_VALUE(const std::int64_t format, number("PRAGMA user_version"));
  if (format != 1 && format != kFormat) {
    return fail(ErrorKind::Unavailable,
                "lake file " + file_ + ": made by another version (format " + std::to_string(format) +
                    "); open it with that version, or move it away to begin with an empty lake",
                "lake");
  }
  TRY_VALUE(sqlite3_stmt * check, statement("PRAGMA quick_check(1)"));
  const bool is_sound = sqlite3_step(check) == SQLITE_ROW && column(check, 0) == "ok";
  sqlite3_reset(check);
  if (!is_sound) return trouble(SQLITE_CORRUPT);
  if (format == 1) return run(kUpgradeFrom1);
  return {};
}

Result<void> LakeStorage::load(State& state) {
  TRY_VALUE(sqlite3_stmt * rows, statement("SELECT s.id, s.account, s.region, s.name, e.key, e.value FROM entries e "
                                           "JOIN shelves s ON s.id = e.shelf"));
  int code = SQLITE_OK;
  try {
    while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
      const CatalogRef ref{std::string(column(rows, 1)), std::string(column(rows, 2))};
      ShelfBase* shelf = state.shelf(ref, column(rows, 3));
      if (shelf == nullptr) return trouble(SQLITE_CORRUPT);
      shelf->load(column(rows, 4), column(rows, 5));
      shelf_ids_[shelf] = sqlite3_column_int64(rows, 0);
    }
  } catch (const Json::exception&) {
    code = SQLITE_CORRUPT;
  }
  sqlite3_reset(rows);
  if (code != SQLITE_DONE) return trouble(code);
  return {};
}

Result<std::int64_t> LakeStorage::shelf_id(const ShelfBase& shelf) {
  if (const auto known = shelf_ids_.find(&shelf); known != shelf_ids_.end()) return known->second;
  const auto bind_name = [&](sqlite3_stmt* prepared) {
    bind_text(prepared, 1, shelf.catalog().account);
    bind_text(prepared, 2, shelf.catalog().region);
    bind_text(prepared, 3, shelf.name());
  };
  TRY_VALUE(sqlite3_stmt * find,
            statement("SELECT id FROM shelves WHERE account = ? AND region = ? AND name = ?"));
  bind_name(find);
  if (sqlite3_step(find) == SQLITE_ROW) {
    const std::int64_t id = sqlite3_column_int64(find, 0);
    sqlite3_reset(find);
    return id;
  }
  sqlite3_reset(find);
  TRY_VALUE(sqlite3_stmt * add, statement("INSERT INTO shelves(account, region, name) VALUES(?, ?, ?)"));
  bind_name(add);
  const int code = sqlite3_step(add);
  sqlite3_reset(add);
  if (code != SQLITE_DONE) return trouble(code);
  return sqlite3_last_insert_rowid(database_);
}

Result<void> LakeStorage::write_changes(const Journal& journal) {
  // Several changes of one entry are one row: the value of now.
  std::set<std::pair<ShelfBase*, std::string_view>> changed;
  for (const Journal::Change& change : journal.changes()) changed.emplace(change.shelf, change.key);
  for (const auto& [shelf, key] : changed) {
    TRY_VALUE(const std::int64_t id, shelf_id(*shelf));
    const std::optional<std::string> value = shelf->stored(key);
    TRY_VALUE(sqlite3_stmt * write,
              statement(value ? "INSERT INTO entries(shelf, key, value) VALUES(?1, ?2, ?3) "
                                "ON CONFLICT(shelf, key) DO UPDATE SET value = excluded.value"
                              : "DELETE FROM entries WHERE shelf = ?1 AND key = ?2"));
    sqlite3_bind_int64(write, 1, id);
    bind_text(write, 2, key);
    if (value) bind_text(write, 3, *value);
    const int code = sqlite3_step(write);
    sqlite3_reset(write);
    if (code != SQLITE_DONE) return trouble(code);
  }
  TRY_VALUE(sqlite3_stmt * count, statement("UPDATE sequence SET number = ?"));
  sqlite3_bind_int64(count, 1, sequence_);
  const int code = sqlite3_step(count);
  sqlite3_reset(count);
  if (code != SQLITE_DONE) return trouble(code);
  return {};
}

Result<void> LakeStorage::write(const Journal& journal) {
  TRY(run("BEGIN IMMEDIATE"));
  ++sequence_;
  Result<void> written = write_changes(journal);
  if (written) written = run("COMMIT");
  if (!written && sqlite3_get_autocommit(database_) == 0) static_cast<void>(run("ROLLBACK"));
  return written;
}

bool LakeStorage::holds_last_write() {
  const Result<std::int64_t> held = number("SELECT number FROM sequence");
  return held.has_value() && *held == sequence_;
}

}  // namespace datamesh::embedded::lake
