#include "controller/lake/iam_policy.h"

#include <algorithm>
#include <set>

#include "controller/catalog/permission.h"

namespace datamesh::lake {
namespace {

using catalog::EntryKind;
using Texts = std::vector<std::string>;

enum class Naming { OneByOne, All };

/// What the entries of an account have in common with others of their kind.
struct Needs {
  bool settings = false, locations = false, service_linked = false, permissions = false, foreign_grants = false;
  bool tag_keys = false, assignments = false, filters = false, shares = false, opt_ins = false;
  std::set<std::string> roles;               ///< of locations
  std::set<std::string> made, removed;       ///< databases, and links to them
  std::set<std::string> tables, gone_tables; ///< "database/table"
};

bool is_table_name(const std::string& name) { return name.find('/') != std::string::npos; }

Needs needs_of(const PolicyPlace& place, const std::vector<NeededEntry>& entries) {
  Needs out;
  for (const NeededEntry& entry : entries) {
    const std::string& name = entry.key.local.name;
    switch (entry.key.local.kind) {
      case EntryKind::Settings: out.settings = true; break;
      case EntryKind::Location: {
        out.locations = true;
        const std::string& role = std::get<catalog::Location>(entry.value).role_arn;
        role.empty() ? void(out.service_linked = true) : void(out.roles.insert(role));
        break;
      }
      case EntryKind::Database:
      case EntryKind::Table:
      case EntryKind::Link:
        (is_table_name(name) ? out.tables : out.made).insert(name);
        if (!entry.is_kept) (is_table_name(name) ? out.gone_tables : out.removed).insert(name);
        break;
      case EntryKind::TagKey: out.tag_keys = true; break;
      case EntryKind::TagAssignment: out.assignments = true; break;
      case EntryKind::DataFilter: out.filters = true; break;
      case EntryKind::Permission: {
        out.permissions = true;
        const auto id = catalog::parse_permission_id(name);
        const std::string receiver = id ? catalog::account_of_principal(id->principal) : "";
        if (!receiver.empty() && receiver != place.account) out.foreign_grants = true;
        break;
      }
      case EntryKind::ShareAcceptance: out.shares = true; break;
      case EntryKind::OptIn: out.opt_ins = true; break;
    }
  }
  return out;
}

class Writer {
 public:
  Writer(const PolicyPlace& place, Naming naming) : place_(place), naming_(naming) {}

  void add(std::string sid, Texts actions, Texts resources = {"*"}, Json condition = nullptr) {
    statements.push_back({std::move(sid), std::move(actions), std::move(resources), std::move(condition)});
  }

  /// ARNs of Glue in every region: the catalog, and `objects` of it ("database/sales").
  Texts glue(const std::set<std::string>& objects) const {
    Texts out;
    for (const std::string& region : place_.regions) {
      const std::string start = "arn:" + place_.partition + ":glue:" + region + ":" + place_.account + ":";
      out.push_back(start + "catalog");
      for (const std::string& object : objects) out.push_back(start + object);
    }
    return out;
  }

  Texts databases(const std::set<std::string>& names) const {
    std::set<std::string> objects;
    for (const std::string& name : one_or_all(names)) objects.insert("database/" + name);
    return glue(objects);
  }

  /// Databases go with all that is in them.
  Texts databases_with_content(const std::set<std::string>& names) const {
    std::set<std::string> objects;
    for (const std::string& name : one_or_all(names)) {
      for (const char* what : {"table/", "userDefinedFunction/"}) objects.insert(what + name + "/*");
      objects.insert("database/" + name);
    }
    return glue(objects);
  }

  /// Tables, which are asked for with their databases.
  Texts tables(const std::set<std::string>& names) const {
    if (naming_ == Naming::All) return everything_in_glue();
    std::set<std::string> objects;
    for (const std::string& name : names) {
      objects.insert("database/" + name.substr(0, name.find('/')));
      objects.insert("table/" + name);
    }
    return glue(objects);
  }

  Texts everything_in_glue() const { return glue({"database/*", "table/*"}); }

  std::string role(const std::string& path) const { return "arn:" + place_.partition + ":iam::" + place_.account + ":role/" + path; }

  Texts own_shares() const {
    Texts out;
    for (const std::string& region : place_.regions) {
      out.push_back("arn:" + place_.partition + ":ram:" + region + ":" + place_.account + ":resource-share/*");
    }
    return out;
  }

  /// RAM's own, of no region and no account: a wildcard stands for nothing too.
  std::string sharing_permissions() const { return "arn:" + place_.partition + ":ram:*:*:permission/AWSRAMLFEnabled*"; }

  std::vector<Statement> statements;

 private:
  std::set<std::string> one_or_all(const std::set<std::string>& names) const {
    return naming_ == Naming::All ? std::set<std::string>{"*"} : names;
  }

