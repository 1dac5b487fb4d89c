#include "tests/aws/api_contract.h"

#include <algorithm>
#include <utility>

namespace datamesh::testing {

AwsApiContract::AwsApiContract() : world_(GetParam()()), operator_(world_->as_role("datamesh-operator")) {}

Result<Json> AwsApiContract::call(aws::Api& api, const std::string& account, Service service,
                                  const std::string& operation, Json input) {
  return api.call(aws::Call{{account, kRegion}, service, operation, std::move(input)});
}

namespace {

Json expect_value(Result<Json> answer, const std::string& operation) {
  if (answer) return std::move(*answer);
  ADD_FAILURE() << operation << ": " << to_string(answer.error());
  return Json::object();
}

Error expect_error(Result<Json> answer, const std::string& operation) {
  if (!answer) return std::move(answer.error());
  ADD_FAILURE() << operation << " succeeded: " << answer->dump();
  return {};
}

Json permissions_input(const std::string& principal, Json resource, std::vector<std::string> permissions,
                       std::vector<std::string> grantable) {
  return {{"Principal", {{"DataLakePrincipalIdentifier", principal}}},
          {"Resource", std::move(resource)},
          {"Permissions", std::move(permissions)},
          {"PermissionsWithGrantOption", std::move(grantable)}};
}

}  // namespace

Json AwsApiContract::glue(const std::string& account, const std::string& operation, Json input) {
  return expect_value(call(operator_, account, Service::Glue, operation, std::move(input)), operation);
}
Json AwsApiContract::lf(const std::string& account, const std::string& operation, Json input) {
  return expect_value(call(operator_, account, Service::LakeFormation, operation, std::move(input)), operation);
}
Json AwsApiContract::ram(const std::string& account, const std::string& operation, Json input) {
  return expect_value(call(operator_, account, Service::Ram, operation, std::move(input)), operation);
}
Error AwsApiContract::glue_error(const std::string& account, const std::string& operation, Json input) {
  return expect_error(call(operator_, account, Service::Glue, operation, std::move(input)), operation);
}
Error AwsApiContract::lf_error(const std::string& account, const std::string& operation, Json input) {
  return expect_error(call(operator_, account, Service::LakeFormation, operation, std::move(input)), operation);
}
Error AwsApiContract::ram_error(const std::string& account, const std::string& operation, Json input) {
  return expect_error(call(operator_, account, Service::Ram, operation, std::move(input)), operation);
}

Result<Json> AwsApiContract::glue_as(const std::string& role, const std::string& account,
                                     const std::string& operation, Json input) {
  return call(world_->as_role(role), account, Service::Glue, operation, std::move(input));
}
Result<Json> AwsApiContract::lf_as(const std::string& role, const std::string& account, const std::string& operation,
                                   Json input) {
  return call(world_->as_role(role), account, Service::LakeFormation, operation, std::move(input));
}

void AwsApiContract::put_settings(const std::string& account, const std::string& version) {
  lf(account, "PutDataLakeSettings",
     {{"DataLakeSettings",
       {{"DataLakeAdmins", Json::array({{{"DataLakePrincipalIdentifier", role_arn(account, "datamesh-operator")}}})},
        {"CreateDatabaseDefaultPermissions", Json::array()},
        {"CreateTableDefaultPermissions", Json::array()},
        {"Parameters", {{"CROSS_ACCOUNT_VERSION", version}}}}}});
}

void AwsApiContract::lock_down(const std::string& account, const std::string& version) {
  put_settings(account, version);
  revoke(account, "IAM_ALLOWED_PRINCIPALS", catalog_resource(), {"CREATE_DATABASE"});
}

void AwsApiContract::make_database(const std::string& account, const std::string& name) {
  glue(account, "CreateDatabase",
       {{"DatabaseInput", {{"Name", name}, {"CreateTableDefaultPermissions", Json::array()}}}});
}

void AwsApiContract::make_table(const std::string& account, const std::string& database, const std::string& name) {
  glue(account, "CreateTable", {{"DatabaseName", database}, {"TableInput", table_input(name)}});
}

void AwsApiContract::make_sales() {
  lock_down(kOwner);
  make_database(kOwner, "sales");
  make_table(kOwner, "sales", "orders");
}

void AwsApiContract::accept_all(const std::string& account) {
  for (const Json& invitation :
       all_pages(account, Service::Ram, "GetResourceShareInvitations", Json::object(), "resourceShareInvitations")) {
    if (invitation["status"] != "PENDING") continue;
    ram(account, "AcceptResourceShareInvitation",
        {{"resourceShareInvitationArn", invitation["resourceShareInvitationArn"]}});
  }
}

void AwsApiContract::grant(const std::string& account, const std::string& principal, Json resource,
                           std::vector<std::string> permissions, std::vector<std::string> grantable) {
  lf(account, "GrantPermissions",
     permissions_input(principal, std::move(resource), std::move(permissions), std::move(grantable)));
}
Error AwsApiContract::grant_error(const std::string& account, const std::string& principal, Json resource,
                                  std::vector<std::string> permissions, std::vector<std::string> grantable) {
  return lf_error(account, "GrantPermissions",
                  permissions_input(principal, std::move(resource), std::move(permissions), std::move(grantable)));
}
void AwsApiContract::revoke(const std::string& account, const std::string& principal, Json resource,
                            std::vector<std::string> permissions, std::vector<std::string> grantable) {
  lf(account, "RevokePermissions",
     permissions_input(principal, std::move(resource), std::move(permissions), std::move(grantable)));
}
Error AwsApiContract::revoke_error(const std::string& account, const std::string& principal, Json resource,
                                   std::vector<std::string> permissions, std::vector<std::string> grantable) {
  return lf_error(account, "RevokePermissions",
                  permissions_input(principal, std::move(resource), std::move(permissions), std::move(grantable)));
}

std::vector<Json> AwsApiContract::all_pages(const std::string& account, Service service, const std::string& operation,
                                            Json input, const std::string& list) {
  const char* token = service == Service::Ram ? "nextToken" : "NextToken";
  std::vector<Json> out;
  for (int page = 0; page < 1000; ++page) {
    const Json answer = expect_value(call(operator_, account, service, operation, input), operation);
    for (const Json& one : answer.value(list, Json::array())) out.push_back(one);
    const std::string next = answer.value(token, "");
    if (next.empty()) return out;
    input[token] = next;
  }
  ADD_FAILURE() << operation << " does not end";
  return out;
}

std::vector<Json> AwsApiContract::rows(const std::string& account, Json input) {
  std::vector<Json> out;
  for (Json& row : all_pages(account, Service::LakeFormation, "ListPermissions", std::move(input),
                             "PrincipalResourcePermissions")) {
    if (row["Principal"]["DataLakePrincipalIdentifier"] == role_arn(account, "datamesh-operator")) continue;
    row.erase("LastUpdated");
    row.erase("LastUpdatedBy");
    out.push_back(std::move(row));
  }
  return out;
}

std::string AwsApiContract::held(const std::string& account, const std::string& principal,
                                 const Json& listed_resource) {
  std::string out;
  for (const Json& row : all_pages(account, Service::LakeFormation, "ListPermissions", Json::object(),
                                   "PrincipalResourcePermissions")) {
    if (row["Principal"]["DataLakePrincipalIdentifier"] != principal || row["Resource"] != listed_resource) continue;
    const Json& options = row["PermissionsWithGrantOption"];
    for (const Json& permission : row["Permissions"]) {
      if (!out.empty()) out += ",";
      out += permission.get<std::string>();
      if (std::find(options.begin(), options.end(), permission) != options.end()) out += "*";
    }
  }
  return out;
}

std::vector<std::string> AwsApiContract::columns_seen(const std::string& role, const std::string& account,
                                                      const std::string& database, const std::string& table,
                                                      const std::string& owner) {
  Json input = {{"DatabaseName", database}, {"Name", table}};
  if (!owner.empty()) input["CatalogId"] = owner;
  const Result<Json> answer = glue_as(role, account, "GetTable", std::move(input));
  if (!answer) return {answer.error().code};
  std::vector<std::string> out;
  for (const Json& column : (*answer)["Table"]["StorageDescriptor"]["Columns"]) out.push_back(column["Name"]);
  return out;
}

Json catalog_resource() { return {{"Catalog", Json::object()}}; }

Json database(const std::string& account, const std::string& name) {
  return {{"Database", {{"CatalogId", account}, {"Name", name}}}};
}

Json table(const std::string& account, const std::string& database, const std::string& name) {
  return {{"Table", {{"CatalogId", account}, {"DatabaseName", database}, {"Name", name}}}};
}

Json all_tables(const std::string& account, const std::string& database) {
  return {{"Table", {{"CatalogId", account}, {"DatabaseName", database}, {"TableWildcard", Json::object()}}}};
}

Json columns(const std::string& account, const std::string& database, const std::string& table,
             std::vector<std::string> names) {
  return {{"TableWithColumns",
           {{"CatalogId", account}, {"DatabaseName", database}, {"Name", table}, {"ColumnNames", std::move(names)}}}};
}

Json all_columns(const std::string& account, const std::string& database, const std::string& table) {
  return {{"TableWithColumns",
           {{"CatalogId", account}, {"DatabaseName", database}, {"Name", table}, {"ColumnWildcard", Json::object()}}}};
}

Json columns_except(const std::string& account, const std::string& database, const std::string& table,
                    std::vector<std::string> names) {
  Json out = all_columns(account, database, table);
  out["TableWithColumns"]["ColumnWildcard"]["ExcludedColumnNames"] = std::move(names);
  return out;
}

Json location(const std::string& account, const std::string& arn) {
  return {{"DataLocation", {{"CatalogId", account}, {"ResourceArn", arn}}}};
}

Json tag_resource(const std::string& account, const std::string& key, std::vector<std::string> values) {
  return {{"LFTag", {{"CatalogId", account}, {"TagKey", key}, {"TagValues", std::move(values)}}}};
}

Json policy(const std::string& account, const std::string& type, const std::string& key,
            std::vector<std::string> values) {
  Json expression = Json::array();
  expression.push_back({{"TagKey", key}, {"TagValues", std::move(values)}});
  return {{"LFTagPolicy",
           {{"CatalogId", account}, {"ResourceType", type}, {"Expression", std::move(expression)}}}};
}

Json filter_resource(const std::string& account, const std::string& database, const std::string& table,
                     const std::string& name) {
  return {{"DataCellsFilter",
           {{"TableCatalogId", account}, {"DatabaseName", database}, {"TableName", table}, {"Name", name}}}};
}

Json table_input(const std::string& name) {
  return {{"Name", name},
          {"TableType", "EXTERNAL_TABLE"},
          {"StorageDescriptor",
           {{"Columns", Json::array({{{"Name", "id"}, {"Type", "int"}},
                                     {{"Name", "email"}, {"Type", "string"}},
                                     {{"Name", "amount"}, {"Type", "double"}}})}}},
          {"PartitionKeys", Json::array({{{"Name", "day"}, {"Type", "string"}}})}};
}

Json table_link(const std::string& name, const std::string& owner, const std::string& database,
                const std::string& target) {
  return {{"Name", name}, {"TargetTable", {{"CatalogId", owner}, {"DatabaseName", database}, {"Name", target}}}};
}

Json database_link(const std::string& name, const std::string& owner, const std::string& target) {
  return {{"Name", name}, {"TargetDatabase", {{"CatalogId", owner}, {"DatabaseName", target}}}};
}

}  // namespace datamesh::testing
