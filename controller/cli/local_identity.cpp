#include "controller/cli/local_identity.h"

#include <openssl/evp.h>

#include "controller/base/json.h"
#include "controller/base/yaml.h"
#include "controller/cli/state_folder.h"

namespace datamesh::cli {
namespace {

constexpr const char* kName = "datamesh";

struct Files {
  const char* certificate;
  const char* key;
};

http::TlsIdentity read_identity(const std::string& folder, const Files& files) {
  return {read_state_text(folder, files.certificate).value_or(""), read_state_text(folder, files.key).value_or("")};
}

/// The key first: a certificate without its key would look whole to clients.
Result<void> write_identity(const std::string& folder, const Files& files, const http::TlsIdentity& identity) {
  TRY(write_state_file(folder, files.key, identity.key_pem));
  return write_state_file(folder, files.certificate, identity.cert_pem);
}

Result<http::TlsIdentity> open_authority(const std::string& folder, Time now) {
  static constexpr Files kFiles{kAuthorityFile, "ca.key"};
  http::TlsIdentity authority = read_identity(folder, kFiles);
  if (http::is_fresh(authority, now)) return authority;
  TRY_VALUE(authority, http::make_authority(std::string(kName) + " on this machine", now));
  TRY(write_identity(folder, kFiles, authority));
  return authority;
}

std::string base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

Result<LocalIdentity> open_local_identity(const std::string& folder, const std::vector<std::string>& names, Time now) {
  static constexpr Files kFiles{"server.crt", "server.key"};
  LocalIdentity identity;
  TRY_VALUE(const http::TlsIdentity authority, open_authority(folder, now));
  identity.ca_pem = authority.cert_pem;
  identity.server = read_identity(folder, kFiles);
  if (!http::is_fresh(identity.server, now) || !http::vouches_for(authority, identity.server, names)) {
    TRY_VALUE(identity.server, http::make_server_identity(authority, names, now));
    TRY(write_identity(folder, kFiles, identity.server));
  }
  identity.token = read_state_file(folder, kTokenFile).value_or("");
  if (identity.token.empty()) identity.token = random_token();
  TRY(write_state_file(folder, kTokenFile, identity.token));
  return identity;
}

std::string kubeconfig_text(const LocalIdentity& identity, const std::string& address) {
  const Json cluster = {{"server", "https://" + address}, {"certificate-authority-data", base64(identity.ca_pem)}};
  const Json context = {{"cluster", kName}, {"user", kName}};
  return to_yaml({{"apiVersion", "v1"},
                  {"kind", "Config"},
                  {"clusters", Json::array({{{"name", kName}, {"cluster", cluster}}})},
                  {"users", Json::array({{{"name", kName}, {"user", {{"token", identity.token}}}}})},
                  {"contexts", Json::array({{{"name", kName}, {"context", context}}})},
                  {"current-context", kName}});
}

}  // namespace datamesh::cli
