#include "controller/engine/recreated_tables.h"

#include "reconcilers/withheld_tables.h"

namespace datamesh::engine {
namespace {

/// Access was not given under the time at which the table was made. Earlier times are of another table that led before: the
/// producer's own, which is gone.
bool is_made_again(const TableMemory& recorded, const SeenTable& table) {
  if (!table.created) return false;
  const auto known = recorded.find(table.key);
  if (known == recorded.end()) return table.is_known && !table.is_given;
  return !known->second || *table.created > *known->second;
}

bool is_approved(const SeenTable& table, const std::string& all, const std::set<std::string>& approvals) {
  return approvals.contains(all) || approvals.contains(reconcilers::approval_of(table.key, *table.created));
}

/// Those made again, approved or not: what the approval of all of them names.
mesh::WithheldTables made_again(const TableMemory& recorded, const std::vector<SeenTable>& seen) {
  mesh::WithheldTables out;
  for (const SeenTable& table : seen) {
    if (is_made_again(recorded, table)) out[table.key] = {mesh::Withheld::MadeAgain, *table.created};
  }
  return out;
}

}  // namespace

std::set<std::string> approvals_in(const std::string& annotation) {
  std::set<std::string> out;
  std::string token;
  for (const char each : annotation + ",") {
    if (each != ',' && each != ' ' && each != '\n' && each != '\t') {
      token += each;
    } else if (!token.empty()) {
      out.insert(std::exchange(token, {}));
    }
  }
  return out;
}

TableMemory remembered(const TableMemory& recorded, const std::vector<SeenTable>& seen, const std::set<std::string>& approvals) {
  TableMemory out = recorded;
  const std::string all = reconcilers::approval_of_all(made_again(recorded, seen));
  for (const SeenTable& table : seen) {
    if (!table.created) continue;
    if (!is_made_again(recorded, table)) {
      out.try_emplace(table.key, table.created);
    } else if (is_approved(table, all, approvals)) {
      out[table.key] = table.created;
    } else {
      out.try_emplace(table.key, std::nullopt);
    }
  }
  return out;
}

mesh::WithheldTables withheld(const TableMemory& recorded, const std::vector<SeenTable>& seen,
                              const std::set<std::string>& approvals) {
  mesh::WithheldTables out;
  const TableMemory next = remembered(recorded, seen, approvals);
  for (const SeenTable& table : seen) {
    if (!table.created) {
      if (table.is_given && !recorded.contains(table.key)) continue;  // its product has just come to want approval
      out[table.key] = {mesh::Withheld::Missing, {}};
    } else if (is_made_again(next, table)) {
      out[table.key] = {mesh::Withheld::MadeAgain, *table.created};
    } else if (!table.is_given && (!recorded.contains(table.key) || is_made_again(recorded, table))) {
      out[table.key] = {mesh::Withheld::NotRecorded, *table.created};
    }
  }
  return out;
}

}  // namespace datamesh::engine
