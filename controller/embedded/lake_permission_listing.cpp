// ListPermissions and GetEffectivePermissionsForPath: rows as AWS shows them.
// Source: lake-formation.md 2.4
#include <algorithm>

#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {
namespace {

constexpr PermissionSet kSelect = {Permission::Select};
/// How many rows a page looks at for each that it may hold, before it ends early with a token.
constexpr std::size_t kLooksPerRow = 20;

/// Built member by member: this is the innermost loop of every sweep, and initializer lists copy.
Json row_json(const std::string& principal, Json resource, PermissionSet permissions, PermissionSet grantable) {
  Json row = Json::object();
  row["Permissions"] = to_json(permissions);
  row["PermissionsWithGrantOption"] = to_json(grantable);
  row["Principal"]["DataLakePrincipalIdentifier"] = principal;
  row["Resource"] = std::move(resource);
  return row;
}

/// SELECT on a table has a row of its own, on its columns (trap T1); ALL is listed beside what it stands for (T2).
std::vector<Json> split_rows(const std::string& principal, const Resource& resource, PermissionSet permissions,
                             PermissionSet grantable) {
  const PermissionSet all = expanded(permissions, resource);
  const PermissionSet options = expanded(grantable, resource);
  if (resource.kind != ResourceKind::Table) return {row_json(principal, to_json(resource), all, options)};
  std::vector<Json> rows;
  if (!(all - kSelect).empty()) {
    rows.push_back(row_json(principal, to_json(resource), all - kSelect, options - kSelect));
  }
  if (all.has(Permission::Select)) {
    rows.push_back(row_json(principal, to_select_json(resource), kSelect, options & kSelect));
  }
  return rows;
}

std::vector<Json> column_rows(const std::string& principal, Resource resource, const ColumnRights& columns) {
  std::vector<Json> rows;
  if (!columns.grantable.empty()) {
    resource.column_names = columns.grantable;
    rows.push_back(row_json(principal, to_json(resource), kSelect, kSelect));
  }
  resource.column_names.clear();
  std::set_difference(columns.readable.begin(), columns.readable.end(), columns.grantable.begin(),
                      columns.grantable.end(), std::back_inserter(resource.column_names));
  if (!resource.column_names.empty()) rows.push_back(row_json(principal, to_json(resource), kSelect, {}));
  return rows;
}

std::vector<Json> rows_of(const State& state, const PermissionKey& key, const Rights& rights) {
  Resource resource = resource_of_key(*key.resource);
  std::vector<Json> rows =
      rights.columns ? column_rows(*key.principal, std::move(resource), *rights.columns)
                     : split_rows(*key.principal, resource, rights.all(), rights.all_grantable());
  for (Json& row : rows) {
    if (!key.condition->empty()) row["Condition"] = {{"Expression", *key.condition}};
    if (const Share* share = rights.share ? state.shares.find(*rights.share) : nullptr) {
      row["AdditionalDetails"] = {{"ResourceShare", Json::array({share->arn})}};
    }
    row["LastUpdated"] = seconds_of(rights.updated);
    if (rights.updated_by && !rights.updated_by->empty()) row["LastUpdatedBy"] = *rights.updated_by;
  }
  return rows;
}

/// One range of rows, and which of them belong to the listing.
struct Source {
  const Catalog* catalog = nullptr;
  std::string prefix;
  std::string exact;                    ///< set: only this resource
  std::vector<std::string> principals;  ///< set: only theirs
  std::string owner;                    ///< set: only resources of this account
};

/// Where a page begins: the range, the row in it, and which of the lines that the row is listed as.
struct Position {
  std::size_t source = 0;
  std::size_t line = 0;
  std::string key;  ///< empty: from the beginning of the range
};

constexpr char kPositionEnd = '\x1c';

std::string to_text(const Position& position) {
  return std::to_string(position.source) + kPositionEnd + std::to_string(position.line) + kPositionEnd + position.key;
}

Position position_of(const std::string& text) {
  Position out;
  const std::size_t first = text.find(kPositionEnd);
  const std::size_t second = first == std::string::npos ? first : text.find(kPositionEnd, first + 1);
  if (second == std::string::npos) return out;
  out.source = static_cast<std::size_t>(std::atoi(text.c_str()));
  out.line = static_cast<std::size_t>(std::atoi(text.c_str() + first + 1));
  out.key = text.substr(second + 1);
  return out;
}

/// Who may be shown which rows: an administrator all of its catalog, others their own and those they could grant.
class Viewer {
 public:
  explicit Viewer(Session& session)
      : session_(session),
        sees_all_(session.is_lake_admin(session.caller) || session.is_read_only_admin(session.caller)) {}

