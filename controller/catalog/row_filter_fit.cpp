// Whether a row filter fits the columns of a table.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "controller/base/text.h"
#include "controller/catalog/row_filter.h"

namespace datamesh::catalog {
namespace {

using Kind = RowFilter::Kind;
using ConstantType = RowConstant::Type;

/// Source: lake-formation.md 2.8 (data-filtering notes)
constexpr std::array<std::string_view, 11> kReservedColumns = {"ctid",     "oid",       "xmin",      "cmin",     "xmax",          "cmax",
                                                               "tableoid", "insertxid", "deletexid", "importoid", "redcatuniqueid"};

/// A type as family_of wants it.
std::string plain_type(std::string_view type) {
  std::string out = lower(type);
  std::erase(out, ' ');
  return out;
}

enum class Family : std::uint8_t { Text, Whole, Fraction, Decimal, Boolean, Date, Timestamp, Struct, Other };

/// `type` in lower case: "decimal(10,2)", "struct<a:int>".
Family family_of(std::string_view type) {
  const std::string_view name = type.substr(0, type.find_first_of("(<"));
  static constexpr std::array<std::pair<std::string_view, Family>, 18> kFamilies = {{
      {"string", Family::Text},      {"char", Family::Text},       {"varchar", Family::Text},    {"tinyint", Family::Whole},
      {"smallint", Family::Whole},   {"int", Family::Whole},       {"integer", Family::Whole},   {"bigint", Family::Whole},
      {"long", Family::Whole},       {"float", Family::Fraction},  {"real", Family::Fraction},   {"double", Family::Fraction},
      {"decimal", Family::Decimal},  {"numeric", Family::Decimal}, {"boolean", Family::Boolean}, {"date", Family::Date},
      {"timestamp", Family::Timestamp}, {"struct", Family::Struct}}};
  for (const auto& [each, family] : kFamilies) {
    if (each == name) return family;
  }
  return Family::Other;
}

/// The type of a field of "struct<a:int,b:struct<c:string>>"; nullopt when there is none of that name.
std::optional<std::string> field_type(std::string_view type, std::string_view field) {
  if (!type.starts_with("struct<") || !type.ends_with('>')) return std::nullopt;
  const std::string_view fields = type.substr(7, type.size() - 8);
  int depth = 0;
  for (std::size_t start = 0, at = 0; at <= fields.size(); ++at) {
    const char c = at < fields.size() ? fields[at] : ',';
    if (c == '<' || c == '(') ++depth;
    if (c == '>' || c == ')') --depth;
    if (c != ',' || depth != 0) continue;
    const std::string_view one = fields.substr(start, at - start);
    const std::size_t colon = one.find(':');
    if (colon != one.npos && one.substr(0, colon) == field) return std::string(one.substr(colon + 1));
    start = at + 1;
  }
  return std::nullopt;
}

int number_at(std::string_view text, std::size_t at, std::size_t count) {
  int out = 0;
  for (std::size_t i = at; i < at + count; ++i) out = out * 10 + (text[i] - '0');
  return out;
}

/// `text` has digits where `form` has 0, and is equal to it elsewhere.
bool has_form(std::string_view text, std::string_view form) {
  return text.size() == form.size() && std::equal(text.begin(), text.end(), form.begin(), [](char c, char f) {
           return f == '0' ? c >= '0' && c <= '9' : c == f;
         });
}

bool is_date(std::string_view text) {
  if (!has_form(text, "0000-00-00")) return false;
  return std::chrono::year_month_day(std::chrono::year(number_at(text, 0, 4)),
                                     std::chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
                                     std::chrono::day(static_cast<unsigned>(number_at(text, 8, 2))))
      .ok();
}

bool is_timestamp(std::string_view text) {
  if (text.size() < 19 || !is_date(text.substr(0, 10)) || !has_form(text.substr(10, 9), " 00:00:00")) return false;
  const std::string_view fraction = text.substr(19);
  const bool has_fraction = fraction.size() >= 2 && fraction.size() <= 10 && fraction[0] == '.' &&
                            fraction.find_first_not_of("0123456789", 1) == fraction.npos;
  return number_at(text, 11, 2) < 24 && number_at(text, 14, 2) < 60 && number_at(text, 17, 2) < 60 &&
         (fraction.empty() || has_fraction);
}

/// A number without sign and exponent, taken apart; leading zeros do not count.
struct Digits {
  bool negative = false, exponent = false;
  std::string whole, fraction;

