// The server's API as calls, over any connection.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/schema.h"
#include "controller/cli/server_connection.h"

namespace datamesh::cli {

struct Listing {
  std::vector<Json> items;
  std::string revision;
};

struct Change {
  std::string type;  ///< ADDED, MODIFIED, DELETED
  Json object;
};

struct Changes {
  std::vector<Change> events;
  std::string revision;
};

/// The objects of a kind that a command is about.
struct Selection {
  const api::KindFacts* kind = nullptr;
  std::optional<std::string> ns;  ///< nullopt: all namespaces
  std::string labels;             ///< selector; empty: any
};

/// Errors are the server's own, or the connection's.
class ApiClient {
 public:
  explicit ApiClient(ServerConnection& connection) : connection_(connection) {}

  /// All pages in one; the objects are those of one revision.
  Result<Listing> list(const Selection& selection);
  /// The changes after `revision`, as soon as there are any; none after `patience`.
  Result<Changes> watch(const Selection& selection, const std::string& revision, std::chrono::seconds patience);
  Result<Json> get(const api::KindFacts& kind, const std::string& ns, const std::string& name);
  /// Makes the namespace first where it is not there.
  Result<Json> create(const api::KindFacts& kind, const Json& object);
  Result<Json> update(const api::KindFacts& kind, const Json& object);
  Result<Json> remove(const api::KindFacts& kind, const std::string& ns, const std::string& name);

  Result<Json> status();
  Result<Json> audit(const std::string& object);
  Result<Json> plan(const Json& request);
  Result<Json> explain(const Json& request);
  Result<Json> who_can(const Json& request);
  Result<Json> lake(const Json& request);

 private:
  Result<Json> send(http::Request request, Millis timeout = std::chrono::seconds(60));
  Result<Json> ask(const std::string& question, const Json& body);

  ServerConnection& connection_;
};

}  // namespace datamesh::cli
