// The dynamic value of the whole project, and the few operations on it that everyone needs.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "controller/base/result.h"

namespace datamesh {

using Json = nlohmann::json;

/// Parses `text`; refuses invalid UTF-8, duplicate keys and nesting deeper than `max_depth`.
/// Errors: Invalid with the byte offset.
Result<Json> parse_json(std::string_view text, int max_depth = 100);

/// Parses `text` that this program wrote (a stored object), several times as fast as parse_json and without its
/// limits. Not for what comes from outside.
/// Errors: Invalid.
Result<Json> parse_own_json(std::string_view text);

/// The member `key` of `object` as a string; empty when absent, null or of another type.
std::string string_at(const Json& object, std::string_view key);
/// The member `key` of `object`; null when absent or when `object` is no object. The reference lives as long
/// as `object` does.
const Json& member(const Json& object, std::string_view key);
/// The value at a path of member names, null when any is missing: `at_path(o, {"metadata", "name"})`.
const Json& at_path(const Json& object, std::initializer_list<std::string_view> path);

/// RFC 7386 merge patch of `patch` onto `target`.
void merge_patch(Json& target, const Json& patch);

/// A stable 16-hex-digit hash of the canonical (sorted-key) text of `value`; not for security.
std::string json_hash(const Json& value);
/// The same hash of a text.
std::string text_hash(std::string_view text);

}  // namespace datamesh
