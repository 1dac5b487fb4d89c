// A mesh from YAML, for tests of the pure layers: what is applied later was created later.
#pragma once

#include <stdexcept>
#include <string>

#include "controller/api/codec.h"
#include "controller/api/manifest.h"
#include "controller/mesh/mesh.h"

namespace datamesh::mesh {

inline const Time kStart = *parse_rfc3339("2026-11-22T08:00:00Z");

class Declared : public Mesh {
 public:
  explicit Declared(const std::string& yaml = "") { apply(yaml); }

  Declared& apply(const std::string& yaml) {
    static const api::SchemaRegistry kRegistry = api::SchemaRegistry::builtin();
    const api::ManifestSet set = api::load_manifests(yaml, "test.yaml", kRegistry);
    if (!set.problems.empty()) throw std::runtime_error(to_string(set.problems.front()));
    for (const api::Manifest& manifest : set.manifests) {
      Json object = manifest.object;
      const auto problems = kRegistry.admit(object);
      if (!problems.empty()) throw std::runtime_error(to_string(problems));
      auto resource = api::decode(object);
      if (!resource) throw std::runtime_error(to_string(resource.error()));
      resource->metadata.created = kStart + std::chrono::seconds(++count_);
      resource->metadata.uid = "uid-" + std::to_string(count_);
      put(std::move(*resource));
    }
    return *this;
  }

  const api::Resource& at(const std::string& kind, const std::string& ns, const std::string& name) const {
    const api::Resource* found = find({kind, ns, name});
    if (found == nullptr) throw std::runtime_error(kind + " " + ns + "/" + name + " is not declared");
    return *found;
  }

  /// Marks the resource as being deleted.
  void begin_deletion(const std::string& kind, const std::string& ns, const std::string& name) {
    api::Resource copy = at(kind, ns, name);
    copy.metadata.deletion = kStart + std::chrono::hours(1);
    put(std::move(copy));
  }

 private:
  int count_ = 0;
};

/// One object in short: `object("Account", "sales/sales", "accountId: …")`; a name without `/` is cluster-scoped.
inline std::string object(const std::string& kind, const std::string& name, const std::string& spec) {
  const std::size_t slash = name.find('/');
  const std::string metadata = slash == std::string::npos
                                   ? "{name: " + name + "}"
                                   : "{namespace: " + name.substr(0, slash) + ", name: " + name.substr(slash + 1) + "}";
  return "---\napiVersion: datamesh.dev/v1alpha1\nkind: " + kind + "\nmetadata: " + metadata + "\nspec: {" + spec + "}\n";
}

inline std::string account(const std::string& name, const std::string& id, const std::string& more = "") {
  return object("Account", name,
                "accountId: \"" + id + "\", regions: [eu-west-1], roles: [Producer, Consumer]" +
                    (more.empty() ? "" : ", " + more));
}

}  // namespace datamesh::mesh
