// What the outside world is to a command. Tests put another world in its place.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "controller/api/schema.h"
#include "controller/base/clock.h"
#include "controller/cli/server_connection.h"
#include "controller/cli/style.h"

namespace datamesh::cli {

/// The exit statuses of every command; docs/cli.md lists them.
namespace exit_status {
inline constexpr int kOk = 0;
inline constexpr int kFailure = 1;
inline constexpr int kNo = 2;      ///< the answer is no: access denied; with --exit-code: there are changes
inline constexpr int kUsage = 64;  ///< the command line is wrong
}  // namespace exit_status

struct Environment {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  const Clock* clock = nullptr;
  const api::SchemaRegistry* schema = nullptr;
  std::function<Result<std::unique_ptr<ServerConnection>>(const std::string& state_folder)> connect;
  std::function<void(Millis)> sleep;
  std::function<bool()> interrupted;  ///< whether an endless command shall end
};

/// One invocation of a command.
struct Session {
  Environment& environment;
  std::string state_folder;
  Style style;

  std::ostream& out() const { return *environment.out; }
  std::ostream& err() const { return *environment.err; }
  const api::SchemaRegistry& schema() const { return *environment.schema; }
  Result<std::unique_ptr<ServerConnection>> connect() const { return environment.connect(state_folder); }
};

/// What a parsed command line does. Returns the exit status.
using Command = std::function<Result<int>(Session&)>;

}  // namespace datamesh::cli
