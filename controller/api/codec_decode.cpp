#include <algorithm>
#include <charconv>

#include "controller/api/codec.h"
#include "controller/api/codec_names.h"
#include "controller/base/json_path.h"

namespace datamesh::api {
namespace {

/// Reads the members of one object into fields. What is absent leaves its field alone; the first value of a wrong
/// type is kept as the problem of the whole.
class Reader {
 public:
  Reader(const Json& object, std::optional<Error>& problem) : object_(object), problem_(problem) {}

  void text(const char* key, std::string& out) const {
    if (const Json* value = find(key, Json::value_t::string)) out = value->get_ref<const std::string&>();
  }

  void text(const char* key, std::optional<std::string>& out) const {
    if (const Json* value = find(key, Json::value_t::string)) out = value->get_ref<const std::string&>();
  }

  void flag(const char* key, bool& out) const {
    if (const Json* value = find(key, Json::value_t::boolean)) out = value->get<bool>();
  }

  void number(const char* key, int& out) const {
    const Json& value = member(object_, key);
    if (value.is_null()) return;
    if (!value.is_number_integer()) return wrong(key, "is no integer");
    out = static_cast<int>(std::clamp<std::int64_t>(value.get<std::int64_t>(), INT32_MIN, INT32_MAX));
  }

  void number(const char* key, std::optional<int>& out) const {
    if (member(object_, key).is_null()) return;
    number(key, out.emplace());
  }

  void number_map(const char* key, std::map<std::string, int>& out) const {
    const Json* map = find(key, Json::value_t::object);
    if (map == nullptr) return;
    for (const auto& [name, value] : map->items()) {
      if (!value.is_number_integer()) return wrong(key, "holds something else than integers");
      out[name] = static_cast<int>(std::clamp<std::int64_t>(value.get<std::int64_t>(), 0, INT32_MAX));
    }
  }

  void texts(const char* key, std::vector<std::string>& out) const {
    const Json* list = find(key, Json::value_t::array);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      if (!(*list)[i].is_string()) return wrong(key, "holds something else than strings");
      out.push_back((*list)[i].get<std::string>());
    }
  }

  void text_map(const char* key, std::map<std::string, std::string>& out) const {
    const Json* map = find(key, Json::value_t::object);
    if (map == nullptr) return;
    for (const auto& [name, value] : map->items()) {
      if (!value.is_string()) return wrong(key, "holds something else than strings");
      out[name] = value.get<std::string>();
    }
  }

  template <class E>
  void word(const char* key, E& out) const {
    if (const Json* value = find(key, Json::value_t::string)) choose(key, *value, out);
  }

  template <class E>
  void word(const char* key, std::optional<E>& out) const {
    if (!member(object_, key).is_null()) word(key, out.emplace());
  }

  template <class E>
  void words(const char* key, std::vector<E>& out) const {
    const Json* list = find(key, Json::value_t::array);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) choose(key, (*list)[i], out.emplace_back());
  }

  void duration(const char* key, Millis& out) const {
    const Json* value = find(key, Json::value_t::string);
    if (value == nullptr) return;
    const auto parsed = parse_duration(value->get_ref<const std::string&>());
    if (!parsed) return wrong(key, "is no duration");
    out = *parsed;
  }

  void time(const char* key, Time& out) const {
    const Json* value = find(key, Json::value_t::string);
    if (value == nullptr) return;
    const auto parsed = parse_rfc3339(value->get_ref<const std::string&>());
    if (!parsed) return wrong(key, "is no time");
    out = *parsed;
  }

  void time(const char* key, std::optional<Time>& out) const {
    if (!member(object_, key).is_null()) time(key, out.emplace());
  }

  /// Calls `read` with a reader of the object at `key`, if there is one.
  template <class F>
  void inside(const char* key, F read) const {
    if (const Json* value = find(key, Json::value_t::object)) read(Reader(*value, problem_, this, key));
  }

