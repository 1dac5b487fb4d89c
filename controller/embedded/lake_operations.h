// The table of operations: what each is called, what it takes, who may call it and what it does.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "controller/embedded/lake_input.h"
#include "controller/embedded/lake_session.h"

namespace datamesh::embedded::lake {

enum class Effect {
  Read,
  Write,
  PermissionWrite,  ///< of two that overlap in time on one catalog, the later fails with ConcurrentModification
};

/// What IAM asks of the caller: any identity of the account, or one that administers it.
enum class IamRight { Anyone, Administrator };

struct Operation {
  aws::Service service = aws::Service::Glue;
  std::string name;
  Effect effect = Effect::Read;
  IamRight right = IamRight::Anyone;
  std::string shape;  ///< in the notation of lake_input.h
  Result<Json> (*run)(Session&, const Json& input) = nullptr;
  Shape members = {};  ///< read from `shape` when added
};

class Operations {
 public:
  void add(Operation operation);
  /// Null when there is no such operation.
  const Operation* find(aws::Service service, const std::string& name) const;

 private:
  std::map<std::pair<aws::Service, std::string>, Operation> operations_;
};

/// All that the lake can do.
const Operations& operations();

void add_database_operations(Operations& operations);
void add_table_operations(Operations& operations);
void add_table_listing_operations(Operations& operations);
void add_table_version_operations(Operations& operations);
void add_partition_operations(Operations& operations);
void add_partition_listing_operations(Operations& operations);
void add_policy_operations(Operations& operations);
void add_settings_operations(Operations& operations);
void add_location_operations(Operations& operations);
void add_permission_operations(Operations& operations);
void add_permission_listing_operations(Operations& operations);
void add_tag_operations(Operations& operations);
void add_tagging_operations(Operations& operations);
void add_tag_search_operations(Operations& operations);
void add_tag_expression_operations(Operations& operations);
void add_filter_operations(Operations& operations);
void add_opt_in_operations(Operations& operations);
void add_ram_invitation_operations(Operations& operations);
void add_ram_share_operations(Operations& operations);
void add_ram_listing_operations(Operations& operations);
void add_sts_operations(Operations& operations);
void add_queue_operations(Operations& operations);

}  // namespace datamesh::embedded::lake
