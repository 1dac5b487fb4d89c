// Who we are before AWS: where keys come from, and how they are kept fresh. Nothing here ever prints a secret.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "controller/aws/sigv4.h"
#include "controller/base/clock.h"
#include "controller/base/result.h"
#include "controller/base/run_program.h"

namespace datamesh::aws {

struct Credentials {
  sigv4::Keys keys;
  std::optional<Time> until;  ///< nullopt: for good
  bool operator==(const Credentials&) const = default;
};

/// One place that keys come from. Safe to use from several threads.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;
  /// What an error calls it, and where to look: "environment (AWS_ACCESS_KEY_ID)".
  virtual std::string name() const = 0;
  /// Fresh credentials; nullopt when nothing says that this place shall be used. Blocks.
  /// Errors: it shall be used, and cannot; the message says what to do.
  virtual Result<std::optional<Credentials>> obtain() = 0;
};

using Environment = std::map<std::string, std::string>;

/// What providers see of the machine.
struct Machine {
  Environment environment;
  /// Gives the text of a file. Errors: NotFound when it is absent, Unavailable when it cannot be read.
  std::function<Result<std::string>(const std::string& path)> read;
  std::function<Result<std::string>(const ProgramCall&)> run;

  /// Empty when it is not set.
  std::string variable(const std::string& name) const;
};

/// The environment, files and programs of this process.
Machine this_machine();

/// Credentials as several documents of AWS spell them, read from `object` under `names`.
/// Errors: Invalid, naming the member that is missing, and never what another holds.
struct CredentialNames {
  const char* access_key = "AccessKeyId";
  const char* secret_key = "SecretAccessKey";
  const char* token = "Token";
  const char* until = "Expiration";  ///< RFC 3339, or a number
  Millis unit{1000};                 ///< of the number
};
Result<Credentials> read_credentials(const Json& object, const CredentialNames& names, const std::string& origin);

}  // namespace datamesh::aws
