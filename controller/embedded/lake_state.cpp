#include "controller/embedded/lake_state.h"

#include <charconv>

#include "controller/embedded/lake_principal.h"

namespace datamesh::embedded::lake {
namespace {

constexpr char kKeyEnd = '\x1d';
constexpr char kNameEnd = '\x1e';

bool is_policy_key(std::string_view resource) {
  return !resource.empty() && (resource.front() == 'P' || resource.front() == 'Q');
}

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Everything from the part with the number `index` on.
std::string_view rest_from(std::string_view text, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t end = text.find(kPartEnd);
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += name;
    out += kNameEnd;
  }
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find(kNameEnd);
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

}  // namespace

bool PermissionOrder::less(const PermissionProbe& a, const PermissionProbe& b) {
  if (is_policy_key(a.resource) && is_policy_key(b.resource) && a.resource.front() == b.resource.front()) {
    if (const int by = a.principal.compare(b.principal); by != 0) return by < 0;
  }
  if (const int by = a.resource.compare(b.resource); by != 0) return by < 0;
  if (const int by = a.principal.compare(b.principal); by != 0) return by < 0;
  return a.condition < b.condition;
}

std::string PermissionCodec::key_text(const PermissionKey& key) const {
  return *key.resource + kKeyEnd + *key.principal + kKeyEnd + *key.condition;
}

PermissionKey PermissionCodec::key_of_text(std::string_view text) const {
  const std::size_t first = text.find(kKeyEnd);
  const std::size_t second = text.find(kKeyEnd, first + 1);
  return {interner->intern(text.substr(0, first)), interner->intern(text.substr(first + 1, second - first - 1)),
          interner->intern(text.substr(second + 1))};
}

std::string PermissionCodec::value_text(const Rights& r) const {
  const std::string columns = r.columns ? joined(r.columns->readable) : std::string();
  const std::string grantable = r.columns ? joined(r.columns->grantable) : std::string();
  // The key of a share is made of parts itself, so it comes last.
  return join_parts({std::to_string(r.granted.bits()), std::to_string(r.grantable.bits()),
                     std::to_string(r.implicit.bits()), std::to_string(r.updated),
                     r.updated_by ? std::string_view(*r.updated_by) : std::string_view(), r.columns ? "c" : "",
                     columns, grantable, r.share ? std::string_view(*r.share) : std::string_view()});
}

Rights PermissionCodec::value_of_text(std::string_view text) const {
  const auto bits = [&](std::size_t index) {
    return PermissionSet::of_bits(static_cast<unsigned>(number_in(part_of(text, index))));
  };
  Rights r;
  r.granted = bits(0);
  r.grantable = bits(1);
  r.implicit = bits(2);
  r.updated = number_in(part_of(text, 3));
  r.updated_by = interner->intern(part_of(text, 4));
  if (!part_of(text, 5).empty()) {
    r.columns = std::make_shared<const ColumnRights>(ColumnRights{split(part_of(text, 6)), split(part_of(text, 7))});
  }
  if (const std::string_view share = rest_from(text, 8); !share.empty()) r.share = interner->intern(share);
  return r;
}

Json to_stored(const Json& value) { return value; }
void from_stored(const Json& stored, Json& value) { value = stored; }

Json to_stored(const Database& value) {
  return {{"input", value.input}, {"by", value.created_by}, {"at", value.created}};
}
void from_stored(const Json& stored, Database& value) {
  value = {stored.at("input"), stored.at("by"), stored.at("at")};
}

Json to_stored(const Table& value) {
  return {{"input", value.input},
          {"by", value.created_by},
          {"at", value.created},
          {"updated", value.updated},
          {"version", value.version}};
}
void from_stored(const Json& stored, Table& value) {
  value = {stored.at("input"), stored.at("by"), stored.at("at"), stored.at("updated"), stored.at("version")};
}

Json to_stored(const TagValues& value) {
  Json out = Json::array();
  for (const std::string& one : value) out.push_back(one);
  return out;
}
void from_stored(const Json& stored, TagValues& value) { value = stored.get<TagValues>(); }

Json to_stored(const Tags& value) { return value.empty() ? Json::object() : Json(value); }
void from_stored(const Json& stored, Tags& value) { value = stored.get<Tags>(); }

Json to_stored(const Share& s) {
  return {{"arn", s.arn},           {"name", s.name},
          {"owner", s.owner},       {"region", s.region},
          {"receiver", s.receiver}, {"status", static_cast<int>(s.status)},
          {"blocked", s.is_blocked}, {"gone", s.is_receiver_gone},
          {"invitation", s.invitation}, {"created", s.created}, {"updated", s.updated}};
}
void from_stored(const Json& stored, Share& s) {
  s.arn = stored.at("arn");
  s.name = stored.at("name");
  s.owner = stored.at("owner");
  s.region = stored.at("region");
  s.receiver = stored.at("receiver");
  s.status = static_cast<ShareStatus>(stored.at("status").get<int>());
  s.is_blocked = stored.at("blocked");
  s.is_receiver_gone = stored.at("gone");
  s.invitation = stored.at("invitation");
  s.created = stored.at("created");
  s.updated = stored.at("updated");
}

Json to_stored(const Invitation& i) {
  return {{"arn", i.arn},         {"shareKey", i.share_key}, {"shareArn", i.share_arn}, {"shareName", i.share_name},
          {"sender", i.sender},   {"receiver", i.receiver},  {"sent", i.sent},
          {"status", static_cast<int>(i.status)}};
}
void from_stored(const Json& stored, Invitation& i) {
  i = {stored.at("arn"),    stored.at("shareKey"), stored.at("shareArn"), stored.at("shareName"),
       stored.at("sender"), stored.at("receiver"), stored.at("sent"),
       static_cast<InvitationStatus>(stored.at("status").get<int>())};
}

std::string table_key(std::string_view database, std::string_view table) { return join_parts({database, table}); }

std::string prefix_of(std::initializer_list<std::string_view> parts) { return join_parts(parts) + kPartEnd; }

Catalog::Catalog(const CatalogRef& which, Journal& journal, Interner& interner)
    : ref(which),
      settings(which, "settings", journal),
      databases(which, "databases", journal),
      tables(which, "tables", journal),
      versions(which, "versions", journal),
      partitions(which, "partitions", journal),
      permissions(which, "permissions", journal, PermissionCodec{&interner}),
      locations(which, "locations", journal),
      tags(which, "tags", journal),
      tagged(which, "tagged", journal),
      filters(which, "filters", journal),
      expressions(which, "expressions", journal),
      opt_ins(which, "opt_ins", journal),
      policies(which, "policies", journal) {}

std::vector<ShelfBase*> Catalog::shelves() {
  return {&settings, &databases, &tables,  &versions,    &partitions, &permissions, &locations,
          &tags,     &tagged,    &filters, &expressions, &opt_ins,    &policies};
}

State::State()
    : shares({}, "shares", journal),
      share_resources({}, "share_resources", journal),
      invitations({}, "invitations", journal),
      organizations({}, "organizations", journal),
      sessions({}, "sessions", journal),
      queues({}, "queues", journal),
      messages({}, "messages", journal),
      counters({}, "counters", journal) {}

Catalog& State::bare_catalog(const CatalogRef& ref) {
  auto& slot = catalogs_[ref];
  if (!slot) slot = std::make_unique<Catalog>(ref, journal, interner);
  return *slot;
}

Catalog& State::catalog(const CatalogRef& ref, Time now) {
  Catalog& catalog = bare_catalog(ref);
  if (catalog.settings.find("") != nullptr) return catalog;
  const Json open = Json::array({{{"Principal", {{"DataLakePrincipalIdentifier", kIamAllowedPrincipals}}},
                                  {"Permissions", Json::array({"ALL"})}}});
  catalog.settings.put("", {{"DataLakeAdmins", Json::array()},
                            {"ReadOnlyAdmins", Json::array()},
                            {"CreateDatabaseDefaultPermissions", open},
                            {"CreateTableDefaultPermissions", open},
                            {"Parameters", {{"CROSS_ACCOUNT_VERSION", "1"}}},
                            {"TrustedResourceOwners", Json::array()}});
  Rights rights;
  rights.granted = {Permission::CreateDatabase};
  rights.updated = millis_of(now);
  rights.updated_by = interner.intern("");
  const Symbol none = interner.intern("");
  catalog.permissions.put(
      {interner.intern(join_parts({"C", ref.account})), interner.intern(kIamAllowedPrincipals), none}, rights);
  return catalog;
}

Catalog* State::find_catalog(const CatalogRef& ref) {
  const auto found = catalogs_.find(ref);
  return found == catalogs_.end() ? nullptr : found->second.get();
}

ShelfBase* State::shelf(const CatalogRef& ref, std::string_view name) {
  const std::vector<ShelfBase*> candidates =
      ref.account.empty()
          ? std::vector<ShelfBase*>{&shares, &share_resources, &invitations, &organizations, &sessions, &queues, &messages,
                                    &counters}
          : bare_catalog(ref).shelves();
  for (ShelfBase* one : candidates) {
    if (one->name() == name) return one;
  }
  return nullptr;
}

std::int64_t State::next_number(const std::string& counter) {
  const Json* last = counters.find(counter);
  const std::int64_t next = (last ? last->get<std::int64_t>() : 0) + 1;
  counters.put(counter, next);
  return next;
}

}  // namespace datamesh::embedded::lake
