// The latest events of one kind, kept once for all who watch it. What a watch sends is a matter of where it stands in
// the feed: a slow reader costs nothing, and is told to list again when its place has gone.
//
//   first ──┬─ entry ─ entry ─ entry ─┬── revision
//           │   (rv 7)  (rv 9) (rv 12)│
//     older: Gone              newer: not yet
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/kube/accept.h"
#include "controller/kube/served_types.h"
#include "controller/kube/selector.h"
#include "controller/kube/table.h"

namespace datamesh::kube {

/// In which form the objects of a watch are sent.
struct WatchForm {
  const ServedType* type = nullptr;
  Shape shape = Shape::Object;
  std::string shape_version = "v1";
  RowObject row = RowObject::Metadata;
  auto operator<=>(const WatchForm&) const = default;
};

/// `{"type":…,"object":…}` and a newline.
std::string event_line(const char* type, const std::string& object);
/// `object` as `form` has it, as JSON text. `first`: the table says what its columns are.
std::string encoded(const Json& object, const WatchForm& form, bool first, Time now);

/// What is watched of a feed.
struct WatchFilter {
  std::string ns;  ///< empty: all
  Selector selector;
  WatchForm form;
};

/// Who waits for events. Called on any thread, under no lock of the feed.
class FeedListener {
 public:
  virtual ~FeedListener() = default;
  virtual void wake() = 0;
};

/// Written on the executor's thread, read on the server's.
class WatchFeed {
 public:
  /// `type`: that in which the kind is stored.
  WatchFeed(const ServedType& type, const Clock& clock) : type_(type), clock_(clock) {}

  /// Begins behind `revision`, at which `objects` were there.
  void begin(const std::vector<Json>& objects, api::Revision revision);
  /// Adds events behind `first` of which the feed does not know what was before.
  void prepend(const std::vector<api::WatchEvent>& events, api::Revision first);
  void append(const api::WatchEvent& event);
  /// Everything up to `revision` has been appended. Wakes the listeners.
  void advance(api::Revision revision);
  /// The feed has a hole: all who read it must list again.
  void breach();

  void subscribe(std::weak_ptr<FeedListener> listener);
  api::Revision first() const;
  api::Revision revision() const;

  struct Reading {
    std::string lines;
    api::Revision cursor = 0;  ///< read up to here
    bool gone = false;         ///< the place was lost
    bool drained = false;      ///< there is no more for now
    bool any = false;          ///< `lines` has an event
  };
  /// What lies behind `cursor`, at most about `budget` bytes. `first_event`: none has been sent yet.
  Reading read(api::Revision cursor, std::size_t budget, const WatchFilter& filter, bool first_event);

 private:
  struct Entry {
    api::Revision revision = 0;
    api::EventType type = api::EventType::Added;
    std::string ns;
    std::shared_ptr<const Json> now;     ///< what selectors look at
    std::shared_ptr<const Json> before;  ///< null: nothing, or not known
    bool before_known = false;
    std::string text;                    ///< the object as its own kind serves it
    std::map<WatchForm, std::string> others;
  };
  using EntryPointer = std::shared_ptr<Entry>;

  EntryPointer make_entry(const api::WatchEvent& event) const;
  void trim();
  std::string line_for(Entry& entry, const WatchFilter& filter, bool first_event) const;
  std::string body_of(Entry& entry, const WatchForm& form, bool first_event) const;

  const ServedType& type_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::deque<EntryPointer> entries_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const Json>> current_;
  std::vector<std::weak_ptr<FeedListener>> listeners_;
  std::size_t bytes_ = 0;
  api::Revision first_ = 0;
  api::Revision revision_ = 0;
  bool broken_ = false;
};

}  // namespace datamesh::kube
