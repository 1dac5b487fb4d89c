// How to reach an API server and who to be there, read from kubeconfig files or from a pod's service account. Pure but
// for the function that reads files, which is a parameter.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/json.h"
#include "controller/base/result.h"
#include "controller/http/proxy.h"

namespace datamesh::kube {

/// A program that prints a credential.
/// Source: client.authentication.k8s.io/v1, ExecConfig
struct ExecPlugin {
  std::string api_version;  ///< "client.authentication.k8s.io/v1"
  std::string command;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  ///< beside ours
  std::string install_hint;
  bool provide_cluster = false;  ///< tell it of the cluster
  bool operator==(const ExecPlugin&) const = default;
};

/// Certificates and keys are PEM text, or the path of a file that may change while we run.
struct PemSource {
  std::string text;
  std::string file;  ///< counts when `text` is empty
  bool empty() const { return text.empty() && file.empty(); }
  bool operator==(const PemSource&) const = default;
};

/// One API server and one user of it.
struct ClusterAccess {
  std::string server;           ///< "https://10.0.0.1:6443"
  PemSource authority;          ///< empty: what the system trusts
  bool skip_verification = false;
  std::string tls_server_name;  ///< empty: the host of `server`
  std::string proxy_url;        ///< empty: none
  std::string ns = "default";

  PemSource certificate;  ///< with `key`, a client certificate
  PemSource key;
  std::string token;
  std::string token_file;  ///< beats `token`; read again while we run
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;
  std::string impersonate_user;
  std::vector<std::string> impersonate_groups;

  bool operator==(const ClusterAccess&) const = default;
};

/// Gives the text of a file.
/// Errors: NotFound when it is absent, Unavailable when it cannot be read.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

/// The kubeconfig `files` as one, as kubectl merges them: the first to name a cluster, user or context, or to set
/// current-context, counts. Relative paths become those from the folder of their file. Files that do not exist are
/// passed over.
/// Shape: {"clusters": {name: {…}}, "users": {name: {…}}, "contexts": {name: {…}}, "current-context": name}
/// Errors: Invalid with the file; NotFound when none of the files exists.
Result<Json> merge_kubeconfigs(const std::vector<std::string>& files, const ReadFile& read);

/// What `context` (empty: the current one) of a merged kubeconfig means.
/// Errors: NotFound when context, cluster or user is not there; Invalid, naming the field.
Result<ClusterAccess> access_of(const Json& merged, const std::string& context);

/// What a pod is given: the service account's token and authority, and KUBERNETES_SERVICE_HOST and _PORT.
/// `host` and `port` are the values of those variables.
/// Errors: NotFound when this is no pod.
Result<ClusterAccess> in_cluster_access(const std::string& host, const std::string& port, const ReadFile& read);

/// Where kubeconfig files are looked for.
struct KubeconfigSearch {
  std::string flag;         ///< --kubeconfig; counts alone
  std::string variable;     ///< $KUBECONFIG, a list with ':'
  std::string home;         ///< $HOME
  std::string context;      ///< --context
  std::string pod_host;     ///< $KUBERNETES_SERVICE_HOST
  std::string pod_port;     ///< $KUBERNETES_SERVICE_PORT
  http::ProxySettings proxies;
};

/// The first that is there: the flag's file, $KUBECONFIG, the pod's service account, ~/.kube/config.
/// A cluster of a file without `proxy-url` is reached through the proxy of the environment.
/// Source: controller-runtime's order, which differs from kubectl's in the last two
/// AD-HOC: client-go has a pod go through the proxy of the environment too; the address of the service that a pod is
/// given means nothing outside its cluster, so here it does not.
/// Errors: as those of the functions above; NotFound, naming all four, when there is none.
Result<ClusterAccess> find_access(const KubeconfigSearch& search, const ReadFile& read);

}  // namespace datamesh::kube