  /// Calls `read` with a reader of every object in the list at `key`.
  template <class F>
  void each(const char* key, F read) const {
    const Json* list = find(key, Json::value_t::array);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      if (!(*list)[i].is_object()) return wrong(key, "holds something else than objects");
      read(Reader((*list)[i], problem_, this, key, i));
    }
  }

  void wrong(const char* key, const char* what) const {
    if (problem_) return;
    problem_ = Error{ErrorKind::Invalid, {}, member_path(path(), key) + " " + what, {}, std::nullopt};
  }

 private:
  static constexpr std::size_t kNoIndex = SIZE_MAX;

  Reader(const Json& object, std::optional<Error>& problem, const Reader* parent, const char* key,
         std::size_t index = kNoIndex)
      : object_(object), problem_(problem), parent_(parent), key_(key), index_(index) {}

  std::string path() const {
    if (parent_ == nullptr) return {};
    const std::string own = member_path(parent_->path(), key_);
    return index_ == kNoIndex ? own : element_path(own, index_);
  }

  /// The member, if it is there and of the type.
  const Json* find(const char* key, Json::value_t type) const {
    const Json& value = member(object_, key);
    if (value.is_null()) return nullptr;
    if (value.type() == type) return &value;
    wrong(key, "is of another type");
    return nullptr;
  }

  template <class E>
  void choose(const char* key, const Json& value, E& out) const {
    const auto& words = words_of(out);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (value == words[i]) {
        out = static_cast<E>(i);
        return;
      }
    }
    wrong(key, "is none of the words allowed");
  }

  const Json& object_;
  std::optional<Error>& problem_;
  const Reader* parent_ = nullptr;
  const char* key_ = "";
  std::size_t index_ = kNoIndex;
};

void read(const Reader& in, Ref& ref) {
  in.text("namespace", ref.ns);
  in.text("name", ref.name);
}

Ref read_ref(const Reader& in) {
  Ref ref;
  read(in, ref);
  return ref;
}

void read(const Reader& in, MeshSpec& mesh) {
  in.word("governance", mesh.governance);
  in.inside("centralAccount", [&](const Reader& account) { mesh.central_account = read_ref(account); });
  in.each("linesOfBusiness", [&](const Reader& item) {
    LineOfBusiness& line = mesh.lines_of_business.emplace_back();
    item.text("name", line.name);
    item.inside("centralAccount", [&](const Reader& account) { read(account, line.central_account); });
  });
  in.inside("guard", [&](const Reader& guard) {
    guard.number("maxRevokedPercent", mesh.guard.max_revoked_percent);
    guard.number("minRevocations", mesh.guard.min_revocations);
    guard.number("maxDeletedTables", mesh.guard.max_deleted_tables);
    guard.duration("window", mesh.guard.window);
  });
  in.inside("defaults", [&](const Reader& defaults) {
    defaults.word("undeclared", mesh.defaults.undeclared);
    defaults.word("accessMode", mesh.defaults.access_mode);
    defaults.word("deletionPolicy", mesh.defaults.deletion_policy);
    defaults.number("crossAccountVersion", mesh.defaults.cross_account_version);
  });
  in.duration("sweepInterval", mesh.sweep_interval);
}

void read(const Reader& in, AccountSpec& account) {
  in.text("accountId", account.account_id);
  in.texts("regions", account.regions);
  in.words("roles", account.roles);
  in.text("lineOfBusiness", account.line_of_business);
  in.inside("connection", [&](const Reader& connection) {
    connection.word("type", account.connection.type);
    connection.text("roleArn", account.connection.role_arn);
    connection.text("externalId", account.connection.external_id);
    connection.text("endpoint", account.connection.endpoint);
  });
  in.each("personas", [&](const Reader& item) {
    Persona& persona = account.personas.emplace_back();
    item.text("name", persona.name);
    item.texts("principals", persona.principals);
  });
  in.texts("administrators", account.administrators);
  in.word("undeclared", account.undeclared);
  in.word("accessMode", account.access_mode);
  in.number("crossAccountVersion", account.cross_account_version);
  in.number_map("quotas", account.quotas);
  in.inside("changeNotices", [&](const Reader& notices) {
    notices.each("queues", [&](const Reader& item) {
      NoticeQueue& queue = account.notice_queues.emplace_back();
      item.text("url", queue.url);
      item.text("region", queue.region);
    });
  });
}

void read(const Reader& in, Column& column) {
  in.text("name", column.name);
  in.text("type", column.type);
  in.text("comment", column.comment);
  in.text_map("tags", column.tags);
}

void read(const Reader& in, Table& table) {
  in.text("name", table.name);
  in.text("description", table.description);
  in.text("location", table.location);
  in.word("format", table.format);
  in.each("columns", [&](const Reader& item) { read(item, table.columns.emplace_back()); });
  in.each("partitionKeys", [&](const Reader& item) { read(item, table.partition_keys.emplace_back()); });
  in.text_map("tags", table.tags);
  in.text_map("parameters", table.parameters);
  in.word("accessMode", table.access_mode);
}

