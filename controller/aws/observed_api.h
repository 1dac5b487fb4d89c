// An Api that tells somebody about every call: for metrics, logs and the figures of the bench.
#pragma once

#include <chrono>
#include <functional>

#include "controller/aws/api.h"

namespace datamesh::aws {

/// What one call came to.
struct Observation {
  const Call& call;
  const Error* error = nullptr;  ///< null after success
  std::chrono::nanoseconds duration{0};
};

/// Passes calls on to another Api and reports each when it has returned, on the thread of the call.
/// The other Api, `ticks` and `report` must be safe to call from several threads, and outlive this.
class ObservedApi final : public Api {
 public:
  /// A clock that only goes forward; it need not know the time of day.
  using Ticks = std::function<std::chrono::nanoseconds()>;
  using Report = std::function<void(const Observation&)>;

  ObservedApi(Api& inner, Ticks ticks, Report report);

  Result<Json> call(const Call& call) override;

 private:
  Api& inner_;
  Ticks ticks_;
  Report report_;
};

}  // namespace datamesh::aws
