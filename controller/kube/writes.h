// Creating and changing objects: what a client sends is decoded, completed, validated, and stored together with the
// record of who set what. Blocks as long as the store does.
#pragma once

#include <functional>

#include "controller/http/message.h"
#include "controller/kube/backend.h"

namespace datamesh::kube {

/// POST to a collection.
Outcome<Written> create_object(const Backend& backend, const Target& target, const http::Request& request);
/// PUT of an object or of its status.
Outcome<Written> replace_object(const Backend& backend, const Target& target, const http::Request& request);
/// PATCH of an object or of its status: merge, JSON, strategic merge, or apply.
Outcome<Written> patch_object(const Backend& backend, const Target& target, const http::Request& request);

// ---- the steps that the three share --------------------------------------------------------------------------------

/// What an object shall become.
struct Wanted {
  Json object;
  bool managers_known = false;  ///< its managedFields say already who set what
};

/// Everything about a write but the object.
struct Intent {
  const Backend& backend;
  const Target& target;
  WriteOptions options;
  std::vector<std::string> warnings;

  Writer writer(ManagerOperation operation) const;
};

/// Stores a new object. Its namespace must be there.
Outcome<Written> store_new(const Intent& intent, Wanted wanted);
/// Reads the object, lets `make` say what it shall become, and stores that; again when somebody else wrote meanwhile,
/// unless what `make` wants names a revision of its own.
Outcome<Written> store_change(const Intent& intent, const std::function<Outcome<Wanted>(const Json& live)>& make);

/// A resourceVersion as the number that it must be.
/// Errors: 500, as a server has it.
Outcome<api::Revision> parse_revision(const std::string& text);

}  // namespace datamesh::kube
