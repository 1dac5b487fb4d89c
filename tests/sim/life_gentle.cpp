// Rounds in which nothing happens but edits: then nobody may lose, even for a moment, what both the old and the new declared state
// give him. Permissions on the same by name are compared one by one. What is read is compared by column, whatever form lets it be
// read, as long as neither the table nor a tag of it changes: what is added to a table keeps nothing from being revoked, and not
// every change of tags has an order without a loss (decision 0011; tests/engine/tag_order_test.cpp looks at those).
#include <algorithm>
#include <iterator>

#include "tests/sim/life.h"
#include "tests/sim/model_grants.h"

namespace datamesh::sim {
namespace {

/// Tables and columns of every governed product.
std::map<std::string, Json> declared_tables(const Declared& declared) {
  std::map<std::string, Json> out;
  for (const auto& [key, object] : declared) {
    const std::string owner = key.kind == "DataProduct" ? governor_of(declared, key) : "";
    if (owner.empty()) continue;
    const std::string database = owner + ":" + string_at(object["spec"], "database");
    out[database] = nullptr;
    for (const Json& table : member(object["spec"], "tables")) {
      out[database + "/" + string_at(table, "name")] = {member(table, "columns"), member(table, "partitionKeys")};
    }
  }
  return out;
}

std::string place_in(const Right& right) { return owner_of(right) + ":" + place_of(right); }

}  // namespace

/// What cannot be fulfilled is no longer declared then.
void Life::begin_gently() {
  const Expectation before = expect(declared_, world_.clock.now());
  for (const auto& [key, reasons] : before.excused) {
    if (key.kind == "Grant" || key.kind == "ResourceLink") declare({std::nullopt, key, "delete " + to_string(key)});
  }
  if (!before.excused.empty()) rest();
  const Expectation now = expect(declared_, world_.clock.now());
  if (!now.excused.empty() || now.contested) return;
  gentle_ = true;
  chaos_->weather = Weather::calm();
  store_faults_ = 0;
  kept_ = now.due;
  kept_options_.clear();
  note_options(now.due);
  kept_tables_ = declared_tables(declared_);
  kept_tags_ = declared_tags(declared_);
  kept_reads_ = reads_of(now.due, kept_tags_);
  last_.clear();
  for (const std::string& account : maker_.accounts()) last_[{account, kRegion}] = rights_in(world_, {account, kRegion});
  last_reads_ = reads_now();
  journal_.note("nothing happens but edits");
}

void Life::note_options(const Rights& due) {
  std::copy_if(due.begin(), due.end(), std::inserter(kept_options_, kept_options_.end()),
               [](const Right& right) { return right.permission.ends_with("+"); });
}

void Life::end_gently() {
  if (!gentle_) return;
  settle_down();
  gentle_ = false;
}

/// Of what was kept so far, what the state declared now gives as well.
void Life::keep(const Rights& due) {
  if (!gentle_) return;
  const auto tables = declared_tables(declared_);
  const TagMap tags = declared_tags(declared_);
  const auto is_product = [](const auto& each) { return each.first.find('/') == std::string::npos; };
  const auto moved = [&](const auto& each) { return is_product(each) && !tables.contains(each.first); };
  if (std::any_of(kept_tables_.begin(), kept_tables_.end(), moved)) kept_.clear();  // links of the same names lead elsewhere
  // A grant option is dropped by revoking all and granting it again without (lake-formation.md 2.4).
  std::set<std::pair<CatalogRef, std::string>> lose_an_option;
  for (const Right& right : kept_options_) {
    if (!due.contains(right)) lose_an_option.emplace(right.catalog, right.principal);
  }
  const auto loses_an_option = [&](const Right& right) { return lose_an_option.contains({right.catalog, right.principal}); };
  std::erase_if(kept_, [&](const Right& right) { return !due.contains(right) || loses_an_option(right); });
  const Rights reads = reads_of(due, tags);
  std::erase_if(kept_reads_, loses_an_option);
  note_options(due);
  std::erase_if(kept_reads_, [&](const Right& read) {
    const std::string column = read.resource.substr(read.resource.find(' ') + 1), table = place_in(read);
    const auto after = tables.find(table);
    const bool is_as_it_was = after != tables.end() && kept_tables_.contains(table) && kept_tables_.at(table) == after->second &&
                              kept_tags_.at(column) == tags.at(column);
    return !is_as_it_was || !reads.contains(read);
  });
}

void Life::check_kept(const CatalogRef& catalog, const Rights& rights) {
  if (!gentle_) return;
  const auto is_by_tag = [](const Right& right) { return kind_of(right) == "policy" || kind_of(right) == "tag"; };
  for (const Right& right : last_[catalog]) {
    if (rights.contains(right) || is_by_tag(right) || !kept_.contains(right)) continue;
    note_declared();  // time alone may have changed what is given
    if (kept_.contains(right)) broken("lost, though both states give it: " + to_string(right));
  }
  last_[catalog] = rights;
}

void Life::check_kept_reads() {
  if (!gentle_) return;
  const Rights reads = reads_now();
  for (const Right& read : last_reads_) {
    if (reads.contains(read) || !kept_reads_.contains(read)) continue;
    note_declared();  // time alone may have changed what is given
    if (kept_reads_.contains(read)) broken("read no more, though both states let it: " + to_string(read));
  }
  last_reads_ = reads;
}

Rights Life::reads_now() {
  Rights rights;
  TagMap tags;
  for (const std::string& account : maker_.accounts()) {
    rights.merge(rights_in(world_, {account, kRegion}));
    tags.merge(tags_in(world_, {account, kRegion}));
  }
  return reads_of(rights, tags);
}

}  // namespace datamesh::sim
