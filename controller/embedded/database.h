// SQLite as values and Results: the only place that calls its C interface for the object store. A connection and its
// statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "controller/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace datamesh::embedded {

class Database;

/// One use of a prepared statement. Going out of scope rewinds it, so that the connection can use it again.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binds the next parameter, from the left. The text must live until the statement is destroyed.
  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view text);

  /// Moves to the next row; false after the last.
  /// Errors: as Database::error.
  Result<bool> next();
  /// Runs a statement that returns no rows.
  Result<void> run();

  /// Columns of the present row. A text is valid until the next call of next().
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;

 private:
  friend class Database;
  Statement(Database* database, sqlite3_stmt* prepared) : database_(database), prepared_(prepared) {}

  Database* database_;
  sqlite3_stmt* prepared_;
  int parameter_ = 0;
};

/// The file that is none.
inline constexpr const char* kInMemory = ":memory:";

enum class OpenMode { ReadWrite, ReadOnly };

class Database {
 public:
  /// Opens `file`, making it when absent (with rights for its owner alone); ":memory:" lives in this connection.
  /// Errors: Unavailable with the file and what to do.
  static Result<std::unique_ptr<Database>> open(const std::string& file, OpenMode mode);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// `sql` prepared; kept for the next use under the address of the text, which must be a literal or outlive this.
  Result<Statement> prepare(const char* sql);
  /// `sql` prepared, kept under its text. For statements that are put together from few parts.
  Result<Statement> prepare_text(const std::string& sql);
  /// Runs statements that take no parameters and whose rows nobody needs.
  Result<void> execute(const char* sql);
  /// The first column of the first row of `sql`; 0 when there is none.
  Result<std::int64_t> integer(const char* sql);

  /// What the last failed call on this connection means for a person: the file, what is wrong, what to do.
  /// Errors: Unavailable (disk full, damaged, no rights, in use), Internal for a mistake of ours.
  Error error() const;
  /// The same when what is stored cannot be read although SQLite sees nothing wrong.
  Error damage(std::string_view what) const;

  const std::string& file() const { return file_; }

 private:
  friend class Statement;
  Database(std::string file, sqlite3* connection) : file_(std::move(file)), connection_(connection) {}
  Result<sqlite3_stmt*> compile(std::string_view sql);

  std::string file_;
  sqlite3* connection_;
  std::map<const char*, sqlite3_stmt*> literals_;
  std::map<std::string, sqlite3_stmt*> texts_;
};

enum class TransactionKind { Read, Write };

/// All or nothing: rolls back unless committed. A read transaction sees one state of the database throughout.
class Transaction {
 public:
  /// Errors: as Database::error.
  static Result<Transaction> begin(Database& database, TransactionKind kind);
  Transaction(Transaction&& other) noexcept : database_(other.database_) { other.database_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// Makes the changes durable. On an error nothing of them remains.
  Result<void> commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}

  Database* database_;
};

}  // namespace datamesh::embedded
