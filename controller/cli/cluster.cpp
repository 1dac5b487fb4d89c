#include "controller/cli/cluster.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "controller/base/read_file.h"

namespace datamesh::cli {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

void add_cluster_options(CLI::App& command, ClusterOptions& options) {
  command.add_option("--kubeconfig", options.kubeconfig,
                     "The API server to use [$KUBECONFIG, the pod's service account, or ~/.kube/config]")
      ->type_name("FILE");
  command.add_option("--context", options.context, "A context of the kubeconfig, instead of the current one")
      ->type_name("NAME");
}

Result<kube::ClusterAccess> find_cluster(const ClusterOptions& options) {
  kube::KubeconfigSearch search;
  search.flag = options.kubeconfig;
  search.context = options.context;
  search.variable = variable("KUBECONFIG");
  search.home = variable("HOME");
  search.pod_host = variable("KUBERNETES_SERVICE_HOST");
  search.pod_port = variable("KUBERNETES_SERVICE_PORT");
  search.proxies = http::proxy_settings([](const std::string& name) { return variable(name.c_str()); });
  return kube::find_access(search, read_file);
}

}  // namespace datamesh::cli
