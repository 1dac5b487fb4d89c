// The chain of entries that lets a principal in, hop by hop.
#include "controller/catalog/evaluate.h"

#include <algorithm>
#include <tuple>

#include "controller/catalog/tag_expression.h"

namespace datamesh::catalog {
namespace {

const std::vector<Holding> kNothing;

const std::vector<Holding>& of(const std::map<std::string, std::vector<Holding>>& by_holder, const std::string& holder) {
  const auto found = by_holder.find(holder);
  return found == by_holder.end() ? kNothing : found->second;
}

bool is_on_table(const AccessQuery& query) { return !query.table.empty(); }

/// Whether the holding gives what is asked, rows aside.
bool gives(const Holding& holding, const AccessQuery& query) {
  const bool any_column = query.column.empty();
  switch (query.permission) {
    case Permission::Describe:
      if (holding.whole || any_column) return true;  // whatever is held on an object shows it
      return holding.columns.contains(query.column);
    case Permission::Select:
      if (!is_on_table(query)) return holding.permissions.has(Permission::Select);
      return holding.permissions.has(Permission::Select) &&
             (any_column ? !holding.columns.empty() : holding.columns.contains(query.column));
    default: return holding.permissions.has(query.permission);
  }
}

std::string described(const Holding& holding, const AccessQuery& query) {
  std::string out = holding.holder() + " holds " + std::string(to_string(query.permission)) + " on " + object_text(query);
  const ResourceId& resource = holding.id.resource;
  if (resource.type == ResourceType::TablePolicy || resource.type == ResourceType::DatabasePolicy) {
    out += " by tags " + resource.detail;
  }
  const bool part = query.column.empty() && query.permission == Permission::Select && is_on_table(query);
  if (part && !holding.columns.is_all() && !holding.columns.empty()) out += ", " + to_string(holding.columns) + " only";
  return out;
}

/// The rows of a permission, as far as the query asks.
struct Rows {
  std::string predicate;  ///< empty: all
  Truth truth = Truth::True;
  std::string why;        ///< of `truth`
};

Rows rows_of(const Holding& holding, const Snapshot& owner, const std::optional<Row>& row) {
  Rows out;
  const DataFilter* filter = filter_of(holding, owner);
  if (filter == nullptr || filter->row_filter.empty()) return out;
  out.predicate = filter->row_filter;
  if (!row) return out;
  const auto parsed = parse_row_filter(filter->row_filter);
  if (!parsed) return {out.predicate, Truth::Unknown, "its rows cannot be judged here"};
  out.truth = truth_of(*parsed, *row);
  if (const auto missing = columns_not_given(*parsed, *row); !missing.empty()) {
    for (const std::string& column : missing) out.why += (out.why.empty() ? "" : ", ") + column;
    out.why += missing.size() == 1 ? " is not given and counts as NULL" : " are not given and count as NULL";
  }
  return out;
}

/// One way through: a permission at home, or one of the account and one within it.
struct Way {
  const Holding* outer = nullptr;
  const Holding* inner = nullptr;
  Rows outer_rows, inner_rows;

  Truth truth() const { return std::min(outer_rows.truth, inner_rows.truth); }
  bool has_rows() const { return !outer_rows.predicate.empty() || !inner_rows.predicate.empty(); }
  bool everybody() const { return outer != nullptr && is_iam_allowed_principals(outer->holder()); }
  bool narrow() const {
    const auto is_narrow = [](const Holding* each) { return each != nullptr && !each->columns.is_all(); };
    return is_narrow(outer) || is_narrow(inner);
  }
  /// Ways that let more in come first, and of these the plainest.
  auto rank() const { return std::tuple(-static_cast<int>(truth()), has_rows(), narrow()); }
};

std::string both(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty() || a == b) return a.empty() ? b : a;
  return "(" + a + ") AND (" + b + ")";
}

class Judge {
 public:
  Judge(const AccessQuery& query, const Snapshot& governing, const Holdings& at_home, const Snapshot* local,
        const Holdings& in_account)
      : query_(query), governing_(governing), at_home_(at_home), local_(local), in_account_(in_account),
        account_(account_of_principal(query.principal)), here_{account_, query.governing.region} {}

