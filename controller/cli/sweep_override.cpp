#include "controller/cli/sweep_override.h"

namespace datamesh::cli {
namespace {

void override_interval(Json& object, const std::string& interval) {
  if (string_at(object, "kind") == "Mesh" && member(object, "spec").is_object()) {
    object["spec"]["sweepInterval"] = interval;
  }
}

class OverridingWatch final : public api::Watch {
 public:
  OverridingWatch(std::unique_ptr<api::Watch> inner, std::string interval)
      : inner_(std::move(inner)), interval_(std::move(interval)) {}

  Result<std::vector<api::WatchEvent>> poll(std::size_t limit) override {
    auto events = inner_->poll(limit);
    if (!events) return events;
    for (api::WatchEvent& event : *events) override_interval(event.object, interval_);
    return events;
  }

 private:
  std::unique_ptr<api::Watch> inner_;
  std::string interval_;
};

}  // namespace

Result<Json> SweepOverride::shown(Result<Json> object) const {
  if (object) override_interval(*object, interval_);
  return object;
}

Result<api::ListPage> SweepOverride::list(const api::ListRequest& request) {
  auto page = inner_.list(request);
  if (!page) return page;
  for (Json& object : page->items) override_interval(object, interval_);
  return page;
}

std::vector<Result<Json>> SweepOverride::write_statuses(const std::vector<api::StatusWrite>& writes) {
  std::vector<Result<Json>> results = inner_.write_statuses(writes);
  for (Result<Json>& result : results) result = shown(std::move(result));
  return results;
}

Result<std::unique_ptr<api::Watch>> SweepOverride::watch(const api::WatchRequest& request,
                                                         std::function<void()> wake) {
  TRY_VALUE(auto watch, inner_.watch(request, std::move(wake)));
  return std::make_unique<OverridingWatch>(std::move(watch), interval_);
}

}  // namespace datamesh::cli
