// The lake's file: every shelf as rows of one SQLite table, written in one transaction per call.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "controller/base/result.h"
#include "controller/embedded/lake_state.h"

struct sqlite3;
struct sqlite3_stmt;

namespace datamesh::embedded::lake {

/// One thread at a time. The file belongs to this process alone while it is open.
class LakeStorage {
 public:
  /// Opens or makes `file`. `durable`: a call that has returned survives the loss of power.
  /// Errors: Unavailable, naming the file and what to do: no such folder, no rights, in use, damaged, not ours.
  static Result<std::unique_ptr<LakeStorage>> open(const std::string& file, bool durable);
  ~LakeStorage();
  LakeStorage(const LakeStorage&) = delete;
  LakeStorage& operator=(const LakeStorage&) = delete;

  /// Fills `state`, which must be empty.
  /// Errors: Unavailable when the file is damaged.
  Result<void> load(State& state);
  /// Makes the file hold what the changed entries of `journal` hold now: all of them or none.
  /// Errors: Unavailable (disk full, input or output error); `holds_last_write` says which of the two it was.
  Result<void> write(const Journal& journal);
  /// After a failed write: whether the file holds it after all.
  bool holds_last_write();

 private:
  explicit LakeStorage(std::string file) : file_(std::move(file)) {}

  Result<void> prepare_file(bool durable);
  Result<void> check_owner();
  Result<void> run(const char* sql);
  Result<sqlite3_stmt*> statement(const char* sql);
  Result<std::int64_t> number(const char* sql);
  Result<void> write_changes(const Journal& journal);
  Result<std::int64_t> shelf_id(const ShelfBase& shelf);
  /// The last error of SQLite, with the file and the remedy.
  tl::unexpected<Error> trouble(int code);

  std::string file_;
  sqlite3* database_ = nullptr;
  std::map<std::string, sqlite3_stmt*> statements_;
  std::map<const ShelfBase*, std::int64_t> shelf_ids_;
  std::int64_t sequence_ = 0;  ///< of the last transaction tried
};

}  // namespace datamesh::embedded::lake
