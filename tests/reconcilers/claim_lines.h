// Claims as readable lines: "7 C: Permission table:C:orders/orders@K = SELECT, +SELECT <- Table orders/orders".
// The digit is the step of the workflow, the letter the account of the catalog, `stays` what outlives the claim.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "reconcilers/claim.h"
#include "tests/catalog/entries.h"
#include "tests/mesh/declared.h"

namespace datamesh::reconcilers {

using Lines = std::vector<std::string>;

/// The accounts of the tests by letter.
inline std::string with_letters(std::string text) {
  static const std::map<std::string, std::string> kLetters = {{"100000000001", "C"}, {"100000000002", "P"},
                                                              {"100000000003", "K"}, {"100000000005", "L"},
                                                              {"100000000009", "X"}};
  for (const auto& [id, letter] : kLetters) {
    for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id)) text.replace(at, id.size(), letter);
  }
  for (const std::string region : {"/eu-west-1", "datamesh.dev/"}) {
    for (std::size_t at = text.find(region); at != std::string::npos; at = text.find(region)) text.erase(at, region.size());
  }
  return text;
}

namespace claim_text {

inline std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}
inline std::string of(std::monostate) { return "nothing"; }
inline std::string of(const catalog::Settings& settings) {
  std::string out = "admins " + joined({settings.administrators.begin(), settings.administrators.end()});
  if (settings.open_database_defaults == false) out += ", closed databases";
  if (settings.open_table_defaults == false) out += ", closed tables";
  if (settings.cross_account_version) out += ", version " + std::to_string(*settings.cross_account_version);
  return out;
}
inline std::string of(const catalog::Location& location) {
  return (location.role_arn.empty() ? "service role" : location.role_arn) + (location.hybrid ? ", hybrid" : "");
}
inline std::string of(const catalog::Database& database) {
  std::string out = "'" + database.description + "' at '" + database.location_uri + "'";
  for (const auto& [key, value] : database.parameters) out += ", " + key + "=" + value;
  return out + (database.open_table_defaults ? ", open" : "");
}
inline std::string of(const catalog::Table& table) {
  std::vector<std::string> columns;
  for (const auto& column : table.columns) columns.push_back(column.name + " " + column.type);
  for (const auto& column : table.partition_keys) columns.push_back("by " + column.name);
  return "(" + joined(columns) + ") at " + table.location;
}
inline std::string of(const catalog::Link& link) {
  return "to " + link.owner + " " + link.database + (link.table.empty() ? "" : "/" + link.table);
}
inline std::string of(const catalog::TagKey& tag) { return joined({tag.values.begin(), tag.values.end()}); }
inline std::string of(const catalog::TagAssignment& tag) { return tag.value; }
inline std::string of(const catalog::DataFilter& filter) {
  std::string out = "where " + filter.row_filter;
  if (!filter.columns.empty()) out += " only " + joined(filter.columns);
  if (!filter.excluded_columns.empty()) out += " but " + joined(filter.excluded_columns);
  return out;
}
inline std::string of(const catalog::PermissionValue& value) { return catalog::text(value); }
inline std::string of(const catalog::ShareAcceptance& share) {
  return share.state == catalog::ShareState::Active ? "accepted" : "open";
}
inline std::string of(const catalog::OptIn&) { return "in"; }
template <class T>
std::string of(const catalog::Shared<T>& shared) {
  return of(*shared);
}

}  // namespace claim_text

inline std::string line(const Claim& claim) {
  std::string out = std::to_string(static_cast<int>(claim.step)) + " " + to_string(claim.key.catalog) + ": " +
                    to_string(claim.key.local) + " = " +
                    std::visit([](const auto& value) { return claim_text::of(value); }, claim.value);
  if (claim.release == Release::Retain) out += " stays";
  std::vector<std::string> needs;
  for (const auto& need : claim.needs) {
    const bool here = need.catalog == claim.key.catalog;
    needs.push_back((here ? "" : to_string(need.catalog) + ": ") + to_string(need.local));
  }
  if (!needs.empty()) out += " <- " + claim_text::joined(needs);
  return with_letters(out);
}

/// The claims in order of step, then text.
inline Lines lines(const ClaimSet& set) {
  Lines out;
  for (const Claim& claim : set.claims) out.push_back(line(claim));
  std::sort(out.begin(), out.end());
  return out;
}

/// "Waits MeshNotFound: no Mesh is declared"
inline Lines findings(const ClaimSet& set) {
  static const char* kEffects[] = {"Waits", "Refused", "Invalid", "Ended", "Held"};
  Lines out;
  for (const Finding& finding : set.findings) {
    out.push_back(with_letters(std::string(kEffects[static_cast<int>(finding.effect)]) + " " + finding.reason + ": " +
                               finding.message));
  }
  return out;
}

inline ClaimSet claims(const mesh::Declared& mesh, const std::string& kind, const std::string& ns,
                       const std::string& name, Time now = mesh::kStart) {
  return claims_of(mesh.at(kind, ns, name), mesh, now);
}

// ---- the meshes of the tests ----------------------------------------------------------------------------------

inline const std::string kCentralMesh =
    mesh::object("Mesh", "mesh", "governance: Central, centralAccount: {namespace: gov, name: central}");
inline const std::string kLinesMesh = mesh::object(
    "Mesh", "mesh",
    "governance: LineOfBusiness, linesOfBusiness: [{name: north, centralAccount: {namespace: lob, name: north}}]");
inline const std::string kFederatedMesh = mesh::object("Mesh", "mesh", "governance: Federated");

inline const std::string kAccounts =
    mesh::account("gov/central", "100000000001") + mesh::account("lob/north", "100000000005") +
    mesh::account("retail/retail", "100000000002",
                  "lineOfBusiness: north, personas: [{name: engineers, principals: ['arn:aws:iam::100000000002:role/e']}]") +
    mesh::account("lab/lab", "100000000003",
                  "personas: [{name: analysts, principals: ['arn:aws:iam::100000000003:role/a']}]");

inline const std::string kOrders = mesh::object(
    "DataProduct", "retail/orders",
    "account: retail, database: orders, description: All orders, location: 's3://data/orders/', tags: {domain: retail}, "
    "producerAccess: [{persona: engineers, permissions: [ALTER, INSERT]}], tables: [{name: lines, columns: [{name: id, "
    "type: bigint, tags: {pii: 'no'}}], partitionKeys: [{name: day, type: date}]}]");

inline const std::string kLink =
    mesh::object("ResourceLink", "lab/orders", "account: lab, product: {namespace: retail, name: orders}");
inline const std::string kToLab =
    mesh::object("Grant", "retail/to-lab", "product: {name: orders}, to: {accounts: [{namespace: lab, name: lab}]}");
inline const std::string kAnalysts = mesh::object(
    "Grant", "lab/analysts", "link: orders, to: {personas: [{account: {name: lab}, name: analysts}]}");

}  // namespace datamesh::reconcilers
