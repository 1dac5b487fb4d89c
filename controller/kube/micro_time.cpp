#include "controller/kube/micro_time.h"

#include <cstdio>

namespace datamesh::kube {

std::string micro_time(Time time) {
  const std::string seconds = to_rfc3339(time);
  const auto fraction = time.time_since_epoch() % std::chrono::seconds(1);
  char text[16];
  std::snprintf(text, sizeof text, ".%06dZ", static_cast<int>(fraction.count()) * 1000);
  return seconds.substr(0, seconds.size() - 1) + text;
}

}  // namespace datamesh::kube
