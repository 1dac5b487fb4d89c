// Who `datamesh up` is to its clients: an authority, a server certificate and a token, kept in the state folder so
// that clients stay connected over restarts; and the kubeconfig that tells clients of them.
#pragma once

#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/result.h"
#include "controller/http/certificates.h"

namespace datamesh::cli {

struct LocalIdentity {
  std::string ca_pem;
  http::TlsIdentity server;
  std::string token;
};

/// Reads the identity from the folder. What is missing, broken or near its end is made anew: a new authority makes
/// kubeconfigs that were copied elsewhere useless, a new server certificate does not.
/// Errors: Unavailable when a file cannot be written; Internal when OpenSSL fails.
Result<LocalIdentity> open_local_identity(const std::string& folder, const std::vector<std::string>& names, Time now);

/// The text of a kubeconfig with one context, "datamesh", for the server at `address` ("127.0.0.1:6443").
std::string kubeconfig_text(const LocalIdentity& identity, const std::string& address);

}  // namespace datamesh::cli
