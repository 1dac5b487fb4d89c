// What others share with an account: polled while a share is awaited, made anew from the other side when it is broken.
#include <algorithm>

#include "controller/engine/impl.h"
#include "controller/engine/schedule.h"
#include "controller/lake/observe.h"

namespace datamesh::engine {

using catalog::EntryKind;
using catalog::LocalKey;

namespace {

constexpr Millis kFirstSharePoll{1000};
constexpr int kMostShareDoublings = 7;

}  // namespace

/// Looked for with every reading, since a share can break again without having been seen whole in between.
void Engine::Impl::look_for_broken_shares(CatalogState& state) {
  const auto end = state.snapshot->entries.lower_bound({EntryKind::OptIn, ""});
  for (auto at = state.snapshot->entries.lower_bound({EntryKind::ShareAcceptance, ""}); at != end; ++at) {
    if (const auto id = ledger_.lookup({state.catalog, at->first})) share_is_broken(*id);
  }
}

/// A share that will not arrive any more is made anew from the other side: everything granted there to this account
/// is planned again.
void Engine::Impl::share_is_broken(KeyId share) {
  const catalog::EntryKey& key = ledger_.key(share);
  const catalog::EntryValue* seen = catalog(key.catalog).snapshot->find(key.local);
  if (seen == nullptr) return;
  const auto& value = *std::get<catalog::Shared<catalog::ShareAcceptance>>(*seen);
  if (value.state != catalog::ShareState::Broken) return;
  const CatalogRef sender{key.local.name, key.catalog.region};
  for (const ResourceState* claimant : ledger_.claimants(share)) {
    for (const IndexedClaim& claim : claimant->claims) {
      const catalog::EntryKey& other = ledger_.key(claim.key);
      if (other.catalog == sender && other.local.kind == EntryKind::Permission) mark(claim.key);
    }
  }
}

void Engine::Impl::poll_shares(CatalogState& state) {
  begin_job(state);
  const CatalogRef ref = state.catalog;
  const api::AccountSpec account = state.account;
  const Time begun = now();
  parts_.executor->offload([this, ref, account, begun]() -> Executor::Task {
    using Shares = std::map<LocalKey, catalog::EntryValue>;
    aws::Api* api = parts_.api_for(account);
    auto read = std::make_shared<Result<Shares>>(
        api == nullptr ? Result<Shares>(fail(ErrorKind::Unavailable, "no connection is configured", to_string(ref)))
                       : lake::Reader::shares(*api, ref));
    return [this, ref, read, begun] {
      CatalogState& again = catalog(ref);
      if (*read) {
        again.shares_read = begun;
        note_shares_error(again, std::nullopt);
        take_shares(again, std::move(**read));
      } else {
        note_shares_error(again, read->error());
      }
      if (parts_.observer != nullptr) {
        parts_.observer->finished("catalog", *read ? Outcome::Success : Outcome::Error, now() - begun);
      }
      job_done(again);
    };
  });
}

/// Only what needs a share is held up when RAM fails; the shares are looked for again after a while.
void Engine::Impl::note_shares_error(CatalogState& state, const std::optional<Error>& error) {
  const bool news = state.shares_error.has_value() != error.has_value() ||
                    (error && state.shares_error->message != error->message);
  state.shares_error = error;
  if (error) {
    state.poll_shares = true;
    state.next_share_poll = now() + std::max(kFirstSharePoll, delay_after(*error, state.share_polls++));
  }
  if (!news) return;
  for (const auto& [id, open] : state.open) {
    if (ledger_.key(id).local.kind == EntryKind::ShareAcceptance) assess_parties(id);
  }
}

void Engine::Impl::take_shares(CatalogState& state, std::map<LocalKey, catalog::EntryValue> shares) {
  const int doublings = std::min(state.share_polls++, kMostShareDoublings);
  state.next_share_poll = now() + kFirstSharePoll * (1 << doublings);
  std::set<LocalKey> keys;
  const auto begin = state.snapshot->entries.lower_bound({EntryKind::ShareAcceptance, ""});
  const auto end = state.snapshot->entries.lower_bound({EntryKind::OptIn, ""});
  for (auto at = begin; at != end; ++at) keys.insert(at->first);
  for (const auto& [key, value] : shares) keys.insert(key);
  for (const LocalKey& key : keys) {
    const auto fresh = shares.find(key);
    const catalog::EntryValue* before = state.snapshot->find(key);
    if (fresh != shares.end() && before != nullptr && *before == fresh->second &&
        std::get<catalog::Shared<catalog::ShareAcceptance>>(*before)->pending ==
            std::get<catalog::Shared<catalog::ShareAcceptance>>(fresh->second)->pending) {
      continue;
    }
    if (fresh == shares.end()) {
      state.snapshot->entries.erase(key);
    } else {
      state.snapshot->entries.insert_or_assign(key, fresh->second);
    }
    note_change(state, key, false);
  }
  look_for_broken_shares(state);
  state.poll_shares = awaits_share(state);
}

/// An entry waits for a share that was given and has not arrived.
bool Engine::Impl::awaits_share(const CatalogState& state) const {
  return std::any_of(state.open.begin(), state.open.end(), [&](const auto& each) {
    return ledger_.key(each.first).local.kind == EntryKind::ShareAcceptance && !each.second.waits_for;
  });
}

}  // namespace datamesh::engine