  Access answer() {
    if (account_.empty() || account_ == query_.governing.account) {
      at_home();
    } else {
      abroad();
    }
    finish();
    return std::move(out_);
  }

 private:
  void say(HopKind kind, bool ok, const CatalogRef& catalog, std::string what, std::optional<LocalKey> entry = {}) {
    out_.hops.push_back({kind, ok, catalog, std::move(what), std::move(entry), true});
  }

  // ---- at home

  void at_home() {
    opt_in();
    const std::vector<std::string> names = counted_names();
    const auto ways = ways_of(giving(at_home_, names), nullptr);
    if (!ways.empty()) return through(ways, HopKind::Permission);
    if (by_administration(HopKind::Permission, query_.governing, governing_)) return;
    missing(HopKind::Permission, query_.governing, at_home_, names);
  }

  /// Opting in leaves IAM_ALLOWED_PRINCIPALS behind, and only there it changes anything.
  /// Source: lake-formation.md 2.10
  std::vector<std::string> counted_names() const {
    std::vector<std::string> names = names_of(query_.principal);
    const std::string& who = query_.principal;
    // Of a group some may have opted in: as a group it holds what it was granted, no more.
    const bool is_group = who.ends_with(":IAMPrincipals") || who.find(":organizations::") != std::string::npos;
    const bool iam_decides = !is_group && !opt_in_of(governing_, query_.object(), who);
    if (iam_decides && names.front() != kIamAllowedPrincipals) names.insert(names.begin(), kIamAllowedPrincipals);
    return names;
  }

  void opt_in() {
    if (!query_.location.empty()) return;
    const auto chosen = opt_in_of(governing_, query_.object(), query_.principal);
    const std::string& who = query_.principal;
    if (chosen) {
      say(HopKind::OptIn, true, query_.governing, who + " has opted in: Lake Formation decides, whatever IAM allows", chosen);
    } else if (is_hybrid()) {
      const bool iam = !of(at_home_.by_holder, kIamAllowedPrincipals).empty();
      say(HopKind::OptIn, true, query_.governing,
          who + (iam ? " has not opted in: under hybrid access IAM decides for it"
                     : " has not opted in; nothing is left to IAM here, so Lake Formation decides"));
    }
  }

  bool is_hybrid() const {
    const auto entry = location_entry();
    return entry && std::get<Location>(*governing_.find(*entry)).hybrid;
  }

  // ---- from another account

  void abroad() {
    const bool is_account = query_.principal == account_;
    const auto direct = ways_of(giving(at_home_, names_of(query_.principal)), nullptr);
    if (direct.empty()) return is_account ? nothing_to_account() : by_account();
    through(direct, is_account ? HopKind::AccountPermission : HopKind::Permission);
    share(direct.front().outer);
    if (is_account || all_ok()) return;
    Access by_name = std::move(out_);
    out_ = {};
    by_account();
    if (!all_ok()) out_ = std::move(by_name);
  }

  /// Without opting in, a principal of another account is left to IAM and the bucket's policy, whatever it was granted.
  /// Source: Lake Formation developer guide, Hybrid access mode
  void foreign_opt_in() {
    if (account_.empty() || account_ == query_.governing.account || query_.principal == account_ || !is_hybrid()) return;
    auto chosen = opt_in_of(governing_, query_.object(), query_.principal);
    const bool at_home = chosen.has_value();
    if (!chosen && local_ != nullptr) chosen = opt_in_of(*local_, query_.object(), query_.principal);
    Hop hop{HopKind::OptIn, chosen.has_value(), at_home ? query_.governing : here_, query_.principal, chosen, false};
    hop.what += chosen ? " has opted in: Lake Formation decides, whatever IAM allows"
                       : " has not opted in: under hybrid access Lake Formation gives it no credentials, IAM and the bucket decide";
    out_.hops.insert(out_.hops.begin(), std::move(hop));
  }

