#include "controller/lake/observe.h"

#include <algorithm>
#include <set>

#include "controller/lake/glue_shapes.h"
#include "controller/lake/pages.h"
#include "controller/lake/permission_rows.h"

namespace datamesh::lake {
namespace {

using catalog::EntryKind;
using catalog::Shared;

/// One reading of a catalog.
class Reading {
 public:
  Reading(aws::Api& api, const CatalogRef& catalog, catalog::Snapshot& snapshot)
      : api_(api), catalog_(catalog), snapshot_(snapshot) {}

  Result<void> shares() { return shares_taken(); }

  Result<void> all() {
    TRY(settings());
    TRY(locations());
    TRY(databases());
    TRY(tables());
    TRY(permissions());
    TRY(shares_given());
    TRY(tags());
    TRY(filters());
    TRY(shares_taken());
    return opt_ins();
  }

 private:
  using Visit = std::function<void(const Json& item)>;

  aws::Call call(aws::Service service, const char* operation, Json input) const {
    return {catalog_, service, operation, std::move(input)};
  }

  /// Visits every element of the member `items` of every page.
  Result<void> list(aws::Service service, const char* operation, Json input, const char* items,
                    const Visit& visit) {
    const char* token = service == aws::Service::Ram ? "nextToken" : "NextToken";
    return for_each_page(api_, call(service, operation, std::move(input)), token, [&](const Json& page) {
      for (const Json& item : member(page, items)) visit(item);
    });
  }

  template <class T>
  void put(EntryKind kind, std::string name, T value) {
    snapshot_.entries.insert_or_assign({kind, std::move(name)}, catalog::EntryValue(std::move(value)));
  }

  Result<void> settings();
  Result<void> locations();
  Result<void> databases();
  Result<void> tables();
  Result<void> permissions();
  Result<void> tags();
  Result<void> tagged(const std::string& key);
  void tag(const std::string& resource, const Json& tags, const std::string& key);
  Result<void> filters();
  Result<void> shares_given();
  Result<void> shares_taken();
  Result<void> opt_ins();