  bool sees(const PermissionKey& key) {
    if (sees_all_ || *key.principal == session_.caller.arn) return true;
    if (key.resource != last_) {
      last_ = key.resource;
      could_grant_ = could_grant(resource_of_key(*key.resource));
    }
    return could_grant_;
  }
  bool sees_all() const { return sees_all_; }

 private:
  bool could_grant(const Resource& resource) {
    const Catalog* owner = session_.catalog_of(resource.catalog);
    if (owner == nullptr) return false;
    if (resource.kind == ResourceKind::Database || resource.kind == ResourceKind::Table) {
      const Subject subject{owner, resource.database, resource.table};
      const Access access = access_of(session_, session_.caller, subject);
      return !access.grantable.empty() || !access.grantable_readable.empty();
    }
    return !held_on(session_, session_.caller, *owner, key_of(resource)).grantable.empty();
  }

  Session& session_;
  const bool sees_all_;
  Symbol last_ = nullptr;
  bool could_grant_ = false;
};

bool belongs(const Source& source, const PermissionKey& key) {
  if (!source.exact.empty() && *key.resource != source.exact) return false;
  if (!source.owner.empty() && part_of(*key.resource, 1) != source.owner) return false;
  return source.principals.empty() ||
         std::find(source.principals.begin(), source.principals.end(), *key.principal) != source.principals.end();
}

/// The rows of a page, and how many there may be.
struct Page {
  std::size_t most = 0;
  Json rows = Json::array();

  bool is_full() const { return rows.size() >= most; }
};

/// Fills the page from one range. Returns where the next page begins, if it is full.
std::optional<Position> fill(Session& session, Viewer& viewer, const Source& source, const Position& from,
                             Page& page) {
  const PermissionShelf& shelf = source.catalog->permissions;
  const PermissionCodec codec{&session.state.interner};
  auto at = from.key.empty() ? shelf.lower_bound(PermissionProbe{source.prefix, {}, {}})
                             : shelf.lower_bound(codec.key_of_text(from.key));
  std::size_t line = from.line;
  std::size_t looks = 0;
  for (; at != shelf.end() && at->first.resource->starts_with(source.prefix); ++at, line = 0) {
    if (page.is_full() || ++looks > page.most * kLooksPerRow) {
      return Position{from.source, 0, codec.key_text(at->first)};
    }
    const bool is_direct = !source.principals.empty();
    if (!belongs(source, at->first) || !(is_direct || viewer.sees(at->first))) continue;
    if (is_direct && !is_usable(session.state, at->second.share)) continue;
    std::vector<Json> lines = rows_of(session.state, at->first, at->second);
    for (; line < lines.size(); ++line) {
      if (page.is_full()) return Position{from.source, line, codec.key_text(at->first)};
      page.rows.push_back(std::move(lines[line]));
    }
  }
  return std::nullopt;
}

Result<Json> list_rows(Session& session, const Json& input, const std::vector<Source>& sources) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  Position from = position_of(paging.from);
  Viewer viewer(session);
  Page page{paging.most};
  Json output;
  for (; from.source < sources.size(); from = Position{from.source + 1, 0, {}}) {
    const auto next = fill(session, viewer, sources[from.source], from, page);
    if (next) {
      output["NextToken"] = token_of(to_text(*next));
      break;
    }
  }
  output["PrincipalResourcePermissions"] = std::move(page.rows);
  return output;
}