  void nothing_to_account() {
    missing(HopKind::AccountPermission, query_.governing, at_home_, {account_});
    share(nullptr);
  }

  void by_account() {
    const auto outer = giving(at_home_, {account_});
    if (outer.empty()) {
      missing(HopKind::AccountPermission, query_.governing, at_home_, {account_});
      share(nullptr);
      local_alone();
      return link();
    }
    const auto inner = local_ == nullptr ? std::vector<const Holding*>{} : giving(in_account_, names_of(query_.principal));
    const auto ways = ways_of(outer, &inner);
    if (!ways.empty()) {
      through(ways, HopKind::AccountPermission, [&] { share(ways.front().outer); });
      return link();
    }
    const auto alone = ways_of(outer, nullptr);
    leg(HopKind::AccountPermission, *alone.front().outer, alone.front().outer_rows, query_.governing);
    share(alone.front().outer);
    if (local_ != nullptr && by_administration(HopKind::LocalPermission, here_, *local_)) return link();
    if (inner.empty()) {
      local_alone();
    } else {
      say(HopKind::LocalPermission, false, here_,
          described(*inner.front(), query_) + ", of which account " + account_ + " holds nothing", inner.front()->entry);
    }
    link();
  }

  /// What there is within the account, when that is not enough.
  void local_alone() {
    if (local_ == nullptr) {
      return say(HopKind::LocalPermission, false, here_,
                 "catalog " + to_string(here_) + " has not been read: what is granted there is not known");
    }
    const auto inner = giving(in_account_, names_of(query_.principal));
    if (inner.empty()) return missing(HopKind::LocalPermission, here_, in_account_, names_of(query_.principal));
    say(HopKind::LocalPermission, true, here_, described(*inner.front(), query_), inner.front()->entry);
  }

  void share(const Holding* granted) {
    const std::string& owner = query_.governing.account;
    const LocalKey key{EntryKind::ShareAcceptance, owner};
    const EntryValue* found = local_ == nullptr ? nullptr : local_->find(key);
    const auto state = found == nullptr ? ShareState::Broken : std::get<Shared<ShareAcceptance>>(*found)->state;
    if (granted != nullptr && granted->share_broken) {
      return say(HopKind::Share, false, here_, "the resource share behind this permission is gone", key);
    }
    if (local_ == nullptr) {
      return say(HopKind::Share, false, here_, "catalog " + to_string(here_) + " has not been read: its shares are not known");
    }
    if (found == nullptr) return say(HopKind::Share, false, here_, "no accepted share from account " + owner);
    switch (state) {
      case ShareState::Active:
        return say(HopKind::Share, true, here_, "the share from account " + owner + " is accepted", key);
      case ShareState::Pending:
        return say(HopKind::Share, false, here_, "an invitation of account " + owner + " waits to be accepted", key);
      case ShareState::Broken:
        return say(HopKind::Share, false, here_, "the invitation of account " + owner + " has expired or was rejected", key);
    }
  }

  void link() {
    if (!query_.location.empty()) return;
    if (local_ == nullptr) return;
    std::optional<LocalKey> unseen;
    for (auto at = local_->entries.lower_bound({EntryKind::Link, ""});
         at != local_->entries.end() && at->first.kind == EntryKind::Link; ++at) {
      const Link& link = *std::get<Shared<Link>>(at->second);
      const bool whole = link.table.empty() || link.table == query_.table;
      if (link.owner != query_.governing.account || link.database != query_.database || !whole) continue;
      if (sees(at->first)) return say_link(true, "link " + at->first.name + " points to it", at->first);
      if (!unseen) unseen = at->first;
    }
    if (unseen) {
      return say_link(false, "link " + unseen->name + " points to it, but " + query_.principal + " does not hold DESCRIBE on the link",
                      unseen);
    }
    const std::string object = query_.database + (query_.table.empty() ? "" : "/" + query_.table);
    say_link(false, "no resource link to " + object + ": query engines find it by a link only", {});
  }
  void say_link(bool ok, std::string what, std::optional<LocalKey> entry) {
    out_.hops.push_back({HopKind::Link, ok, here_, std::move(what), std::move(entry), false});
  }