  aws::Api& api_;
  CatalogRef catalog_;
  catalog::Snapshot& snapshot_;
  std::vector<std::string> own_databases_;
  std::map<std::string, std::vector<catalog::LocalKey>> needed_shares_;  ///< by share ARN
};

std::optional<int> version_of(const Json& settings) {
  const std::string text = string_at(member(settings, "Parameters"), "CROSS_ACCOUNT_VERSION");
  if (text.size() != 1 || text[0] < '1' || text[0] > '9') return std::nullopt;
  return text[0] - '0';
}

Result<void> Reading::settings() {
  TRY_VALUE(const Json out,
            api_.call(call(aws::Service::LakeFormation, "GetDataLakeSettings", Json::object())));
  const Json& settings = member(out, "DataLakeSettings");
  catalog::Settings value;
  for (const Json& admin : member(settings, "DataLakeAdmins")) {
    value.administrators.insert(string_at(admin, "DataLakePrincipalIdentifier"));
  }
  value.open_database_defaults = !member(settings, "CreateDatabaseDefaultPermissions").empty();
  value.open_table_defaults = !member(settings, "CreateTableDefaultPermissions").empty();
  value.cross_account_version = version_of(settings);
  put(EntryKind::Settings, "", Shared<catalog::Settings>(std::move(value)));
  return {};
}

Result<void> Reading::locations() {
  return list(aws::Service::LakeFormation, "ListResources", {{"MaxResults", 1000}}, "ResourceInfoList",
              [&](const Json& info) {
                catalog::Location location;
                location.role_arn = string_at(info, "RoleArn");
                if (location.role_arn.find(":role/aws-service-role/") != std::string::npos) {
                  location.role_arn.clear();
                }
                location.hybrid = member(info, "HybridAccessEnabled") == true;
                put(EntryKind::Location, string_at(info, "ResourceArn"), location);
              });
}

Result<void> Reading::databases() {
  return list(aws::Service::Glue, "GetDatabases", {{"MaxResults", 100}}, "DatabaseList",
              [&](const Json& database) {
                const std::string name = string_at(database, "Name");
                if (is_link(database)) {
                  put(EntryKind::Link, name, Shared<catalog::Link>(decode_link(database)));
                  return;
                }
                own_databases_.push_back(name);
                put(EntryKind::Database, name, Shared<catalog::Database>(decode_database(database)));
              });
}

/// Tables of own databases only: listing through a link shows the target's (trap T4).
Result<void> Reading::tables() {
  for (const std::string& database : own_databases_) {
    TRY(list(aws::Service::Glue, "GetTables", {{"DatabaseName", database}, {"MaxResults", 100}},
             "TableList", [&](const Json& table) {
               const std::string name = database + "/" + string_at(table, "Name");
               if (is_link(table)) {
                 put(EntryKind::Link, name, Shared<catalog::Link>(decode_link(table)));
               } else {
                 put(EntryKind::Table, name, Shared<catalog::Table>(decode_table(table)));
               }
             }));
  }
  return {};
}

/// Listed without a principal, so that what comes is what was granted (trap T3).
Result<void> Reading::permissions() {
  return list(aws::Service::LakeFormation, "ListPermissions", {{"MaxResults", 1000}},
              "PrincipalResourcePermissions", [&](const Json& row) {
                auto decoded = decode_row(row, catalog_);
                if (!decoded) return;
                for (const Json& arn : member(member(row, "AdditionalDetails"), "ResourceShare")) {
                  needed_shares_[arn.get<std::string>()].push_back(catalog::permission_key(decoded->id));
                }
                fold_row(snapshot_.entries, *decoded);
              });
}

/// Marks the permissions whose resource share is gone. Read after them, so that a share made meanwhile is seen.
Result<void> Reading::shares_given() {
  if (needed_shares_.empty()) return {};
  TRY(list(aws::Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}, {"maxResults", 500}},
           "resourceShares", [&](const Json& share) {
             const std::string status = string_at(share, "status");
             if (status != "ACTIVE" && status != "PENDING") return;
             needed_shares_.erase(string_at(share, "resourceShareArn"));
           }));
  for (const auto& [share, keys] : needed_shares_) {
    for (const catalog::LocalKey& key : keys) {
      std::get<catalog::PermissionValue>(snapshot_.entries[key]).share_broken = true;
    }
  }
  return {};
}

Result<void> Reading::tags() {
  std::vector<std::string> keys;
  TRY(list(aws::Service::LakeFormation, "ListLFTags", {{"MaxResults", 1000}}, "LFTags",
           [&](const Json& tag) {
             catalog::TagKey value;
             for (const Json& each : member(tag, "TagValues")) value.values.insert(each.get<std::string>());
             keys.push_back(string_at(tag, "TagKey"));
             put(EntryKind::TagKey, keys.back(), Shared<catalog::TagKey>(std::move(value)));
           }));
  for (const std::string& key : keys) TRY(tagged(key));
  return {};
}

/// Notes the value that `tags` gives `key` on `resource`, where it is not just inherited (trap T20).
void Reading::tag(const std::string& resource, const Json& tags, const std::string& key) {
  for (const Json& tag : tags) {
    if (string_at(tag, "TagKey") != key || member(tag, "TagValues").empty()) continue;
    const catalog::LocalKey local{EntryKind::TagAssignment, resource + "#" + key};
    const catalog::EntryValue value(catalog::TagAssignment{member(tag, "TagValues")[0].get<std::string>()});
    const catalog::EntryValue* inherited = inherited_tag(snapshot_, local);
    if (inherited == nullptr || *inherited != value) snapshot_.entries.insert_or_assign(local, value);
  }
}

