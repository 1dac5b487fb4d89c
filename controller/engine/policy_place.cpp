#include "controller/engine/policy_place.h"

#include <set>

#include "controller/base/arn.h"
#include "controller/engine/engine.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {

lake::PolicyPlace policy_place(const api::AccountSpec& account, const std::vector<lake::NeededEntry>& entries) {
  std::set<std::string> regions(account.regions.begin(), account.regions.end());
  for (const lake::NeededEntry& entry : entries) regions.insert(entry.key.catalog.region);
  lake::PolicyPlace out;
  out.account = account.account_id;
  out.role = mesh::operator_role(account);
  out.partition = arn_field(out.role, ArnField::Partition);
  out.regions = {regions.begin(), regions.end()};
  for (const api::NoticeQueue& each : account.notice_queues) {
    const lake::QueueRef queue = queue_of(account, each);
    out.notice_queues.push_back(lake::arn_of_queue(queue.url, out.partition, queue.reader.region));
  }
  return out;
}

}  // namespace datamesh::engine
