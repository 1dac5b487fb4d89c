#include "controller/kube/watch_feed.h"

#include <algorithm>

#include "controller/kube/storage_form.h"

namespace datamesh::kube {
namespace {

constexpr std::size_t kMostEntries = 10'000;
constexpr std::size_t kMostBytes = 32 << 20;

/// The parts of `object` that it can be selected by, in their places.
std::shared_ptr<const Json> selectable(const ServedType& type, const Json& object) {
  Json facts = {{"metadata", Json::object()}};
  if (const Json& labels = at_path(object, {"metadata", "labels"}); labels.is_object()) facts["metadata"]["labels"] = labels;
  for (const auto& [label, path] : type.fields) {
    const Json& value = at_dots(object, path);
    if (value.is_null()) continue;
    Json* place = &facts;
    for (std::string_view rest = path; !rest.empty();) {
      const std::string_view step = rest.substr(0, rest.find('.'));
      rest.remove_prefix(std::min(rest.size(), step.size() + 1));
      place = &(*place)[std::string(step)];
    }
    *place = value;
  }
  return std::make_shared<const Json>(std::move(facts));
}

std::string dumped(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string event_line(const char* type, const std::string& object) {
  return std::string("{\"type\":\"") + type + "\",\"object\":" + object + "}\n";
}

std::string encoded(const Json& object, const WatchForm& form, bool first, Time now) {
  switch (form.shape) {
    case Shape::Object: return dumped(object);
    case Shape::PartialMetadata: return dumped(partial_metadata(object, form.shape_version));
    case Shape::Table: {
      Json whole = table(*form.type, {object}, {{"resourceVersion", at_path(object, {"metadata", "resourceVersion"})}},
                         {form.row, form.shape_version, now});
      if (!first) whole["columnDefinitions"] = nullptr;
      return dumped(whole);
    }
  }
  return dumped(object);
}

void WatchFeed::begin(const std::vector<Json>& objects, api::Revision revision) {
  const std::lock_guard lock(mutex_);
  for (const Json& stored : objects) {
    const api::ObjectKey key = api::key_of(stored);
    current_[{key.ns, key.name}] = selectable(type_, from_storage(type_, stored));
  }
  first_ = revision_ = revision;
}

WatchFeed::EntryPointer WatchFeed::make_entry(const api::WatchEvent& event) const {
  const Json served = from_storage(type_, event.object);
  auto entry = std::make_shared<Entry>();
  entry->revision = event.revision;
  entry->type = event.type;
  entry->ns = string_at(member(served, "metadata"), "namespace");
  entry->now = selectable(type_, served);
  entry->text = dumped(served);
  return entry;
}

void WatchFeed::prepend(const std::vector<api::WatchEvent>& events, api::Revision first) {
  const std::lock_guard lock(mutex_);
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->revision > first_) continue;
    entries_.push_front(make_entry(*event));
    bytes_ += entries_.front()->text.size();
  }
  first_ = std::min(first_, first);
}

void WatchFeed::append(const api::WatchEvent& event) {
  const std::lock_guard lock(mutex_);
  if (event.revision <= revision_) return;
  EntryPointer entry = make_entry(event);
  const api::ObjectKey key = api::key_of(event.object);
  const auto place = std::pair(key.ns, key.name);
  if (const auto found = current_.find(place); found != current_.end()) entry->before = found->second;
  entry->before_known = true;
  if (event.type == api::EventType::Deleted) {
    current_.erase(place);
  } else {
    current_[place] = entry->now;
  }
  revision_ = event.revision;
  bytes_ += entry->text.size();
  entries_.push_back(std::move(entry));
  trim();
}

void WatchFeed::trim() {
  while (entries_.size() > kMostEntries || (bytes_ > kMostBytes && entries_.size() > 1)) {
    bytes_ -= entries_.front()->text.size();
    first_ = entries_.front()->revision;
    entries_.pop_front();
  }
}

void WatchFeed::advance(api::Revision revision) {
  std::vector<std::shared_ptr<FeedListener>> awake;
  {
    const std::lock_guard lock(mutex_);
    revision_ = std::max(revision_, revision);
    std::erase_if(listeners_, [&](const std::weak_ptr<FeedListener>& listener) {
      auto held = listener.lock();
      if (!held) return true;
      awake.push_back(std::move(held));
      return false;
    });
  }
  for (const auto& listener : awake) listener->wake();
}

void WatchFeed::breach() {
  {
    const std::lock_guard lock(mutex_);
    broken_ = true;
  }
  advance(0);
}

void WatchFeed::subscribe(std::weak_ptr<FeedListener> listener) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back(std::move(listener));
}

