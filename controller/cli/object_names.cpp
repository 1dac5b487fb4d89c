#include "controller/cli/object_names.h"

namespace datamesh::cli {
namespace {

/// The kinds of "dp,grants" or of a category such as "all".
Result<std::vector<const api::KindFacts*>> parse_kinds(std::string_view list, const api::SchemaRegistry& schema) {
  std::vector<const api::KindFacts*> kinds;
  while (!list.empty()) {
    const std::string name(list.substr(0, list.find(',')));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    const auto category = schema.category(name == "all" ? "datamesh" : name);
    kinds.insert(kinds.end(), category.begin(), category.end());
    if (!category.empty()) continue;
    TRY_VALUE(const api::KindFacts* kind, resolve_kind(name, schema));
    kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace

Result<const api::KindFacts*> resolve_kind(const std::string& name, const api::SchemaRegistry& schema) {
  if (const api::KindFacts* const kind = schema.resolve(name)) return kind;
  const std::string nearest = schema.nearest_kind(name);
  return fail(ErrorKind::Invalid, "there is no kind \"" + name + "\"" +
                                      (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
}

Result<std::vector<ObjectName>> parse_object_names(const std::vector<std::string>& arguments,
                                                   const api::SchemaRegistry& schema) {
  std::vector<ObjectName> names;
  if (arguments.empty()) return names;
  if (arguments[0].find('/') == std::string::npos) {
    TRY_VALUE(const std::vector<const api::KindFacts*> kinds, parse_kinds(arguments[0], schema));
    if (arguments.size() > 1 && kinds.size() != 1) {
      return fail(ErrorKind::Invalid, "names need one kind before them, not \"" + arguments[0] + "\"");
    }
    for (const api::KindFacts* kind : kinds) {
      if (arguments.size() == 1) names.push_back({kind, ""});
      for (std::size_t i = 1; i < arguments.size(); ++i) names.push_back({kind, arguments[i]});
    }
    return names;
  }
  for (const std::string& argument : arguments) {
    const std::size_t slash = argument.find('/');
    if (slash == std::string::npos || slash + 1 == argument.size()) {
      return fail(ErrorKind::Invalid, "\"" + argument + "\" must be written KIND/NAME, as the others are");
    }
    TRY_VALUE(const api::KindFacts* kind, resolve_kind(argument.substr(0, slash), schema));
    names.push_back({kind, argument.substr(slash + 1)});
  }
  return names;
}

}  // namespace datamesh::cli
