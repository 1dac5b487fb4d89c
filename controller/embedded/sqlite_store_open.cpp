// Opening a store, and its connections.
#include <algorithm>
#include <random>

#include "controller/embedded/sqlite_store.h"

namespace datamesh::embedded {
namespace {

std::uint64_t drawn_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

/// FULL: a commit waits for the disk. Less would let a power cut take back revisions that clients have seen, and the
/// store would then give them out a second time.
Result<void> configure_writer(Database& database, std::size_t max_file_bytes) {
  TRY(database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;"
                       "PRAGMA cache_size = -8192"));
  if (max_file_bytes == 0) return {};
  TRY_VALUE(const std::int64_t page_size, database.integer("PRAGMA page_size"));
  const auto pages = static_cast<std::int64_t>(max_file_bytes) / page_size;
  return database.execute(("PRAGMA max_page_count = " + std::to_string(pages)).c_str());
}

/// SQLite meets damage where it reads; a store should not find out in the middle of its work.
Result<void> check_soundness(Database& database) {
  TRY_VALUE(Statement check, database.prepare("PRAGMA quick_check(1)"));
  TRY_VALUE(const bool answered, check.next());
  if (answered && check.text(0) == "ok") return {};
  return fail(database.damage(answered ? check.text(0) : "the check gave no answer"));
}

}  // namespace

SqliteStore::SqliteStore(Options options, FileLock lock, std::unique_ptr<Database> writer)
    : options_(std::move(options)),
      seed_(options_.seed ? *options_.seed : drawn_seed()),
      lock_(std::move(lock)),
      writer_(std::move(writer)) {}

bool SqliteStore::in_memory() const { return options_.file == kInMemory; }

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(Options options) {
  if (options.clock == nullptr) return fail(ErrorKind::Internal, "a store needs a clock", "store");
  options.history = std::max<std::size_t>(options.history, 10);
  const bool in_memory = options.file == kInMemory;
  TRY_VALUE(FileLock lock, in_memory ? Result<FileLock>(FileLock()) : FileLock::acquire(options.file));
  TRY_VALUE(std::unique_ptr<Database> writer, Database::open(options.file, OpenMode::ReadWrite));
  TRY(prepare_tables(*writer));
  TRY(check_soundness(*writer));
  TRY(configure_writer(*writer, options.max_file_bytes));
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(options), std::move(lock), std::move(writer)));
}

Result<std::unique_ptr<Database>> SqliteStore::take_reader() {
  {
    const std::lock_guard lock(pooling_);
    if (!readers_.empty()) {
      std::unique_ptr<Database> reader = std::move(readers_.back());
      readers_.pop_back();
      return reader;
    }
  }
  return Database::open(options_.file, OpenMode::ReadOnly);
}

void SqliteStore::return_reader(std::unique_ptr<Database> reader) {
  static constexpr std::size_t kIdleReaders = 4;
  const std::lock_guard lock(pooling_);
  if (readers_.size() < kIdleReaders) readers_.push_back(std::move(reader));
}

}  // namespace datamesh::embedded
