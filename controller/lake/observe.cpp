#include "controller/lake/observe.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <set>

#include "controller/catalog/row_filter.h"
#include "controller/lake/glue_shapes.h"
#include "controller/lake/permission_rows.h"
#include "controller/lake/settings_shape.h"

namespace datamesh::lake {

using catalog::EntryKind;
using catalog::Shared;

namespace {

/// A listing that is under way, or a single call.
struct Listing {
  aws::Call call;
  std::function<void(const Json& page)> visit;
  std::function<void()> then = [] {};     ///< after its last page
  std::function<void()> missing = {};     ///< what it lists is not there any more; absent: that is an error
  std::string token{};                    ///< of the page that comes next
};

const char* token_name(aws::Service service) { return service == aws::Service::Ram ? "nextToken" : "NextToken"; }

}  // namespace

class Reader::Reading {
 public:
  Reading(CatalogRef catalog, Time now) : catalog_(std::move(catalog)) { snapshot_.taken = now; }

  void plan_all() {
    settings();
    locations();
    databases();
    permissions();
    tags();
    filters();
    opt_ins();
    shares_taken();
  }
  void plan_shares() { shares_taken(); }

  Result<void> run(aws::Api& api);

  catalog::Snapshot& snapshot() { return snapshot_; }
  std::size_t answered() const { return answered_; }

 private:
  using Visit = std::function<void(const Json& item)>;

  aws::Call call(aws::Service service, const char* operation, Json input) const {
    return {catalog_, service, operation, std::move(input)};
  }

  /// A listing that visits every element of the member `items` of every page.
  Listing listing(aws::Service service, const char* operation, Json input, const char* items, Visit visit) const {
    Listing out;
    out.call = call(service, operation, std::move(input));
    out.visit = [items, visit = std::move(visit)](const Json& page) {
      for (const Json& item : member(page, items)) visit(item);
    };
    return out;
  }
  void later(Listing listing) { listings_.push_back(std::move(listing)); }
  /// Before all that is still to come, in the order given.
  void next(std::vector<Listing> listings) {
    listings_.insert(listings_.begin(), std::make_move_iterator(listings.begin()),
                     std::make_move_iterator(listings.end()));
  }

  Result<void> page(aws::Api& api, Listing& listing);

  template <class T>
  void put(EntryKind kind, std::string name, T value) {
    snapshot_.entries.insert_or_assign({kind, std::move(name)}, catalog::EntryValue(std::move(value)));
  }

  void settings();
  void locations();
  void databases();
  Listing tables_of(const std::string& database);
  void forget(const std::string& database);
  void permissions();
  void take_row(const Json& row);
  void tags();
  std::vector<Listing> tagged(const std::string& key);
  void tag(const std::string& resource, const Json& tags, const std::string& key);
  void filters();
  void shares_given();
  void shares_taken();
  void put_shares_taken();
  void opt_ins();

