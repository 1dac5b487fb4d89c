// The words of every enum, in the order of its values.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "controller/api/kinds.h"

namespace datamesh::api {

inline constexpr std::array<std::string_view, 3> kGovernances{"Central", "LineOfBusiness", "Federated"};
inline constexpr std::array<std::string_view, 3> kUndeclareds{"Ignore", "Report", "Revoke"};
inline constexpr std::array<std::string_view, 2> kAccessModes{"LakeFormation", "Hybrid"};
inline constexpr std::array<std::string_view, 2> kDeletionPolicies{"Retain", "Delete"};
inline constexpr std::array<std::string_view, 3> kAccountRoles{"Producer", "Consumer", "Central"};
inline constexpr std::array<std::string_view, 2> kConnectionTypes{"Embedded", "Aws"};
inline constexpr std::array<std::string_view, 6> kTableFormats{"Parquet", "Csv", "Json", "Orc", "Avro", "Iceberg"};
inline constexpr std::array<std::string_view, 2> kSchemaPolicies{"Declared", "FollowProducer"};
inline constexpr std::array<std::string_view, 2> kTagGrants{"Allow", "Deny"};
inline constexpr std::array<std::string_view, 2> kRecreatedTables{"Restore", "AwaitApproval"};
inline constexpr std::array<std::string_view, 3> kInterfaces{"Athena", "RedshiftSpectrum", "SageMaker"};

/// The words of the type of an argument, which is not looked at.
constexpr const auto& words_of(Governance) { return kGovernances; }
constexpr const auto& words_of(Undeclared) { return kUndeclareds; }
constexpr const auto& words_of(AccessMode) { return kAccessModes; }
constexpr const auto& words_of(DeletionPolicy) { return kDeletionPolicies; }
constexpr const auto& words_of(AccountRole) { return kAccountRoles; }
constexpr const auto& words_of(ConnectionType) { return kConnectionTypes; }
constexpr const auto& words_of(TableFormat) { return kTableFormats; }
constexpr const auto& words_of(SchemaPolicy) { return kSchemaPolicies; }
constexpr const auto& words_of(TagGrants) { return kTagGrants; }
constexpr const auto& words_of(RecreatedTables) { return kRecreatedTables; }
constexpr const auto& words_of(Interface) { return kInterfaces; }

}  // namespace datamesh::api