  explicit Digits(std::string_view text) {
    negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    exponent = text.find('e') != text.npos;
    const std::size_t point = text.find('.');
    whole = text.substr(0, point);
    if (point != text.npos) fraction = text.substr(point + 1);
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  }
};

bool fits_whole(const Digits& digits, std::string_view type) {
  if (digits.exponent || !digits.fraction.empty()) return false;
  std::string_view most = "9223372036854775807", least = "9223372036854775808";
  if (type == "int" || type == "integer") most = "2147483647", least = "2147483648";
  if (type == "smallint") most = "32767", least = "32768";
  if (type == "tinyint") most = "127", least = "128";
  const std::string_view bound = digits.negative ? least : most;
  return digits.whole.size() < bound.size() || (digits.whole.size() == bound.size() && digits.whole <= bound);
}

/// Hive's decimal without arguments is decimal(10,0).
bool fits_decimal(const Digits& digits, const std::string& type) {
  std::size_t precision = 10, scale = 0;
  if (const std::size_t open = type.find('('); open != type.npos) {
    precision = static_cast<std::size_t>(std::strtoul(type.c_str() + open + 1, nullptr, 10));
    const std::size_t comma = type.find(',', open);
    scale = comma == type.npos ? 0 : static_cast<std::size_t>(std::strtoul(type.c_str() + comma + 1, nullptr, 10));
  }
  return !digits.exponent && digits.fraction.size() <= scale && digits.whole.size() + scale <= precision;
}

bool fits(const RowConstant& constant, const std::string& type) {
  const bool is_text = constant.type == ConstantType::Text, is_number = constant.type == ConstantType::Number;
  switch (family_of(type)) {
    case Family::Text: return is_text;
    case Family::Whole: return is_number && fits_whole(Digits(constant.text), type);
    case Family::Fraction: return is_number;
    case Family::Decimal: return is_number && fits_decimal(Digits(constant.text), type);
    case Family::Boolean: return constant.type == ConstantType::Boolean;
    case Family::Date: return is_text && is_date(constant.text);
    case Family::Timestamp: return is_text && is_timestamp(constant.text);
    default: return false;
  }
}

std::string example_of(const std::string& type) {
  switch (family_of(type)) {
    case Family::Text: return "a text in single quotes, for instance 'de'";
    case Family::Whole: return "a whole number that it can hold, for instance 42";
    case Family::Fraction: return "a number, for instance 1.5";
    case Family::Decimal: return "a number of no more digits than it holds, for instance 1.5, without exponent";
    case Family::Boolean: return "TRUE or FALSE";
    case Family::Date: return "a day of the calendar, for instance '2026-02-28'";
    default: return "a moment, for instance '2026-02-28 23:59:59'";
  }
}

std::string joined(const std::vector<std::string>& names, const char* between) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : between) + name;
  return out;
}

class Fitting {
 public:
  Fitting(const std::vector<ColumnShape>& columns, const std::vector<ColumnShape>& partition_keys)
      : columns_(columns), partition_keys_(partition_keys) {}

  std::vector<RowFilterProblem> of(const RowFilter& filter) {
    for (const auto* list : {&columns_, &partition_keys_}) {
      for (const ColumnShape& column : *list) {
        if (std::find(kReservedColumns.begin(), kReservedColumns.end(), lower(column.name)) == kReservedColumns.end()) continue;
        tell(0, "the table has a column " + column.name + ", a name that Lake Formation keeps for itself", "rename the column");
      }
    }
    look(filter);
    return std::move(problems_);
  }

 private:
  void tell(std::size_t at, std::string message, std::string suggestion) {
    problems_.push_back({at, std::move(message), std::move(suggestion)});
  }

  void look(const RowFilter& filter) {
    for (const RowFilter& operand : filter.operands) look(operand);
    if (filter.path.empty()) return;
    const ColumnShape* column = find(columns_, filter.path[0]);
    const ColumnShape* key = find(partition_keys_, filter.path[0]);
    if (column == nullptr && key == nullptr) {
      return tell(filter.at, "the table has no column " + filter.path[0], "its columns are " + names());
    }
    const auto type = type_at(filter, plain_type((column == nullptr ? key : column)->type));
    if (!type) return;
    if (key != nullptr && filter.kind == Kind::IsNull) {
      tell(filter.at, "IS NULL is not allowed on the partition key " + filter.path[0], "leave it out: it always has a value");
    }
    compare(filter, *type);
  }

  static const ColumnShape* find(const std::vector<ColumnShape>& list, const std::string& name) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const ColumnShape& each) { return lower(each.name) == name; });
    return found == list.end() ? nullptr : &*found;
  }

  std::string names() const {
    std::vector<std::string> out;
    for (const auto* list : {&columns_, &partition_keys_}) {
      for (const ColumnShape& each : *list) out.push_back(each.name);
    }
    if (out.size() > 12) {
      out.resize(12);
      out.push_back("and others");
    }
    return joined(out, ", ");
  }

  /// The type of the field that the filter names within a column of type `type`.
  std::optional<std::string> type_at(const RowFilter& filter, std::string type) {
    for (std::size_t i = 1; i < filter.path.size(); ++i) {
      std::optional<std::string> inner = field_type(type, filter.path[i]);
      if (!inner) {
        const std::vector<std::string> outer(filter.path.begin(), filter.path.begin() + static_cast<std::ptrdiff_t>(i));
        tell(filter.at, joined(outer, ".") + " has no field " + filter.path[i], "its type is " + type);
        return std::nullopt;
      }
      type = std::move(*inner);
    }
    return type;
  }

  void compare(const RowFilter& filter, const std::string& type) {
    const std::string name = joined(filter.path, ".");
    const Family family = family_of(type);
    if (family == Family::Other) {
      return tell(filter.at, name + " is of type " + type + ", which no row filter can compare", "use another column");
    }
    if (family == Family::Struct && filter.kind != Kind::IsNull) {
      return tell(filter.at, name + " is of type " + type + ": only its fields can be compared", "write " + name + ".field");
    }
    if (filter.kind == Kind::Like && family != Family::Text) {
      return tell(filter.at, "LIKE compares texts only, and " + name + " is of type " + type, "use =, < or >");
    }
    for (const RowConstant& constant : filter.constants) {
      if (fits(constant, type)) continue;
      tell(constant.at, "the constant does not fit " + name + ", which is of type " + type, "write " + example_of(type));
    }
  }

  const std::vector<ColumnShape>& columns_;
  const std::vector<ColumnShape>& partition_keys_;
  std::vector<RowFilterProblem> problems_;
};

}  // namespace

std::vector<RowFilterProblem> problems_in(const RowFilter& filter, const std::vector<ColumnShape>& columns,
                                          const std::vector<ColumnShape>& partition_keys) {
  return Fitting(columns, partition_keys).of(filter);
}

}  // namespace datamesh::catalog