/// Who carries `key`, found by search: two listings a key instead of one read a table.
Result<void> Reading::tagged(const std::string& key) {
  const Json expression = Json::array({{{"TagKey", key}, {"TagValues", {"*"}}}});
  TRY(list(aws::Service::LakeFormation, "SearchDatabasesByLFTags",
           {{"Expression", expression}, {"MaxResults", 100}}, "DatabaseList", [&](const Json& found) {
             tag(string_at(member(found, "Database"), "Name"), member(found, "LFTags"), key);
           }));
  return list(aws::Service::LakeFormation, "SearchTablesByLFTags",
              {{"Expression", expression}, {"MaxResults", 100}}, "TableList", [&](const Json& found) {
                const Json& table = member(found, "Table");
                const std::string database = string_at(table, "DatabaseName");
                const std::string name = database + "/" + string_at(table, "Name");
                tag(database, member(found, "LFTagOnDatabase"), key);
                tag(name, member(found, "LFTagsOnTable"), key);
                for (const Json& column : member(found, "LFTagsOnColumns")) {
                  tag(name + "/" + string_at(column, "Name"), member(column, "LFTags"), key);
                }
              });
}

std::vector<std::string> sorted_strings(const Json& names) {
  std::vector<std::string> out;
  for (const Json& name : names) out.push_back(name.get<std::string>());
  std::sort(out.begin(), out.end());
  return out;
}

Result<void> Reading::filters() {
  return list(aws::Service::LakeFormation, "ListDataCellsFilter", {{"MaxResults", 1000}},
              "DataCellsFilters", [&](const Json& found) {
                catalog::DataFilter filter;
                filter.row_filter = string_at(member(found, "RowFilter"), "FilterExpression");
                filter.columns = sorted_strings(member(found, "ColumnNames"));
                filter.excluded_columns =
                    sorted_strings(member(member(found, "ColumnWildcard"), "ExcludedColumnNames"));
                put(EntryKind::DataFilter,
                    string_at(found, "DatabaseName") + "/" + string_at(found, "TableName") + "/" +
                        string_at(found, "Name"),
                    Shared<catalog::DataFilter>(std::move(filter)));
              });
}

/// What others share with this account: pending invitations are not among the shares (trap T25).
Result<void> Reading::shares_taken() {
  std::map<std::string, catalog::ShareAcceptance> senders;
  std::set<std::string> active;
  TRY(list(aws::Service::Ram, "GetResourceShares", {{"resourceOwner", "OTHER-ACCOUNTS"}, {"maxResults", 500}},
           "resourceShares", [&](const Json& share) {
             if (string_at(share, "status") == "ACTIVE") active.insert(string_at(share, "owningAccountId"));
           }));
  TRY(list(aws::Service::Ram, "GetResourceShareInvitations", {{"maxResults", 500}},
           "resourceShareInvitations", [&](const Json& invitation) {
             catalog::ShareAcceptance& share = senders[string_at(invitation, "senderAccountId")];
             const std::string status = string_at(invitation, "status");
             if (status == "PENDING") {
               share.pending.push_back(string_at(invitation, "resourceShareInvitationArn"));
             }
             if (status == "EXPIRED" || status == "REJECTED") share.state = catalog::ShareState::Broken;
           }));
  for (const std::string& sender : active) senders[sender].state = catalog::ShareState::Active;
  for (auto& [sender, share] : senders) {
    if (!share.pending.empty()) share.state = catalog::ShareState::Pending;
    const bool gone = share.state == catalog::ShareState::Active && !active.contains(sender);
    if (!gone) put(EntryKind::ShareAcceptance, sender, Shared<catalog::ShareAcceptance>(share));
  }
  return {};
}

Result<void> Reading::opt_ins() {
  return list(aws::Service::LakeFormation, "ListLakeFormationOptIns", {{"MaxResults", 1000}},
              "LakeFormationOptInsInfoList", [&](const Json& info) {
                if (const auto row = decode_row(info, catalog_)) {
                  put(EntryKind::OptIn, to_string(row->id), catalog::OptIn{});
                }
              });
}

}  // namespace

Result<catalog::Snapshot> observe(aws::Api& api, const CatalogRef& catalog, Time now) {
  catalog::Snapshot snapshot;
  snapshot.taken = now;
  TRY(Reading(api, catalog, snapshot).all());
  return snapshot;
}

Result<std::map<catalog::LocalKey, catalog::EntryValue>> observe_shares(aws::Api& api,
                                                                        const CatalogRef& catalog) {
  catalog::Snapshot snapshot;
  TRY(Reading(api, catalog, snapshot).shares());
  return std::move(snapshot.entries);
}

}  // namespace datamesh::lake
