// Options and parts that the commands share which speak to a Kubernetes API server.
#pragma once

#include <memory>
#include <string>

#include "controller/base/clock.h"
#include "controller/kube/http_transport.h"

namespace CLI {
class App;
}

namespace datamesh::cli {

struct ClusterOptions {
  std::string kubeconfig;
  std::string context;
};

/// Adds --kubeconfig and --context.
void add_cluster_options(CLI::App& command, ClusterOptions& options);

/// The API server that the options, the environment, the pod or ~/.kube/config name.
/// Errors: NotFound when none is named; Invalid for a kubeconfig that says nonsense.
Result<kube::ClusterAccess> find_cluster(const ClusterOptions& options);

}  // namespace datamesh::cli