void read(const Reader& in, DataProductSpec& product) {
  in.text("account", product.account);
  in.text("database", product.database);
  in.text("description", product.description);
  in.text("owner", product.owner);
  in.text("domain", product.domain);
  in.text("location", product.location);
  in.text("locationRole", product.location_role);
  in.each("tables", [&](const Reader& item) { read(item, product.tables.emplace_back()); });
  in.text_map("tags", product.tags);
  in.word("tagGrants", product.tag_grants);
  in.texts("regions", product.regions);
  in.word("schemaPolicy", product.schema_policy);
  in.text("sourceDatabase", product.source_database);
  in.each("producerAccess", [&](const Reader& item) {
    ProducerAccess& access = product.producer_access.emplace_back();
    item.text("persona", access.persona);
    item.texts("permissions", access.permissions);
    item.texts("tables", access.tables);
  });
  in.words("interfaces", product.interfaces);
  in.word("accessMode", product.access_mode);
  in.word("recreatedTables", product.recreated_tables);
  in.word("deletionPolicy", product.deletion_policy);
  in.time("publishedUntil", product.published_until);
  in.text("freshness", product.freshness);
  in.each("lineageInputs", [&](const Reader& item) { read(item, product.lineage_inputs.emplace_back()); });
  in.each("quality", [&](const Reader& item) {
    QualityCheck& check = product.quality.emplace_back();
    item.text("name", check.name);
    item.text("description", check.description);
  });
}

void read(const Reader& in, ResourceLinkSpec& link) {
  in.text("account", link.account);
  in.inside("product", [&](const Reader& product) { read(product, link.product); });
  in.text("table", link.table);
  in.text("name", link.name);
  in.text("database", link.database);
  in.text("region", link.region);
}

void read(const Reader& in, GrantSpec& grant) {
  in.inside("product", [&](const Reader& product) { grant.product = read_ref(product); });
  in.text("link", grant.link);
  in.text("tagExpression", grant.tag_expression);
  in.text("account", grant.account);
  in.inside("catalog", [&](const Reader& catalog) { grant.catalog = read_ref(catalog); });
  in.texts("tables", grant.tables);
  in.inside("columns", [&](const Reader& columns) {
    grant.columns.emplace();
    columns.texts("include", grant.columns->include);
    columns.texts("exclude", grant.columns->exclude);
  });
  in.text("rowFilter", grant.row_filter);
  in.inside("to", [&](const Reader& to) {
    to.each("accounts", [&](const Reader& item) { read(item, grant.accounts.emplace_back()); });
    to.texts("principals", grant.principals);
    to.each("personas", [&](const Reader& item) {
      PersonaRef& persona = grant.personas.emplace_back();
      item.inside("account", [&](const Reader& account) { read(account, persona.account); });
      item.text("name", persona.name);
    });
  });
  in.texts("permissions", grant.permissions);
  in.flag("grantable", grant.grantable);
  in.time("expiresAt", grant.expires_at);
  if (!grant.permissions.empty()) return;
  grant.permissions = {"SELECT"};
  if (!grant.columns && grant.row_filter.empty()) grant.permissions.emplace_back("DESCRIBE");
}

void read(const Reader& in, LFTagSpec& tag) {
  in.text("account", tag.account);
  in.text("key", tag.key);
  in.texts("values", tag.values);
}

void read(const Reader& in, Metadata& metadata, const Json& object) {
  in.text("uid", metadata.uid);
  const std::string revision = string_at(object, "resourceVersion");
  std::from_chars(revision.data(), revision.data() + revision.size(), metadata.revision);
  const Json& generation = member(object, "generation");
  if (generation.is_number_integer()) metadata.generation = generation.get<std::int64_t>();
  in.time("creationTimestamp", metadata.created);
  in.time("deletionTimestamp", metadata.deletion);
  in.texts("finalizers", metadata.finalizers);
  in.text_map("annotations", metadata.annotations);
}

std::optional<Spec> empty_spec(std::string_view kind) {
  if (kind == "Mesh") return MeshSpec{};
  if (kind == "Account") return AccountSpec{};
  if (kind == "DataProduct") return DataProductSpec{};
  if (kind == "ResourceLink") return ResourceLinkSpec{};
  if (kind == "Grant") return GrantSpec{};
  if (kind == "LFTag") return LFTagSpec{};
  return std::nullopt;
}

}  // namespace

Result<Resource> decode(const Json& object) {
  const ObjectKey key = key_of(object);
  auto spec = empty_spec(key.kind);
  if (!spec) return fail(ErrorKind::Invalid, "there is no kind \"" + key.kind + "\"", to_string(key));
  Resource resource{key, {}, std::move(*spec)};
  std::optional<Error> problem;
  const Reader reader(object, problem);
  const Json& metadata = member(object, "metadata");
  reader.inside("metadata", [&](const Reader& in) { read(in, resource.metadata, metadata); });
  reader.inside("spec", [&](const Reader& in) { std::visit([&](auto& value) { read(in, value); }, resource.spec); });
  if (problem) {
    problem->origin = to_string(key);
    return fail(std::move(*problem));
  }
  return resource;
}

}  // namespace datamesh::api
