#include "controller/kube/table.h"

#include <functional>
#include <map>

#include "controller/base/text.h"

namespace datamesh::kube {
namespace {

/// A column of a builtin kind.
struct Column {
  std::string name, type, description;
  int priority = 0;
  std::function<Json(const Json& object, Time now)> cell;
};

/// The time since `stamp`; "<unknown>" when it says nothing.
Json age_of(const Json& stamp, Time now) {
  const auto time = stamp.is_string() ? parse_rfc3339(stamp.get_ref<const std::string&>()) : std::nullopt;
  return time ? human_age(now - *time) : "<unknown>";
}

Column age() {
  return {"Age", "string", "How long the object has been there.", 0,
          [](const Json& object, Time now) { return age_of(at_path(object, {"metadata", "creationTimestamp"}), now); }};
}

Column text(std::string name, std::string description, std::vector<std::string> path, int priority = 0) {
  return {std::move(name), "string", std::move(description), priority, [path](const Json& object, Time) -> Json {
            const Json* here = &object;
            for (const std::string& step : path) here = &member(*here, step);
            return here->is_string() ? *here : Json("");
          }};
}

Column count(std::string name, std::string description, std::vector<std::string> fields) {
  return {std::move(name), "string", std::move(description), 0, [fields](const Json& object, Time) -> Json {
            std::size_t total = 0;
            for (const std::string& field : fields) total += member(object, field).size();
            return total;
          }};
}

/// When an Event was seen last: in its series, else its last timestamp, else its time.
const Json& last_seen(const Json& event) {
  const Json& series = at_path(event, {"series", "lastObservedTime"});
  if (series.is_string()) return series;
  for (const char* field : {"lastTimestamp", "deprecatedLastTimestamp", "eventTime"}) {
    if (const Json& time = member(event, field); time.is_string()) return time;
  }
  return at_path(event, {"metadata", "creationTimestamp"});
}

const Json& first_seen(const Json& event) {
  for (const char* field : {"firstTimestamp", "deprecatedFirstTimestamp", "eventTime"}) {
    if (const Json& time = member(event, field); time.is_string()) return time;
  }
  return at_path(event, {"metadata", "creationTimestamp"});
}

const Json& subject(const Json& event) {
  const Json& core = member(event, "involvedObject");
  return core.is_null() ? member(event, "regarding") : core;
}

/// The first text among fields that mean the same in both groups of Events.
std::string either(const Json& event, const char* one, const char* other) {
  const std::string text = string_at(event, one);
  return text.empty() ? string_at(event, other) : text;
}

std::string source_of(const Json& event) {
  const Json& core = member(event, "source");
  const Json& source = core.is_null() ? member(event, "deprecatedSource") : core;
  const std::string component = string_at(source, "component");
  const std::string host = string_at(source, "host");
  if (component.empty()) return either(event, "reportingComponent", "reportingController");
  return host.empty() ? component : component + ", " + host;
}

Json times_seen(const Json& event) {
  for (const Json* count : {&at_path(event, {"series", "count"}), &member(event, "count"), &member(event, "deprecatedCount")}) {
    if (count->is_number()) return *count;
  }
  return 1;
}

std::vector<Column> event_columns() {
  return {{"Last Seen", "string", "When it happened last.", 0, [](const Json& e, Time now) { return age_of(last_seen(e), now); }},
          text("Type", "Normal or Warning.", {"type"}),
          text("Reason", "Why, in one word.", {"reason"}),
          {"Object", "string", "What it happened to.", 0,
           [](const Json& e, Time) -> Json {
             return lower(string_at(subject(e), "kind")) + "/" + string_at(subject(e), "name");
           }},
          {"Subobject", "string", "Which part of it.", 1,
           [](const Json& e, Time) -> Json { return string_at(subject(e), "fieldPath"); }},
          {"Source", "string", "Who says so.", 1, [](const Json& e, Time) -> Json { return source_of(e); }},
          {"Message", "string", "What happened.", 0, [](const Json& e, Time) -> Json { return either(e, "message", "note"); }},
          {"First Seen", "string", "When it happened first.", 1, [](const Json& e, Time now) { return age_of(first_seen(e), now); }},
          {"Count", "string", "How often it happened.", 1, [](const Json& e, Time) { return times_seen(e); }},
          {"Name", "string", "Its name.", 1, [](const Json& e, Time) -> Json { return string_at(e["metadata"], "name"); }}};
}

const std::map<std::string, std::vector<Column>>& builtin_columns() {
  static const Column kName = text("Name", "Its name.", {"metadata", "name"});
  static const std::map<std::string, std::vector<Column>> kColumns = {
      {"Namespace", {kName, text("Status", "Whether it is being deleted.", {"status", "phase"}), age()}},
      {"Secret", {kName, text("Type", "What it is for.", {"type"}), count("Data", "How many values it has.", {"data"}), age()}},
      {"ConfigMap", {kName, count("Data", "How many values it has.", {"data", "binaryData"}), age()}},
      {"ServiceAccount", {kName, count("Secrets", "How many secrets it may use.", {"secrets"}), age()}},
      {"Lease", {kName, text("Holder", "Who holds it.", {"spec", "holderIdentity"}), age()}},
      {"CustomResourceDefinition",
       {kName, text("Created At", "Since when the kind is served.", {"metadata", "creationTimestamp"})}},
      {"Event", event_columns()},
      {"Service", {kName, text("Type", "How it is reached.", {"spec", "type"}), age()}},
  };
  return kColumns;
}

Json definition(const std::string& name, const std::string& type, const std::string& description, int priority) {
  return {{"name", name}, {"type", type}, {"format", name == "Name" ? "name" : ""}, {"description", description},
          {"priority", priority}};
}

Json custom_cell(const api::PrinterColumn& column, const Json& object, Time now) {
  Json value = api::column_value(column, object);
  if (column.type != "date" || value.is_null()) return value;
  return age_of(value, now);
}

const api::PrinterColumn& age_column() {
  static const api::PrinterColumn kAge{"Age", "date", "", ".metadata.creationTimestamp", 0};
  return kAge;
}

std::vector<api::PrinterColumn> custom_columns(const ServedType& type) {
  return type.columns.empty() ? std::vector<api::PrinterColumn>{age_column()} : type.columns;
}

}  // namespace

RowObject parse_row_object(const std::string& text) {
  if (text == "None") return RowObject::None;
  return text == "Object" ? RowObject::Whole : RowObject::Metadata;
}

Json column_definitions(const ServedType& type) {
  Json definitions = Json::array();
  if (type.origin == Origin::Builtin) {
    for (const Column& column : builtin_columns().at(type.kind)) {
      definitions.push_back(definition(column.name, column.type, column.description, column.priority));
      // The first column of an Event's table is no name, and its last one says so by itself.
      if (type.kind == "Event" && column.name == "Name") definitions.back()["format"] = "";
    }
    return definitions;
  }
  definitions.push_back(definition("Name", "string", "Its name.", 0));
  for (const api::PrinterColumn& column : custom_columns(type)) {
    const std::string text = column.description.empty()
                                 ? "Custom resource definition column (in JSONPath format): " + column.json_path
                                 : column.description;
    definitions.push_back(definition(column.name, column.type, text, column.priority));
    definitions.back()["format"] = "";
  }
  return definitions;
}

Json table_row(const ServedType& type, const Json& object, const TableOptions& options) {
  Json cells = Json::array();
  if (type.origin == Origin::Builtin) {
    for (const Column& column : builtin_columns().at(type.kind)) cells.push_back(column.cell(object, options.now));
  } else {
    cells.push_back(at_path(object, {"metadata", "name"}));
    for (const api::PrinterColumn& column : custom_columns(type)) cells.push_back(custom_cell(column, object, options.now));
  }
  Json row = {{"cells", std::move(cells)}};
  switch (options.object) {
    case RowObject::None: row["object"] = nullptr; break;
    case RowObject::Metadata: row["object"] = partial_metadata(object, options.version); break;
    case RowObject::Whole: row["object"] = object; break;
  }
  return row;
}

Json table(const ServedType& type, const std::vector<Json>& objects, Json metadata, const TableOptions& options) {
  Json rows = Json::array();
  for (const Json& object : objects) rows.push_back(table_row(type, object, options));
  return {{"kind", "Table"}, {"apiVersion", "meta.k8s.io/" + options.version}, {"metadata", std::move(metadata)},
          {"columnDefinitions", column_definitions(type)}, {"rows", std::move(rows)}};
}

Json partial_metadata(const Json& object, const std::string& version) {
  return {{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/" + version}, {"metadata", member(object, "metadata")}};
}

}  // namespace datamesh::kube
