#include "controller/kube/managed_fields.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "controller/kube/typed.h"

namespace datamesh::kube {
namespace {

/// More Update managers than that are merged into one.
constexpr std::size_t kMostUpdateManagers = 10;
const char* const kAncient = "ancient-changes";
const char* const kBeforeFirstApply = "before-first-apply";

/// What nobody manages.
Json stripped(Json object) {
  if (!object.is_object()) return Json::object();
  for (const char* key : {"apiVersion", "kind"}) object.erase(key);
  if (!object.contains("metadata")) return object;
  Json& metadata = object["metadata"];
  if (metadata.is_object()) {
    for (const char* key : {"name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields",
                            "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
      metadata.erase(key);
    }
  }
  if (metadata.empty()) object.erase("metadata");
  return object;
}

/// The fields of a tree without `metadata` as a field of its own.
FieldTree without_bare_metadata(FieldTree tree) {
  const auto metadata = tree.children.find("f:metadata");
  if (metadata != tree.children.end()) metadata->second.owned = false;
  return tree;
}

std::string name_in_conflict(const Writer& writer) {
  std::string text = go_quoted(writer.manager);
  if (!writer.subresource.empty()) text += " with subresource " + go_quoted(writer.subresource);
  if (writer.operation == ManagerOperation::Update) text += " using " + writer.api_version;
  return text;
}

Fault conflict_of(const std::map<std::string, std::vector<std::string>>& by_manager) {
  Json causes = Json::array();
  std::string text;
  std::size_t total = 0;
  for (const auto& [manager, fields] : by_manager) {
    total += fields.size();
    if (!text.empty()) text += "\n";
    text += "conflicts with " + manager + ":";
    for (const std::string& field : fields) {
      text += "\n- " + field;
      causes.push_back({{"reason", "FieldManagerConflict"}, {"message", "conflict with " + manager}, {"field", field}});
    }
  }
  const std::string start = "Apply failed with " + std::to_string(total) + (total == 1 ? " conflict: " : " conflicts: ");
  if (total == 1) text = "conflict with " + by_manager.begin()->first + ": " + by_manager.begin()->second[0];
  return {409, "Conflict", start + text, {{"causes", std::move(causes)}}};
}

}  // namespace

ManagedFields ManagedFields::parse(const Json& object) {
  ManagedFields fields;
  for (const Json& entry : at_path(object, {"metadata", "managedFields"})) {
    if (!entry.is_object() || !member(entry, "fieldsV1").is_object()) continue;
    ManagedEntry one;
    one.writer = {string_at(entry, "manager"), string_at(entry, "apiVersion"), string_at(entry, "subresource"),
                  string_at(entry, "operation") == "Apply" ? ManagerOperation::Apply : ManagerOperation::Update};
    one.time = string_at(entry, "time");
    one.fields = parse_fields(entry["fieldsV1"]);
    fields.entries_.push_back(std::move(one));
  }
  return fields;
}

Json ManagedFields::to_json() const {
  std::vector<const ManagedEntry*> sorted;
  for (const ManagedEntry& entry : entries_) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(), [](const ManagedEntry* a, const ManagedEntry* b) {
    return std::tie(a->writer.operation, a->time, a->writer.manager, a->writer.api_version, a->writer.subresource) <
           std::tie(b->writer.operation, b->time, b->writer.manager, b->writer.api_version, b->writer.subresource);
  });
  Json list = Json::array();
  for (const ManagedEntry* entry : sorted) {
    const Writer& writer = entry->writer;
    Json one = {{"manager", writer.manager},
                {"operation", writer.operation == ManagerOperation::Apply ? "Apply" : "Update"},
                {"apiVersion", writer.api_version},
                {"time", entry->time},
                {"fieldsType", "FieldsV1"},
                {"fieldsV1", to_fields(entry->fields)}};
    if (!writer.subresource.empty()) one["subresource"] = writer.subresource;
    list.push_back(std::move(one));
  }
  return list;
}

ManagedEntry* ManagedFields::find(const Writer& writer) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const ManagedEntry& entry) { return entry.writer == writer; });
  return found == entries_.end() ? nullptr : &*found;
}

