#include "tests/bench/meshes.h"

#include <cstdio>

namespace datamesh::bench {
namespace {

std::string numbered(const char* format, int n) {
  char text[64];
  std::snprintf(text, sizeof text, format, n);
  return text;
}

Json object(const char* kind, const std::string& ns, const std::string& name, Json spec) {
  Json out = {{"apiVersion", "datamesh.dev/v1alpha1"}, {"kind", kind}, {"metadata", {{"name", name}}}, {"spec", std::move(spec)}};
  if (!ns.empty()) out["metadata"]["namespace"] = ns;
  return out;
}

Json account(const std::string& name, const std::string& id, const char* role) {
  // Meshes of this size need what AWS does not give to every account.
  const Json quotas = {{"databases", 1'000'000}, {"sharedResources", 10'000'000}};
  return object("Account", name, name,
                {{"accountId", id}, {"regions", {"eu-west-1"}}, {"roles", {role}}, {"quotas", quotas}});
}

Json product(const MeshSize& size, int n) {
  Json tables = Json::array();
  for (int t = 0; t < size.tables; ++t) {
    Json columns = Json::array();
    for (int c = 0; c < 8; ++c) columns.push_back({{"name", numbered("column_%d", c)}, {"type", "string"}});
    tables.push_back({{"name", numbered("table_%02d", t)}, {"columns", columns}});
  }
  const std::string name = numbered("product-%05d", n);
  return object("DataProduct", "producer", name,
                {{"account", "producer"},
                 {"database", numbered("product_%05d", n)},
                 {"location", "s3://bench-data/" + name},
                 {"owner", "bench"},
                 {"domain", "bench"},
                 {"tables", tables}});
}

}  // namespace

Json grant_object(const MeshSize& size, int product, int grant) {
  Json spec = {{"product", {{"name", numbered("product-%05d", product)}}}, {"to", Json::object()}};
  if (size.name_tables) {
    Json tables = Json::array();
    for (int t = 0; t < size.tables; ++t) tables.push_back(numbered("table_%02d", t));
    spec["tables"] = tables;
  }
  if (size.principals_a_grant == 0) {
    const std::string consumer = numbered("consumer-%02d", grant % size.consumers);
    spec["to"]["accounts"] = {{{"namespace", consumer}, {"name", consumer}}};
  } else {
    Json principals = Json::array();
    for (int p = 0; p < size.principals_a_grant; ++p) {
      principals.push_back("arn:aws:iam::200000000000:role/reader-" + std::to_string(grant) + "-" + std::to_string(p));
    }
    spec["to"]["principals"] = principals;
  }
  return object("Grant", "producer", numbered("product-%05d", product) + numbered("-%02d", grant), spec);
}

std::vector<Json> mesh_objects(const MeshSize& size) {
  std::vector<Json> out;
  // The guard may release everything: hundreds of edits that take something away come within one of its windows.
  const Json guard = {{"maxRevokedPercent", 100}};
  out.push_back(object("Mesh", "", "mesh", {{"governance", "Federated"}, {"guard", guard}}));
  out.push_back(account("producer", "200000000000", "Producer"));
  for (int c = 0; c < size.consumers; ++c) {
    out.push_back(account(numbered("consumer-%02d", c), numbered("3000000000%02d", c), "Consumer"));
  }
  for (int p = 0; p < size.products; ++p) {
    out.push_back(product(size, p));
    for (int g = 0; g < size.grants_a_product; ++g) out.push_back(grant_object(size, p, g));
  }
  return out;
}

}  // namespace datamesh::bench
