#include "controller/kube/kubeconfig.h"

#include <array>

#include "controller/base/yaml.h"
#include "controller/kube/base64.h"

namespace datamesh::kube {
namespace {

constexpr const char* kPodFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string folder_of(const std::string& file) {
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

/// `path` as seen from `folder`.
std::string resolved(const std::string& path, const std::string& folder) {
  return path.empty() || path.front() == '/' ? path : folder + "/" + path;
}

void resolve_member(Json& object, const char* name, const std::string& folder) {
  if (const std::string path = string_at(object, name); !path.empty()) object[name] = resolved(path, folder);
}

/// Makes the paths within one entry of `list` absolute.
void resolve_paths(Json& entry, const std::string& folder) {
  for (const char* name : {"certificate-authority", "client-certificate", "client-key", "tokenFile"}) {
    resolve_member(entry, name, folder);
  }
  if (!member(entry, "exec").is_object()) return;
  // A bare name is looked up in PATH; one with a slash belongs to the file.
  const std::string command = string_at(entry.at("exec"), "command");
  if (command.find('/') != std::string::npos) resolve_member(entry["exec"], "command", folder);
}

/// Takes over the entries of `list` ("clusters", each {"name", "cluster"}) that `merged` has not.
Result<void> merge_list(Json& merged, const Json& config, const std::pair<const char*, const char*>& names,
                        const std::string& file) {
  const Json& list = member(config, names.first);
  if (list.is_null()) return {};
  if (!list.is_array()) return fail(ErrorKind::Invalid, std::string(names.first) + " must be a list", file);
  for (const Json& entry : list) {
    const std::string name = string_at(entry, "name");
    Json value = member(entry, names.second);
    if (name.empty() || !value.is_object()) {
      return fail(ErrorKind::Invalid,
                  "every entry of " + std::string(names.first) + " needs a name and a " + names.second, file);
    }
    resolve_paths(value, folder_of(file));
    Json& into = merged[names.first];
    if (!into.contains(name)) into[name] = std::move(value);
  }
  return {};
}

Result<void> merge_file(Json& merged, const std::string& text, const std::string& file) {
  auto config = parse_yaml(text);
  if (!config) return fail(ErrorKind::Invalid, config.error().message, file);
  if (config->is_null()) return {};
  if (!config->is_object()) return fail(ErrorKind::Invalid, "a kubeconfig is a map", file);
  static constexpr std::array<std::pair<const char*, const char*>, 3> kLists = {
      {{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}}};
  for (const auto& names : kLists) TRY(merge_list(merged, *config, names, file));
  if (string_at(merged, "current-context").empty()) merged["current-context"] = string_at(*config, "current-context");
  return {};
}

/// "certificate-authority-data" (base64) before "certificate-authority" (a path).
Result<PemSource> pem(const Json& entry, const std::string& name) {
  PemSource out;
  if (const std::string data = string_at(entry, name + "-data"); !data.empty()) {
    auto text = base64_decode(data);
    if (!text) return fail(ErrorKind::Invalid, name + "-data: " + text.error().message, "kubeconfig");
    out.text = std::move(*text);
    return out;
  }
  out.file = string_at(entry, name);
  return out;
}

Result<std::optional<ExecPlugin>> exec_of(const Json& user) {
  const Json& exec = member(user, "exec");
  if (!exec.is_object()) return std::nullopt;
  ExecPlugin out;
  out.api_version = string_at(exec, "apiVersion");
  if (out.api_version != "client.authentication.k8s.io/v1" &&
      out.api_version != "client.authentication.k8s.io/v1beta1") {
    return fail(ErrorKind::Invalid,
                "exec.apiVersion must be client.authentication.k8s.io/v1 or v1beta1, not \"" + out.api_version + "\"",
                "kubeconfig");
  }
  out.command = string_at(exec, "command");
  if (out.command.empty()) return fail(ErrorKind::Invalid, "exec.command is missing", "kubeconfig");
  if (string_at(exec, "interactiveMode") == "Always") {
    return fail(ErrorKind::Invalid, "exec.interactiveMode Always needs a person, and an operator has none",
                "kubeconfig");
  }
  for (const Json& argument : member(exec, "args")) out.arguments.push_back(argument.is_string() ? argument.get<std::string>() : argument.dump());
  for (const Json& variable : member(exec, "env")) {
    out.environment[string_at(variable, "name")] = string_at(variable, "value");
  }
  out.install_hint = string_at(exec, "installHint");
  const Json& provide = member(exec, "provideClusterInfo");
  out.provide_cluster = provide.is_boolean() && provide.get<bool>();
  return out;
}

Result<void> take_cluster(ClusterAccess& access, const Json& cluster) {
  access.server = string_at(cluster, "server");
  if (!access.server.starts_with("https://") && !access.server.starts_with("http://")) {
    return fail(ErrorKind::Invalid, "the cluster's server must be an http or https address, not \"" + access.server + "\"",
                "kubeconfig");
  }
  while (access.server.ends_with('/')) access.server.pop_back();
  TRY_VALUE(access.authority, pem(cluster, "certificate-authority"));
  const Json& skip = member(cluster, "insecure-skip-tls-verify");
  access.skip_verification = skip.is_boolean() && skip.get<bool>();
  access.tls_server_name = string_at(cluster, "tls-server-name");
  access.proxy_url = string_at(cluster, "proxy-url");
  if (access.skip_verification && !access.authority.empty()) {
    return fail(ErrorKind::Invalid, "insecure-skip-tls-verify and certificate-authority exclude each other",
                "kubeconfig");
  }
  return {};
}

Result<void> take_user(ClusterAccess& access, const Json& user) {
  TRY_VALUE(access.certificate, pem(user, "client-certificate"));
  TRY_VALUE(access.key, pem(user, "client-key"));
  if (access.certificate.empty() != access.key.empty()) {
    return fail(ErrorKind::Invalid, "client-certificate and client-key come together", "kubeconfig");
  }
  access.token = string_at(user, "token");
  access.token_file = string_at(user, "tokenFile");
  access.username = string_at(user, "username");
  access.password = string_at(user, "password");
  TRY_VALUE(access.exec, exec_of(user));
  access.impersonate_user = string_at(user, "as");
  for (const Json& group : member(user, "as-groups")) {
    if (group.is_string()) access.impersonate_groups.push_back(group.get<std::string>());
  }
  if (member(user, "auth-provider").is_object() && !access.exec) {
    return fail(ErrorKind::Invalid, "auth-provider is no longer supported by Kubernetes; use exec", "kubeconfig");
  }
  return {};
}

Result<const Json*> named(const Json& merged, const char* list, const std::string& name) {
  const Json& entry = member(member(merged, list), name);
  if (entry.is_null()) {
    return fail(ErrorKind::NotFound, "\"" + name + "\" is not among the " + list, "kubeconfig");
  }
  return &entry;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

Result<Json> merge_kubeconfigs(const std::vector<std::string>& files, const ReadFile& read) {
  Json merged = {{"clusters", Json::object()}, {"users", Json::object()}, {"contexts", Json::object()},
                 {"current-context", ""}};
  bool any = false;
  for (const std::string& file : files) {
    const auto text = read(file);
    if (!text && text.error().kind == ErrorKind::NotFound) continue;
    if (!text) return fail(text.error());
    TRY(merge_file(merged, *text, file));
    any = true;
  }
  if (!any) {
    std::string names;
    for (const std::string& file : files) names += (names.empty() ? "" : ", ") + file;
    return fail(ErrorKind::NotFound, "no kubeconfig is there: " + names, "kubeconfig");
  }
  return merged;
}

Result<ClusterAccess> access_of(const Json& merged, const std::string& context) {
  const std::string name = context.empty() ? string_at(merged, "current-context") : context;
  if (name.empty()) {
    return fail(ErrorKind::NotFound, "no current-context is set; name one with --context", "kubeconfig");
  }
  TRY_VALUE(const Json* entry, named(merged, "contexts", name));
  TRY_VALUE(const Json* cluster, named(merged, "clusters", string_at(*entry, "cluster")));
  ClusterAccess access;
  TRY(take_cluster(access, *cluster));
  if (const std::string user = string_at(*entry, "user"); !user.empty()) {
    TRY_VALUE(const Json* who, named(merged, "users", user));
    TRY(take_user(access, *who));
  }
  if (const std::string ns = string_at(*entry, "namespace"); !ns.empty()) access.ns = ns;
  return access;
}

Result<ClusterAccess> in_cluster_access(const std::string& host, const std::string& port, const ReadFile& read) {
  if (host.empty() || port.empty()) return fail(ErrorKind::NotFound, "this is no pod", "kubernetes");
  const std::string folder = kPodFolder;
  ClusterAccess access;
  access.server = "https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
  access.token_file = folder + "/token";
  access.authority.file = folder + "/ca.crt";
  TRY(read(access.token_file));
  TRY(read(access.authority.file));
  if (auto ns = read(folder + "/namespace"); ns && !ns->empty()) {
    while (!ns->empty() && ns->back() == '\n') ns->pop_back();
    access.ns = *ns;
  }
  return access;
}

Result<ClusterAccess> find_access(const KubeconfigSearch& search, const ReadFile& read) {
  const auto from_files = [&](const std::vector<std::string>& files) -> Result<ClusterAccess> {
    TRY_VALUE(const Json merged, merge_kubeconfigs(files, read));
    TRY_VALUE(ClusterAccess out, access_of(merged, search.context));
    if (out.proxy_url.empty()) out.proxy_url = http::proxy_for(out.server, search.proxies);
    return out;
  };
  if (!search.flag.empty()) return from_files({search.flag});
  if (const auto files = split_list(search.variable); !files.empty()) return from_files(files);
  if (!search.pod_host.empty()) return in_cluster_access(search.pod_host, search.pod_port, read);
  if (!search.home.empty()) {
    const std::string file = search.home + "/.kube/config";
    if (read(file)) return from_files({file});
  }
  return fail(ErrorKind::NotFound,
              "no API server is known: give --kubeconfig, set KUBECONFIG, run in a pod, or write ~/.kube/config",
              "kubeconfig");
}

}  // namespace datamesh::kube
