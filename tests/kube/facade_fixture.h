// A facade over a store in memory that serves one kind of its own, Widget, and speaks without a network.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "controller/embedded/sqlite_store.h"
#include "controller/kube/facade.h"
#include "controller/kube/served_types.h"
#include "tests/world/manual_executor.h"

namespace datamesh::kube {

inline constexpr std::string_view kWidgetDefinition = R"yaml(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.demo.example.com}
spec:
  group: demo.example.com
  scope: Namespaced
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget, shortNames: [wd], categories: [all, demo]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    selectableFields: [{jsonPath: .spec.color}]
    additionalPrinterColumns:
    - {name: Color, type: string, jsonPath: .spec.color}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas, description: desired replicas}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    - {name: Size, type: number, jsonPath: .spec.size, priority: 1}
    schema:
      openAPIV3Schema:
        type: object
        description: Widget is a demo.
        required: [spec]
        properties:
          apiVersion: {type: string}
          kind: {type: string}
          metadata: {type: object}
          spec:
            type: object
            required: [color]
            properties:
              color: {type: string, enum: [red, green, blue]}
              replicas: {type: integer, default: 1, maximum: 100}
              size: {type: number}
              name: {type: string, pattern: '^[a-z]*$', maxLength: 10}
              args: {type: array, maxItems: 3, items: {type: string}}
              tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              limits: {type: object, properties: {cpu: {type: integer}}}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [port]
                items: {type: object, required: [port], properties: {port: {type: integer}, name: {type: string}}}
          status:
            type: object
            properties:
              observedGeneration: {type: integer}
              conditions:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [type]
                items:
                  type: object
                  required: [type, status]
                  properties: {type: {type: string}, status: {type: string}, reason: {type: string}, message: {type: string}}
)yaml";

inline const api::EmbeddedFile kWidgetFiles[] = {{"widgets.yaml", kWidgetDefinition}};

struct Reply {
  int status = 0;
  std::string text;
  Json body;  ///< null when the text is no JSON
  http::Response response;

  std::string message() const { return string_at(body, "message"); }
  std::string header(const char* name) const { return response.headers.find(name).value_or(""); }
};

class FacadeTest : public ::testing::Test {
 protected:
  FacadeTest() : schema_(*api::SchemaRegistry::of(kWidgetFiles)) {
    embedded::SqliteStore::Options options;
    options.file = ":memory:";
    options.clock = &clock_;
    options.seed = 1;
    options.history = 200;
    options.managed_fields = embedded::ManagedFields::Keep;
    options.kinds = {{"Widget", {"demo.example.com", "widgets", embedded::Scope::Namespaced}}};
    for (const BuiltinKind& kind : builtin_kinds()) {
      options.kinds[kind.kind] = {kind.group, kind.plural, kind.scope == api::Scope::Cluster ? embedded::Scope::Cluster
                                                                                             : embedded::Scope::Namespaced};
    }
    store_ = std::move(*embedded::SqliteStore::open(std::move(options)));
    facade_ = std::move(*Facade::open({store_.get(), &schema_, &clock_, &executor_, "0", kWidgetFiles}));
    settle();
  }

  void settle() { ASSERT_TRUE(executor_.run_ready()); }

  Reply send(const std::string& method, const std::string& target, const Json& body = nullptr, const http::Headers& headers = {}) {
    return send_text(method, target, body.is_null() ? "" : body.dump(), headers);
  }

  Reply send_text(const std::string& method, const std::string& target, const std::string& body, const http::Headers& headers = {}) {
    http::Request request;
    request.method = method;
    EXPECT_TRUE(http::parse_target(target, request));
    request.headers = headers;
    request.body = body;
    std::optional<http::Response> response;
    facade_->handle(std::move(request), [&](http::Response answer) { response = std::move(answer); });
    settle();
    if (!response) throw std::logic_error("no answer to " + method + " " + target);
    auto parsed = parse_json(response->body);
    return {response->status, response->body, parsed ? *parsed : Json(), *response};
  }

  Reply patch(const std::string& target, const char* type, const Json& body) {
    return send("PATCH", target, body, {{"Content-Type", type}});
  }
  Reply merge(const std::string& target, const Json& body) { return patch(target, "application/merge-patch+json", body); }

  static Json widget(const std::string& name, const Json& spec = {{"color", "red"}}) {
    return {{"apiVersion", "demo.example.com/v1"}, {"kind", "Widget"}, {"metadata", {{"name", name}}}, {"spec", spec}};
  }

  FakeClock clock_{*parse_rfc3339("2026-11-22T08:00:00Z")};
  const api::SchemaRegistry schema_;
  testing::ManualExecutor executor_{clock_};
  std::unique_ptr<embedded::SqliteStore> store_;
  std::unique_ptr<Facade> facade_;
};

inline const std::string kWidgets = "/apis/demo.example.com/v1/namespaces/default/widgets";

inline std::string revision_in(const Json& object) { return string_at(member(object, "metadata"), "resourceVersion"); }

}  // namespace datamesh::kube
