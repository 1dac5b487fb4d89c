// Times with a fraction, as Kubernetes' MicroTime wants them. Pure.
#pragma once

#include <string>

#include "controller/base/clock.h"

namespace datamesh::kube {

/// "2026-11-22T08:00:00.007000Z": RFC 3339 in UTC with six digits of fraction.
std::string micro_time(Time time);

}  // namespace datamesh::kube
