// In which form a client wants its answer. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/http/message.h"
#include "controller/kube/fault.h"

namespace datamesh::kube {

enum class Format { Json, Yaml };
/// What an object or list is turned into.
enum class Shape { Object, Table, PartialMetadata };

struct Accept {
  Format format = Format::Json;
  Shape shape = Shape::Object;
  std::string shape_version = "v1";  ///< of meta.k8s.io
  bool pretty = false;
  bool operator==(const Accept&) const = default;
};

/// One media range of an Accept header.
struct MediaRange {
  std::string type;  ///< "application/json", in lower case
  std::vector<std::pair<std::string, std::string>> parameters;
  double quality = 1;

  std::string parameter(std::string_view name) const;
};

/// The ranges of a header, the most wanted first.
std::vector<MediaRange> parse_ranges(std::string_view header);
/// The type of a Content-Type header, without its parameters, in lower case.
std::string media_type(std::string_view header);

/// Chooses the form of the answer.
/// Errors: NotAcceptable.
Outcome<Accept> choose(const http::Request& request);

/// `value` in the form wanted.
http::Response render(int status, const Json& value, const Accept& accept);
/// The same for a refusal, which has but one shape.
http::Response render(const Fault& fault, const Accept& accept);

}  // namespace datamesh::kube
