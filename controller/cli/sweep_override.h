// `datamesh up --sweep-interval`: what the engine sees of a Mesh, with another sweepInterval than the declared one.
#pragma once

#include <string>

#include "controller/api/resource_store.h"

namespace datamesh::cli {

/// Passes everything on to another store, which outlives it; in every Mesh that comes back `spec.sweepInterval` is
/// `interval`. For the engine, which never writes a spec.
class SweepOverride final : public api::ResourceStore {
 public:
  SweepOverride(api::ResourceStore& inner, std::string interval) : inner_(inner), interval_(std::move(interval)) {}

  Result<api::ListPage> list(const api::ListRequest& request) override;
  Result<Json> get(const api::ObjectKey& key) override { return shown(inner_.get(key)); }
  Result<Json> create(const Json& object) override { return shown(inner_.create(object)); }
  Result<Json> update(const Json& object) override { return shown(inner_.update(object)); }
  Result<Json> patch(const api::ObjectKey& key, api::PatchType type, const Json& patch) override {
    return shown(inner_.patch(key, type, patch));
  }
  std::vector<Result<Json>> write_statuses(const std::vector<api::StatusWrite>& writes) override;
  Result<Json> remove(const api::ObjectKey& key, const api::Preconditions& preconditions) override {
    return shown(inner_.remove(key, preconditions));
  }
  Result<std::unique_ptr<api::Watch>> watch(const api::WatchRequest& request, std::function<void()> wake) override;

 private:
  Result<Json> shown(Result<Json> object) const;

  api::ResourceStore& inner_;
  std::string interval_;
};

}  // namespace datamesh::cli
