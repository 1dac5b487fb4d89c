#include "controller/api/codec.h"
#include "controller/api/codec_names.h"

namespace datamesh::api {
namespace {

template <class E>
std::string_view word(E value) {
  const auto& words = words_of(value);
  const auto index = static_cast<std::size_t>(value);
  return index < words.size() ? words[index] : std::string_view();
}

/// Sets `key` unless `value` is empty.
template <class T>
void put(Json& object, const char* key, const T& value) {
  if (!value.empty()) object[key] = value;
}

template <class E>
void put_word(Json& object, const char* key, const std::optional<E>& value) {
  if (value) object[key] = word(*value);
}

template <class E>
void put_words(Json& object, const char* key, const std::vector<E>& values) {
  for (const E value : values) object[key].push_back(word(value));
}

template <class T>
void put_each(Json& object, const char* key, const std::vector<T>& values, Json (*encode)(const T&)) {
  for (const T& value : values) object[key].push_back(encode(value));
}

void put_time(Json& object, const char* key, const std::optional<Time>& time) {
  if (time) object[key] = to_rfc3339(*time);
}

Json encode(const Ref& ref) {
  Json out = {{"name", ref.name}};
  put(out, "namespace", ref.ns);
  return out;
}

Json encode(const LineOfBusiness& line) {
  return {{"name", line.name}, {"centralAccount", encode(line.central_account)}};
}

Json encode(const Persona& persona) {
  Json out = {{"name", persona.name}};
  put(out, "principals", persona.principals);
  return out;
}

Json encode(const Column& column) {
  Json out = {{"name", column.name}, {"type", column.type}};
  put(out, "comment", column.comment);
  put(out, "tags", column.tags);
  return out;
}

Json encode(const Table& table) {
  Json out = {{"name", table.name}, {"format", word(table.format)}};
  put(out, "description", table.description);
  put(out, "location", table.location);
  put_each<Column>(out, "columns", table.columns, encode);
  put_each<Column>(out, "partitionKeys", table.partition_keys, encode);
  put(out, "tags", table.tags);
  put(out, "parameters", table.parameters);
  put_word(out, "accessMode", table.access_mode);
  return out;
}

Json encode(const ProducerAccess& access) {
  Json out = {{"persona", access.persona}};
  put(out, "permissions", access.permissions);
  put(out, "tables", access.tables);
  return out;
}

Json encode(const QualityCheck& check) {
  Json out = {{"name", check.name}};
  put(out, "description", check.description);
  return out;
}

Json encode(const PersonaRef& persona) { return {{"account", encode(persona.account)}, {"name", persona.name}}; }

Json encode(const Connection& connection) {
  Json out = {{"type", word(connection.type)}};
  put(out, "roleArn", connection.role_arn);
  put(out, "externalId", connection.external_id);
  put(out, "endpoint", connection.endpoint);
  return out;
}

Json encode(const MeshSpec& mesh) {
  Json out = {{"governance", word(mesh.governance)},
              {"guard",
               {{"maxRevokedPercent", mesh.guard.max_revoked_percent},
                {"minRevocations", mesh.guard.min_revocations},
                {"maxDeletedTables", mesh.guard.max_deleted_tables},
                {"window", format_duration(mesh.guard.window)}}},
              {"defaults",
               {{"undeclared", word(mesh.defaults.undeclared)},
                {"accessMode", word(mesh.defaults.access_mode)},
                {"deletionPolicy", word(mesh.defaults.deletion_policy)},
                {"crossAccountVersion", mesh.defaults.cross_account_version}}},
              {"sweepInterval", format_duration(mesh.sweep_interval)}};
  if (mesh.central_account) out["centralAccount"] = encode(*mesh.central_account);
  put_each<LineOfBusiness>(out, "linesOfBusiness", mesh.lines_of_business, encode);
  return out;
}

Json encode(const NoticeQueue& queue) {
  Json out = {{"url", queue.url}};
  put(out, "region", queue.region);
  return out;
}

Json encode(const AccountSpec& account) {
  Json out = {{"accountId", account.account_id}, {"connection", encode(account.connection)}};
  put(out, "regions", account.regions);
  put_words(out, "roles", account.roles);
  put(out, "lineOfBusiness", account.line_of_business);
  put_each<Persona>(out, "personas", account.personas, encode);
  put(out, "administrators", account.administrators);
  put_word(out, "undeclared", account.undeclared);
  put_word(out, "accessMode", account.access_mode);
  if (account.cross_account_version) out["crossAccountVersion"] = *account.cross_account_version;
  if (!account.quotas.empty()) out["quotas"] = account.quotas;
  if (!account.notice_queues.empty()) put_each<NoticeQueue>(out["changeNotices"], "queues", account.notice_queues, encode);
  return out;
}

Json encode(const DataProductSpec& product) {
  Json out = {{"account", product.account},
              {"database", product.database},
              {"schemaPolicy", word(product.schema_policy)},
              {"recreatedTables", word(product.recreated_tables)}};
  put(out, "description", product.description);
  put(out, "owner", product.owner);
  put(out, "domain", product.domain);
  put(out, "location", product.location);
  put(out, "locationRole", product.location_role);
  put_each<Table>(out, "tables", product.tables, encode);
  put(out, "tags", product.tags);
  put_word(out, "tagGrants", product.tag_grants);
  put(out, "regions", product.regions);
  put(out, "sourceDatabase", product.source_database);
  put_each<ProducerAccess>(out, "producerAccess", product.producer_access, encode);
  put_words(out, "interfaces", product.interfaces);
  put_word(out, "accessMode", product.access_mode);
  put_word(out, "deletionPolicy", product.deletion_policy);
  put_time(out, "publishedUntil", product.published_until);
  put(out, "freshness", product.freshness);
  put_each<Ref>(out, "lineageInputs", product.lineage_inputs, encode);
  put_each<QualityCheck>(out, "quality", product.quality, encode);
  return out;
}

Json encode(const ResourceLinkSpec& link) {
  Json out = {{"account", link.account}, {"product", encode(link.product)}};
  put(out, "table", link.table);
  put(out, "name", link.name);
  put(out, "database", link.database);
  put(out, "region", link.region);
  return out;
}

Json encode(const ColumnSelection& columns) {
  Json out = Json::object();
  put(out, "include", columns.include);
  put(out, "exclude", columns.exclude);
  return out;
}

Json encode(const GrantSpec& grant) {
  Json to = Json::object();
  put_each<Ref>(to, "accounts", grant.accounts, encode);
  put(to, "principals", grant.principals);
  put_each<PersonaRef>(to, "personas", grant.personas, encode);
  Json out = {{"to", std::move(to)}, {"grantable", grant.grantable}};
  if (grant.product) out["product"] = encode(*grant.product);
  if (grant.link) out["link"] = *grant.link;
  put(out, "tagExpression", grant.tag_expression);
  put(out, "account", grant.account);
  if (grant.catalog) out["catalog"] = encode(*grant.catalog);
  put(out, "tables", grant.tables);
  if (grant.columns) out["columns"] = encode(*grant.columns);
  put(out, "rowFilter", grant.row_filter);
  put(out, "permissions", grant.permissions);
  put_time(out, "expiresAt", grant.expires_at);
  return out;
}

Json encode(const LFTagSpec& tag) { return {{"account", tag.account}, {"key", tag.key}, {"values", tag.values}}; }

}  // namespace

Json encode_spec(const Spec& spec) {
  return std::visit([](const auto& value) { return encode(value); }, spec);
}

std::string_view kind_of(const Spec& spec) {
  constexpr std::array<std::string_view, std::variant_size_v<Spec>> kKinds{"Mesh", "Account", "DataProduct",
                                                                           "ResourceLink", "Grant", "LFTag"};
  return kKinds[spec.index()];
}

std::string_view to_string(Governance value) { return word(value); }
std::string_view to_string(Undeclared value) { return word(value); }
std::string_view to_string(AccessMode value) { return word(value); }
std::string_view to_string(DeletionPolicy value) { return word(value); }
std::string_view to_string(AccountRole value) { return word(value); }
std::string_view to_string(ConnectionType value) { return word(value); }
std::string_view to_string(TableFormat value) { return word(value); }
std::string_view to_string(SchemaPolicy value) { return word(value); }
std::string_view to_string(Interface value) { return word(value); }

std::string format_duration(Millis duration) {
  std::string text;
  auto rest = duration.count();
  constexpr std::array<std::pair<Millis::rep, const char*>, 4> kUnits{
      {{3'600'000, "h"}, {60'000, "m"}, {1000, "s"}, {1, "ms"}}};
  for (const auto& [unit, name] : kUnits) {
    if (rest >= unit) text += std::to_string(rest / unit) + name;
    rest %= unit;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace datamesh::api
