// What the CRDs say about objects: which kinds there are, which fields they have, what is wrong with an object.
// One schema for the manifests of the command line and for the store. Immutable after it is built, so it may be
// read from any thread. Pure.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/schema_embedded.h"
#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::api {

/// One thing that is wrong with an object.
struct Problem {
  std::string path;        ///< "spec.tables[2].columns[0].typ"; empty: the object itself
  std::string message;     ///< "unknown field"
  std::string suggestion;  ///< "did you mean \"type\"?"; may be empty
  bool operator==(const Problem&) const = default;
};

/// "spec.tables[2].columns[0].typ: unknown field; did you mean "type"?"
std::string to_string(const Problem& problem);
/// All problems, one a line.
std::string to_string(const std::vector<Problem>& problems);

enum class Scope { Cluster, Namespaced };

/// One column of a table of objects.
struct PrinterColumn {
  std::string name;
  std::string type;  ///< string, integer, number, boolean or date
  std::string description;
  std::string json_path;
  int priority = 0;  ///< above 0: only in wide tables
};

/// The value of `column` for `object`: the first that its path leads to, null when there is none or it is of
/// another type than the column's. A value that is no string becomes JSON text in a column of strings.
Json column_value(const PrinterColumn& column, const Json& object);

struct KindFacts {
  std::string group;    ///< "datamesh.dev"
  std::string version;  ///< "v1alpha1"
  std::string kind;
  std::string list_kind;
  std::string plural;
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  Scope scope = Scope::Namespaced;
  std::vector<PrinterColumn> columns;
};

struct SchemaNode;

class SchemaRegistry {
 public:
  /// The registry of the embedded CRDs.
  static SchemaRegistry builtin();
  /// The registry of `files`, one CRD each.
  /// Errors: Invalid for a file that is no CRD, or that says what this registry does not check: an unknown schema
  /// keyword, format, or rule.
  static Result<SchemaRegistry> of(std::span<const EmbeddedFile> files);

  /// All kinds, sorted by name.
  std::vector<const KindFacts*> kinds() const;
  /// The facts of a kind by its exact name; null when there is no such kind.
  const KindFacts* find(std::string_view kind) const;
  /// The kind that a person means by "dp", "dataproduct", "dataproducts", "DataProduct" or
  /// "dataproducts.datamesh.dev"; null when there is none.
  const KindFacts* resolve(std::string_view name) const;
  /// The kinds of a category ("datamesh"), sorted by name; empty when there is no such category.
  std::vector<const KindFacts*> category(std::string_view name) const;
  /// The name of a kind or resource that `name` may be a slip of; empty when none is near.
  std::string nearest_kind(std::string_view name) const;

  /// Everything that is wrong with `object` after its defaults are filled in; empty when it may be stored. The
  /// status is checked when it is there. After 100 problems it stops, and says so.
  std::vector<Problem> validate(const Json& object) const;
  /// Fills in the defaults of the object's kind, as a Kubernetes API server does: what is absent, and what is null
  /// where null is not allowed. No effect on objects of an unknown kind.
  void apply_defaults(Json& object) const;
  /// Both in one: fills in the defaults of `object`, then validates it.
  std::vector<Problem> admit(Json& object) const;

  /// The schema of a kind's objects; null when there is no such kind.
  const SchemaNode* schema(std::string_view kind) const;

 private:
  struct Entry {
    KindFacts facts;
    std::shared_ptr<const SchemaNode> root;
  };
  static Result<Entry> read(const EmbeddedFile& file);

  std::map<std::string, Entry, std::less<>> kinds_;
};

}  // namespace datamesh::api