  /// A link is there for whoever holds something on it.
  /// Source: lake-formation.md 2.6
  bool sees(const LocalKey& link) const {
    if (is_administrator(*local_, query_.principal)) return true;
    const std::size_t slash = link.name.find('/');
    const ObjectRef object{account_, link.name.substr(0, slash), slash == std::string::npos ? "" : link.name.substr(slash + 1), ""};
    std::set<std::string> holders;
    for (const std::string& name : names_of(query_.principal)) holders.insert(name);
    holders.insert(kIamAllowedPrincipals);
    return !holdings_on(object, *local_, *local_, &holders).by_holder.empty();
  }

  // ---- both

  std::vector<const Holding*> giving(const Holdings& holdings, const std::vector<std::string>& names) const {
    std::vector<const Holding*> out;
    for (const std::string& name : names) {
      for (const Holding& holding : of(holdings.by_holder, name)) {
        if (gives(holding, query_)) out.push_back(&holding);
      }
    }
    return out;
  }

  /// Whether what the account holds and what is held within it have something in common that gives what is asked.
  bool meet(const Holding& outer, const Holding& inner) const {
    const bool columns = !common(outer.columns, inner.columns).empty();
    if (query_.permission == Permission::Select && is_on_table(query_)) return columns;
    if (query_.permission != Permission::Describe) return true;
    return columns || !(outer.permissions & inner.permissions & all_but_select()).empty();
  }
  static PermissionSet all_but_select() {
    return (all_of(ResourceType::Table) | all_of(ResourceType::Database)) - PermissionSet{Permission::Select};
  }

  /// Every combination that leaves something, best first.
  std::vector<Way> ways_of(const std::vector<const Holding*>& outer, const std::vector<const Holding*>* inner) const {
    std::vector<Way> out;
    for (const Holding* one : outer) {
      const Rows rows = rows_of(*one, governing_, query_.row);
      if (inner == nullptr) {
        out.push_back({one, nullptr, rows, {}});
        continue;
      }
      for (const Holding* other : *inner) {
        if (!meet(*one, *other)) continue;
        out.push_back({one, other, rows, rows_of(*other, governing_, query_.row)});
      }
    }
    std::stable_sort(out.begin(), out.end(), [](const Way& a, const Way& b) {
      return std::tuple(!a.everybody(), a.rank()) < std::tuple(!b.everybody(), b.rank());
    });
    return out;
  }

  /// Tells of the best way. Where it has rows, the others are told of too: their rows unite.
  template <class Between>
  void through(const std::vector<Way>& ways, HopKind kind, const Between& between) {
    note_cells(ways);
    const Way& best = ways.front();
    leg(kind, *best.outer, best.outer_rows, query_.governing);
    between();
    if (best.inner != nullptr) leg(HopKind::LocalPermission, *best.inner, best.inner_rows, here_);
    if (!best.has_rows()) return;
    for (const Way& way : ways) {
      filter(*way.outer, way.outer_rows, best.truth() != Truth::True);
      if (way.inner != nullptr) filter(*way.inner, way.inner_rows, best.truth() != Truth::True);
    }
  }
  void through(const std::vector<Way>& ways, HopKind kind) {
    through(ways, kind, [] {});
  }

  void leg(HopKind kind, const Holding& holding, const Rows& rows, const CatalogRef& catalog) {
    const bool everybody = is_iam_allowed_principals(holding.holder());
    std::string what = described(holding, query_);
    if (kind == HopKind::AccountPermission) what = "account " + what;
    if (everybody) what += ": IAM alone decides";
    say(kind, true, catalog, what, holding.entry);
    tags(holding);
    filter(holding, rows, true);
  }

