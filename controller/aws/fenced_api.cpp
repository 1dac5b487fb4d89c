#include "controller/aws/fenced_api.h"

namespace datamesh::aws {

bool is_read(std::string_view operation) {
  for (const std::string_view verb : {"Get", "BatchGet", "List", "Search", "AssumeRole", "Simulate"}) {
    if (operation.starts_with(verb)) return true;
  }
  return false;
}

Result<Json> FencedApi::call(const Call& call) {
  if (is_read(call.operation) || may_write_()) return inner_.call(call);
  return fail(ErrorKind::Cancelled, "another replica may lead now, so nothing is written",
              std::string(to_string(call.service)) + ":" + call.operation);
}

}  // namespace datamesh::aws
