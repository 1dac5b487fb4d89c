// The protobuf form in which newer clients send objects of the builtin kinds, read into JSON. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controller/base/json.h"
#include "controller/kube/fault.h"

namespace datamesh::kube {

/// Reads an object in its envelope ("k8s\0", then runtime.Unknown). Unknown fields are left out.
/// Source: the generated.proto files of k8s.io/api and k8s.io/apimachinery
/// Errors: BadRequest.
Outcome<Json> read_protobuf(std::string_view bytes);

/// What a protobuf message is built from, for documents that clients want in that form.
class ProtobufWriter {
 public:
  ProtobufWriter& text(int field, std::string_view value);  ///< nothing when empty
  ProtobufWriter& bytes(int field, std::string_view value);
  ProtobufWriter& integer(int field, std::int64_t value);
  ProtobufWriter& boolean(int field, bool value);  ///< nothing when false
  ProtobufWriter& number(int field, double value);
  const std::string& done() const { return out_; }

 private:
  void tag(int field, int wire);
  void varint(std::uint64_t value);

  std::string out_;
};

}  // namespace datamesh::kube
