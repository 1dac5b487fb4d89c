// Refusals in the words of a Kubernetes API server, on their way to a client. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/base/json.h"
#include "controller/base/result.h"
#include "controller/http/message.h"

namespace datamesh::kube {

struct ServedType;

/// One thing that is wrong: `spec.color: Required value` with reason FieldValueRequired.
struct Cause {
  std::string reason;
  std::string message;
  std::string field;
  bool operator==(const Cause&) const = default;
};
using Causes = std::vector<Cause>;

/// What becomes a Status with `status: Failure`.
struct Fault {
  int code = 500;
  std::string reason;      ///< "NotFound"; may be empty
  std::string message;
  Json details;            ///< null: none
  std::string continuation;  ///< a continue token that goes on all the same; in metadata
  int retry_after = 0;     ///< Units: seconds; 0: no header
  bool pretty = false;     ///< indented, whatever the client asked for
  bool plain = false;      ///< not a Status but a text
};

/// A value, or why there is none.
template <class T>
using Outcome = tl::expected<T, Fault>;

Json to_status(const Fault& fault);
http::Response to_response(const Fault& fault);

Fault bad_request(std::string message);
/// 422 about an object or about options: `Widget.demo.example.com "a" is invalid: …`.
Fault invalid(const std::string& group, const std::string& kind, const std::string& name, const Causes& causes);
Fault invalid(const ServedType& type, const std::string& name, const Causes& causes);
/// 422 about the parameters of a request: `PatchOptions.meta.k8s.io "" is invalid: …`.
Fault invalid_options(const std::string& kind, const Cause& cause);
Fault not_found(const ServedType& type, const std::string& name);
Fault already_exists(const ServedType& type, const std::string& name, const Json& existing);
Fault conflict(const ServedType& type, const std::string& name, const std::string& why);
/// The conflict of a stale resourceVersion.
Fault modified(const ServedType& type, const std::string& name);
Fault forbidden(const ServedType& type, const std::string& name, const std::string& why);
Fault page_not_found();
Fault method_not_allowed();
Fault not_acceptable();
Fault unknown_format(const std::vector<std::string>& accepted);
/// 504 for a revision that has not come yet.
Fault revision_too_large(const std::string& wanted, const std::string& current);
/// What the store says about an object of `type`.
Fault fault_of(const Error& error, const ServedType& type, const std::string& name);

// ---- causes -------------------------------------------------------------------------------------------------------

Cause required(std::string field);
/// `shown`: the value as Go prints it: "text" in quotes, numbers as they are.
Cause invalid_value(std::string field, const std::string& shown, const std::string& why);
Cause not_supported(std::string field, const std::string& shown, const std::vector<std::string>& supported);
Cause forbidden_field(std::string field, const std::string& why);
/// `text` in quotes with Go's escapes.
std::string go_quoted(std::string_view text);

}  // namespace datamesh::kube

namespace datamesh {

/// For TRY and TRY_VALUE in functions that return an Outcome.
inline tl::unexpected<kube::Fault> fail(kube::Fault fault) { return tl::unexpected<kube::Fault>(std::move(fault)); }

}  // namespace datamesh