std::string prefix_of_type(const std::string& type) {
  if (type == "CATALOG") return "C";
  if (type == "DATABASE") return "D";
  if (type == "TABLE") return "T";
  if (type == "DATA_LOCATION") return "L";
  if (type == "LF_TAG") return "G";
  if (type == "LF_TAG_POLICY_TABLE") return "Q";
  if (type == "LF_NAMED_TAG_EXPRESSION") return "E";
  // T22: LF_TAG_POLICY lists only the policies of type DATABASE.
  if (type == "LF_TAG_POLICY" || type == "LF_TAG_POLICY_DATABASE") return "P";
  return {};
}

/// The ranges of one catalog that show a resource. A table shows its column permissions too; with `related`, those
/// on its data cells filters.
std::vector<Source> sources_of(const Catalog& catalog, const Resource& resource, bool related) {
  const std::string key = key_of(resource);
  if (resource.is_policy()) return {{&catalog, std::string(1, key.front()), key, {}, {}}};
  std::vector<Source> out;
  if (resource.kind == ResourceKind::Table || resource.kind == ResourceKind::Database) {
    out.push_back({&catalog, key, {}, {}, {}});
  } else {
    out.push_back({&catalog, key, key, {}, {}});
  }
  if (resource.kind == ResourceKind::Table && related) {
    out.push_back({&catalog, prefix_of({"F", resource.catalog, resource.database, resource.table}), {}, {}, {}});
  }
  return out;
}

bool is_shared_with_caller(Session& session, const Catalog& owner, const Resource& resource) {
  if (session.is_lake_admin(session.caller) &&
      coverage_of_account(session, session.account(), resource).is_visible()) {
    return true;
  }
  if (resource.kind == ResourceKind::Database || resource.kind == ResourceKind::Table) {
    return access_of(session, session.caller, {&owner, resource.database, resource.table}).is_visible();
  }
  return !held_on(session, session.caller, owner, key_of(resource)).permissions.empty();
}

Result<std::vector<Source>> sources_for_resource(Session& session, const Resource& resource, bool related) {
  if (resource.is_partial() || resource.has_column_wildcard) {
    return session.invalid("TableWithColumns is not supported as a filter; list by Table.");
  }
  const Catalog* owner = session.catalog_of(resource.catalog);
  if (resource.kind == ResourceKind::Table && owner != nullptr) {
    const Database* database = owner->databases.find(resource.database);
    if (database != nullptr && database->is_link()) {
      return session.invalid("Database cannot be a link for this operation when called on a table.");
    }
  }
  std::vector<Source> sources = sources_of(session.home(), resource, related);
  if (resource.catalog == session.account()) return sources;
  // T18: until something is shared, a foreign resource and one that does not exist look the same.
  if (owner == nullptr || !is_shared_with_caller(session, *owner, resource)) {
    return session.denied(
        "Resource does not exist or requester is not authorized to access requested permissions.");
  }
  std::vector<std::string> principals{session.caller.arn};
  if (session.is_lake_admin(session.caller)) {
    principals.push_back(session.account());
    for (std::string& arn : organizations_of(session.state, session.account())) principals.push_back(std::move(arn));
  }
  for (Source source : sources_of(*owner, resource, related)) {
    source.principals = principals;
    sources.push_back(std::move(source));
  }
  return sources;
}

/// Effective permissions: wildcards, tags, IAM_ALLOWED_PRINCIPALS and what is implicit, folded into one (trap T3).
std::vector<Json> effective_rows(Session& session, const Principal& principal, const Resource& resource) {
  if (principal.kind == PrincipalKind::IdentityCenter) return {};
  const Catalog* owner = session.catalog_of(resource.catalog);
  if (owner == nullptr) return {};
  const bool may_look = session.is_lake_admin(session.caller) || session.is_read_only_admin(session.caller) ||
                        principal.text == session.caller.arn;
  if (!may_look) return {};
  const Identity identity{principal.account, principal.text};
  const bool is_account = principal.kind == PrincipalKind::Account;
  if (resource.kind != ResourceKind::Database && resource.kind != ResourceKind::Table) {
    const Held held = held_on(session, identity, *owner, key_of(resource));
    if (held.permissions.empty()) return {};
    return split_rows(principal.text, resource, held.permissions, held.grantable);
  }
  const Subject subject{owner, resource.database, resource.table};
  const Access access = is_account ? access_of_account(session, principal.text, subject)
                                   : access_of(session, identity, subject);
  std::vector<Json> rows;
  PermissionSet permissions = access.permissions;
  if (access.readable.is_all) permissions |= kSelect;
  if (!permissions.empty()) rows = split_rows(principal.text, resource, permissions, access.grantable);
  if (!access.readable.is_all && !access.readable.names.empty()) {
    Resource partial = resource;
    partial.columns = Columns::Only;
    const ColumnRights columns{{access.readable.names.begin(), access.readable.names.end()},
                               {access.grantable_readable.names.begin(), access.grantable_readable.names.end()}};
    for (Json& row : column_rows(principal.text, partial, columns)) rows.push_back(std::move(row));
  }
  return rows;
}

