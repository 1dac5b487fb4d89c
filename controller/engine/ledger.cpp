#include "controller/engine/ledger.h"

#include <algorithm>

#include "controller/mesh/tags.h"

namespace datamesh::engine {

using catalog::EntryKey;
using catalog::EntryKind;
using catalog::EntryValue;
using catalog::PermissionValue;

namespace {

bool by_key(const IndexedClaim& a, const IndexedClaim& b) { return a.key < b.key; }

auto claims_on(const ResourceState& state, KeyId id) {
  IndexedClaim probe;
  probe.key = id;
  return std::equal_range(state.claims.begin(), state.claims.end(), probe, by_key);
}

/// Keys whose claims are not the same in `a` and `b`, both sorted by key.
void keys_that_differ(const std::vector<IndexedClaim>& a, const std::vector<IndexedClaim>& b,
                      std::vector<KeyId>& out) {
  auto left = a.begin(), right = b.begin();
  while (left != a.end() || right != b.end()) {
    const KeyId key = left == a.end()                                ? right->key
                      : right == b.end() || left->key <= right->key ? left->key
                                                                     : right->key;
    const auto left_end = std::find_if(left, a.end(), [&](const auto& each) { return each.key != key; });
    const auto right_end = std::find_if(right, b.end(), [&](const auto& each) { return each.key != key; });
    if (!std::equal(left, left_end, right, right_end)) out.push_back(key);
    left = left_end;
    right = right_end;
  }
}

/// Keys of `a` that `b` has not, each once.
void keys_missing(const std::vector<IndexedClaim>& a, const std::vector<IndexedClaim>& b, std::vector<KeyId>& out) {
  for (const IndexedClaim& claim : a) {
    if (!out.empty() && out.back() == claim.key) continue;
    if (!std::binary_search(b.begin(), b.end(), claim, by_key)) out.push_back(claim.key);
  }
}

}  // namespace

std::size_t Ledger::Hash::operator()(const EntryKey& key) const {
  std::size_t hash = std::hash<std::string>()(key.local.name);
  hash = hash * 31 + std::hash<std::string>()(key.catalog.account);
  hash = hash * 31 + std::hash<std::string>()(key.catalog.region);
  return hash * 31 + static_cast<std::size_t>(key.local.kind);
}

KeyId Ledger::intern(const EntryKey& key) {
  const auto [at, fresh] = ids_.try_emplace(key, static_cast<KeyId>(keys_.size()));
  if (fresh) {
    keys_.push_back(&at->first);
    lines_.emplace_back();
    if (key.local.kind == catalog::EntryKind::TagAssignment) tag_assignments_[key.catalog].emplace(key.local.name, at->second);
    if (key.local.kind == catalog::EntryKind::Permission || key.local.kind == catalog::EntryKind::OptIn) {
      const auto permission = catalog::parse_permission_id(key.local.name);
      const bool is_on_database = permission && !permission->resource.database.empty();
      if (is_on_database) given_on_[{permission->resource.owner, permission->resource.database}].push_back(at->second);
    }
  }
  return at->second;
}

const std::vector<KeyId>& Ledger::given_on(const std::string& account, const std::string& database) const {
  static const std::vector<KeyId> kNone;
  const auto found = given_on_.find({account, database});
  return found == given_on_.end() ? kNone : found->second;
}

const std::map<std::string, KeyId>& Ledger::tag_assignments(const CatalogRef& catalog) const {
  static const std::map<std::string, KeyId> kNone;
  const auto found = tag_assignments_.find(catalog);
  return found == tag_assignments_.end() ? kNone : found->second;
}

std::optional<KeyId> Ledger::lookup(const EntryKey& key) const {
  const auto found = ids_.find(key);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

ResourceState& Ledger::at(const api::ObjectKey& key) {
  auto& slot = resources_[key];
  if (!slot) {
    slot = std::make_unique<ResourceState>();
    slot->key = key;
  }
  return *slot;
}

ResourceState* Ledger::find(const api::ObjectKey& key) {
  const auto found = resources_.find(key);
  return found == resources_.end() ? nullptr : found->second.get();
}

const ResourceState* Ledger::find(const api::ObjectKey& key) const {
  const auto found = resources_.find(key);
  return found == resources_.end() ? nullptr : found->second.get();
}

void Ledger::erase(const api::ObjectKey& key) {
  ResourceState* state = find(key);
  if (state == nullptr) return;
  set_claims(*state, {});
  set_recorded(*state, {});
  resources_.erase(key);
}

std::vector<KeyId> Ledger::set_claims(ResourceState& state, const reconcilers::ClaimSet& claims) {
  std::vector<IndexedClaim> fresh;
  fresh.reserve(claims.claims.size());
  for (const reconcilers::Claim& claim : claims.claims) {
    IndexedClaim indexed{intern(claim.key), claim.value, {}, claim.step, claim.release};
    indexed.needs.reserve(claim.needs.size());
    for (const EntryKey& need : claim.needs) indexed.needs.push_back(intern(need));
    fresh.push_back(std::move(indexed));
  }
  std::stable_sort(fresh.begin(), fresh.end(), by_key);
  std::vector<KeyId> touched;
  std::vector<KeyId> left, joined;
  keys_that_differ(state.claims, fresh, touched);
  keys_missing(state.claims, fresh, left);
  keys_missing(fresh, state.claims, joined);
  for (const KeyId id : left) {
    std::erase(lines_[id].claimants, &state);
    if (!is_claimed(id)) claimed_in_[keys_[id]->catalog.account].erase(id);
    if (state.recorded.contains(id)) lines_[id].former.push_back(&state);
  }
  for (const KeyId id : joined) {
    if (!is_claimed(id)) claimed_in_[keys_[id]->catalog.account].insert(id);
    lines_[id].claimants.push_back(&state);
    std::erase(lines_[id].former, &state);
  }
  state.claims = std::move(fresh);
  state.findings = claims.findings;
  state.ended.clear();
  for (const EntryKey& key : claims.ended) state.ended.insert(intern(key));
  state.withheld.clear();
  for (const auto& [key, value] : claims.withheld) {
    auto [at, is_new] = state.withheld.try_emplace(intern(key), value);
    if (is_new) continue;
    if (auto both = catalog::merged(at->second, value)) at->second = std::move(*both);
  }
  if (state.unknown_tables != claims.unknown_tables) {
    // What was kept, or is to be kept now, is judged anew.
    for (const auto& [id, record] : state.recorded) touched.push_back(id);
  }
  state.unknown_tables = claims.unknown_tables;
  return touched;
}

std::vector<KeyId> Ledger::set_recorded(ResourceState& state, std::map<KeyId, Recorded> recorded) {
  std::vector<KeyId> touched;
  for (const auto& [id, record] : state.recorded) {
    const auto now = recorded.find(id);
    if (now != recorded.end() && now->second == record) continue;
    touched.push_back(id);
    if (now != recorded.end()) continue;
    std::erase(lines_[id].owners, &state);
    std::erase(lines_[id].former, &state);
  }
  for (const auto& [id, record] : recorded) {
    if (state.recorded.contains(id)) continue;
    touched.push_back(id);
    lines_[id].owners.push_back(&state);
    if (!claims_any(state, id)) lines_[id].former.push_back(&state);
  }
  state.recorded = std::move(recorded);
  return touched;
}

bool claims_any(const ResourceState& state, KeyId id) {
  const auto [begin, end] = claims_on(state, id);
  return begin != end;
}

std::optional<EntryValue> claimed_value(const ResourceState& state, KeyId id) {
  std::optional<EntryValue> value;
  const auto [begin, end] = claims_on(state, id);
  for (auto at = begin; at != end; ++at) {
    if (!value) {
      value = at->value;
    } else if (auto both = catalog::merged(*value, at->value)) {
      value = std::move(*both);
    }
  }
  return value;
}

/// What a Grant gave counts as claimed while it cannot say what it claims.
void Ledger::keep_given(KeyId id, Desired& out) const {
  for (const ResourceState* state : lines_[id].former) {
    const PermissionValue& given = state->recorded.at(id).permission;
    if (!keeps(*state, id) || given.empty()) continue;
    const auto* wanted = out.value ? std::get_if<PermissionValue>(&*out.value) : nullptr;
    out.value = wanted == nullptr ? given : united(*wanted, given);
  }
}

Desired Ledger::desired(KeyId id) const {
  Desired out;
  for (const ResourceState* state : lines_[id].claimants) {
    const auto [begin, end] = claims_on(*state, id);
    for (auto at = begin; at != end; ++at) {
      if (!out.value) {
        out.value = at->value;
        continue;
      }
      auto both = catalog::merged(*out.value, at->value);
      if (!both) return {std::nullopt, true};
      out.value = std::move(*both);
    }
  }
  keep_given(id, out);
  return out;
}

std::optional<Ownership> Ledger::owned(KeyId id) const {
  const Line& line = lines_[id];
  if (line.owners.empty()) return std::nullopt;
  Ownership out;
  out.deletable = true;
  for (const ResourceState* owner : line.owners) {
    const Recorded& record = owner->recorded.at(id);
    out.permission = united(out.permission, record.permission);
    if (!record.tag_value.empty()) out.tag_value = record.tag_value;
    if (record.adopted || record.retain || keeps(*owner, id)) out.deletable = false;
  }
  if (stays_with_its_holder(id)) out.deletable = false;
  return out;
}

bool Ledger::keeps(const ResourceState& state, KeyId id) const {
  const catalog::LocalKey& local = key(id).local;
  if (local.kind == EntryKind::TagAssignment) return is_of_a_dropped_column(state, id);
  if (!state.unknown_tables || !state.recorded.contains(id)) return false;
  return state.key.kind == "Grant" || local.kind == EntryKind::Table ||
         (local.kind == EntryKind::Permission && local.name.ends_with(catalog::kIamAllowedPrincipals));
}

bool Ledger::is_of_a_dropped_column(const ResourceState& state, KeyId id) const {
  const auto& [ref, local] = key(id);
  const std::string column = catalog::tagged_column(local);
  if (column.empty() || !state.recorded.contains(id) || claims_any(state, id)) return false;
  const auto holder = lookup({ref, catalog::holder_of_tag(local.name)});
  const auto table = holder ? claimed_value(state, *holder) : std::nullopt;
  const auto* shape = table ? std::get_if<catalog::Shared<catalog::Table>>(&*table) : nullptr;
  return shape != nullptr && (*shape)->schema_rule == catalog::SchemaRule::Exact && !catalog::has_column(**shape, column);
}

/// What is retained when nobody declares it any more keeps its tags, or whoever they kept out could read it. That tag Grants may
/// reach it ends with the product.
bool Ledger::stays_with_its_holder(KeyId id) const {
  if (key(id).local.kind != EntryKind::TagAssignment) return false;
  const auto& [ref, local] = key(id);
  const auto holder = lookup({ref, catalog::holder_of_tag(local.name)});
  if (!holder || is_claimed(*holder)) return false;
  if (const auto owned_holder = owned(*holder); owned_holder && owned_holder->deletable) return false;
  const bool is_consent = local.name.ends_with(std::string("#") + mesh::kTagGrantsKey);
  if (!is_consent) return true;
  const auto database = lookup({ref, catalog::database_key(local.name.substr(0, local.name.find_first_of("/#")))});
  return holder != database && database && is_claimed(*database);
}

bool Ledger::is_recorded(KeyId id) const {
  const bool permission = key(id).local.kind == EntryKind::Permission;
  const Line& line = lines_[id];
  if (line.owners.size() - line.former.size() < line.claimants.size()) return false;
  if (!permission) return true;
  for (const ResourceState* state : line.claimants) {
    const auto found = state->recorded.find(id);
    if (found == state->recorded.end()) return false;
    const auto value = claimed_value(*state, id);
    if (value && !covers(found->second.permission, std::get<PermissionValue>(*value))) return false;
  }
  return true;
}

const std::set<KeyId>& Ledger::claimed_in(const std::string& account) const {
  static const std::set<KeyId> kNone;
  const auto found = claimed_in_.find(account);
  return found == claimed_in_.end() ? kNone : found->second;
}

const IndexedClaim& Ledger::first_claim(KeyId id) const {
  const auto& claimants = lines_[id].claimants;
  const auto first = std::min_element(claimants.begin(), claimants.end(),
                                      [](const auto* a, const auto* b) { return a->key < b->key; });
  return *claims_on(**first, id).first;
}

std::vector<KeyId> Ledger::needs(KeyId id) const {
  std::vector<KeyId> out;
  for (const ResourceState* state : lines_[id].claimants) {
    const auto [begin, end] = claims_on(*state, id);
    for (auto at = begin; at != end; ++at) out.insert(out.end(), at->needs.begin(), at->needs.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<ResourceState*> Ledger::parties(KeyId id) const {
  std::vector<ResourceState*> out = lines_[id].claimants;
  out.insert(out.end(), lines_[id].former.begin(), lines_[id].former.end());
  return out;
}

}  // namespace datamesh::engine
