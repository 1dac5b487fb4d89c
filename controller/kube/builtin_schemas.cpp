#include "controller/kube/builtin_schemas.h"

#include <array>
#include <tuple>

namespace datamesh::kube {
namespace {

constexpr std::string_view kMetadata = R"json({
"type": "object", "description": "Who this object is, and what is attached to it.",
"properties": {
  "name": {"type": "string", "description": "Unique among the objects of the kind in the namespace. Cannot be changed."},
  "generateName": {"type": "string", "description": "Where a name begins that the server shall complete."},
  "namespace": {"type": "string", "description": "The space in which the name is unique. Cannot be changed."},
  "selfLink": {"type": "string", "description": "No longer in use."},
  "uid": {"type": "string", "description": "Unique in time and space. Set by the server."},
  "resourceVersion": {"type": "string", "description": "Changes with every write. Opaque to clients."},
  "generation": {"type": "integer", "format": "int64", "description": "Grows with every change of what is declared."},
  "creationTimestamp": {"type": "string", "format": "date-time", "nullable": true, "description": "Set by the server."},
  "deletionTimestamp": {"type": "string", "format": "date-time", "nullable": true,
    "description": "Since when the object waits for its finalizers. Set by the server."},
  "deletionGracePeriodSeconds": {"type": "integer", "format": "int64", "description": "Set by the server."},
  "labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "What selectors select by."},
  "annotations": {"type": "object", "additionalProperties": {"type": "string"},
    "description": "What tools attach to the object. Not selected by."},
  "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set",
    "description": "Who must have done with the object before it goes."},
  "ownerReferences": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
    "description": "The objects with which this one goes.",
    "items": {"type": "object", "required": ["apiVersion", "kind", "name", "uid"], "properties": {
      "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"},
      "uid": {"type": "string"}, "controller": {"type": "boolean"}, "blockOwnerDeletion": {"type": "boolean"}}}},
  "managedFields": {"type": "array", "description": "Who set which field. Kept by the server.",
    "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
}})json";

constexpr std::string_view kNamespace = R"json({
"type": "object", "description": "A unit of authority: the space that names of objects live in.",
"properties": {
  "spec": {"type": "object", "properties": {
    "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic"}}},
  "status": {"type": "object", "properties": {
    "phase": {"type": "string", "description": "Active or Terminating."},
    "conditions": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
      "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
        "type": {"type": "string"}}}}}}
}})json";

constexpr std::string_view kSecret = R"json({
"type": "object", "description": "Small confidential data.",
"properties": {
  "data": {"type": "object", "additionalProperties": {"type": "string"}, "description": "The values in base64."},
  "stringData": {"type": "object", "additionalProperties": {"type": "string"},
    "description": "Values in the clear, for writing only: they are moved into data."},
  "type": {"type": "string", "description": "What the data is for. Cannot be changed."},
  "immutable": {"type": "boolean", "description": "Whether the data is fixed for good."}
}})json";

constexpr std::string_view kConfigMap = R"json({
"type": "object", "description": "Configuration as keys and texts.",
"properties": {
  "data": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Texts."},
  "binaryData": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Bytes in base64."},
  "immutable": {"type": "boolean", "description": "Whether the data is fixed for good."}
}})json";

constexpr std::string_view kServiceAccount = R"json({
"type": "object", "description": "An identity for programs.",
"properties": {
  "secrets": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
    "items": {"type": "object", "properties": {"name": {"type": "string"}, "namespace": {"type": "string"},
      "kind": {"type": "string"}, "uid": {"type": "string"}, "apiVersion": {"type": "string"},
      "resourceVersion": {"type": "string"}, "fieldPath": {"type": "string"}}}},
  "imagePullSecrets": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
  "automountServiceAccountToken": {"type": "boolean"}
}})json";

constexpr std::string_view kLease = R"json({
"type": "object", "description": "Who leads, and until when.",
"properties": {"spec": {"type": "object", "properties": {
  "holderIdentity": {"type": "string", "description": "Who holds the lease."},
  "leaseDurationSeconds": {"type": "integer", "format": "int32", "description": "How long others wait after renewTime."},
  "acquireTime": {"type": "string", "nullable": true}, "renewTime": {"type": "string", "nullable": true},
  "leaseTransitions": {"type": "integer", "format": "int32", "description": "How often the holder changed."},
  "strategy": {"type": "string"}, "preferredHolder": {"type": "string"}
}}}})json";