Result<Json> list_permissions(Session& session, const Json& input) {
  const std::string catalog = session.catalog_id(input);
  const bool related = string_at(input, "IncludeRelated") == "TRUE";
  if (!input.contains("Resource")) {
    if (input.contains("Principal")) return session.invalid("Resource is mandatory if Principal is set in the input");
    Source all{&session.home(), prefix_of_type(string_at(input, "ResourceType")), {}, {}, {}};
    if (catalog != session.account()) all.owner = catalog;
    return list_rows(session, input, {all});
  }
  TRY_VALUE(const Resource resource, read_resource(input["Resource"], catalog));
  TRY_VALUE(const std::vector<Source> sources, sources_for_resource(session, resource, related));
  if (!input.contains("Principal")) return list_rows(session, input, sources);
  TRY_VALUE(const Principal principal,
            read_principal(string_at(input["Principal"], "DataLakePrincipalIdentifier")));
  return Json{{"PrincipalResourcePermissions", effective_rows(session, principal, resource)}};
}

/// The ranges of rows about what lies at, above or below an S3 path.
Result<Json> effective_for_path(Session& session, const Json& input) {
  const std::string path = arn_of_path(string_at(input, "ResourceArn"), session.region());
  const Catalog& home = session.home();
  const auto meets = [&](const std::string& location) {
    const std::string at = arn_of_path(location, session.region());
    return !at.empty() && ((path + "/").starts_with(at + "/") || (at + "/").starts_with(path + "/"));
  };
  std::vector<Source> sources;
  for (const auto& [arn, location] : home.locations) {
    if (!meets(arn)) continue;
    const std::string key = join_parts({"L", session.account(), arn});
    sources.push_back({&home, key, key, {}, {}});
  }
  for (const auto& [name, database] : home.databases) {
    if (!meets(string_at(database.input, "LocationUri"))) continue;
    sources.push_back({&home, database_resource_key(session.account(), name), {}, {}, {}});
  }
  for (const auto& [key, table] : home.tables) {
    if (!meets(string_at(member(table.input, "StorageDescriptor"), "Location"))) continue;
    const std::string resource = table_resource_key(session.account(), part_of(key, 0), part_of(key, 1));
    sources.push_back({&home, resource, {}, {}, {}});
  }
  TRY_VALUE(Json rows, list_rows(session, input, sources));
  rows["Permissions"] = std::move(rows["PrincipalResourcePermissions"]);
  rows.erase("PrincipalResourcePermissions");
  return rows;
}

}  // namespace

void add_permission_listing_operations(Operations& operations) {
  operations.add({aws::Service::LakeFormation, "ListPermissions", Effect::Read, IamRight::Anyone,
                  "CatalogId:s1-255 Principal:@DataLakePrincipal Resource:@Resource "
                  "ResourceType:e(CATALOG|DATABASE|TABLE|DATA_LOCATION|LF_TAG|LF_TAG_POLICY|LF_TAG_POLICY_DATABASE|"
                  "LF_TAG_POLICY_TABLE|LF_NAMED_TAG_EXPRESSION) NextToken:s MaxResults:i1-1000 IncludeRelated:s1-5",
                  list_permissions});
  operations.add({aws::Service::LakeFormation, "GetEffectivePermissionsForPath", Effect::Read, IamRight::Anyone,
                  "CatalogId:s1-255 ResourceArn*:s1-1024 NextToken:s MaxResults:i1-1000", effective_for_path});
}

}  // namespace datamesh::embedded::lake
