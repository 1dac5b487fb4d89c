#include "controller/catalog/field_changes.h"

#include <algorithm>
#include <array>
#include <map>

#include "controller/base/text.h"

namespace datamesh::catalog {
namespace {

using Text = std::optional<std::string>;

constexpr const char* kNotTold = "(not shown)";

/// Parameters are anybody's text; some tools keep passwords there.
bool may_be_secret(const std::string& parameter) {
  static constexpr std::array<std::string_view, 8> kWords = {"password", "passwd", "secret", "token", "credential",
                                                             "accesskey", "access_key", "private"};
  const std::string name = lower(parameter);
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

/// "jdbc:mysql://user:word@host" without the user and the word.
std::string without_login(const std::string& value) {
  const std::size_t scheme = value.find("://");
  if (scheme == std::string::npos) return value;
  const std::size_t begin = scheme + 3, at = value.find('@', begin);
  if (at == std::string::npos || value.find_first_of("/ ", begin) < at) return value;
  return value.substr(0, begin) + kNotTold + value.substr(at);
}

class Changes {
 public:
  void text(const std::string& field, const std::string& from, const std::string& to) {
    if (from != to) add(field, from.empty() ? Text() : Text(from), to.empty() ? Text() : Text(to));
  }

  void add(const std::string& field, Text from, Text to) { out_.push_back({field, std::move(from), std::move(to)}); }

  /// Those that the claim names; all others are left alone.
  void parameters(const std::map<std::string, std::string>& from, const std::map<std::string, std::string>& to) {
    for (const auto& [name, value] : to) {
      const auto found = from.find(name);
      if (found != from.end() && found->second == value) continue;
      const bool hidden = may_be_secret(name);
      const auto told = [&](const std::string& text) { return hidden ? std::string(kNotTold) : without_login(text); };
      add("parameters." + name, found == from.end() ? Text() : Text(told(found->second)), told(value));
    }
  }

  void columns(const std::string& list, const std::vector<ColumnShape>& from, const std::vector<ColumnShape>& to) {
    const auto find = [](const std::vector<ColumnShape>& in, const std::string& name) {
      return std::find_if(in.begin(), in.end(), [&](const ColumnShape& each) { return each.name == name; });
    };
    std::vector<std::string> left, kept;
    for (const ColumnShape& column : from) {
      if (find(to, column.name) == to.end()) add(list + "." + column.name, column.type, std::nullopt);
      else left.push_back(column.name);
    }
    for (const ColumnShape& column : to) {
      const auto before = find(from, column.name);
      if (before == from.end()) {
        add(list + "." + column.name, std::nullopt, column.type);
        continue;
      }
      kept.push_back(column.name);
      text(list + "." + column.name + ".type", before->type, column.type);
      text(list + "." + column.name + ".comment", before->comment, column.comment);
    }
    if (left != kept) add(list, joined(left), joined(kept));
  }

  /// What comes and what goes, one by one.
  void members(const std::string& field, const std::vector<std::string>& from, const std::vector<std::string>& to) {
    for (const std::string& each : from) {
      if (std::find(to.begin(), to.end(), each) == to.end()) add(field, each, std::nullopt);
    }
    for (const std::string& each : to) {
      if (std::find(from.begin(), from.end(), each) == from.end()) add(field, std::nullopt, each);
    }
  }

  void of(const Settings& from, const Settings& to) {
    for (const std::string& each : to.administrators) {
      if (!from.administrators.contains(each)) add("administrators", std::nullopt, each);
    }
    opening("databaseDefaults", from.open_database_defaults, to.open_database_defaults);
    opening("tableDefaults", from.open_table_defaults, to.open_table_defaults);
    const int version = from.cross_account_version.value_or(1);
    if (to.cross_account_version && *to.cross_account_version > version) {
      add("crossAccountVersion", std::to_string(version), std::to_string(*to.cross_account_version));
    }
  }
  void of(const Location& from, const Location& to) {
    const auto role = [](const Location& each) { return each.role_arn.empty() ? std::string("the service-linked role") : each.role_arn; };
    text("locationRole", role(from), role(to));
    const auto mode = [](const Location& each) { return std::string(each.hybrid ? "Hybrid" : "LakeFormation"); };
    text("accessMode", mode(from), mode(to));
  }
  void of(const Database& from, const Database& to) {
    text("description", from.description, to.description);
    text("location", from.location_uri, to.location_uri);
    if (!to.keeps_table_defaults) opening("tableDefaults", from.open_table_defaults, to.open_table_defaults);
    parameters(from.parameters, to.parameters);
  }
  void of(const Table& from, const Table& to) {
    text("description", from.description, to.description);
    text("owner", from.owner, to.owner);
    text("location", from.location, to.location);
    text("format.inputFormat", from.format.input_format, to.format.input_format);
    text("format.outputFormat", from.format.output_format, to.format.output_format);
    text("format.serializer", from.format.serializer, to.format.serializer);
    if (to.schema_rule == SchemaRule::Exact) {
      columns("columns", from.columns, to.columns);
      columns("partitionKeys", from.partition_keys, to.partition_keys);
    }
    parameters(from.parameters, to.parameters);
  }
  void of(const TagKey& from, const TagKey& to) {
    for (const std::string& value : surplus_values(from, to)) add("values", value, std::nullopt);
    for (const std::string& value : to.values) {
      if (!from.values.contains(value)) add("values", std::nullopt, value);
    }
  }
  void of(const DataFilter& from, const DataFilter& to) {
    text("rowFilter", from.row_filter, to.row_filter);
    members("columns", from.columns, to.columns);
    members("columns.exclude", from.excluded_columns, to.excluded_columns);
  }
  void of(const TagAssignment& from, const TagAssignment& to) { text("value", from.value, to.value); }

  std::vector<FieldChange> take() { return std::move(out_); }

 private:
  void opening(const std::string& field, std::optional<bool> from, std::optional<bool> to) {
    if (!to || from == to) return;
    const auto told = [](bool open) { return std::string(open ? kIamAllowedPrincipals : "none"); };
    add(field, from ? Text(told(*from)) : Text(), told(*to));
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
  }

  std::vector<FieldChange> out_;
};

/// Both values hold a `T`, shared or not: tells of them.
template <class T>
bool tell(const EntryValue& from, const EntryValue& to, Changes& changes) {
  const T* before = std::get_if<T>(&from);
  const T* after = std::get_if<T>(&to);
  if (before == nullptr || after == nullptr) return false;
  if constexpr (requires { **before; }) {
    changes.of(**before, **after);
  } else {
    changes.of(*before, *after);
  }
  return true;
}

}  // namespace

std::vector<FieldChange> field_changes(const Action& update, const EntryValue& observed) {
  Changes changes;
  if (update.verb != Verb::Update) return {};
  const EntryValue& wanted = update.value;
  (void)(tell<Shared<Settings>>(observed, wanted, changes) || tell<Location>(observed, wanted, changes) ||
         tell<Shared<Database>>(observed, wanted, changes) || tell<Shared<Table>>(observed, wanted, changes) ||
         tell<Shared<TagKey>>(observed, wanted, changes) || tell<TagAssignment>(observed, wanted, changes) ||
         tell<Shared<DataFilter>>(observed, wanted, changes));
  return changes.take();
}

}  // namespace datamesh::catalog
