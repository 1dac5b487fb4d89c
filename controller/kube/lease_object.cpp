#include "controller/kube/lease_object.h"

namespace datamesh::kube {
namespace {

constexpr const char* kLease = "lease";

http::Request request_of(const char* method, std::string path) {
  http::Request request;
  request.method = method;
  request.path = std::move(path);
  request.headers.add("Accept", "application/json");
  return request;
}

}  // namespace

LeaseObject::LeaseObject(Transport& transport, const std::string& ns, std::string name)
    : transport_(transport),
      ns_(ns),
      name_(std::move(name)),
      collection_("/apis/coordination.k8s.io/v1/namespaces/" + ns + "/leases") {}

Result<std::optional<LeaseLock::Held>> LeaseObject::get() {
  auto object = body_of(transport_.send(request_of("GET", collection_ + "/" + name_)), kLease);
  if (!object && object.error().kind == ErrorKind::NotFound) return std::nullopt;
  if (!object) return fail(object.error());
  return Held{decode_lease(*object), string_at(member(*object, "metadata"), "resourceVersion")};
}

Result<std::string> LeaseObject::put(const LeaseRecord& record, const std::string& version) {
  const bool fresh = version.empty();
  http::Request request = request_of(fresh ? "POST" : "PUT", fresh ? collection_ : collection_ + "/" + name_);
  Json metadata = {{"name", name_}, {"namespace", ns_}};
  if (!fresh) metadata["resourceVersion"] = version;
  const Json body = {{"apiVersion", "coordination.k8s.io/v1"},
                     {"kind", "Lease"},
                     {"metadata", metadata},
                     {"spec", encode_lease(record)}};
  request.headers.add("Content-Type", "application/json");
  request.body = body.dump();
  TRY_VALUE(const Json written, body_of(transport_.send(request), kLease));
  return string_at(member(written, "metadata"), "resourceVersion");
}

}  // namespace datamesh::kube
