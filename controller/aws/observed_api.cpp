#include "controller/aws/observed_api.h"

#include <utility>

namespace datamesh::aws {

ObservedApi::ObservedApi(Api& inner, Ticks ticks, Report report)
    : inner_(inner), ticks_(std::move(ticks)), report_(std::move(report)) {}

Result<Json> ObservedApi::call(const Call& call) {
  const std::chrono::nanoseconds start = ticks_();
  Result<Json> answer = inner_.call(call);
  const Error* error = answer.has_value() ? nullptr : &answer.error();
  report_(Observation{call, error, ticks_() - start});
  return answer;
}

}  // namespace datamesh::aws
