// Names and classes of errors.
#include "controller/aws/api.h"

#include <gtest/gtest.h>

namespace datamesh::aws {

struct ErrorRow {
  const char* code;
  const char* message;
  int status;
  ErrorKind kind;
};

TEST(ClassifyError, FollowsTheTable) {
  for (const ErrorRow& row : {
           ErrorRow{"ThrottlingException", "", 400, ErrorKind::Throttled},
           ErrorRow{"Throttling", "", 400, ErrorKind::Throttled},
           ErrorRow{"ThrottledException", "", 429, ErrorKind::Throttled},
           ErrorRow{"RequestThrottledException", "", 400, ErrorKind::Throttled},
           ErrorRow{"TooManyRequestsException", "", 400, ErrorKind::Throttled},
           ErrorRow{"ProvisionedThroughputExceededException", "", 400, ErrorKind::Throttled},
           ErrorRow{"RequestLimitExceeded", "", 503, ErrorKind::Throttled},
           ErrorRow{"SlowDown", "", 503, ErrorKind::Throttled},
           ErrorRow{"Whatever", "", 429, ErrorKind::Throttled},
           ErrorRow{"InternalFailure", "", 500, ErrorKind::Transient},
           ErrorRow{"IDPCommunicationError", "", 400, ErrorKind::Transient},
           ErrorRow{"RequestTimeoutException", "", 400, ErrorKind::Transient},
           ErrorRow{"Whatever", "", 408, ErrorKind::Transient},
           ErrorRow{"RequestExpired", "", 400, ErrorKind::Expired},
           ErrorRow{"InternalServiceException", "", 500, ErrorKind::Transient},
           ErrorRow{"OperationTimeoutException", "", 400, ErrorKind::Transient},
           ErrorRow{"ServerInternalException", "", 500, ErrorKind::Transient},
           ErrorRow{"ServiceUnavailableException", "", 503, ErrorKind::Transient},
           ErrorRow{"FederationSourceRetryableException", "", 400, ErrorKind::Transient},
           ErrorRow{"ResourceNotReadyException", "", 400, ErrorKind::Transient},
           ErrorRow{"Whatever", "", 502, ErrorKind::Transient},
           ErrorRow{"Whatever", "", 504, ErrorKind::Transient},
           ErrorRow{"ConcurrentModificationException", "", 400, ErrorKind::Conflict},
           ErrorRow{"ConditionCheckFailureException", "", 400, ErrorKind::Conflict},
           ErrorRow{"AlreadyExistsException", "", 400, ErrorKind::AlreadyExists},
           ErrorRow{"ResourceShareInvitationAlreadyAcceptedException", "", 400, ErrorKind::AlreadyExists},
           ErrorRow{"EntityNotFoundException", "", 400, ErrorKind::NotFound},
           ErrorRow{"ResourceNumberLimitExceededException", "", 400, ErrorKind::LimitExceeded},
           ErrorRow{"AccessDeniedException", "no", 403, ErrorKind::Denied},
           ErrorRow{"AccessDeniedException", "no", 400, ErrorKind::Denied},
           ErrorRow{"ResourceShareInvitationExpiredException", "", 400, ErrorKind::Expired},
           ErrorRow{"ResourceShareInvitationAlreadyRejectedException", "", 400, ErrorKind::Expired},
           ErrorRow{"ExpiredTokenException", "", 403, ErrorKind::Expired},
           ErrorRow{"ExpiredToken", "", 403, ErrorKind::Expired},
           ErrorRow{"UnrecognizedClientException", "", 400, ErrorKind::Expired},
           ErrorRow{"InvalidClientTokenId", "", 403, ErrorKind::Expired},
           ErrorRow{"GlueEncryptionException", "", 400, ErrorKind::Invalid},
           ErrorRow{"InvalidInputException", "what", 400, ErrorKind::Invalid},
           ErrorRow{"Whatever", "", 400, ErrorKind::Invalid},
       }) {
    EXPECT_EQ(classify_error(row.code, row.message, row.status), row.kind) << row.code;
  }
}

TEST(ClassifyError, SeesThroughADisguise) {
  for (const ErrorRow& row : {
           ErrorRow{"InvalidInputException", "IAM: Rate exceeded", 400, ErrorKind::Throttled},
           ErrorRow{"InvalidInputException", "Invalid principal: x", 400, ErrorKind::Eventual},
           ErrorRow{"InvalidInputException", "Grantee has no permissions", 400, ErrorKind::Eventual},
           ErrorRow{"InvalidInputException", "Must manually register the S3 path: x", 400, ErrorKind::Eventual},
           ErrorRow{"AccessDeniedException", "requester is not authorized to access requested permissions.", 400,
                    ErrorKind::Eventual},
           ErrorRow{"InvalidInputException", "No permissions revoked. Grantee has no permissions on x", 400,
                    ErrorKind::NotFound},
           ErrorRow{"InvalidInputException", "cannot grant/revoke permission on non-existent column", 400,
                    ErrorKind::NotFound},
           ErrorRow{"InvalidInputException", "Table not found", 400, ErrorKind::NotFound},
       }) {
    EXPECT_EQ(classify_error(row.code, row.message, row.status), row.kind) << row.message;
  }
}

TEST(MakeError, NamesTheCall) {
  const Call call{{"111122223333", "eu-west-1"}, Service::LakeFormation, "GrantPermissions", {}};
  EXPECT_EQ(make_error(call, "AccessDeniedException", "no"),
            (Error{ErrorKind::Denied, "AccessDeniedException", "no", "lakeformation:GrantPermissions", std::nullopt}));
}

}  // namespace datamesh::aws
