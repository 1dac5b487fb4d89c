// The process_* metrics that every Prometheus client offers, read from /proc at each scrape.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace datamesh::telemetry {

/// CPU time, memory, file descriptors, start time, network bytes and threads of this process. What cannot be read
/// is left out.
std::vector<prometheus::MetricFamily> process_metrics();

}  // namespace datamesh::telemetry
