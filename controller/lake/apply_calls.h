// The calls behind each kind of action.
#pragma once

#include <string>
#include <vector>

#include "controller/lake/apply.h"

namespace datamesh::lake {

/// Makes the calls of one catalog. What the API says was done already counts as success.
class Calls {
 public:
  Calls(aws::Api& api, CatalogRef catalog) : api_(api), catalog_(std::move(catalog)) {}

  /// One action of a kind that has no batch call.
  Result<Effect> apply(const catalog::Action& action);
  /// At most `kPermissionBatch` grants, or as many revokes; element i is of actions[i].
  Result<std::vector<Result<Effect>>> permissions(const std::vector<const catalog::Action*>& actions);
  /// Tag assignments, or removals, on one resource; element i is of actions[i].
  Result<std::vector<Result<Effect>>> tags(const std::vector<const catalog::Action*>& actions);

 private:
  Result<Json> call(aws::Service service, const char* operation, Json input);
  Result<Json> change(const char* operation, const Json& input, const Json& resource);
  Error entry_error(const char* operation, const Json& error) const;

  Result<Effect> settings(const catalog::Action& action);
  Result<Effect> location(const catalog::Action& action);
  Result<Effect> database(const catalog::Action& action);
  Result<Effect> table(const catalog::Action& action);
  Result<Effect> link(const catalog::Action& action);
  Result<Effect> create_link(const std::string& name, const catalog::Link& wanted);
  Result<Effect> tag_key(const catalog::Action& action);
  Result<Effect> filter(const catalog::Action& action);
  Result<Effect> accept(const catalog::Action& action);
  Result<Effect> opt_in(const catalog::Action& action);
  Result<void> refuse_link(const std::string& database, const std::string& table);

  aws::Api& api_;
  CatalogRef catalog_;
};

}  // namespace datamesh::lake
