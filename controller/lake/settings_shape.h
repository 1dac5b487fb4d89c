// Between canonical data lake settings and those of Lake Formation, which are written as a whole. Pure.
// Source: lake-formation.md 1.4 (PutDataLakeSettings), 2.5 (versions), 4 (trap T9)
#pragma once

#include "controller/base/json.h"
#include "controller/catalog/entry.h"

namespace datamesh::lake {

/// `settings`: the member DataLakeSettings, as read.
catalog::Settings decode_settings(const Json& settings);

/// `existing`, the settings as read, with what `wanted` has and they lack. All else stays: other administrators, and every field
/// and parameter that is not of ours, known or not. A cross-account version is raised, never lowered.
Json encode_settings(const catalog::Settings& wanted, Json existing);

}  // namespace datamesh::lake