  const CatalogRef catalog_;
  catalog::Snapshot snapshot_;
  std::deque<Listing> listings_;  ///< the first may be under way
  std::size_t answered_ = 0;
  std::vector<std::string> own_databases_;
  std::vector<std::string> tag_keys_;
  std::map<std::string, std::vector<catalog::LocalKey>> needed_shares_;  ///< by share ARN
  std::map<std::string, catalog::ShareAcceptance> senders_;
  std::set<std::string> active_senders_;
};

/// Reads the page that comes next. Errors: the call's; Transient when a token repeats: then the same listing begins anew.
Result<void> Reader::Reading::page(aws::Api& api, Listing& listing) {
  const char* name = token_name(listing.call.service);
  TRY_VALUE(const Json page, api.call(listing.call));
  ++answered_;
  listing.visit(page);
  std::string next = string_at(page, name);
  if (!next.empty() && next == listing.token) {
    listing.token.clear();
    listing.call.input.erase(name);
    return fail(ErrorKind::Transient, "the listing repeats its token", listing.call.operation);
  }
  listing.token = std::move(next);
  if (!listing.token.empty()) listing.call.input[name] = listing.token;
  return {};
}

Result<void> Reader::Reading::run(aws::Api& api) {
  while (!listings_.empty()) {
    Listing& listing = listings_.front();
    const auto read = page(api, listing);
    if (read && !listing.token.empty()) continue;
    std::function<void()> then = listing.then;
    if (!read) {
      const bool is_gone = read.error().kind == ErrorKind::NotFound && listing.missing;
      if (!is_gone && listing.call.service != aws::Service::Ram) return fail(read.error());
      if (!is_gone) {
        // Nothing but the shares comes from RAM, and they are read last.
        snapshot_.shares_error = read.error();
        listings_.clear();
        return {};
      }
      then = listing.missing;
    }
    listings_.pop_front();
    then();
  }
  return {};
}

namespace {

std::vector<std::string> sorted_strings(const Json& names) {
  std::vector<std::string> out;
  for (const Json& name : names) out.push_back(name.get<std::string>());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

void Reader::Reading::settings() {
  Listing single;
  single.call = call(aws::Service::LakeFormation, "GetDataLakeSettings", Json::object());
  single.visit = [this](const Json& page) {
    put(EntryKind::Settings, "", Shared<catalog::Settings>(decode_settings(member(page, "DataLakeSettings"))));
  };
  later(std::move(single));
}

void Reader::Reading::locations() {
  later(listing(aws::Service::LakeFormation, "ListResources", {{"MaxResults", 1000}}, "ResourceInfoList",
                [this](const Json& info) {
                  catalog::Location location;
                  location.role_arn = string_at(info, "RoleArn");
                  if (location.role_arn.find(":role/aws-service-role/") != std::string::npos) {
                    location.role_arn.clear();
                  }
                  location.hybrid = member(info, "HybridAccessEnabled") == true;
                  put(EntryKind::Location, string_at(info, "ResourceArn"), location);
                }));
}

/// Tables of own databases only: listing through a link shows the target's (trap T4).
void Reader::Reading::databases() {
  Listing all = listing(aws::Service::Glue, "GetDatabases", {{"MaxResults", 100}}, "DatabaseList",
                        [this](const Json& database) {
                          const std::string name = string_at(database, "Name");
                          if (is_link(database)) {
                            put(EntryKind::Link, name, Shared<catalog::Link>(decode_link(database)));
                            return;
                          }
                          own_databases_.push_back(name);
                          put(EntryKind::Database, name, Shared<catalog::Database>(decode_database(database)));
                        });
  all.then = [this] {
    std::vector<Listing> tables;
    for (const std::string& database : own_databases_) tables.push_back(tables_of(database));
    next(std::move(tables));
  };
  later(std::move(all));
}

Listing Reader::Reading::tables_of(const std::string& database) {
  Listing out = listing(aws::Service::Glue, "GetTables", {{"DatabaseName", database}, {"MaxResults", 100}}, "TableList",
                        [this, database](const Json& table) {
                          const std::string name = database + "/" + string_at(table, "Name");
                          if (is_link(table)) {
                            put(EntryKind::Link, name, Shared<catalog::Link>(decode_link(table)));
                          } else {
                            put(EntryKind::Table, name, Shared<catalog::Table>(decode_table(table)));
                          }
                        });
  out.missing = [this, database] { forget(database); };
  return out;
}

/// It was dropped while it was read.
void Reader::Reading::forget(const std::string& database) {
  snapshot_.entries.erase(catalog::database_key(database));
  for (const EntryKind kind : {EntryKind::Table, EntryKind::Link}) {
    const auto begin = snapshot_.entries.lower_bound({kind, database + "/"});
    auto end = begin;
    while (end != snapshot_.entries.end() && end->first.kind == kind && end->first.name.starts_with(database + "/")) ++end;
    snapshot_.entries.erase(begin, end);
  }
}

/// Listed without a principal, so that what comes is what was granted (trap T3).
void Reader::Reading::permissions() {
  Listing all = listing(aws::Service::LakeFormation, "ListPermissions", {{"MaxResults", 1000}}, "PrincipalResourcePermissions",
                [this](const Json& listed) {
                  for (const Json& row : single_rows(listed)) take_row(row);
                });
  all.then = [this] {
    if (!needed_shares_.empty()) shares_given();
  };
  later(std::move(all));
}

void Reader::Reading::take_row(const Json& row) {
  const auto decoded = decode_row(row, catalog_);
  if (!decoded) return;
  for (const Json& arn : member(member(row, "AdditionalDetails"), "ResourceShare")) {
    needed_shares_[arn.get<std::string>()].push_back(catalog::permission_key(decoded->id));
  }
  fold_row(snapshot_.entries, *decoded);
}

/// Marks the permissions whose resource share is gone. Read after them, so that a share made meanwhile is seen.
void Reader::Reading::shares_given() {
  Listing own = listing(aws::Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}, {"maxResults", 500}},
                        "resourceShares", [this](const Json& share) {
                          const std::string status = string_at(share, "status");
                          if (status != "ACTIVE" && status != "PENDING") return;
                          needed_shares_.erase(string_at(share, "resourceShareArn"));
                        });
  own.then = [this] {
    for (const auto& [share, keys] : needed_shares_) {
      for (const catalog::LocalKey& key : keys) {
        std::get<catalog::PermissionValue>(snapshot_.entries[key]).share_broken = true;
      }
    }
  };
  later(std::move(own));
}

void Reader::Reading::tags() {
  Listing keys = listing(aws::Service::LakeFormation, "ListLFTags", {{"MaxResults", 1000}}, "LFTags",
                         [this](const Json& tag) {
                           catalog::TagKey value;
                           for (const Json& each : member(tag, "TagValues")) value.values.insert(each.get<std::string>());
                           tag_keys_.push_back(string_at(tag, "TagKey"));
                           put(EntryKind::TagKey, tag_keys_.back(), Shared<catalog::TagKey>(std::move(value)));
                         });
  keys.then = [this] {
    std::vector<Listing> all;
    for (const std::string& key : tag_keys_) {
      for (Listing& each : tagged(key)) all.push_back(std::move(each));
    }
    next(std::move(all));
  };
  later(std::move(keys));
}

/// Notes the value that `tags` gives `key` on `resource`, where it is not just inherited (trap T20).
void Reader::Reading::tag(const std::string& resource, const Json& tags, const std::string& key) {
  for (const Json& tag : tags) {
    if (string_at(tag, "TagKey") != key || member(tag, "TagValues").empty()) continue;
    const catalog::LocalKey local{EntryKind::TagAssignment, resource + "#" + key};
    const catalog::EntryValue value(catalog::TagAssignment{member(tag, "TagValues")[0].get<std::string>()});
    const catalog::EntryValue* inherited = inherited_tag(snapshot_, local);
    if (inherited == nullptr || *inherited != value) snapshot_.entries.insert_or_assign(local, value);
  }
}

/// Who carries `key`, found by search: two listings a key instead of one read a table.
std::vector<Listing> Reader::Reading::tagged(const std::string& key) {
  const Json expression = Json::array({{{"TagKey", key}, {"TagValues", {"*"}}}});
  Listing databases = listing(aws::Service::LakeFormation, "SearchDatabasesByLFTags",
                              {{"Expression", expression}, {"MaxResults", 100}}, "DatabaseList",
                              [this, key](const Json& found) {
                                tag(string_at(member(found, "Database"), "Name"), member(found, "LFTags"), key);
                              });
  Listing tables = listing(aws::Service::LakeFormation, "SearchTablesByLFTags",
                           {{"Expression", expression}, {"MaxResults", 100}}, "TableList",
                           [this, key](const Json& found) {
                             const Json& table = member(found, "Table");
                             const std::string database = string_at(table, "DatabaseName");
                             const std::string name = database + "/" + string_at(table, "Name");
                             tag(database, member(found, "LFTagOnDatabase"), key);
                             tag(name, member(found, "LFTagsOnTable"), key);
                             for (const Json& column : member(found, "LFTagsOnColumns")) {
                               tag(name + "/" + string_at(column, "Name"), member(column, "LFTags"), key);
                             }
                           });
  return {std::move(databases), std::move(tables)};
}

void Reader::Reading::filters() {
  later(listing(aws::Service::LakeFormation, "ListDataCellsFilter", {{"MaxResults", 1000}}, "DataCellsFilters",
                [this](const Json& found) {
                  catalog::DataFilter filter;
                  filter.row_filter =
                      catalog::canonical_row_filter(string_at(member(found, "RowFilter"), "FilterExpression"));
                  filter.columns = sorted_strings(member(found, "ColumnNames"));
                  filter.excluded_columns = sorted_strings(member(member(found, "ColumnWildcard"), "ExcludedColumnNames"));
                  put(EntryKind::DataFilter,
                      string_at(found, "DatabaseName") + "/" + string_at(found, "TableName") + "/" +
                          string_at(found, "Name"),
                      Shared<catalog::DataFilter>(std::move(filter)));
                }));
}

/// What others share with this account: pending invitations are not among the shares (trap T25).
void Reader::Reading::shares_taken() {
  later(listing(aws::Service::Ram, "GetResourceShares", {{"resourceOwner", "OTHER-ACCOUNTS"}, {"maxResults", 500}},
                "resourceShares", [this](const Json& share) {
                  if (string_at(share, "status") == "ACTIVE") active_senders_.insert(string_at(share, "owningAccountId"));
                }));
  Listing invitations = listing(
      aws::Service::Ram, "GetResourceShareInvitations", {{"maxResults", 500}}, "resourceShareInvitations",
      [this](const Json& invitation) {
        catalog::ShareAcceptance& share = senders_[string_at(invitation, "senderAccountId")];
        const std::string status = string_at(invitation, "status");
        if (status == "PENDING") share.pending.push_back(string_at(invitation, "resourceShareInvitationArn"));
        if (status == "EXPIRED" || status == "REJECTED") share.state = catalog::ShareState::Broken;
      });
  invitations.then = [this] { put_shares_taken(); };
  later(std::move(invitations));
}

void Reader::Reading::put_shares_taken() {
  for (const std::string& sender : active_senders_) senders_[sender].state = catalog::ShareState::Active;
  for (auto& [sender, share] : senders_) {
    if (!share.pending.empty()) share.state = catalog::ShareState::Pending;
    const bool gone = share.state == catalog::ShareState::Active && !active_senders_.contains(sender);
    if (!gone) put(EntryKind::ShareAcceptance, sender, Shared<catalog::ShareAcceptance>(share));
  }
}

void Reader::Reading::opt_ins() {
  later(listing(aws::Service::LakeFormation, "ListLakeFormationOptIns", {{"MaxResults", 1000}},
                "LakeFormationOptInsInfoList", [this](const Json& info) {
                  if (const auto row = decode_row(info, catalog_)) put(EntryKind::OptIn, to_string(row->id), catalog::OptIn{});
                }));
}

Reader::Reader(const CatalogRef& catalog, Time now) : reading_(std::make_unique<Reading>(catalog, now)) {
  reading_->plan_all();
}
Reader::~Reader() = default;

Result<catalog::Snapshot> Reader::read(aws::Api& api) {
  TRY(reading_->run(api));
  return std::move(reading_->snapshot());
}

Time Reader::begun() const { return reading_->snapshot().taken; }
std::size_t Reader::answered() const { return reading_->answered(); }

Result<std::map<catalog::LocalKey, catalog::EntryValue>> Reader::shares(aws::Api& api, const CatalogRef& catalog) {
  Reading reading(catalog, Time{});
  reading.plan_shares();
  TRY(reading.run(api));
  if (const auto& error = reading.snapshot().shares_error) return fail(*error);
  return std::move(reading.snapshot().entries);
}

}  // namespace datamesh::lake
