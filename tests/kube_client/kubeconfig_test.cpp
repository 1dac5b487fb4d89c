// Kubeconfig files mean to us what they mean to kubectl.
#include "controller/kube/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/kube/base64.h"

namespace datamesh::kube {
namespace {

using ::testing::HasSubstr;

ReadFile files(std::map<std::string, std::string> contents) {
  return [contents](const std::string& path) -> Result<std::string> {
    const auto found = contents.find(path);
    if (found == contents.end()) return fail(ErrorKind::NotFound, "absent", path);
    return found->second;
  };
}

constexpr const char* kTwoContexts = R"(
apiVersion: v1
kind: Config
current-context: home
clusters:
- name: near
  cluster: {server: "https://near.example:6443/", certificate-authority: ca.pem}
- name: far
  cluster:
    server: https://far.example
    certificate-authority-data: UEVN
    tls-server-name: far.internal
    proxy-url: http://proxy.example:3128
users:
- name: ann
  user: {token: secret, tokenFile: token}
- name: ben
  user: {client-certificate-data: Q0VSVA==, client-key: /keys/ben.key, as: carol, as-groups: [readers]}
contexts:
- name: home
  context: {cluster: near, user: ann}
- name: away
  context: {cluster: far, user: ben, namespace: mesh}
)";

Result<ClusterAccess> access(const std::string& text, const std::string& context = {}) {
  TRY_VALUE(const Json merged, merge_kubeconfigs({"/etc/kube/config"}, files({{"/etc/kube/config", text}})));
  return access_of(merged, context);
}

TEST(Kubeconfig, TheCurrentContextCounts) {
  const auto home = access(kTwoContexts);
  ASSERT_TRUE(home) << to_string(home.error());
  ClusterAccess expected;
  expected.server = "https://near.example:6443";
  expected.authority.file = "/etc/kube/ca.pem";
  expected.token = "secret";
  expected.token_file = "/etc/kube/token";
  EXPECT_EQ(*home, expected);
}

TEST(Kubeconfig, AnotherContextIsChosenByName) {
  const auto away = access(kTwoContexts, "away");
  ASSERT_TRUE(away) << to_string(away.error());
  ClusterAccess expected;
  expected.server = "https://far.example";
  expected.authority.text = "PEM";
  expected.tls_server_name = "far.internal";
  expected.proxy_url = "http://proxy.example:3128";
  expected.ns = "mesh";
  expected.certificate.text = "CERT";
  expected.key.file = "/keys/ben.key";
  expected.impersonate_user = "carol";
  expected.impersonate_groups = {"readers"};
  EXPECT_EQ(*away, expected);
}

TEST(Kubeconfig, TheFirstOfSeveralFilesToNameSomethingCounts) {
  const auto read = files({{"/a/config", "clusters: [{name: c, cluster: {server: 'https://a'}}]\n"},
                           {"/b/config", "current-context: x\n"
                                         "clusters: [{name: c, cluster: {server: 'https://b'}}]\n"
                                         "users: [{name: u, user: {tokenFile: token}}]\n"
                                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"}});
  const auto found = find_access({.variable = "/a/config:/missing::/b/config", .home = "/home/me"}, read);
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->server, "https://a");
  EXPECT_EQ(found->token_file, "/b/token");
}

TEST(Kubeconfig, AClusterWithoutAProxyOfItsOwnGoesThroughThatOfTheEnvironment) {
  const auto proxy_of = [](const std::string& cluster, const std::string& none) {
    const auto read = files({{"/config", "current-context: x\nclusters: [{name: c, cluster: {server: 'https://api.example:6443'" +
                                             cluster + "}}]\nusers: [{name: u, user: {token: t}}]\n"
                                             "contexts: [{name: x, context: {cluster: c, user: u}}]\n"}});
    const auto found = find_access({.flag = "/config", .proxies = {"http://proxy:1", "", none}}, read);
    return found ? found->proxy_url : to_string(found.error());
  };
  EXPECT_EQ(proxy_of("", ""), "http://proxy:1");
  EXPECT_EQ(proxy_of("", "api.example:6443"), "");
  EXPECT_EQ(proxy_of(", proxy-url: 'http://own:2'", "*"), "http://own:2");
}

TEST(Kubeconfig, ExecPluginsAreTakenOver) {
  const auto found = access(R"(
current-context: x
clusters: [{name: c, cluster: {server: "https://c"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: bin/token
      args: [get-token, "--cluster", main]
      env: [{name: REGION, value: eu-west-1}]
      interactiveMode: Never
      provideClusterInfo: true
      installHint: Install it.
)");
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(*found->exec, (ExecPlugin{"client.authentication.k8s.io/v1",
                                      "/etc/kube/bin/token",
                                      {"get-token", "--cluster", "main"},
                                      {{"REGION", "eu-west-1"}},
                                      "Install it.",
                                      true}));
}

TEST(Kubeconfig, WhatIsWrongIsSaidWithItsField) {
  const std::string frame = "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n";
  const std::string cluster = "clusters: [{name: c, cluster: {server: 'https://c'}}]\n";
  const std::pair<std::string, std::string> cases[] = {
      {frame, "\"c\" is not among the clusters"},
      {frame + "clusters: [{name: c, cluster: {server: 'c:6443'}}]\n", "must be an http or https address"},
      {frame + cluster, "\"u\" is not among the users"},
      {frame + cluster + "users: [{name: u, user: {client-certificate: a}}]\n", "come together"},
      {frame + cluster + "users: [{name: u, user: {client-key-data: '%', client-certificate: a}}]\n", "client-key-data"},
      {frame + cluster + "users: [{name: u, user: {exec: {apiVersion: v7, command: c}}}]\n", "exec.apiVersion"},
      {"clusters: 7\n", "clusters must be a list"},
      {"clusters: [{cluster: {}}]\n", "every entry of clusters needs a name"},
      {"current-context: gone\n", "\"gone\" is not among the contexts"},
      {"{}", "no current-context is set"},
      {"a: [", "/etc/kube/config: line 2"},
  };
  for (const auto& [text, message] : cases) {
    const auto found = access(text);
    ASSERT_FALSE(found) << text;
    EXPECT_THAT(to_string(found.error()), HasSubstr(message)) << text;
  }
}

TEST(InCluster, APodsServiceAccountIsFound) {
  const std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount/";
  const auto read = files({{folder + "token", "t"}, {folder + "ca.crt", "PEM"}, {folder + "namespace", "mesh\n"}});
  const auto found = find_access(
      {.home = "/root", .pod_host = "fd00::1", .pod_port = "443", .proxies = {"http://proxy:1", "http://proxy:1", ""}}, read);
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->server, "https://[fd00::1]:443");
  EXPECT_EQ(found->token_file, folder + "token");
  EXPECT_EQ(found->ns, "mesh");
  EXPECT_EQ(found->proxy_url, "");
}

TEST(InCluster, NothingAtAllIsSaidWithTheRemedies) {
  const auto found = find_access({.home = "/root"}, files({}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(found.error().message, HasSubstr("--kubeconfig"));
}

TEST(Base64, IsReadAsTheStandardHasIt) {
  // Source: RFC 4648, section 10
  const std::pair<const char*, const char*> vectors[] = {{"", ""},         {"Zg==", "f"},       {"Zm8=", "fo"},
                                                         {"Zm9v", "foo"},  {"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"},
                                                         {"Zm9v\nYmFy\n", "foobar"}};
  for (const auto& [text, value] : vectors) EXPECT_EQ(*base64_decode(text), value);
  for (const char* text : {"Zg", "Z", "====", "Zm9*"}) EXPECT_FALSE(base64_decode(text)) << text;
}

}  // namespace
}  // namespace datamesh::kube
