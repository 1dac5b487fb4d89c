// What the operator's role may not do, before it is refused: IAM simulates the calls that the declared mesh needs.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controller/aws/api.h"
#include "controller/lake/iam_policy.h"

namespace datamesh::lake {

/// Why IAM would refuse, the one that has to be mended first last.
enum class Refusal {
  NotAllowed,    ///< no policy of the role allows it
  Denied,        ///< a policy of the role denies it
  Boundary,      ///< the permissions boundary of the role does not allow it
  Organization,  ///< a policy of the organization (SCP) denies it
};
std::string_view to_string(Refusal refusal);

struct MissingAction {
  std::string action;               ///< "glue:CreateTable"
  std::set<std::string> resources;  ///< ARNs, or "*"
  Refusal why = Refusal::NotAllowed;
  bool operator==(const MissingAction&) const = default;
};

/// Whether it is allowed depends on conditions that only a real call meets.
struct UndecidedAction {
  std::string action;
  std::set<std::string> keys;  ///< "aws:SourceVpc"
  bool operator==(const UndecidedAction&) const = default;
};

/// Both sorted by action, each action once, in one of them.
struct Preflight {
  std::vector<MissingAction> missing;
  std::vector<UndecidedAction> undecided;
  bool operator==(const Preflight&) const = default;
};

/// Asks IAM in the account of `where`, as the operator there, what of `needs` its role `role` may do. One call for each
/// set of resources, of 100 at most, and for each page of an answer. Blocking.
/// Errors: those of the call, Denied where the role may not ask; Transient when the answer is not about all that was asked.
/// Source: IAM API reference, SimulatePrincipalPolicy, EvaluationResult, ResourceSpecificResult, ContextEntry
Result<Preflight> simulate(aws::Api& api, const CatalogRef& where, const std::string& role,
                           const std::vector<Statement>& needs);

/// "an SCP of the organization denies it: glue:CreateTable, …; …": each refusal with its actions, sorted, of each list about
/// 1,000 characters. Empty when there is nothing to say.
std::string sentence_of(const std::vector<MissingAction>& missing);
std::string sentence_of(const std::vector<UndecidedAction>& undecided);

}  // namespace datamesh::lake
