// Kubernetes Events: what happened to an object, told once, and counted when it happens again. Pure.
// Source: events.k8s.io/v1; client-go's event broadcaster, for how series are kept
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/base/clock.h"
#include "controller/base/json.h"

namespace datamesh::kube {

enum class EventKind { Normal, Warning };

/// Something worth telling whoever looks at an object.
struct Occurrence {
  api::ObjectKey about;
  std::string uid;  ///< of that object
  EventKind kind = EventKind::Normal;
  std::string reason;  ///< "InForce", "PlanHeld"
  std::string action;  ///< "Reconciling"
  std::string note;    ///< for people
};

/// An Event to create, or a merge patch of one.
struct EventWrite {
  enum class Verb { Create, Patch };
  Verb verb = Verb::Create;
  std::string ns;
  std::string name;
  Json body;
};

struct EventSource {
  std::string controller = "datamesh.dev/operator";
  std::string instance;  ///< "datamesh-<host>"
};

/// Decides what is written. The same thing about the same object is one Event with a series, whatever its note; one
/// object has at most a handful of new Events in a short time, so that nothing that flaps fills the server.
class EventSeries {
 public:
  explicit EventSeries(EventSource source) : source_(std::move(source)) {}

  /// What to write now that this happened; nullopt when it is only counted.
  std::optional<EventWrite> note(const Occurrence& occurrence, Time now);
  /// The counts that are to be written again, and forgets the series that are over. Called every minute or so.
  std::vector<EventWrite> due(Time now);
  /// The Event of `name` is not there any more: the next occurrence makes a new one.
  void lost(const std::string& name);

 private:
  struct Key {
    api::ObjectKey about;
    std::string uid;
    EventKind kind;
    std::string reason;
    std::string action;
    auto operator<=>(const Key&) const = default;
  };
  struct Series {
    std::string ns;
    std::string name;
    int count = 1;
    int written = 1;
    Time last{};
    Time written_at{};
  };
  /// A bucket of tokens: a new Event takes one.
  struct Allowance {
    double tokens = 0;
    Time filled{};
  };

  bool may_create(const Occurrence& occurrence, Time now);
  EventWrite series_patch(Series& series, Time now) const;

  EventSource source_;
  std::map<Key, Series> series_;
  std::map<std::string, Allowance> allowances_;  ///< by uid
};

}  // namespace datamesh::kube
