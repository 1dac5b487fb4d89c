// Names and classes of AWS errors: which codes, and which messages where AWS hides one error in another, mean what.
#include "controller/aws/api.h"

#include <array>
#include <utility>

namespace datamesh::aws {
namespace {

struct ByCode {
  std::string_view code;
  ErrorKind kind;
};

/// Source: lake-formation.md 1.2; the codes that every service may give are those of botocore's standard retry mode.
constexpr std::array kByCode = {
    ByCode{"ThrottlingException", ErrorKind::Throttled},
    ByCode{"Throttling", ErrorKind::Throttled},
    ByCode{"ThrottledException", ErrorKind::Throttled},
    ByCode{"RequestThrottledException", ErrorKind::Throttled},
    ByCode{"TooManyRequestsException", ErrorKind::Throttled},
    ByCode{"ProvisionedThroughputExceededException", ErrorKind::Throttled},
    ByCode{"RequestLimitExceeded", ErrorKind::Throttled},
    ByCode{"RequestThrottled", ErrorKind::Throttled},
    ByCode{"BandwidthLimitExceeded", ErrorKind::Throttled},
    ByCode{"SlowDown", ErrorKind::Throttled},
    ByCode{"PriorRequestNotComplete", ErrorKind::Throttled},
    ByCode{"KmsThrottled", ErrorKind::Throttled},
    ByCode{"OverLimit", ErrorKind::Throttled},
    ByCode{"InternalServiceException", ErrorKind::Transient},
    ByCode{"InternalFailure", ErrorKind::Transient},
    ByCode{"ServiceUnavailable", ErrorKind::Transient},
    ByCode{"RequestTimeout", ErrorKind::Transient},
    ByCode{"RequestTimeoutException", ErrorKind::Transient},
    ByCode{"IDPCommunicationError", ErrorKind::Transient},
    ByCode{"OperationTimeoutException", ErrorKind::Transient},
    ByCode{"ServerInternalException", ErrorKind::Transient},
    ByCode{"ServiceUnavailableException", ErrorKind::Transient},
    ByCode{"FederationSourceRetryableException", ErrorKind::Transient},
    ByCode{"ResourceNotReadyException", ErrorKind::Transient},
    ByCode{"ConcurrentModificationException", ErrorKind::Conflict},
    ByCode{"ConditionCheckFailureException", ErrorKind::Conflict},
    ByCode{"AlreadyExistsException", ErrorKind::AlreadyExists},
    ByCode{"ResourceShareInvitationAlreadyAcceptedException", ErrorKind::AlreadyExists},
    ByCode{"EntityNotFoundException", ErrorKind::NotFound},
    ByCode{"UnknownResourceException", ErrorKind::NotFound},
    ByCode{"ResourceShareInvitationArnNotFoundException", ErrorKind::NotFound},
    ByCode{"QueueDoesNotExist", ErrorKind::NotFound},
    ByCode{"AWS.SimpleQueueService.NonExistentQueue", ErrorKind::NotFound},
    ByCode{"QueueNameExists", ErrorKind::AlreadyExists},
    ByCode{"ResourceNumberLimitExceededException", ErrorKind::LimitExceeded},
    ByCode{"ResourceShareLimitExceededException", ErrorKind::LimitExceeded},
    ByCode{"AccessDeniedException", ErrorKind::Denied},
    ByCode{"AccessDenied", ErrorKind::Denied},
    ByCode{"OperationNotPermittedException", ErrorKind::Denied},
    ByCode{"KmsAccessDenied", ErrorKind::Denied},
    ByCode{"ResourceShareInvitationExpiredException", ErrorKind::Expired},
    ByCode{"ResourceShareInvitationAlreadyRejectedException", ErrorKind::Expired},
    ByCode{"ExpiredTokenException", ErrorKind::Expired},
    ByCode{"ExpiredToken", ErrorKind::Expired},
    ByCode{"UnrecognizedClientException", ErrorKind::Expired},
    ByCode{"InvalidClientTokenId", ErrorKind::Expired},
    ByCode{"RequestExpired", ErrorKind::Expired},
};

/// Errors that AWS disguises: the code says one thing, the message another. The first match counts.
struct ByMessage {
  std::string_view code;
  std::string_view part;
  ErrorKind kind;
};

constexpr std::array kByMessage = {
    ByMessage{"InvalidInputException", "Rate exceeded", ErrorKind::Throttled},
    ByMessage{"InvalidInputException", "No permissions revoked", ErrorKind::NotFound},
    ByMessage{"InvalidInputException", "non-existent column", ErrorKind::NotFound},
    ByMessage{"InvalidInputException", "Invalid principal", ErrorKind::Eventual},
    ByMessage{"InvalidInputException", "Grantee has no permissions", ErrorKind::Eventual},
    ByMessage{"InvalidInputException", "register the S3 path", ErrorKind::Eventual},
    ByMessage{"InvalidInputException", "not found", ErrorKind::NotFound},
    ByMessage{"AccessDeniedException", "is not authorized to access requested permissions",
              ErrorKind::Eventual},
};

ErrorKind kind_of_status(int http_status) {
  switch (http_status) {
    case 401:
    case 403: return ErrorKind::Denied;
    case 404: return ErrorKind::NotFound;
    case 409: return ErrorKind::Conflict;
    case 429: return ErrorKind::Throttled;
    case 408:
    case 500:
    case 502:
    case 503:
    case 504: return ErrorKind::Transient;
    default: return ErrorKind::Invalid;
  }
}

}  // namespace

std::string_view to_string(Service service) {
  switch (service) {
    case Service::Glue: return "glue";
    case Service::LakeFormation: return "lakeformation";
    case Service::Ram: return "ram";
    case Service::Sts: return "sts";
    case Service::Sqs: return "sqs";
    case Service::Iam: return "iam";
  }
  return "unknown";
}

ErrorKind classify_error(std::string_view code, std::string_view message, int http_status) {
  for (const ByMessage& row : kByMessage) {
    if (row.code == code && message.find(row.part) != std::string_view::npos) return row.kind;
  }
  for (const ByCode& row : kByCode) {
    if (row.code == code) return row.kind;
  }
  return kind_of_status(http_status);
}

Error make_error(const Call& call, std::string code, std::string message, int http_status) {
  const ErrorKind kind = classify_error(code, message, http_status);
  return Error{kind, std::move(code), std::move(message),
               std::string(to_string(call.service)) + ":" + call.operation, std::nullopt};
}

}  // namespace datamesh::aws
