// The pure parts of the facade, one by one.
#include <gtest/gtest.h>

#include "controller/kube/accept.h"
#include "controller/kube/field_tree.h"
#include "controller/kube/json_text.h"
#include "controller/kube/patches.h"
#include "controller/kube/protobuf.h"
#include "controller/kube/selector.h"

namespace datamesh::kube {
namespace {

TEST(JsonText, TheLastOfRepeatedKeysCountsAndAllAreTold) {
  const auto text = read_json(R"({"a":1,"a":2,"b":[{"c":1,"c":3}],"d":{"e":1,"e":1}})");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->value, *parse_json(R"({"a":2,"b":[{"c":3}],"d":{"e":1}})"));
  EXPECT_EQ(text->duplicates, (std::vector<std::string>{"a", "b[0].c", "d.e"}));
}

TEST(JsonText, DepthIsBounded) {
  EXPECT_TRUE(read_json(std::string(100, '[') + std::string(100, ']')));
  EXPECT_FALSE(read_json(std::string(101, '[') + std::string(101, ']')));
  EXPECT_FALSE(read_json(std::string(1'000'000, '[')));
}

TEST(LabelSelector, ReadsEveryOperator) {
  const auto read = parse_label_selector("a,!b,c=d,e==f,g!=h,i in (j, k),l notin (m),n>1,o<2,p=");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (std::vector<Requirement>{{"a", Operator::Exists, {}}, {"b", Operator::Absent, {}}, {"c", Operator::In, {"d"}},
                                             {"e", Operator::In, {"f"}}, {"g", Operator::NotIn, {"h"}}, {"i", Operator::In, {"j", "k"}},
                                             {"l", Operator::NotIn, {"m"}}, {"n", Operator::Greater, {"1"}},
                                             {"o", Operator::Less, {"2"}}, {"p", Operator::In, {""}}}));
  for (const char* text : {"a b", "=b", "a in b", "a in (b", "a>x", "a,,b", "!"}) EXPECT_FALSE(parse_label_selector(text)) << text;
}

TEST(Accept, TheMostWantedFormThatIsServedIsChosen) {
  const auto chosen = [](const char* header) {
    http::Request request;
    request.headers.add("Accept", header);
    return choose(request);
  };
  EXPECT_EQ(chosen("")->format, Format::Json);
  EXPECT_EQ(chosen("*/*")->format, Format::Json);
  EXPECT_EQ(chosen("application/json;q=0.5, application/yaml")->format, Format::Yaml);
  EXPECT_EQ(chosen("application/json;as=Table;v=v1beta1;g=meta.k8s.io")->shape_version, "v1beta1");
  EXPECT_EQ(chosen("application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")->shape,
            Shape::PartialMetadata);
  EXPECT_FALSE(chosen("application/json;q=0"));
  EXPECT_FALSE(chosen("text/html"));
}

TEST(FieldTree, ReadsAndWritesFieldsV1) {
  const Json fields = *parse_json(R"({"f:spec":{".":{},"f:ports":{"k:{\"port\":80}":{".":{},"f:name":{}}},"f:tags":{"v:\"a\"":{}}}})");
  const FieldTree tree = parse_fields(fields);
  EXPECT_EQ(to_fields(tree), fields);
  EXPECT_EQ(paths_of(tree), (std::vector<std::string>{".spec", ".spec.ports[port=80]", ".spec.ports[port=80].name", ".spec.tags[=\"a\"]"}));
}

TEST(FieldTree, SetsAreUnitedSubtractedAndIntersected) {
  const auto tree = [](const char* text) { return parse_fields(*parse_json(text)); };
  const FieldTree a = tree(R"({"f:x":{},"f:y":{"f:z":{}}})");
  const FieldTree b = tree(R"({"f:y":{"f:z":{},"f:w":{}}})");
  EXPECT_EQ(unite(a, b), tree(R"({"f:x":{},"f:y":{"f:z":{},"f:w":{}}})"));
  EXPECT_EQ(subtract(a, b), tree(R"({"f:x":{}})"));
  EXPECT_EQ(intersect(a, b), tree(R"({"f:y":{"f:z":{}}})"));
  EXPECT_TRUE(subtract(a, a).empty());
}

/// A message in the envelope that clients send.
std::string enveloped(const std::string& version, const std::string& kind, const std::string& raw) {
  const std::string meta = ProtobufWriter().text(1, version).text(2, kind).done();
  return std::string("k8s\0", 4) + ProtobufWriter().bytes(1, meta).bytes(2, raw).done();
}

TEST(Protobuf, ReadsALeaseAsClientsSendIt) {
  const std::string meta = ProtobufWriter().text(1, "l").text(3, "ns").bytes(11, ProtobufWriter().text(1, "a").text(2, "b").done()).done();
  const std::string time = ProtobufWriter().integer(1, 1767225600).integer(2, 123456000).done();
  const std::string spec = ProtobufWriter().text(1, "me").integer(2, 15).bytes(4, time).integer(5, 0).done();
  const auto lease = read_protobuf(enveloped("coordination.k8s.io/v1", "Lease", ProtobufWriter().bytes(1, meta).bytes(2, spec).done()));
  ASSERT_TRUE(lease);
  EXPECT_EQ(*lease, *parse_json(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
      "metadata":{"name":"l","namespace":"ns","labels":{"a":"b"}},
      "spec":{"holderIdentity":"me","leaseDurationSeconds":15,"renewTime":"2026-01-01T00:00:00.123456Z","leaseTransitions":0}})"));
}

TEST(Protobuf, BytesBecomeBase64) {
  const std::string entry = ProtobufWriter().text(1, "k").bytes(2, std::string("\xff\x00", 2)).done();
  const auto secret = read_protobuf(enveloped("v1", "Secret", ProtobufWriter().bytes(2, entry).text(3, "Opaque").done()));
  ASSERT_TRUE(secret);
  EXPECT_EQ((*secret)["data"], (Json{{"k", "/wA="}}));
}

TEST(Protobuf, WhatIsNoneIsRefused) {
  EXPECT_FALSE(read_protobuf(""));
  EXPECT_FALSE(read_protobuf("{}"));
  EXPECT_FALSE(read_protobuf(enveloped("v1", "Pod", "")));
  EXPECT_FALSE(read_protobuf(enveloped("v1", "Secret", "\x0a\xff")));
  EXPECT_FALSE(read_protobuf(enveloped("v1", "ConfigMap", ProtobufWriter().bytes(1, ProtobufWriter().text(1, "\xff\xfe").done()).done())));
  const std::string whole = enveloped("v1", "Secret", ProtobufWriter().bytes(1, ProtobufWriter().text(1, "name").done()).done());
  for (std::size_t length = 0; length < whole.size(); ++length) static_cast<void>(read_protobuf(whole.substr(0, length)));
}

TEST(JsonPatch, CopiesAreBounded) {
  Json patch = Json::array();
  for (int i = 0; i < 40; ++i) patch.push_back({{"op", "copy"}, {"from", ""}, {"path", "/x" + std::to_string(i)}});
  EXPECT_FALSE(json_patched({{"a", std::string(1000, 'x')}}, patch));
}

}  // namespace
}  // namespace datamesh::kube
