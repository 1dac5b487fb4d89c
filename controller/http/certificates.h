// Certificates for servers on this machine: an authority of our own, and what it signs. ECDSA on P-256.
#pragma once

#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/result.h"

namespace datamesh::http {

/// A certificate, with what is needed to check it after it, and its private key.
/// Shape: PEM.
struct TlsIdentity {
  std::string cert_pem;
  std::string key_pem;
  bool operator==(const TlsIdentity&) const = default;
};

/// A new authority, valid for ten years from `now`, which may sign servers and nothing else.
/// Errors: Internal when OpenSSL fails.
Result<TlsIdentity> make_authority(const std::string& name, Time now);

/// A new server certificate of `authority` for `names` (host names and IP addresses), valid for a year from `now`.
/// Errors: Invalid when the authority is unusable or a name is none.
Result<TlsIdentity> make_server_identity(const TlsIdentity& authority, const std::vector<std::string>& names, Time now);

/// True when `identity` is whole: its key is that of its certificate, which is valid at `now` and a while longer (a
/// twelfth of its life).
bool is_fresh(const TlsIdentity& identity, Time now);
/// True when `authority` signed `identity`, and it names all of `names`.
bool vouches_for(const TlsIdentity& authority, const TlsIdentity& identity, const std::vector<std::string>& names);

}  // namespace datamesh::http