api::Revision WatchFeed::first() const {
  const std::lock_guard lock(mutex_);
  return first_;
}

api::Revision WatchFeed::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

WatchFeed::Reading WatchFeed::read(api::Revision cursor, std::size_t budget, const WatchFilter& filter, bool first_event) {
  const std::lock_guard lock(mutex_);
  Reading reading;
  reading.cursor = cursor;
  reading.gone = broken_ || cursor < first_;
  if (reading.gone) return reading;
  auto next = std::upper_bound(entries_.begin(), entries_.end(), cursor,
                               [](api::Revision at, const EntryPointer& entry) { return at < entry->revision; });
  for (; next != entries_.end() && reading.lines.size() < budget; ++next) {
    reading.cursor = (*next)->revision;
    if (!filter.ns.empty() && (*next)->ns != filter.ns) continue;
    std::string line = line_for(**next, filter, first_event && !reading.any);
    if (line.empty()) continue;
    reading.lines += line;
    reading.any = true;
  }
  reading.drained = next == entries_.end();
  if (reading.drained) reading.cursor = std::max(reading.cursor, revision_);
  return reading;
}

std::string WatchFeed::body_of(Entry& entry, const WatchForm& form, bool first_event) const {
  const bool own = form.type == &type_ && form.shape == Shape::Object;
  if (own) return entry.text;
  const bool table_head = first_event && form.shape == Shape::Table;
  if (const auto known = entry.others.find(form); known != entry.others.end() && !table_head) return known->second;
  auto object = parse_own_json(entry.text);
  if (!object) return entry.text;
  if (form.type != &type_) *object = from_storage(*form.type, std::move(*object));
  std::string text = encoded(*object, form, table_head, clock_.now());
  if (!table_head) entry.others.emplace(form, text);
  return text;
}

/// The line of one entry for a watch; empty when it is none of its business.
std::string WatchFeed::line_for(Entry& entry, const WatchFilter& filter, bool first_event) const {
  const Selector& selector = filter.selector;
  if (selector.empty()) return event_line(to_string(entry.type), body_of(entry, filter.form, first_event));
  const bool now = entry.type != api::EventType::Deleted && selector.matches(*entry.now);
  // What was before is not known of the oldest events: an object that leaves then may have been in or not, and to
  // delete what one does not have does no harm.
  const bool before = entry.before_known ? entry.before && selector.matches(*entry.before)
                                         : entry.type != api::EventType::Added;
  if (!now && !before) return {};
  if (now) return event_line(before ? "MODIFIED" : "ADDED", body_of(entry, filter.form, first_event));
  auto object = parse_own_json(entry.text);
  if (!object) return {};
  if (entry.before) {
    const Json& labels = at_path(*entry.before, {"metadata", "labels"});
    (*object)["metadata"].erase("labels");
    if (!labels.is_null()) (*object)["metadata"]["labels"] = labels;
  }
  if (filter.form.type != &type_) *object = from_storage(*filter.form.type, std::move(*object));
  return event_line("DELETED", encoded(*object, filter.form, first_event, clock_.now()));
}

}  // namespace datamesh::kube
