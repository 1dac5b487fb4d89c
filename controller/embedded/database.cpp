#include "controller/embedded/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace datamesh::embedded {
namespace {

/// How long a statement waits for a lock that another process holds (a backup, somebody's sqlite3 shell).
constexpr int kBusyTimeoutMs = 5000;

Error unavailable(std::string message) {
  return Error{ErrorKind::Unavailable, {}, std::move(message), "store", std::nullopt};
}

/// The advice for the primary code of an SQLite result; empty for codes that only a mistake of ours produces.
std::string_view advice(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "the disk is full, or the file has reached its size limit: free some space and try again; what was "
             "stored before is safe";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the file is damaged or no database: nothing was changed; move it away together with the files beside "
             "it that end in -wal and -shm, put a backup in its place, and start again";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "it cannot be opened for writing: check that its folder exists and that this user may write there";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds it locked: stop that program and try again";
    case SQLITE_IOERR:
      return "the disk reports an error: check the disk and its mount; what was acknowledged before is on it";
    case SQLITE_NOMEM:
      return "there is not enough memory";
    case SQLITE_TOOBIG:
      return "a text is larger than the database accepts";
    default:
      return {};
  }
}

/// Makes the file before SQLite does, because SQLite would let everybody read it. The files that SQLite puts beside
/// it inherit these rights.
Result<void> create_private(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(unavailable(file + " cannot be opened (" + std::strerror(errno) +
                            "): check that its folder exists and that this user may write there"));
  }
  ::close(descriptor);
  return {};
}

}  // namespace

// ---- Statement ------------------------------------------------------------------------------------------------

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), prepared_(other.prepared_), parameter_(other.parameter_) {
  other.prepared_ = nullptr;
}

Statement::~Statement() {
  if (prepared_ == nullptr) return;
  sqlite3_reset(prepared_);
  sqlite3_clear_bindings(prepared_);
}

Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(prepared_, ++parameter_, value);
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* start = text.empty() ? "" : text.data();
  sqlite3_bind_text64(prepared_, ++parameter_, start, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::next() {
  switch (sqlite3_step(prepared_)) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: return fail(database_->error());
  }
}

Result<void> Statement::run() {
  TRY(next());
  return {};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(prepared_, column); }

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(prepared_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(prepared_, column))};
}

// ---- Database -------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::open(const std::string& file, OpenMode mode) {
  if (file != kInMemory && mode == OpenMode::ReadWrite) TRY(create_private(file));
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= mode == OpenMode::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &connection, flags, nullptr);
  std::unique_ptr<Database> database(new Database(file, connection));
  if (code != SQLITE_OK) return fail(database->error());
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  return database;
}

Database::~Database() {
  for (const auto& [sql, prepared] : literals_) sqlite3_finalize(prepared);
  for (const auto& [sql, prepared] : texts_) sqlite3_finalize(prepared);
  sqlite3_close_v2(connection_);
}

Result<sqlite3_stmt*> Database::compile(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return fail(error());
  return prepared;
}

Result<Statement> Database::prepare(const char* sql) {
  sqlite3_stmt*& kept = literals_[sql];
  if (kept == nullptr) {
    TRY_VALUE(kept, compile(sql));
  }
  return Statement(this, kept);
}

Result<Statement> Database::prepare_text(const std::string& sql) {
  sqlite3_stmt*& kept = texts_[sql];
  if (kept == nullptr) {
    TRY_VALUE(kept, compile(sql));
  }
  return Statement(this, kept);
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fail(error());
  return {};
}

Result<std::int64_t> Database::integer(const char* sql) {
  TRY_VALUE(Statement statement, prepare(sql));
  TRY_VALUE(const bool found, statement.next());
  return found ? statement.integer(0) : 0;
}

Error Database::error() const {
  // Without a connection there was no memory even to report it.
  const int code = connection_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(connection_);
  const std::string said = connection_ == nullptr ? "out of memory" : sqlite3_errmsg(connection_);
  const std::string_view what_to_do = advice(code);
  if (what_to_do.empty()) {
    return Error{ErrorKind::Internal, std::to_string(code), file_ + ": " + said, "store", std::nullopt};
  }
  Error error = unavailable(file_ + ": " + std::string(what_to_do) + " (SQLite says: " + said + ")");
  error.code = std::to_string(code);
  return error;
}

Error Database::damage(std::string_view what) const {
  return unavailable(file_ + ": " + std::string(advice(SQLITE_CORRUPT)) + " (" + std::string(what) + ")");
}

// ---- Transaction ----------------------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database, TransactionKind kind) {
  TRY(database.execute(kind == TransactionKind::Write ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(&database);
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors; the second attempt then fails, which does no harm.
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace datamesh::embedded
