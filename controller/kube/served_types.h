// Which kinds this server offers, and how each is spelt, stored and checked: our own from their CRDs, the few of
// Kubernetes itself that clients cannot do without from a table. Immutable after it is built.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/api/schema.h"
#include "controller/api/schema_embedded.h"
#include "controller/api/schema_node.h"
#include "controller/base/json.h"

namespace datamesh::kube {

enum class Origin { Custom, Builtin };

struct ServedType {
  std::string group;  ///< empty: core
  std::string version;
  std::string kind;
  std::string list_kind;
  std::string plural;
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  api::Scope scope = api::Scope::Namespaced;
  Origin origin = Origin::Builtin;
  bool has_status = false;             ///< with a status subresource
  bool unconditional_update = false;   ///< a PUT may leave out the resourceVersion
  bool create_on_update = false;       ///< a PUT of what is not there creates it
  bool read_only = false;              ///< there are none, and none can be made
  std::shared_ptr<const api::SchemaNode> schema;  ///< of the whole object, metadata included
  bool has_rules = false;              ///< the schema has CEL rules
  Json open_api;                       ///< the same schema as JSON, without metadata
  std::vector<api::PrinterColumn> columns;
  std::vector<std::pair<std::string, std::string>> fields;  ///< field selector -> path in the object
};

/// "datamesh.dev/v1alpha1", or "v1" for the core group.
std::string api_version(const ServedType& type);
bool is_namespaced(const ServedType& type);
/// Where the store keeps an object of `type`.
api::ObjectKey key_in_store(const ServedType& type, const std::string& ns, const std::string& name);

class TypeRegistry {
 public:
  /// `schema` must be the registry of `definitions`, and outlive this.
  explicit TypeRegistry(const api::SchemaRegistry& schema,
                        std::span<const api::EmbeddedFile> definitions = api::embedded_crds());

  const std::vector<ServedType>& all() const { return types_; }
  /// Null when nothing is served there.
  const ServedType* find(std::string_view group, std::string_view version, std::string_view plural) const;
  /// The type in which objects of a store's kind are kept: core Event for both kinds of events.
  const ServedType* stored_as(std::string_view kind) const;
  /// Group and version pairs in the order of discovery, core first.
  std::vector<std::pair<std::string, std::string>> versions() const;

  /// The embedded CRDs as objects, defaults filled in.
  const std::vector<Json>& definitions() const { return definitions_; }
  const api::SchemaRegistry& schema() const { return schema_; }

 private:
  void add_custom(const Json& definition);

  const api::SchemaRegistry& schema_;
  std::vector<ServedType> types_;
  std::vector<Json> definitions_;
};

/// The builtin kinds that the store keeps, for its messages and its admission.
struct BuiltinKind {
  std::string kind, group, plural;
  api::Scope scope = api::Scope::Namespaced;
};
std::vector<BuiltinKind> builtin_kinds();

}  // namespace datamesh::kube
