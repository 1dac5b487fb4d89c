// The Lease of an API server as a lock.
#pragma once

#include <string>

#include "controller/kube/lease.h"
#include "controller/kube/transport.h"

namespace datamesh::kube {

class LeaseObject final : public LeaseLock {
 public:
  /// The Lease `name` in the namespace `ns`.
  LeaseObject(Transport& transport, const std::string& ns, std::string name);

  Result<std::optional<Held>> get() override;
  Result<std::string> put(const LeaseRecord& record, const std::string& version) override;

 private:
  Transport& transport_;
  const std::string ns_;
  const std::string name_;
  const std::string collection_;
};

}  // namespace datamesh::kube
