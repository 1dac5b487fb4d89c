// Rounds in which nothing happens but edits: then nobody may lose, even for a moment, what both the old and the new declared state
// give him. Permissions on the same by name are compared one by one. What is read is compared by column, whatever form lets it be
// read, as long as neither the table nor a tag of it changes: what is added to a table keeps nothing from being revoked, and not
// every change of tags has an order without a loss (decision 0011; tests/engine/tag_order_test.cpp looks at those).
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

std::string database_in(const Right& right) {
  const std::string place = place_in(right);
  return place.substr(0, place.find('/'));
}

}  // namespace

void Life::begin_gently() {
  const Expectation now = expect(declared_, world_.clock.now());
  if (!now.excused.empty() || now.contested) return;
  gentle_ = true;
  chaos_->weather = Weather::calm();
  store_faults_ = 0;
  kept_ = now.due;
  kept_tables_ = declared_tables(declared_);
  kept_tags_ = declared_tags(declared_);
  kept_reads_ = reads_of(now.due, kept_tags_);
  last_.clear();
  for (const std::string& account : maker_.accounts()) last_[{account, kRegion}] = rights_in(world_, {account, kRegion});
  last_reads_ = reads_now();
  journal_.note("nothing happens but edits");
}

/// Of what was kept so far, what the state declared now gives as well.
void Life::keep(const Rights& due) {
  if (!gentle_) return;
  const auto tables = declared_tables(declared_);
  const TagMap tags = declared_tags(declared_);
  // What has its name is another thing: a database, or a link to it.
  const auto moves = [&](const Right& right) { return kept_tables_.contains(database_in(right)) != tables.contains(database_in(right)); };
  std::erase_if(kept_, [&](const Right& right) { return !due.contains(right) || moves(right); });
  const Rights reads = reads_of(due, tags);
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
    if (kept_.contains(right) && !rights.contains(right) && !is_by_tag(right)) broken("lost, though both states give it: " + to_string(right));
  }
  last_[catalog] = rights;
}

void Life::check_kept_reads() {
  if (!gentle_) return;
  const Rights reads = reads_now();
  for (const Right& read : last_reads_) {
    if (kept_reads_.contains(read) && !reads.contains(read)) broken("read no more, though both states let it: " + to_string(read));
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
