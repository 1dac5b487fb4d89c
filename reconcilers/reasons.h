// Every reason that a condition of ours can carry. docs/resources/*.md explains each; a test compares the two.
#pragma once

#include <array>
#include <string_view>

namespace datamesh::reconcilers::reason {

// All is well, or on its way.
inline constexpr std::string_view kInForce = "InForce";
inline constexpr std::string_view kAuthorized = "Authorized";
inline constexpr std::string_view kNoConflict = "NoConflict";
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kReleasing = "Releasing";
inline constexpr std::string_view kExpired = "Expired";
inline constexpr std::string_view kUnpublished = "Unpublished";
inline constexpr std::string_view kNotNeeded = "NotNeeded";

// Waiting for something that may come.
inline constexpr std::string_view kMeshNotFound = "MeshNotFound";
inline constexpr std::string_view kAccountNotFound = "AccountNotFound";
inline constexpr std::string_view kProductNotFound = "ProductNotFound";
inline constexpr std::string_view kLinkNotFound = "LinkNotFound";
inline constexpr std::string_view kTableNotFound = "TableNotFound";
inline constexpr std::string_view kPersonaNotFound = "PersonaNotFound";
inline constexpr std::string_view kPrincipalNotFound = "PrincipalNotFound";
inline constexpr std::string_view kSourceNotFound = "SourceNotFound";
inline constexpr std::string_view kLineOfBusinessNotFound = "LineOfBusinessNotFound";
inline constexpr std::string_view kAccountNotGranted = "AccountNotGranted";
inline constexpr std::string_view kShareNotAccepted = "ShareNotAccepted";
inline constexpr std::string_view kEntryMissing = "EntryMissing";
inline constexpr std::string_view kCatalogNotObserved = "CatalogNotObserved";

// Refused by the rules of authority: claims nothing.
inline constexpr std::string_view kNotTheProductsNamespace = "NotTheProductsNamespace";
inline constexpr std::string_view kExceedsAccountGrant = "ExceedsAccountGrant";
inline constexpr std::string_view kForeignPrincipal = "ForeignPrincipal";

inline constexpr std::string_view kExceedsTagGrant = "ExceedsTagGrant";

// What the operator's role of an account may do.
inline constexpr std::string_view kActionsAllowed = "ActionsAllowed";
inline constexpr std::string_view kActionsMissing = "ActionsMissing";
inline constexpr std::string_view kCannotSimulate = "CannotSimulate";

// Whether its queues of change notices are read.
inline constexpr std::string_view kNoticesReceived = "NoticesReceived";
inline constexpr std::string_view kQueueNotFound = "QueueNotFound";
inline constexpr std::string_view kQueueAccessDenied = "QueueAccessDenied";
inline constexpr std::string_view kQueueUnreachable = "QueueUnreachable";

// Wrong in itself, or against another resource.
inline constexpr std::string_view kDuplicateTag = "DuplicateTag";
inline constexpr std::string_view kTagValueInUse = "TagValueInUse";
inline constexpr std::string_view kTagValueNotDeclared = "TagValueNotDeclared";
inline constexpr std::string_view kInvalidExpression = "InvalidExpression";
inline constexpr std::string_view kDuplicateMesh = "DuplicateMesh";
inline constexpr std::string_view kDuplicateAccount = "DuplicateAccount";
inline constexpr std::string_view kInvalidColumns = "InvalidColumns";
inline constexpr std::string_view kInvalidRowFilter = "InvalidRowFilter";
inline constexpr std::string_view kConflict = "Conflict";
inline constexpr std::string_view kPlanHeld = "PlanHeld";
inline constexpr std::string_view kTableRecreated = "TableRecreated";

// What AWS answered.
inline constexpr std::string_view kAccessDenied = "AccessDenied";
inline constexpr std::string_view kInvalidInput = "InvalidInput";
inline constexpr std::string_view kLimitExceeded = "LimitExceeded";
inline constexpr std::string_view kThrottled = "Throttled";
inline constexpr std::string_view kRetrying = "Retrying";
inline constexpr std::string_view kCredentialsExpired = "CredentialsExpired";
inline constexpr std::string_view kNotKept = "NotKept";
inline constexpr std::string_view kCatalogUnreachable = "CatalogUnreachable";

inline constexpr std::array kAll = {
    kInForce,         kAuthorized,        kNoConflict,       kProgressing,
    kReleasing,       kExpired,           kUnpublished,      kNotNeeded,
    kMeshNotFound,    kAccountNotFound,   kProductNotFound,  kLinkNotFound,
    kTableNotFound,   kPersonaNotFound,   kPrincipalNotFound, kSourceNotFound,
    kLineOfBusinessNotFound, kAccountNotGranted,
    kShareNotAccepted, kEntryMissing,     kCatalogNotObserved, kNotTheProductsNamespace,
    kExceedsAccountGrant, kForeignPrincipal, kExceedsTagGrant, kInvalidColumns, kInvalidRowFilter, kDuplicateTag, kTagValueInUse,
    kTagValueNotDeclared, kInvalidExpression, kDuplicateMesh, kDuplicateAccount,
    kConflict,        kPlanHeld,         kTableRecreated,  kAccessDenied,     kInvalidInput,
    kLimitExceeded,   kThrottled,         kRetrying,         kCredentialsExpired,
    kNotKept,          kCatalogUnreachable, kActionsAllowed,  kActionsMissing,
    kCannotSimulate,   kNoticesReceived,  kQueueNotFound,   kQueueAccessDenied,
    kQueueUnreachable};

}  // namespace datamesh::reconcilers::reason
