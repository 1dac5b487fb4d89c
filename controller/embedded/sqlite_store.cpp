#include "controller/embedded/sqlite_store.h"

#include <algorithm>
#include <utility>

namespace datamesh::embedded {
namespace {

/// Source: Kubernetes API server, maxNameGenerationCreateAttempts
constexpr int kNameAttempts = 8;

/// splitmix64's finalizer: neighbouring inputs give unrelated outputs.
std::uint64_t scattered(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

/// Errors that spoil the transaction they happen in, as opposed to the answer to one request.
bool is_fatal(const Error& error) {
  return error.kind == ErrorKind::Unavailable || error.kind == ErrorKind::Internal;
}

/// Source: etcd and the API server's watch cache, for the words
Result<void> check_history(const StoreState& state, api::Revision since) {
  if (since >= state.compacted) return {};
  return fail(ErrorKind::Gone,
              "too old resource version: " + std::to_string(since) + " (" + std::to_string(state.compacted) + ")",
              "store");
}

/// The token of a continued list, held to the list that it continues and to the history.
/// Source: list_repr_1.32.txt and the API server's 410 answer, for the words
Result<ContinueToken> continued(const api::ListRequest& request, const StoreState& state) {
  TRY_VALUE(ContinueToken token, decode_token(request.continue_token));
  const bool other_list = (!request.kind.empty() && request.kind != token.after.kind) ||
                          (request.ns && *request.ns != token.after.ns);
  if (other_list) {
    return fail(invalid({"continue: Invalid value: invalid continue token: it continues another list"}));
  }
  const bool known = token.revision >= state.compacted && token.revision <= state.revision;
  if (token.revision == kLatest || known) return token;
  token.revision = kLatest;
  return fail(ErrorKind::Gone,
              "The provided continue parameter is too old to display a consistent list result. You can start a new "
              "list without the continue parameter, or use the continue token in this response to retrieve the "
              "remainder of the results. Continuing with the provided token results in an inconsistent list - "
              "objects that were created, modified, or deleted between the time the first chunk was returned and now "
              "may show up in the list.",
              "store", encode(token));
}

/// The revision at which a list is read that asks for one of its own.
/// Source: etcd, for the words
Result<api::Revision> revision_wanted(const api::ListRequest& request, const StoreState& state) {
  if (request.at == 0) return state.revision;
  if (request.at > state.revision) {
    return fail(ErrorKind::Invalid, "resourceVersion: Invalid value: " + std::to_string(request.at) +
                                        ": required revision is a future revision", "store");
  }
  TRY(check_history(state, request.at));
  return request.at;
}

}  // namespace

/// The random number `draw` of the write that gets `revision`. Revisions are never used twice, hence no uid is, even
/// with a fixed seed and after a restart.
std::uint64_t SqliteStore::random(api::Revision revision, std::uint64_t draw) const {
  const std::uint64_t base = scattered(seed_ + static_cast<std::uint64_t>(revision) * 0x9e3779b97f4a7c15ULL);
  return scattered(base + draw * 0xd1b54a32d192ed03ULL);
}

// ---- transactions ---------------------------------------------------------------------------------------------

template <class Value>
Result<Value> SqliteStore::read(const std::function<Result<Value>(Database&)>& job) {
  if (in_memory()) {
    const std::lock_guard lock(writing_);
    TRY_VALUE(const Transaction snapshot, Transaction::begin(*writer_, TransactionKind::Read));
    return job(*writer_);
  }
  TRY_VALUE(std::unique_ptr<Database> reader, take_reader());
  Result<Value> outcome = [&]() -> Result<Value> {
    TRY_VALUE(const Transaction snapshot, Transaction::begin(*reader, TransactionKind::Read));
    return job(*reader);
  }();
  return_reader(std::move(reader));
  return outcome;
}

template <class Value>
Result<Value> SqliteStore::write(const std::function<Result<Value>(Writing&)>& job) {
  WatchHub::Subscriptions interested;
  const auto transact = [&]() -> Result<Value> {
    const std::lock_guard lock(writing_);
    TRY_VALUE(Writing writing, Writing::begin(*writer_, options_.history));
    Result<Value> outcome = job(writing);
    if (!outcome) return outcome;
    TRY(writing.commit());
    // Under the lock, so that the hub hears of revisions in their order.
    interested = hub_.publish(writing.changes());
    return outcome;
  };
  Result<Value> outcome = transact();
  for (const auto& subscription : interested) subscription->wake();
  return outcome;
}

// ---- reads ----------------------------------------------------------------------------------------------------

Result<Json> SqliteStore::get(const api::ObjectKey& key) {
  return read<Json>([&](Database& database) -> Result<Json> {
    TRY_VALUE(std::optional<Live> live, find_live(database, key));
    if (!live) return fail(absent(key));
    return std::move(live->object);
  });
}

Result<api::ListPage> SqliteStore::list(const api::ListRequest& request) {
  return read<api::ListPage>([&](Database& database) { return list_in(database, request); });
}

Result<api::ListPage> SqliteStore::list_in(Database& database, const api::ListRequest& request) const {
  TRY_VALUE(const StoreState state, read_state(database));
  TRY_VALUE(const api::Revision revision, revision_wanted(request, state));
  Selection selection{request, revision, std::nullopt};
  std::optional<std::size_t> left;
  if (!request.continue_token.empty()) {
    TRY_VALUE(const ContinueToken token, continued(request, state));
    selection.after = token.after;
    if (token.revision != kLatest) {
      selection.revision = token.revision;
      left = token.remaining;
    }
  }
  api::ListPage page;
  page.revision = selection.revision;
  TRY_VALUE(page.items, read_page(database, selection, request.limit));
  if (request.limit == 0 || page.items.size() < request.limit) return page;
  // Only the first page counts: the others are read at its revision, and know how many were left.
  if (!left) {
    TRY_VALUE(left, count(database, selection));
  }
  page.remaining = *left - std::min(*left, page.items.size());
  if (page.remaining > 0) {
    page.continue_token = encode({page.revision, api::key_of(page.items.back()), page.remaining});
  }
  return page;
}

// ---- writes ---------------------------------------------------------------------------------------------------

Result<Json> SqliteStore::admit(Json object) const {
  return options_.admission ? options_.admission(std::move(object)) : Result<Json>(std::move(object));
}

/// Admission of an update. The schema may have become stricter since the object was stored; that must not keep a
/// controller from releasing it.
Result<Json> SqliteStore::admit_change(const Json& stored, Json wanted) const {
  if (!options_.admission) return wanted;
  Json plain = wanted;
  plain.erase("status");
  Result<Json> admitted = admit(std::move(plain));
  if (!admitted && only_finalizers_differ(stored, wanted)) return wanted;
  if (admitted && wanted.contains("status")) (*admitted)["status"] = std::move(wanted["status"]);
  return admitted;
}

/// The key of a new object, its name completed when it asks for that.
Result<api::ObjectKey> SqliteStore::free_name(Writing& writing, const Json& object) const {
  api::ObjectKey key = api::key_of(object);
  const std::string prefix = string_at(object.at("metadata"), "generateName");
  const bool generated = key.name.empty();
  for (int attempt = 0;; ++attempt) {
    if (generated) key.name = prefix + name_suffix(random(writing.next_revision(), 2 + static_cast<unsigned>(attempt)));
    TRY_VALUE(const std::optional<Live> existing, writing.find(key));
    if (!existing) return key;
    if (!generated || attempt + 1 == kNameAttempts) {
      return fail(already_exists(traits(key.kind), key, existing->object));
    }
  }
}

Result<Json> SqliteStore::create(const Json& object) {
  TRY(check_shape(object, traits(string_at(object, "kind")).scope));
  TRY_VALUE(const api::Revision revision, revision_of(object));
  if (revision != 0) {
    return fail(invalid({"metadata.resourceVersion: Invalid value: \"" + std::to_string(revision) +
                         "\": resourceVersion should not be set on objects to be created"}));
  }
  return write<Json>([&](Writing& writing) { return create_in(writing, tidied(object, options_.managed_fields)); });
}

Result<Json> SqliteStore::create_in(Writing& writing, Json object) const {
  TRY_VALUE(const api::ObjectKey key, free_name(writing, object));
  object["metadata"]["name"] = key.name;
  const api::Revision revision = writing.next_revision();
  const std::string uid = uuid_v4(random(revision, 0), random(revision, 1));
  TRY_VALUE(Json admitted, admit(as_created(std::move(object), uid, options_.clock->now())));
  return writing.add(std::move(admitted));
}

Result<Json> SqliteStore::update(const Json& object) {
  TRY(check_shape(object, traits(string_at(object, "kind")).scope));
  const api::ObjectKey key = api::key_of(object);
  return write<Json>([&](Writing& writing) -> Result<Json> {
    TRY_VALUE(const std::optional<Live> live, writing.find(key));
    if (!live) return fail(absent(key));
    return change_in(writing, *live, object);
  });
}

Result<Json> SqliteStore::patch(const api::ObjectKey& key, api::PatchType type, const Json& patch) {
  return write<Json>([&](Writing& writing) -> Result<Json> {
    TRY_VALUE(const std::optional<Live> live, writing.find(key));
    if (!live) return fail(absent(key));
    TRY_VALUE(Json wanted, patched(live->object, type, patch));
    TRY(check_shape(wanted, traits(key.kind).scope));
    return change_in(writing, *live, std::move(wanted));
  });
}

Result<Json> SqliteStore::change_in(Writing& writing, const Live& live, Json wanted) const {
  TRY_VALUE(Json updated, as_updated(traits(string_at(live.object, "kind")), live.object,
                                     tidied(std::move(wanted), options_.managed_fields)));
  TRY_VALUE(updated, admit_change(live.object, std::move(updated)));
  if (updated == live.object) return updated;
  updated = with_generation(live.object, std::move(updated));
  if (is_terminating(updated) && !has_finalizers(updated)) {
    TRY(writing.remove(live.revision, updated));
    return updated;
  }
  return writing.replace(live.revision, std::move(updated));
}

Result<Json> SqliteStore::remove(const api::ObjectKey& key, const api::Preconditions& preconditions) {
  return write<Json>([&](Writing& writing) -> Result<Json> {
    TRY_VALUE(const std::optional<Live> live, writing.find(key));
    if (!live) return fail(absent(key));
    TRY(check_preconditions(traits(key.kind), live->object, preconditions));
    return remove_in(writing, *live);
  });
}

Result<Json> SqliteStore::remove_in(Writing& writing, const Live& live) const {
  if (!has_finalizers(live.object)) return writing.remove(live.revision, live.object);
  if (is_terminating(live.object)) return live.object;
  return writing.replace(live.revision, as_terminating(live.object, options_.clock->now()));
}

std::vector<Result<Json>> SqliteStore::write_statuses(const std::vector<api::StatusWrite>& writes) {
  using Outcomes = std::vector<Result<Json>>;
  Result<Outcomes> outcomes = write<Outcomes>([&](Writing& writing) -> Result<Outcomes> {
    Outcomes each;
    for (const api::StatusWrite& write : writes) {
      each.push_back(write_status_in(writing, write));
      if (!each.back() && is_fatal(each.back().error())) return fail(each.back().error());
    }
    return each;
  });
  return outcomes ? std::move(*outcomes) : Outcomes(writes.size(), Result<Json>(fail(outcomes.error())));
}

Result<Json> SqliteStore::write_status_in(Writing& writing, const api::StatusWrite& write) const {
  TRY_VALUE(std::optional<Live> live, writing.find(write.key));
  const bool same = live && (write.uid.empty() || string_at(live->object.at("metadata"), "uid") == write.uid);
  if (!same) return fail(absent(write.key));
  if (write.revision && *write.revision != live->revision) return fail(modified(traits(write.key.kind), write.key));
  Json& object = live->object;
  const bool manages = options_.managed_fields == ManagedFields::Keep && !write.managed_fields.is_null() &&
                       at_path(object, {"metadata", "managedFields"}) != write.managed_fields;
  if (member(object, "status") == write.status && !manages) return std::move(object);
  if (manages) object["metadata"]["managedFields"] = write.managed_fields;
  object["status"] = write.status;
  if (write.status.is_null()) object.erase("status");
  return writing.replace(live->revision, std::move(object));
}

// ---- watches --------------------------------------------------------------------------------------------------

class SqliteStore::EventWatch final : public api::Watch {
 public:
  EventWatch(SqliteStore& store, std::shared_ptr<Subscription> subscription)
      : store_(store), subscription_(std::move(subscription)) {}
  ~EventWatch() override { store_.hub_.unsubscribe(subscription_); }

