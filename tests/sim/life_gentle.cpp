// Rounds in which nothing happens but edits: then nobody may lose, even for a moment, what both the old and the new declared state
// give him by name. (By tags, tests/engine/tag_order_test.cpp looks at that: there not every change has an order without a loss.)
#include "tests/sim/life.h"
#include "tests/sim/model_grants.h"

namespace datamesh::sim {

void Life::begin_gently() {
  const Expectation now = expect(declared_, world_.clock.now());
  if (!now.excused.empty() || now.contested) return;
  gentle_ = true;
  chaos_->weather = Weather::calm();
  store_faults_ = 0;
  kept_ = now.due;
  last_.clear();
  for (const std::string& account : maker_.accounts()) last_[{account, kRegion}] = rights_in(world_, {account, kRegion});
  journal_.note("nothing happens but edits");
}

void Life::keep(const Rights& due) {
  if (!gentle_) return;
  std::erase_if(kept_, [&](const Right& right) { return !due.contains(right); });
}

void Life::check_kept(const CatalogRef& catalog, const Rights& rights) {
  if (!gentle_) return;
  const auto is_by_tag = [](const Right& right) { return kind_of(right) == "policy" || kind_of(right) == "tag"; };
  for (const Right& right : last_[catalog]) {
    if (kept_.contains(right) && !rights.contains(right) && !is_by_tag(right)) broken("lost, though both states give it: " + to_string(right));
  }
  last_[catalog] = rights;
}

}  // namespace datamesh::sim
