// The least that the operator's role of an account must be allowed by IAM, so that apply and observe can do their work
// there. Lake Formation's own permissions come on top: the role is made a data lake administrator. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/base/json.h"
#include "controller/catalog/entry.h"

namespace datamesh::lake {

/// One entry that the catalogs of the account shall hold.
struct NeededEntry {
  catalog::EntryKey key;
  catalog::EntryValue value;
  bool is_kept = false;  ///< it stays when nothing claims it any more
};

/// The account that the role belongs to.
struct PolicyPlace {
  std::string account;
  std::string partition = "aws";
  std::vector<std::string> regions;
  std::string role;                        ///< the ARN of the operator's role there
  std::vector<std::string> notice_queues;  ///< ARNs of the queues that are read as this role
};

struct Statement {
  std::string sid;
  std::vector<std::string> actions;
  std::vector<std::string> resources;
  Json condition;  ///< null: none

  bool operator==(const Statement&) const = default;
};

/// What a managed policy may hold at most, in characters without blanks.
/// Source: IAM User Guide, "IAM and AWS STS quotas"
inline constexpr std::size_t kLongestPolicy = 6144;

/// The statements, each of which some entry needs; the first ones are those of reading. Databases and tables are named one by
/// one, unless the policy would be longer than IAM takes: then all of the account are.
/// Source: lake-formation.md 2 (IAM and Lake Formation together) and 1.3 to 1.6 (operations)
std::vector<Statement> least_policy(const PolicyPlace& place, const std::vector<NeededEntry>& entries);

/// The same to ask IAM about, whatever its length: databases are named one by one, the first `kMostNamed` of them, and of the
/// tables of each one stands for all. What allows the operator to ask is left out.
std::vector<Statement> needs_to_ask(const PolicyPlace& place, const std::vector<NeededEntry>& entries);
inline constexpr std::size_t kMostNamed = 50;

/// {"Version": "2012-10-17", "Statement": […]}
Json policy_json(const std::vector<Statement>& statements);
/// An aws_iam_policy_document data source and the aws_iam_policy that uses it.
std::string terraform_text(const std::vector<Statement>& statements, const std::string& name);
/// A template with one AWS::IAM::ManagedPolicy, as JSON, which is YAML too.
Json cloudformation_json(const std::vector<Statement>& statements, const std::string& name);

}  // namespace datamesh::lake