  /// The tags that make a permission by tags count, each once.
  void tags(const Holding& holding) {
    if (!is_by_tags(holding)) return;
    const ColumnScope& columns = holding.columns;
    const bool by_column = query_.column.empty() && !holding.whole && !columns.except && !columns.names.empty();
    const std::string column = by_column ? *columns.names.begin() : query_.column;
    for (const TagTerm& term : terms_of(holding, query_.object(), column, governing_)) {
      if (term.matches) tag(term, holding, column);
    }
  }
  static bool is_by_tags(const Holding& holding) {
    const ResourceType type = holding.id.resource.type;
    return type == ResourceType::TablePolicy || type == ResourceType::DatabasePolicy;
  }
  void tag(const TagTerm& term, const Holding& holding, const std::string& column) {
    const std::string object =
        query_.database + (query_.table.empty() ? "" : "/" + query_.table) + (column.empty() ? "" : "/" + column);
    std::string what = "tag " + term.key;
    if (!term.entry) {
      what += " is not set on " + object;
    } else {
      what += " is " + term.value + " on " + object + (term.from == object ? "" : ", inherited from " + term.from);
    }
    if (!term.matches) {
      std::string wanted;
      const auto expression = expression_of(holding.id.resource.detail);
      for (const std::string& value : expression.terms.at(term.key)) wanted += (wanted.empty() ? "" : ", ") + value;
      what += "; the permission asks for " + (wanted == "*" ? "any value" : wanted);
    }
    if (!is_told(HopKind::Tag, what)) say(HopKind::Tag, term.matches, query_.governing, what, term.entry);
  }
  bool is_told(HopKind kind, const std::string& what) const {
    return std::any_of(out_.hops.begin(), out_.hops.end(),
                       [&](const Hop& hop) { return hop.kind == kind && hop.what == what; });
  }

  void filter(const Holding& holding, const Rows& rows, bool decides) {
    if (rows.predicate.empty()) return;
    const ResourceId& resource = holding.id.resource;
    std::string what = "filter " + resource.detail + " lets in the rows where " + rows.predicate;
    if (query_.row) {
      what = "filter " + resource.detail + (rows.truth == Truth::True ? " lets the row in: " : " keeps the row out: ") +
             rows.predicate + " is " + std::string(to_string(rows.truth)) + (rows.why.empty() ? "" : "; " + rows.why);
    }
    if (is_told(HopKind::DataFilter, what)) return;
    const LocalKey entry{EntryKind::DataFilter, resource.database + "/" + resource.table + "/" + resource.detail};
    out_.hops.push_back({HopKind::DataFilter, rows.truth == Truth::True, query_.governing, what, entry, decides});
  }

  /// What can be read in all these ways; what another way holds too is left out.
  void note_cells(const std::vector<Way>& ways) {
    if (query_.permission != Permission::Select || !is_on_table(query_)) return;
    for (const Way& way : ways) {
      Cells cells{way.inner == nullptr ? way.outer->columns : common(way.outer->columns, way.inner->columns),
                  both(way.outer_rows.predicate, way.inner_rows.predicate)};
      if (!query_.column.empty()) cells.columns = {false, {query_.column}};
      const bool there = std::any_of(out_.cells.begin(), out_.cells.end(), [&](const Cells& each) {
        return (each.rows.empty() || each.rows == cells.rows) && common(each.columns, cells.columns) == cells.columns;
      });
      if (!there) out_.cells.push_back(std::move(cells));
    }
  }

  /// Source: lake-formation.md 2.1 (implicit permissions)
  bool by_administration(HopKind kind, const CatalogRef& catalog, const Snapshot& snapshot) {
    const bool implied = query_.permission == Permission::Describe || query_.permission == Permission::DataLocationAccess;
    if (!implied || !is_administrator(snapshot, query_.principal)) return false;
    say(kind, true, catalog, query_.principal + " is a data lake administrator", LocalKey{EntryKind::Settings, ""});
    return true;
  }

