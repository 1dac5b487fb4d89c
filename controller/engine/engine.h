// The engine: watches the store, keeps the mesh, claims, observes, plans and applies. One thread; everything here
// is called on the executor's engine thread unless it says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/api/resource_store.h"
#include "controller/aws/api.h"
#include "controller/base/clock.h"
#include "controller/base/executor.h"
#include "controller/engine/observer.h"
#include "controller/lake/notice.h"
#include "controller/lake/notice_queue.h"

namespace datamesh::engine {

/// Gives the Api with which the operator reaches an account. Called on workers; must be thread-safe and outlive
/// the engine.
using ApiFor = std::function<aws::Api*(const api::AccountSpec&)>;

/// One line of what the operator did or decided, for the audit log: {"time", "event", "catalog", "verb",
/// "entry", "because", "outcome", …}. Never holds a secret.
using AuditSink = std::function<void(const Json&)>;

/// The Ready condition of a resource came to say something else.
struct Transition {
  api::ObjectKey about;
  std::string uid;
  std::string status;  ///< "True", "False" or "Unknown"
  std::string reason;
  std::string message;
};

/// A queue of change notices, and the account as whose operator it is read.
struct NoticeQueue {
  lake::QueueRef queue;
  api::AccountSpec account;
  bool operator==(const NoticeQueue&) const = default;
};

/// The name of the operator's sessions, in every account: what it did itself is no news.
inline constexpr const char* kOperatorSession = "datamesh-operator";

/// Where a queue of `account` is asked for: the region it declares, that of its URL, or the account's first.
lake::QueueRef queue_of(const api::AccountSpec& account, const api::NoticeQueue& queue);

struct Parts {
  Clock* clock = nullptr;
  Executor* executor = nullptr;
  api::ResourceStore* store = nullptr;
  ApiFor api_for;
  std::size_t catalogs_at_once = 8;  ///< how many are read or written to side by side; at least 1
  Observer* observer = nullptr;  ///< may be null
  AuditSink audit;               ///< may be empty
  std::function<void(const Transition&)> transition;  ///< told after it was written; engine thread; may be empty
  /// Told of all queues that Accounts declare, whenever they change; engine thread; may be empty.
  std::function<void(std::vector<NoticeQueue>)> notice_queues;
};

/// A question about access. `object` is "namespace/product", with "/table" and "/column"; the same of a catalog,
/// "111122223333@eu-west-1/database", where it is no product's or is found through a link; or "s3://bucket/prefix".
struct AccessQuestion {
  std::string principal;  ///< not of who_can
  std::string action;     ///< a Lake Formation permission: "SELECT", "DESCRIBE", …
  std::string object;
  std::string row{};      ///< "country = 'de'" or "country=de,amount=5": then a cell of the table is asked for
};

/// What a plan is asked for: the present difference, or the one after these changes.
struct PlanRequest {
  std::vector<Json> apply;                 ///< whole objects, validated
  std::vector<api::ObjectKey> remove;
};

class Engine {
 public:
  explicit Engine(Parts parts);
  ~Engine();

  /// Lists the store, then watches it and works until stopped. Callable once, from any thread.
  void start();
  /// Finishes the calls in flight, starts no new ones, then calls `stopped` on the engine thread.
  void stop(std::function<void()> stopped);

  /// Somebody says that something changed. Declared catalogs that it names are read soon, once for many notices; what
  /// it says is not believed beyond that.
  void catalogs_changed(const lake::Notice& notice);
  /// The queue at `url` cannot be read any more, or can (nullopt). Says so in the Accounts that declare it.
  void queue_polled(const std::string& url, const std::optional<Error>& error);

  /// {"synced", "idle", "converged", "resources": {kind: {"total", "ready", "stalled"}}, "catalogs": [{"catalog", "observed",
  /// "entries", "pending", "waiting", "held": hash or null, "error", "lastSweep"}], "undeclared"}
  Json status() const;
  /// {"catalogs": [{"catalog", "hash", "held", "actions": [{"verb", "entry", "summary", "reason", "because": [],
  /// "waitsFor", "changes": [{"field", "from", "to"}]}]}], "access": [{"principal", "object", "gains": [], "loses": []}],
  /// "summary": {verb: count}, "awaiting": [{"product", "catalog", "table", "madeAt", "annotation", "approval", "actions":
  /// [{"catalog", "summary", "because": []}], "reachedBy": []}], "problems": [], "others"}. `problems` are those of what the
  /// request changes, or all when it changes nothing; `others` is the number of objects beside these that have some.
  Json plan(const PlanRequest& request) const;
  /// {"allowed", "principal", "action", "object", "steps": [{"hop", "ok", "catalog", "what", "because": [], "undeclared",
  /// "implicit", "decides", "entry"}], "cells": [{"columns", "rows", …}], "missing": {"hop", "remedy", "manifest": [], "patches": [{"kind",
  /// "namespace", "name", "patch"}], "decides", "reason"} or null}. The reason is TableRecreated where the table awaits approval.
  /// Errors: Invalid; NotFound when the object is not there or its catalog has not been read.
  Result<Json> explain(const AccessQuestion& question) const;
  /// {"action", "object", "principals": [{"principal", "is", "cells", "steps", "except": []}], "administrators": [],
  /// "unread": []}: everybody for whom `explain` says yes. Errors: as explain.
  Result<Json> who_can(const AccessQuestion& question) const;

  /// True when there is nothing to do now: every catalog has been read, nothing is planned, in flight or retried.
  /// What waits for others, is held or has failed for good may remain.
  bool idle() const;
  /// True when idle and every resource is Ready.
  bool converged() const;
  /// True once the store has been listed and the watch runs.
  bool synced() const;

 private:
  class Impl;
  friend class Preview;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datamesh::engine
