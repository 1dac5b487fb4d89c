// The operator's way to the lake, with everything that can go wrong on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "controller/aws/api.h"
#include "controller/base/clock.h"
#include "tests/sim/journal.h"
#include "tests/sim/random.h"

namespace datamesh::sim {

/// How likely each fault is at a call, in percent.
struct Weather {
  int error = 0;          ///< refused before anything happened
  int throttle = 0;
  int lost = 0;           ///< done, and the answer is lost
  int delay = 0;          ///< the clock moves
  int stale = 0;          ///< a listing is answered as it was once before
  int part_failed = 0;    ///< one entry of a batch fails
  int interrupted = 0;    ///< somebody else does something just before the call

  static Weather calm() { return {}; }
};

class ChaosApi final : public aws::Api {
 public:
  struct Parts {
    std::unique_ptr<aws::Api> inner;
    FakeClock* clock = nullptr;
    Random* random = nullptr;
    Journal* journal = nullptr;
    std::function<void()> interrupt;               ///< somebody else's turn
    std::function<void(const aws::Call&)> written; ///< the operator has made this write
  };

  explicit ChaosApi(Parts parts) : parts_(std::move(parts)) {}

  Result<Json> call(const aws::Call& call) override;

  Weather weather;
  /// After so many more calls the process is dead: nothing reaches the lake any more.
  std::optional<int> dies_after;

 private:
  Result<Json> pass(const aws::Call& call);
  std::optional<Error> refusal(const aws::Call& call);
  Result<Json> batch_with_failure(const aws::Call& call);
  std::optional<Json> stale_answer(const aws::Call& call);

  Parts parts_;
  std::map<std::string, Json> answers_;  ///< of listings, as they once were
};

/// True for calls that change nothing.
bool is_read(const std::string& operation);

}  // namespace datamesh::sim