  const PolicyPlace& place_;
  const Naming naming_;
};

void add_reading(Writer& out) {
  out.add("ReadLakeFormation",
          {"lakeformation:GetDataLakePrincipal", "lakeformation:GetDataLakeSettings", "lakeformation:GetLFTag",
           "lakeformation:ListDataCellsFilter", "lakeformation:ListLakeFormationOptIns", "lakeformation:ListLFTags",
           "lakeformation:ListPermissions", "lakeformation:ListResources", "lakeformation:SearchDatabasesByLFTags",
           "lakeformation:SearchTablesByLFTags"});
  out.add("ReadCatalog", {"glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"}, out.everything_in_glue());
  out.add("ReadShares", {"ram:GetResourceShareInvitations", "ram:GetResourceShares"});
}

void add_notices(Writer& out, const PolicyPlace& place) {
  if (!place.notice_queues.empty()) out.add("ReadChangeNotices", {"sqs:DeleteMessage", "sqs:ReceiveMessage"}, place.notice_queues);
}

/// Lets the operator ask what it may do, of nobody but itself.
void add_asking(Writer& out, const PolicyPlace& place) {
  if (!place.role.empty()) out.add("AskAboutItself", {"iam:SimulatePrincipalPolicy"}, {place.role});
}

void add_locations(Writer& out, const Needs& needs) {
  if (!needs.locations) return;
  out.add("RegisterLocations",
          {"lakeformation:DeregisterResource", "lakeformation:RegisterResource", "lakeformation:UpdateResource"});
  if (needs.service_linked) {
    const std::string role = out.role("aws-service-role/lakeformation.amazonaws.com/AWSServiceRoleForLakeFormationDataAccess");
    out.add("LetLakeFormationReadLocations", {"iam:CreateServiceLinkedRole", "iam:PutRolePolicy"}, {role});
  }
  if (needs.roles.empty()) return;
  out.add("PassRolesOfLocations", {"iam:PassRole"}, {needs.roles.begin(), needs.roles.end()},
          {{"StringEquals", {{"iam:PassedToService", "lakeformation.amazonaws.com"}}}});
}

void add_catalog(Writer& out, const Needs& needs) {
  if (!needs.made.empty()) {
    out.add("MakeDatabases", {"glue:CreateDatabase", "glue:UpdateDatabase"}, out.databases(needs.made));
  }
  if (!needs.removed.empty()) {
    out.add("RemoveDatabases", {"glue:DeleteDatabase"}, out.databases_with_content(needs.removed));
  }
  if (!needs.tables.empty()) out.add("MakeTables", {"glue:CreateTable", "glue:UpdateTable"}, out.tables(needs.tables));
  if (!needs.gone_tables.empty()) out.add("RemoveTables", {"glue:DeleteTable"}, out.tables(needs.gone_tables));
}

/// Source: lake-formation.md 2 (AWSLakeFormationCrossAccountManager)
void add_sharing(Writer& out) {
  out.add("ShareWithAccounts", {"ram:CreateResourceShare"}, {"*"},
          {{"StringLikeIfExists", {{"ram:RequestedResourceType", {"glue:Table", "glue:Database", "glue:Catalog"}}}}});
  out.add("ChangeItsShares",
          {"ram:AssociateResourceShare", "ram:DeleteResourceShare", "ram:DisassociateResourceShare", "ram:UpdateResourceShare"},
          out.own_shares(), {{"StringLike", {{"ram:ResourceShareName", {"LakeFormation*"}}}}});
  Texts attached = out.own_shares();
  attached.push_back(out.sharing_permissions());
  out.add("AttachItsPermissions", {"ram:AssociateResourceSharePermission"}, attached);
  out.add("LookIntoSharing",
          {"organizations:DescribeAccount", "organizations:DescribeOrganization", "ram:GetResourceShareAssociations",
           "ram:ListResourceSharePermissions"});
  out.add("LetSharesPass", {"glue:DeleteResourcePolicy", "glue:PutResourcePolicy"}, out.glue({}));
}

void add_permissions(Writer& out, const Needs& needs) {
  // It gives itself what it lacks to change a table that another has made.
  if (needs.permissions || !needs.made.empty() || !needs.tables.empty()) {
    out.add("GrantPermissions",
            {"lakeformation:BatchGrantPermissions", "lakeformation:BatchRevokePermissions", "lakeformation:GrantPermissions",
             "lakeformation:RevokePermissions"});
  }
  if (needs.foreign_grants) add_sharing(out);
  if (needs.shares) out.add("AcceptShares", {"ram:AcceptResourceShareInvitation"});
}

void add_lake_formation(Writer& out, const Needs& needs) {
  if (needs.settings) out.add("ChangeSettings", {"lakeformation:PutDataLakeSettings"});
  if (needs.tag_keys) {
    out.add("DefineTags", {"lakeformation:CreateLFTag", "lakeformation:DeleteLFTag", "lakeformation:UpdateLFTag"});
  }
  if (needs.assignments) {
    out.add("AssignTags", {"lakeformation:AddLFTagsToResource", "lakeformation:GetResourceLFTags", "lakeformation:RemoveLFTagsFromResource"});
  }
  if (needs.filters) {
    out.add("FilterData", {"lakeformation:CreateDataCellsFilter", "lakeformation:DeleteDataCellsFilter",
                           "lakeformation:GetDataCellsFilter", "lakeformation:UpdateDataCellsFilter"});
  }
  if (needs.opt_ins) out.add("OptIn", {"lakeformation:CreateLakeFormationOptIn", "lakeformation:DeleteLakeFormationOptIn"});
}

/// The first names, one for each database.
std::set<std::string> sample_of(const std::set<std::string>& names) {
  std::set<std::string> out;
  std::string database;
  for (const std::string& name : names) {
    if (out.size() == kMostNamed) break;
    const std::string its = name.substr(0, name.find('/'));
    if (its != database) out.insert(name);
    database = its;
  }
  return out;
}

enum class Asking { Included, LeftOut };

std::vector<Statement> policy_with(const PolicyPlace& place, const Needs& needs, Naming naming, Asking asking) {
  Writer out(place, naming);
  add_reading(out);
  add_notices(out, place);
  if (asking == Asking::Included) add_asking(out, place);
  add_lake_formation(out, needs);
  add_locations(out, needs);
  add_catalog(out, needs);
  add_permissions(out, needs);
  return std::move(out.statements);
}

/// A list of texts in Terraform's language. In ours, `$` and `%` before a brace would begin a template.
std::string terraform_list(const Texts& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += "\n      " + Json(text).dump() + ",";
  return out + "\n    ]";
}

std::string terraform_condition(const Json& condition) {
  std::string out;
  for (const auto& [test, variables] : condition.items()) {
    for (const auto& [variable, values] : variables.items()) {
      const Texts list = values.is_array() ? values.get<Texts>() : Texts{values.get<std::string>()};
      out += "\n    condition {\n      test     = \"" + test + "\"\n      variable = \"" + variable + "\"\n      values   = " +
             Json(list).dump() + "\n    }";
    }
  }
  return out;
}

}  // namespace

std::vector<Statement> least_policy(const PolicyPlace& place, const std::vector<NeededEntry>& entries) {
  const Needs needs = needs_of(place, entries);
  auto statements = policy_with(place, needs, Naming::OneByOne, Asking::Included);
  if (policy_json(statements).dump().size() <= kLongestPolicy) return statements;
  return policy_with(place, needs, Naming::All, Asking::Included);
}

std::vector<Statement> needs_to_ask(const PolicyPlace& place, const std::vector<NeededEntry>& entries) {
  Needs needs = needs_of(place, entries);
  for (auto* const names : {&needs.made, &needs.removed, &needs.tables, &needs.gone_tables}) *names = sample_of(*names);
  return policy_with(place, needs, Naming::OneByOne, Asking::LeftOut);
}

Json policy_json(const std::vector<Statement>& statements) {
  Json list = Json::array();
  for (const Statement& each : statements) {
    Json statement = {{"Sid", each.sid}, {"Effect", "Allow"}, {"Action", each.actions}, {"Resource", each.resources}};
    if (!each.condition.is_null()) statement["Condition"] = each.condition;
    list.push_back(std::move(statement));
  }
  return {{"Version", "2012-10-17"}, {"Statement", std::move(list)}};
}

std::string terraform_text(const std::vector<Statement>& statements, const std::string& name) {
  std::string out = "data \"aws_iam_policy_document\" \"" + name + "\" {\n";
  for (const Statement& each : statements) {
    out += "  statement {\n    sid       = \"" + each.sid + "\"\n    actions   = " + terraform_list(each.actions) +
           "\n    resources = " + terraform_list(each.resources) + terraform_condition(each.condition) + "\n  }\n";
  }
  return out + "}\n\nresource \"aws_iam_policy\" \"" + name + "\" {\n  name   = \"" + name +
         "\"\n  policy = data.aws_iam_policy_document." + name + ".json\n}\n";
}

Json cloudformation_json(const std::vector<Statement>& statements, const std::string& name) {
  return {{"AWSTemplateFormatVersion", "2010-09-09"},
          {"Resources",
           {{"OperatorPolicy",
             {{"Type", "AWS::IAM::ManagedPolicy"},
              {"Properties", {{"ManagedPolicyName", name}, {"PolicyDocument", policy_json(statements)}}}}}}}};
}

}  // namespace datamesh::lake
