// One call on its way through the lake: who calls, where, when, and how it fails. Operations are functions of a
// Session and the input; they check everything before they change anything.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "controller/aws/api.h"
#include "controller/embedded/lake_state.h"

namespace datamesh::embedded::lake {

/// Who makes a call.
struct Identity {
  std::string account;
  std::string arn;                     ///< of the role or user, never of a session
  std::string session = "datamesh";  ///< the name of the role's session
};

/// The roles that have administrator rights in IAM, in every account. All other principals may call Glue and the data
/// and permission operations of Lake Formation, but not settings, registration or changes in RAM.
bool administers_iam(const Identity& identity);

/// Where a page starts and how long it may be.
struct Paging {
  std::size_t most = 100;
  std::string from;  ///< a key; empty: from the beginning
};

class Session {
 public:
  Session(State& state, const aws::Call& call, Identity caller, Time now, std::uint64_t& listings)
      : state(state), call(call), caller(std::move(caller)), now(now), listings_(listings) {}

  State& state;
  const aws::Call& call;
  const Identity caller;
  const Time now;

  const std::string& account() const { return call.target.account; }
  const std::string& region() const { return call.target.region; }
  /// "arn:aws:ram:": how ARNs of `service` begin in the partition of the region.
  std::string arn_start(std::string_view service) const;
  std::int64_t now_millis() const { return millis_of(now); }

  /// The catalog of the target.
  Catalog& home() { return state.catalog(call.target, now); }
  /// The catalog of `owner` in the region of the call (or `region`); null when that account is unknown here.
  Catalog* catalog_of(const std::string& owner, const std::string& region = {});
  /// The account that `input` names in CatalogId, else the caller's.
  std::string catalog_id(const Json& input) const;

  /// Whether `identity` is a data lake administrator of its own account, in the region of the call.
  bool is_lake_admin(const Identity& identity) const;
  bool is_read_only_admin(const Identity& identity) const;

  tl::unexpected<Error> error(std::string code, std::string message) const;
  tl::unexpected<Error> invalid(std::string message) const;
  tl::unexpected<Error> not_found(std::string message) const;
  tl::unexpected<Error> denied(std::string message) const;
  /// "Insufficient Lake Formation permission(s): Required Drop on sales"
  tl::unexpected<Error> insufficient(std::string_view permission, std::string_view on) const;
  tl::unexpected<Error> exists(std::string message) const;

  Symbol intern(std::string_view text) { return state.interner.intern(text); }
  PermissionKey permission_key(std::string_view resource, std::string_view principal,
                               std::string_view condition = {}) {
    return {intern(resource), intern(principal), intern(condition)};
  }

  /// True for now and then one page of the listings that AWS sometimes leaves empty: every seventh one that begins a
  /// listing. One that goes on is never left empty: it would give the token that it was given, and no listing ends so.
  bool is_empty_page_due(const Paging& paging) { return ++listings_ % 7 == 0 && paging.from.empty(); }

 private:
  bool is_listed(const Identity& identity, const char* list) const;

  std::uint64_t& listings_;
};

/// Reads `token_name` and `limit_name` of `input`.
/// Errors: InvalidInputException for a token that is not ours.
Result<Paging> read_paging(const Session& session, const Json& input, std::size_t default_most,
                           const char* token_name = "NextToken", const char* limit_name = "MaxResults");
/// An opaque token for a position.
std::string token_of(std::string_view position);

/// Emits what `shelf` holds under `prefix`, from `paging` on. `emit(key, value)` returns whether it used a place of
/// the page. Returns the token for the next page, empty at the end.
template <class Value, class Emit>
std::string list_page(const TextShelf<Value>& shelf, const Paging& paging, std::string_view prefix, Emit&& emit) {
  std::size_t used = 0;
  auto at = shelf.lower_bound(paging.from.empty() ? std::string(prefix) : paging.from);
  for (; at != shelf.end() && at->first.starts_with(prefix); ++at) {
    if (used == paging.most) return token_of(at->first);
    if (emit(at->first, at->second)) ++used;
  }
  return {};
}

/// Calls `visit(key, value)` for everything under `prefix`.
template <class Value, class Visit>
void for_each_under(const TextShelf<Value>& shelf, std::string_view prefix, Visit&& visit) {
  for (auto at = shelf.lower_bound(std::string(prefix)); at != shelf.end() && at->first.starts_with(prefix); ++at) {
    visit(at->first, at->second);
  }
}

/// Erases everything under `prefix`.
template <class Value>
void erase_under(TextShelf<Value>& shelf, std::string_view prefix) {
  for (auto at = shelf.lower_bound(std::string(prefix)); at != shelf.end() && at->first.starts_with(prefix);) {
    const std::string key = at->first;
    shelf.erase(key);
    at = shelf.lower_bound(key);
  }
}

}  // namespace datamesh::embedded::lake
