// Whom the wire facade speaks for: it knows access keys, and makes calls as their holders.
#pragma once

#include <optional>
#include <string>

#include "controller/aws/api.h"
#include "controller/base/clock.h"

namespace datamesh::aws {

/// An access key, who its holder is, and what proves that a caller is that holder.
struct WireKey {
  std::string account;
  std::string principal;  ///< the ARN of a role or user
  std::string session;    ///< of a role; empty for a user
  std::string secret;
  std::string token;                    ///< empty for long-lived keys
  std::optional<Time> expires;  ///< nullopt: never
};

/// Safe to call from several threads.
class WireBackend {
 public:
  virtual ~WireBackend() = default;

  /// nullopt when there is no such key. Keys that have expired are found while they are remembered. Blocks.
  virtual std::optional<WireKey> find_key(const std::string& id) = 0;
  /// Makes `call`, whose account is that of `caller`. Blocks.
  /// Errors: those of aws::Api.
  virtual Result<Json> call(const WireKey& caller, const Call& call) = 0;
};

}  // namespace datamesh::aws