constexpr std::string_view kCoreEvent = R"json({
"type": "object", "description": "Something that happened to an object.", "required": ["involvedObject"],
"properties": {
  "involvedObject": {"type": "object", "properties": {"kind": {"type": "string"}, "namespace": {"type": "string"},
    "name": {"type": "string"}, "uid": {"type": "string"}, "apiVersion": {"type": "string"},
    "resourceVersion": {"type": "string"}, "fieldPath": {"type": "string"}}},
  "reason": {"type": "string"}, "message": {"type": "string"},
  "source": {"type": "object", "properties": {"component": {"type": "string"}, "host": {"type": "string"}}},
  "firstTimestamp": {"type": "string", "nullable": true}, "lastTimestamp": {"type": "string", "nullable": true},
  "count": {"type": "integer", "format": "int32"}, "type": {"type": "string"},
  "eventTime": {"type": "string", "nullable": true},
  "series": {"type": "object", "nullable": true, "properties": {"count": {"type": "integer", "format": "int32"},
    "lastObservedTime": {"type": "string", "nullable": true}}},
  "action": {"type": "string"},
  "related": {"type": "object", "nullable": true, "properties": {"kind": {"type": "string"},
    "namespace": {"type": "string"}, "name": {"type": "string"}, "uid": {"type": "string"},
    "apiVersion": {"type": "string"}, "resourceVersion": {"type": "string"}, "fieldPath": {"type": "string"}}},
  "reportingComponent": {"type": "string"}, "reportingInstance": {"type": "string"}
}})json";

constexpr std::string_view kEvent = R"json({
"type": "object", "description": "Something that happened to an object.",
"properties": {
  "eventTime": {"type": "string", "nullable": true},
  "series": {"type": "object", "nullable": true, "properties": {"count": {"type": "integer", "format": "int32"},
    "lastObservedTime": {"type": "string", "nullable": true}}},
  "reportingController": {"type": "string"}, "reportingInstance": {"type": "string"}, "action": {"type": "string"},
  "reason": {"type": "string"},
  "regarding": {"type": "object", "properties": {"kind": {"type": "string"}, "namespace": {"type": "string"},
    "name": {"type": "string"}, "uid": {"type": "string"}, "apiVersion": {"type": "string"},
    "resourceVersion": {"type": "string"}, "fieldPath": {"type": "string"}}},
  "related": {"type": "object", "nullable": true, "properties": {"kind": {"type": "string"},
    "namespace": {"type": "string"}, "name": {"type": "string"}, "uid": {"type": "string"},
    "apiVersion": {"type": "string"}, "resourceVersion": {"type": "string"}, "fieldPath": {"type": "string"}}},
  "note": {"type": "string"}, "type": {"type": "string"},
  "deprecatedSource": {"type": "object", "properties": {"component": {"type": "string"}, "host": {"type": "string"}}},
  "deprecatedFirstTimestamp": {"type": "string", "nullable": true},
  "deprecatedLastTimestamp": {"type": "string", "nullable": true},
  "deprecatedCount": {"type": "integer", "format": "int32"}
}})json";

constexpr std::string_view kService = R"json({
"type": "object", "description": "What a cluster offers on its network. There are none here.",
"properties": {
  "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
  "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
}})json";

constexpr std::string_view kDefinition = R"json({
"type": "object", "description": "The definition of a kind.",
"properties": {
  "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
  "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
}})json";

constexpr std::array<std::tuple<std::string_view, std::string_view, std::string_view>, 9> kSchemas{{
    {"", "Namespace", kNamespace},
    {"", "Secret", kSecret},
    {"", "ConfigMap", kConfigMap},
    {"", "ServiceAccount", kServiceAccount},
    {"", "Event", kCoreEvent},
    {"", "Service", kService},
    {"coordination.k8s.io", "Lease", kLease},
    {"events.k8s.io", "Event", kEvent},
    {"apiextensions.k8s.io", "CustomResourceDefinition", kDefinition},
}};

}  // namespace

std::string_view metadata_schema() { return kMetadata; }

std::string_view builtin_schema(std::string_view group, std::string_view kind) {
  for (const auto& [schema_group, schema_kind, text] : kSchemas) {
    if (schema_group == group && schema_kind == kind) return text;
  }
  return {};
}

}  // namespace datamesh::kube
