#include "controller/lake/notice.h"

#include <algorithm>
#include <array>

#include "controller/base/json.h"

namespace datamesh::lake {
namespace {

constexpr std::string_view kThroughCloudTrail = "AWS API Call via CloudTrail";

/// Operations of Glue that change what is observed, as CloudTrail and the state changes call them.
constexpr std::array<std::string_view, 7> kGlue = {"CreateDatabase", "UpdateDatabase", "DeleteDatabase",  "CreateTable",
                                                   "UpdateTable",    "DeleteTable",    "BatchDeleteTable"};

constexpr std::array<std::string_view, 21> kLakeFormation = {
    "PutDataLakeSettings",      "GrantPermissions",         "RevokePermissions",     "BatchGrantPermissions",
    "BatchRevokePermissions",   "RegisterResource",         "DeregisterResource",    "UpdateResource",
    "CreateLFTag",              "UpdateLFTag",              "DeleteLFTag",           "AddLFTagsToResource",
    "RemoveLFTagsFromResource", "CreateDataCellsFilter",    "UpdateDataCellsFilter", "DeleteDataCellsFilter",
    "CreateLakeFormationOptIn", "DeleteLakeFormationOptIn", "CreateLFTagExpression", "UpdateLFTagExpression",
    "DeleteLFTagExpression"};

constexpr std::array<std::string_view, 8> kRam = {
    "CreateResourceShare",    "UpdateResourceShare",           "DeleteResourceShare",           "AssociateResourceShare",
    "DisassociateResourceShare", "AcceptResourceShareInvitation", "RejectResourceShareInvitation",
    "EnableSharingWithAwsOrganization"};

template <std::size_t Size>
bool has(const std::array<std::string_view, Size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

tl::unexpected<Error> malformed(const char* what) { return fail(ErrorKind::Invalid, what, "notice"); }

bool is_glue_state_change(std::string_view detail_type) {
  return detail_type == "Glue Data Catalog Database State Change" || detail_type == "Glue Data Catalog Table State Change";
}

bool changes_a_catalog(std::string_view source, const Json& detail) {
  if (member(detail, "readOnly") == true || !string_at(detail, "errorCode").empty()) return false;
  const std::string operation = string_at(detail, "eventName");
  if (source == "aws.glue") return has(kGlue, operation);
  if (source == "aws.lakeformation") return has(kLakeFormation, operation);
  return source == "aws.ram" && has(kRam, operation);
}

/// A principal of one account may have changed the catalog of another, which the request then names.
void add_named_catalog(const Json& detail, Notice& out) {
  const std::string owner = string_at(member(detail, "requestParameters"), "catalogId");
  if (is_account_id(owner) && owner != out.catalogs.front().account) {
    out.catalogs.push_back({owner, out.catalogs.front().region});
  }
}

Result<Notice> notice_of(const Json& event) {
  const std::string source = string_at(event, "source");
  const std::string type = string_at(event, "detail-type");
  const Json& detail = member(event, "detail");
  if (source.empty() || type.empty() || !detail.is_object()) return malformed("the message is no event of EventBridge");
  const CatalogRef catalog{string_at(event, "account"), string_at(event, "region")};
  if (!is_account_id(catalog.account) || catalog.region.empty()) return malformed("the event names no account and region");
  Notice out;
  out.when = parse_rfc3339(string_at(event, "time"));
  if (source == "aws.glue" && is_glue_state_change(type)) {
    if (has(kGlue, string_at(detail, "typeOfChange"))) out.catalogs.push_back(catalog);
  } else if (type == kThroughCloudTrail && changes_a_catalog(source, detail)) {
    out.caller = string_at(member(detail, "userIdentity"), "arn");
    out.catalogs.push_back(catalog);
    add_named_catalog(detail, out);
  }
  return out;
}

}  // namespace

Result<Notice> read_notice(std::string_view body) {
  auto event = parse_json(body);
  if (!event || !event->is_object()) return malformed("the message is no JSON object");
  if (string_at(*event, "Type") == "Notification" && !event->contains("detail-type")) {
    const std::string inner = string_at(*event, "Message");
    event = parse_json(inner);
    if (!event || !event->is_object()) return malformed("the notification of SNS holds no JSON object");
  }
  return notice_of(*event);
}

}  // namespace datamesh::lake
