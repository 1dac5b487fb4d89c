#include "controller/engine/engine.h"

#include "controller/engine/impl.h"

namespace datamesh::engine {

Engine::Engine(Parts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}
Engine::~Engine() = default;

void Engine::start() { impl_->start(); }
void Engine::stop(std::function<void()> stopped) { impl_->stop(std::move(stopped)); }
void Engine::catalogs_changed(const lake::Notice& notice) { impl_->catalogs_changed(notice); }
void Engine::queue_polled(const std::string& url, const std::optional<Error>& error) { impl_->queue_polled(url, error); }
Json Engine::status() const { return impl_->status(); }
Json Engine::plan(const PlanRequest& request) const { return impl_->plan(request); }
Result<Json> Engine::explain(const AccessQuestion& question) const { return impl_->explain(question); }
Result<Json> Engine::who_can(const AccessQuestion& question) const { return impl_->who_can(question); }
bool Engine::idle() const { return impl_->idle(); }
bool Engine::converged() const { return impl_->converged(); }
bool Engine::synced() const { return impl_->synced(); }

}  // namespace datamesh::engine
