// What every request works on, and what a write asks for.
#pragma once

#include <string>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/base/clock.h"
#include "controller/kube/fault.h"
#include "controller/kube/managed_fields.h"
#include "controller/kube/target.h"

namespace datamesh::kube {

struct Backend {
  api::ResourceStore& store;
  const TypeRegistry& types;
  const Clock& clock;
};

enum class FieldValidation { Ignore, Warn, Strict };

/// The parameters that all writes have.
struct WriteOptions {
  bool dry_run = false;
  bool force = false;
  FieldValidation validation = FieldValidation::Warn;
  std::string manager;
  bool named_manager = false;  ///< by fieldManager, and not only by the User-Agent
};

/// `kind`: "CreateOptions", "UpdateOptions" or "PatchOptions", for messages.
Outcome<WriteOptions> parse_write_options(const http::Request& request, const std::string& kind);

/// An object that was written, and what the client is told beside it.
struct Written {
  int status = 200;
  Json object;
  std::vector<std::string> warnings;
};

/// The stored object of a target in its served form.
/// Errors: NotFound.
Outcome<Json> read_one(const Backend& backend, const Target& target);

/// Refuses a new object in a namespace that is not there or is going.
Outcome<void> check_namespace(const Backend& backend, const ServedType& type, const std::string& ns, const std::string& name);

}  // namespace datamesh::kube