  /// Nothing gives it. A permission by tags that misses by one tag says more than that there is none.
  void missing(HopKind kind, const CatalogRef& catalog, const Holdings& holdings, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      // Of a permission that reaches some columns, the one asked about may be beyond its tags.
      std::vector<Holding> near_misses = of(holdings.missed, name);
      for (const Holding& holding : of(holdings.by_holder, name)) {
        if (is_by_tags(holding)) near_misses.push_back(holding);
      }
      for (const Holding& holding : near_misses) {
        if (!holding.permissions.has(query_.permission) && query_.permission != Permission::Describe) continue;
        const auto terms = terms_of(holding, query_.object(), query_.column, governing_);
        if (std::count_if(terms.begin(), terms.end(), [](const TagTerm& term) { return !term.matches; }) != 1) continue;
        Holding near = holding;
        near.columns = {};
        say(kind, true, catalog, (kind == HopKind::AccountPermission ? "account " : "") + described(near, query_), near.entry);
        for (const TagTerm& term : terms) tag(term, near, query_.column);
        return;
      }
    }
    const std::string who = kind == HopKind::AccountPermission ? "account " + account_ : query_.principal;
    say(kind, false, catalog, who + " does not hold " + std::string(to_string(query_.permission)) + " on " + object_text(query_));
  }

  std::optional<LocalKey> location_entry() const {
    if (!query_.location.empty()) return registered_location(governing_, query_.location);
    const std::string arn = data_location();
    return arn.empty() ? std::nullopt : registered_location(governing_, arn);
  }
  /// Where the data of the table is; empty when that is not known.
  std::string data_location() const {
    const EntryValue* found = query_.table.empty() ? nullptr : governing_.find(table_key(query_.database, query_.table));
    const std::string uri = found == nullptr ? "" : std::get<Shared<Table>>(*found)->location;
    return uri.starts_with("s3") ? s3_arn(uri) : "";
  }

  bool touches_data() const {
    return query_.permission == Permission::Select || query_.permission == Permission::Insert ||
           query_.permission == Permission::Delete;
  }

  /// Before the link stands where the data is: no permission of Lake Formation reaches data that is not registered.
  /// Source: lake-formation.md 2.9
  void location() {
    const std::string arn = query_.location.empty() ? data_location() : query_.location;
    if (arn.empty() || (query_.location.empty() && !touches_data())) return;
    const std::string uri = "s3://" + arn.substr(arn.find(":::") + 3);
    const auto entry = location_entry();
    Hop hop{HopKind::Location, entry.has_value(), query_.governing, "", entry, !query_.location.empty()};
    if (entry) {
      hop.what = uri + " is registered" + (is_hybrid() ? ", under hybrid access" : "") +
                 (entry->name == arn ? "" : " as part of s3://" + entry->name.substr(entry->name.find(":::") + 3));
    } else {
      hop.what = uri + " is not registered: Lake Formation gives out no credentials for it, IAM and the bucket alone decide";
    }
    const bool link_is_last = !out_.hops.empty() && out_.hops.back().kind == HopKind::Link;
    out_.hops.insert(query_.location.empty() ? out_.hops.end() - (link_is_last ? 1 : 0) : out_.hops.begin(), std::move(hop));
  }

  bool all_ok() const {
    return std::all_of(out_.hops.begin(), out_.hops.end(), [](const Hop& hop) { return hop.ok || !hop.decides; });
  }

  void finish() {
    location();
    foreign_opt_in();
    out_.allowed = all_ok();
    if (!out_.allowed) out_.cells.clear();
  }

  const AccessQuery& query_;
  const Snapshot& governing_;
  const Holdings& at_home_;
  const Snapshot* local_;
  const Holdings& in_account_;
  const std::string account_;
  const CatalogRef here_;
  Access out_;
};

}  // namespace

Access judge(const AccessQuery& query, const Snapshot& governing, const Holdings& at_home, const Snapshot* local,
             const Holdings& in_account) {
  return Judge(query, governing, at_home, local, in_account).answer();
}

}  // namespace datamesh::catalog