  Result<std::vector<api::WatchEvent>> poll(std::size_t limit) override {
    if (gone_) return fail(*gone_);
    if (limit == 0) return std::vector<api::WatchEvent>();
    const std::optional<api::Revision> since = store_.hub_.begin_poll(*subscription_);
    if (!since) return std::vector<api::WatchEvent>();
    Result<std::vector<api::WatchEvent>> events = read_after(*since, limit);
    if (!events && events.error().kind == ErrorKind::Gone) gone_ = events.error();
    // After any other error the place is kept, and the next poll tries again.
    if (!events) store_.hub_.end_poll(*subscription_, *since, WatchHub::Rest::More);
    // A subscriber that takes one batch for each wake-up must get the rest, too.
    if (events && events->size() == limit) subscription_->wake();
    return events;
  }

 private:
  Result<std::vector<api::WatchEvent>> read_after(api::Revision since, std::size_t limit) {
    using Events = std::vector<api::WatchEvent>;
    return store_.read<Events>([&](Database& database) -> Result<Events> {
      TRY_VALUE(const StoreState state, read_state(database));
      TRY(check_history(state, since));
      TRY_VALUE(Events events, read_events(database, subscription_->request(), since, limit));
      const bool full = events.size() == limit;
      store_.hub_.end_poll(*subscription_, full ? events.back().revision : state.revision,
                           full ? WatchHub::Rest::More : WatchHub::Rest::Nothing);
      return events;
    });
  }

  SqliteStore& store_;
  std::shared_ptr<Subscription> subscription_;
  std::optional<Error> gone_;
};

Result<std::unique_ptr<api::Watch>> SqliteStore::watch(const api::WatchRequest& request, std::function<void()> wake) {
  const auto subscription = hub_.subscribe(request, std::move(wake));
  auto watch = std::make_unique<EventWatch>(*this, subscription);
  TRY_VALUE(const StoreState state, read<StoreState>([](Database& database) { return read_state(database); }));
  TRY(check_history(state, request.since));
  // What happened before the subscription wakes nobody else.
  if (state.revision > request.since) subscription->wake();
  return watch;
}

}  // namespace datamesh::embedded
