// Manifests: the text of a YAML or JSON file as objects, with everything that is wrong with them. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/schema.h"
#include "controller/base/yaml.h"

namespace datamesh::api {

struct Manifest {
  Json object;  ///< as written, without defaults
  std::string file;
  int line = 1;  ///< where it begins
  std::string path;  ///< of the object in its document: "items[2]"; empty: the document itself
  std::shared_ptr<const YamlPositions> positions;  ///< of the document
};

/// Something wrong with a file. `at` is where its text is at fault: the name of an unknown field, the value of a
/// wrong one, the parent of a missing one.
struct ManifestProblem {
  std::string file;
  TextPosition at;
  Problem problem;
  bool operator==(const ManifestProblem&) const = default;
};

/// "grants.yaml:12:7: spec.tables[2].columns[0].typ: unknown field; did you mean "type"?"
std::string to_string(const ManifestProblem& problem);

struct ManifestSet {
  std::vector<Manifest> manifests;  ///< all objects, also those with problems
  std::vector<ManifestProblem> problems;
};

/// Reads the objects in `text`, unfolding kind List, and validates each against `registry`. All problems of all
/// objects are told; only text that is no YAML ends the reading.
ManifestSet load_manifests(std::string_view text, const std::string& file, const SchemaRegistry& registry);

}  // namespace datamesh::api
