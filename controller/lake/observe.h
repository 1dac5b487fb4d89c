// Reads one catalog whole, by pages, into a Snapshot. Blocking; runs on a worker.
#pragma once

#include <memory>

#include "controller/aws/api.h"
#include "controller/catalog/snapshot.h"

namespace datamesh::lake {

/// One reading of a catalog, which goes on where a call failed: under throttling a catalog of many pages would otherwise
/// never be read to its end.
class Reader {
 public:
  /// `now` becomes `Snapshot::taken`.
  Reader(const CatalogRef& catalog, Time now);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  /// Everything that entries can be about in the catalog, canonical. Calls that were answered are not made again. Once it
  /// has succeeded the Reader is spent.
  /// Units: calls grow with pages (100 databases, 100 tables of one database, 1,000 permissions), never with entries.
  /// Errors: the first call's that fails, when it is no call to RAM: without those the snapshot says `shares_error`.
  /// After Throttled and Transient `read` may be called again; after any other error a new Reader has to begin.
  Result<catalog::Snapshot> read(aws::Api& api);

  /// Only what others share with the account of `catalog`: the ShareAcceptance entries. Two listings.
  static Result<std::map<catalog::LocalKey, catalog::EntryValue>> shares(aws::Api& api, const CatalogRef& catalog);

  Time begun() const;
  /// Calls that were answered so far.
  std::size_t answered() const;

 private:
  class Reading;
  std::unique_ptr<Reading> reading_;
};

/// The catalog in one go.
inline Result<catalog::Snapshot> observe(aws::Api& api, const CatalogRef& catalog, Time now) {
  return Reader(catalog, now).read(api);
}

}  // namespace datamesh::lake
