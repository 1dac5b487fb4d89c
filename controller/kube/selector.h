// Label and field selectors. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/kube/fault.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

enum class Operator { Exists, Absent, In, NotIn, Greater, Less };

struct Requirement {
  std::string key;
  Operator op = Operator::Exists;
  std::vector<std::string> values;
  bool operator==(const Requirement&) const = default;
};

/// The value at a path of dots: "status.phase"; null when it leads nowhere.
const Json& at_dots(const Json& object, std::string_view path);

/// What an object must have to be selected; empty: nothing.
struct Selector {
  std::vector<Requirement> labels;
  std::vector<Requirement> fields;  ///< the keys are paths in the object, In and NotIn with one value

  bool empty() const { return labels.empty() && fields.empty(); }
  bool matches(const Json& object) const;
  bool operator==(const Selector&) const = default;
};

/// Reads "a=b,c!=d,e in (f,g),h notin (i),j,!k,l>3".
/// Source: list_repr_1.32.txt, and Kubernetes' documentation of label selectors
Outcome<std::vector<Requirement>> parse_label_selector(std::string_view text);
/// Reads "metadata.name=a,spec.x!=b" for the fields that `type` can be selected by.
Outcome<std::vector<Requirement>> parse_field_selector(std::string_view text, const ServedType& type);

/// Both selectors of a query.
Outcome<Selector> parse_selector(const std::map<std::string, std::string>& query, const ServedType& type);

/// The labels as a map of equalities, when they are nothing else.
std::optional<std::map<std::string, std::string>> as_equalities(const std::vector<Requirement>& labels);
/// The value that the field at `path` must be equal to; nullopt when it is free.
std::optional<std::string> required_value(const Selector& selector, std::string_view path);

}  // namespace datamesh::kube
