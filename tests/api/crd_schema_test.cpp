// The CRDs and the codec name the same fields: an object with every field of the schema set survives the codec.
#include <gtest/gtest.h>

#include <functional>

#include "controller/api/codec.h"
#include "controller/api/schema.h"
#include "controller/api/schema_node.h"
#include "controller/base/json_path.h"
#include "controller/base/yaml.h"
#include "tests/api/objects.h"

namespace datamesh::api {
namespace {

const SchemaRegistry& registry() {
  static const SchemaRegistry kRegistry = SchemaRegistry::builtin();
  return kRegistry;
}

/// Values that fill a schema completely, each another than the default, so that a field that the codec drops or
/// takes for another shows.
class Filler {
 public:
  Json fill(const SchemaNode& node) {
    switch (node.type) {
      case ValueType::Object: return fill_object(node);
      case ValueType::Array: return Json::array({fill(*node.items)});
      case ValueType::Boolean: return !node.default_value.value_or(false).get<bool>();
      case ValueType::Integer: return fill_integer(node);
      default: return fill_string(node);
    }
  }

 private:
  Json fill_object(const SchemaNode& node) {
    Json object = Json::object();
    for (const auto& [key, property] : node.properties) object[key] = fill(*property);
    if (node.additional) object["key" + std::to_string(++count_)] = fill(*node.additional);
    return object;
  }

  static Json fill_integer(const SchemaNode& node) {
    const int least = static_cast<int>(node.number.least.value_or(0));
    const Json value = node.number.most ? Json(static_cast<int>(*node.number.most)) : Json(least + 1);
    return node.default_value == value ? Json(least) : value;
  }

  Json fill_string(const SchemaNode& node) {
    for (const Json& value : node.values) {
      if (value != node.default_value.value_or(nullptr)) return value;
    }
    if (node.format == "date-time") return "2027-03-04T05:06:0" + std::to_string(++count_ % 10) + "Z";
    const std::string number = std::to_string(++count_);
    for (const std::string& text :
         {"v" + number, number + "m", std::to_string(111122220000 + count_), "eu-west-" + number, "s3://bucket/" + number,
          "arn:aws:iam::111122223333:role/r" + number, "https://localhost:" + number,
          "https://sqs.eu-west-1.amazonaws.com/111122223333/q" + number}) {
      if (!node.pattern || node.pattern->matches(text)) return text;
    }
    ADD_FAILURE() << "no text matches " << node.pattern_text;
    return nullptr;
  }

  int count_ = 0;
};

class CrdSchema : public ::testing::TestWithParam<const char*> {};

TEST_P(CrdSchema, EveryFieldSurvivesTheCodec) {
  const SchemaNode& spec = *registry().schema(GetParam())->properties.at("spec");
  const Json filled = Filler().fill(spec);
  const auto resource = decode(object_of(GetParam(), filled));
  ASSERT_TRUE(resource.has_value()) << to_string(resource.error());
  EXPECT_EQ(encode_spec(resource->spec).dump(2), filled.dump(2));
}

/// Every node of the schema below `path`.
void walk(const SchemaNode& node, const std::string& path,
          const std::function<void(const std::string&, const SchemaNode&)>& visit) {
  visit(path, node);
  for (const auto& [key, property] : node.properties) walk(*property, member_path(path, key), visit);
  if (node.items) walk(*node.items, path + "[]", visit);
  if (node.additional) walk(*node.additional, path + "{}", visit);
}

TEST_P(CrdSchema, EveryFieldIsDescribed) {
  walk(*registry().schema(GetParam()), "", [](const std::string& path, const SchemaNode& node) {
    const bool is_item = path.ends_with("[]") || path.ends_with("{}");
    if (!is_item && path != "metadata") {
      EXPECT_NE(node.description, "") << path;
    }
  });
}

TEST_P(CrdSchema, EveryListAndMapIsBounded) {
  walk(*registry().schema(GetParam()), "", [](const std::string& path, const SchemaNode& node) {
    if (node.type == ValueType::Array || node.additional) {
      EXPECT_TRUE(node.count.most.has_value()) << path;
    }
    const bool is_open_text = node.type == ValueType::String && node.values.empty() && node.format.empty();
    if (is_open_text && path.starts_with("spec")) {
      EXPECT_TRUE(node.length.most.has_value()) << path;
    }
  });
}

TEST_P(CrdSchema, DefaultsAreValidAndRestOnDefaults) {
  walk(*registry().schema(GetParam()), "", [](const std::string& path, const SchemaNode& node) {
    for (const auto& [key, property] : node.properties) {
      if (!property->default_value) continue;
      const auto& required = node.required;
      EXPECT_EQ(std::find(required.begin(), required.end(), key), required.end()) << path << "." << key;
    }
  });
  Json object = minimal(GetParam());
  registry().apply_defaults(object);
  EXPECT_EQ(to_string(registry().validate(object)), "");
}

TEST_P(CrdSchema, HasTheConventionsOfKubernetes) {
  for (const EmbeddedFile& file : embedded_crds()) {
    const Json crd = parse_yaml(file.text).value();
    if (at_path(crd, {"spec", "names", "kind"}) != Json(GetParam())) continue;
    const Json& version = crd["spec"]["versions"][0];
    EXPECT_EQ(crd["metadata"]["name"], crd["spec"]["names"]["plural"].get<std::string>() + ".datamesh.dev");
    EXPECT_EQ(file.name, "crds/datamesh.dev_" + crd["spec"]["names"]["plural"].get<std::string>() + ".yaml");
    EXPECT_EQ(version["subresources"], Json::parse(R"({"status": {}})"));
    // An API server refuses anything else about metadata.
    EXPECT_EQ(version["schema"]["openAPIV3Schema"]["properties"]["metadata"], Json::parse(R"({"type": "object"})"));
    EXPECT_EQ(version["additionalPrinterColumns"].back()["name"], "Age");
    EXPECT_LT(file.text.size(), 262'144u) << "kubectl apply keeps a copy in an annotation of this size at most";
    return;
  }
  FAIL() << "no CRD";
}

INSTANTIATE_TEST_SUITE_P(Kinds, CrdSchema,
                         ::testing::Values("Account", "DataProduct", "Grant", "LFTag", "Mesh", "ResourceLink"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(CrdSchemas, AreTestedForEveryKind) { EXPECT_EQ(registry().kinds().size(), 6u); }

}  // namespace
}  // namespace datamesh::api
