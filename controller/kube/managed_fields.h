// Who set which field of an object: metadata.managedFields, and the two ways of changing them, update and apply. Pure.
// Source: ssa_1.32.txt; apimachinery, util/managedfields
#pragma once

#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/kube/fault.h"
#include "controller/kube/field_tree.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

enum class ManagerOperation { Apply, Update };

/// Who writes, and by which way.
struct Writer {
  std::string manager;
  std::string api_version;
  std::string subresource;  ///< empty: the object itself
  ManagerOperation operation = ManagerOperation::Update;

  auto operator<=>(const Writer&) const = default;
};

struct ManagedEntry {
  Writer writer;
  std::string time;
  FieldTree fields;
};

class ManagedFields {
 public:
  /// The entries of an object's metadata; malformed ones are left out.
  static ManagedFields parse(const Json& object);
  /// Sorted as a server stores them. An empty array when nobody manages anything.
  Json to_json() const;

  /// `writer` changed `before` into `after`. What changed is no longer others'.
  void update(const ServedType& type, const Json& before, const Json& after, const Writer& writer, Time now);

  struct Application {
    const ServedType& type;
    const Json& live;    ///< null: there is no object yet
    const Json& config;  ///< what the writer wants
    const Writer& writer;
    enum class Force { No, Yes } force = Force::No;
    Time now;
  };
  /// Applies, and returns what the object becomes: its metadata and fields, without the server's part.
  /// Errors: Conflict, naming every field and its managers.
  Outcome<Json> apply(const Application& application);

  bool same_fields(const ManagedFields& other) const;

 private:
  ManagedEntry* find(const Writer& writer);
  void put(const Writer& writer, FieldTree fields, Time now);
  void drop_empty();
  void merge_oldest();

  std::vector<ManagedEntry> entries_;
};

}  // namespace datamesh::kube
