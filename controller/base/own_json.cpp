// The quick way to read JSON that this program wrote: simdjson finds the structure, nlohmann's value is built from it.
#include <simdjson.h>

#include "controller/base/json.h"

namespace datamesh {
namespace {

Json to_json(const simdjson::dom::element& element) {
  using Type = simdjson::dom::element_type;
  switch (element.type()) {
    case Type::OBJECT: {
      Json::object_t object;
      // Our own text has its keys in order, so that the end is where each belongs.
      for (const auto& [key, value] : simdjson::dom::object(element)) {
        object.emplace_hint(object.end(), std::string(key), to_json(value));
      }
      return object;
    }
    case Type::ARRAY: {
      const simdjson::dom::array elements = element;
      Json::array_t array;
      array.reserve(elements.size());
      for (const auto& value : elements) array.push_back(to_json(value));
      return array;
    }
    case Type::INT64: {
      // As nlohmann has it: what is not negative is unsigned.
      const std::int64_t number = element;
      return number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
    }
    case Type::STRING: return std::string(std::string_view(element));
    case Type::UINT64: return std::uint64_t(element);
    case Type::DOUBLE: return double(element);
    case Type::BOOL: return bool(element);
    case Type::NULL_VALUE: break;
  }
  return nullptr;
}

}  // namespace

Result<Json> parse_own_json(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) == simdjson::SUCCESS) return to_json(root);
  // What simdjson does not take (nesting beyond its limit) may still be JSON.
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) return fail(ErrorKind::Invalid, "JSON: malformed");
  return value;
}

}  // namespace datamesh