/// Sets the fields of `writer`; the time moves only when they change.
void ManagedFields::put(const Writer& writer, FieldTree fields, Time now) {
  ManagedEntry* entry = find(writer);
  if (entry == nullptr) {
    entries_.push_back({writer, to_rfc3339(now), std::move(fields)});
  } else if (entry->fields != fields) {
    entry->fields = std::move(fields);
    entry->time = to_rfc3339(now);
  }
}

void ManagedFields::drop_empty() {
  std::erase_if(entries_, [](const ManagedEntry& entry) { return entry.fields.empty(); });
}

void ManagedFields::merge_oldest() {
  std::vector<ManagedEntry*> updates;
  for (ManagedEntry& entry : entries_) {
    if (entry.writer.operation == ManagerOperation::Update && entry.writer.subresource.empty()) updates.push_back(&entry);
  }
  if (updates.size() <= kMostUpdateManagers) return;
  std::stable_sort(updates.begin(), updates.end(),
                   [](const ManagedEntry* a, const ManagedEntry* b) { return a->time < b->time; });
  ManagedEntry& oldest = *updates[0];
  ManagedEntry& next = *updates[1];
  next.fields = unite(oldest.fields, next.fields);
  next.writer.manager = kAncient;
  oldest.fields = {};
  drop_empty();
}

void ManagedFields::update(const ServedType& type, const Json& before, const Json& after, const Writer& writer, Time now) {
  const Difference change = compare(*type.schema, stripped(before), stripped(after));
  const FieldTree gained = without_bare_metadata(unite(change.added, change.modified));
  for (ManagedEntry& entry : entries_) {
    if (entry.writer == writer) continue;
    entry.fields = subtract(subtract(entry.fields, change.modified), change.removed);
  }
  const ManagedEntry* own = find(writer);
  const FieldTree present = own == nullptr ? FieldTree() : own->fields;
  if (FieldTree fields = unite(subtract(present, change.removed), gained); !fields.empty() || own != nullptr) {
    put(writer, std::move(fields), now);
  }
  drop_empty();
  merge_oldest();
}

Outcome<Json> ManagedFields::apply(const Application& application) {
  const api::SchemaNode& schema = *application.type.schema;
  const Json live = stripped(application.live);
  const Json config = stripped(application.config);
  if (entries_.empty() && !application.live.is_null()) {
    Writer earlier{kBeforeFirstApply, application.writer.api_version, "", ManagerOperation::Update};
    FieldTree fields = without_bare_metadata(fields_of(schema, live));
    fields.owned = false;
    put(earlier, std::move(fields), application.now);
  }
  const ManagedEntry* own = find(application.writer);
  const FieldTree last = own == nullptr ? FieldTree() : own->fields;
  FieldTree wanted = without_bare_metadata(fields_of(schema, config));
  wanted.owned = false;
  FieldTree keep = wanted;
  for (const ManagedEntry& entry : entries_) {
    if (entry.writer != application.writer) keep = unite(keep, entry.fields);
  }
  Json result = without(schema, merged(schema, live, config), with_parents(last), with_parents(keep));

  const Difference change = compare(schema, live, result);
  const FieldTree changed = unite(change.modified, change.added);
  std::map<std::string, std::vector<std::string>> conflicts;
  for (ManagedEntry& entry : entries_) {
    if (entry.writer == application.writer) continue;
    const FieldTree both = intersect(entry.fields, changed);
    if (!both.empty() && application.force == Application::Force::No) {
      conflicts[name_in_conflict(entry.writer)] = paths_of(both);
    }
    entry.fields = subtract(subtract(entry.fields, both), change.removed);
  }
  if (!conflicts.empty()) return fail(conflict_of(conflicts));
  put(application.writer, wanted, application.now);
  drop_empty();
  return result;
}

bool ManagedFields::same_fields(const ManagedFields& other) const {
  if (entries_.size() != other.entries_.size()) return false;
  return std::all_of(entries_.begin(), entries_.end(), [&](const ManagedEntry& entry) {
    return std::any_of(other.entries_.begin(), other.entries_.end(), [&](const ManagedEntry& one) {
      return one.writer == entry.writer && one.fields == entry.fields;
    });
  });
}

}  // namespace datamesh::kube
