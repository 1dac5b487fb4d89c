// What EventBridge would bring of a write: an event of CloudTrail, and for some operations of Glue one of its own.
#include <algorithm>
#include <array>

#include "controller/embedded/lake_principal.h"
#include "controller/embedded/lake_queues.h"

namespace datamesh::embedded::lake {
namespace {

constexpr std::array<std::string_view, 5> kDatabaseChanges = {"CreateDatabase", "DeleteDatabase", "CreateTable", "DeleteTable",
                                                              "BatchDeleteTable"};
constexpr std::array<std::string_view, 7> kTableChanges = {
    "UpdateTable",          "CreatePartition",      "BatchCreatePartition", "UpdatePartition",
    "BatchUpdatePartition", "DeletePartition",      "BatchDeletePartition"};

std::string service_word(aws::Service service) { return std::string(aws::to_string(service)); }

Json event_of(const Session& session, std::string detail_type, Json resources, Json detail) {
  const std::int64_t number = session.state.next_number("event");
  std::string id = std::to_string(number);
  id.insert(0, 12 - std::min<std::size_t>(12, id.size()), '0');
  return {{"version", "0"},
          {"id", "00000000-0000-4000-9000-" + id},
          {"detail-type", std::move(detail_type)},
          {"source", "aws." + service_word(session.call.service)},
          {"account", session.account()},
          {"time", to_rfc3339(session.now)},
          {"region", session.region()},
          {"resources", std::move(resources)},
          {"detail", std::move(detail)}};
}

/// "Name" -> "name": CloudTrail begins the names of parameters in lower case.
std::string parameter_name(std::string name) {
  if (!name.empty() && name.front() >= 'A' && name.front() <= 'Z') name.front() = static_cast<char>(name.front() - 'A' + 'a');
  return name;
}

Json identity_of(const Identity& caller) {
  const std::string_view role = role_name_of(caller.arn);
  if (role.empty()) return {{"type", "IAMUser"}, {"arn", caller.arn}, {"accountId", caller.account}};
  return {{"type", "AssumedRole"},
          {"arn", session_arn_of(caller.arn, caller.session)},
          {"accountId", caller.account},
          {"sessionContext",
           {{"sessionIssuer",
             {{"type", "Role"}, {"arn", caller.arn}, {"accountId", caller.account}, {"userName", role}}}}}};
}

Json trail_event(const Session& session) {
  Json parameters = Json::object();
  for (const auto& [name, value] : session.call.input.items()) {
    if (value.is_string()) parameters[parameter_name(name)] = value;
  }
  return event_of(session, "AWS API Call via CloudTrail", Json::array(),
                  {{"eventVersion", "1.08"},
                   {"userIdentity", identity_of(session.caller)},
                   {"eventTime", to_rfc3339(session.now)},
                   {"eventSource", service_word(session.call.service) + ".amazonaws.com"},
                   {"eventName", session.call.operation},
                   {"awsRegion", session.region()},
                   {"requestParameters", std::move(parameters)},
                   {"readOnly", false},
                   {"eventType", "AwsApiCall"},
                   {"managementEvent", true},
                   {"recipientAccountId", session.account()},
                   {"eventCategory", "Management"}});
}

std::string name_in(const Json& input, const char* structure) {
  const std::string name = string_at(input, "Name");
  return name.empty() ? string_at(member(input, structure), "Name") : name;
}

std::vector<std::string> tables_in(const Json& input) {
  std::vector<std::string> out;
  for (const Json& name : member(input, "TablesToDelete")) out.push_back(name.get<std::string>());
  if (out.empty()) out.push_back(name_in(input, "TableInput"));
  return out;
}

template <std::size_t Size>
bool has(const std::array<std::string_view, Size>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Null for operations of which Glue tells nothing.
Json glue_event(const Session& session) {
  const Json& input = session.call.input;
  const std::string& operation = session.call.operation;
  const std::string start = session.arn_start("glue") + session.region() + ":" + session.account() + ":";
  std::string database = string_at(input, "DatabaseName");
  if (has(kTableChanges, operation)) {
    std::string table = string_at(input, "TableName");
    if (table.empty()) table = name_in(input, "TableInput");
    const Json resources = {start + "table/" + database + "/" + table};
    return event_of(session, "Glue Data Catalog Table State Change", resources,
                    {{"databaseName", database}, {"tableName", table}, {"typeOfChange", operation}, {"changedPartitions", Json::array()}});
  }
  if (!has(kDatabaseChanges, operation)) return nullptr;
  const bool is_about_tables = !database.empty();
  if (!is_about_tables) database = name_in(input, "DatabaseInput");
  const std::vector<std::string> tables = is_about_tables ? tables_in(input) : std::vector<std::string>();
  Json resources = Json::array();
  for (const std::string& table : tables) resources.push_back(start + "table/" + database + "/" + table);
  if (!is_about_tables) resources.push_back(start + "database/" + database);
  return event_of(session, "Glue Data Catalog Database State Change", std::move(resources),
                  {{"databaseName", database}, {"typeOfChange", operation}, {"changedTables", tables}});
}

}  // namespace

void tell_of_write(Session& session) {
  const aws::Service service = session.call.service;
  const bool is_told = service == aws::Service::Glue || service == aws::Service::LakeFormation || service == aws::Service::Ram;
  if (!is_told || !has_queue(session, kNoticeQueue)) return;
  send(session, kNoticeQueue, trail_event(session).dump());
  const Json own = service == aws::Service::Glue ? glue_event(session) : Json();
  if (!own.is_null()) send(session, kNoticeQueue, own.dump());
}

}  // namespace datamesh::embedded::lake
