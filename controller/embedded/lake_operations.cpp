#include "controller/embedded/lake_operations.h"

namespace datamesh::embedded::lake {

void Operations::add(Operation operation) {
  operation.members = read_shape(operation.shape);
  std::pair key{operation.service, operation.name};
  operations_.insert_or_assign(std::move(key), std::move(operation));
}

const Operation* Operations::find(aws::Service service, const std::string& name) const {
  const auto found = operations_.find({service, name});
  return found == operations_.end() ? nullptr : &found->second;
}

const Operations& operations() {
  static const Operations all = [] {
    Operations out;
    add_database_operations(out);
    add_table_operations(out);
    add_table_listing_operations(out);
    add_table_version_operations(out);
    add_partition_operations(out);
    add_partition_listing_operations(out);
    add_policy_operations(out);
    add_settings_operations(out);
    add_location_operations(out);
    add_permission_operations(out);
    add_permission_listing_operations(out);
    add_tag_operations(out);
    add_tagging_operations(out);
    add_tag_search_operations(out);
    add_tag_expression_operations(out);
    add_filter_operations(out);
    add_opt_in_operations(out);
    add_ram_invitation_operations(out);
    add_ram_share_operations(out);
    add_ram_listing_operations(out);
    add_sts_operations(out);
    add_queue_operations(out);
    return out;
  }();
  return all;
}

}  // namespace datamesh::embedded::lake
