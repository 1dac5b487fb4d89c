// The seam to AWS. Everything above it runs unchanged on EmbeddedLake and on RemoteAws.
#pragma once

#include <string>
#include <string_view>

#include "controller/base/catalog_ref.h"
#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::aws {

enum class Service { Glue, LakeFormation, Ram, Sts, Iam, Sqs };

/// "glue", "lakeformation", "ram", "sts", "iam", "sqs": the names that the AWS CLI and SigV4 use.
std::string_view to_string(Service service);

/// One call, in the shape of the service model: `operation` in its own spelling ("GetDatabases",
/// "BatchGrantPermissions", "AcceptResourceShareInvitation"), `input` with the model's member names.
struct Call {
  CatalogRef target;
  Service service = Service::Glue;
  std::string operation;
  Json input = Json::object();
};

/// Makes calls as one identity per account. Blocking; safe to call from several threads.
/// Success is the model's output shape (`{}` where it has none). Timestamps are epoch seconds.
/// Errors: classified by `classify_error`; a 200 with `Failures` is a success whose value holds them.
class Api {
 public:
  virtual ~Api() = default;
  virtual Result<Json> call(const Call& call) = 0;
};

/// The class of an AWS error code and message.
/// Source: lake-formation.md 1.2 (errors by code and, where AWS disguises them, by message)
ErrorKind classify_error(std::string_view code, std::string_view message, int http_status);

/// An Error for `code`, classified, with origin "glue:CreateTable".
Error make_error(const Call& call, std::string code, std::string message, int http_status = 400);

}  // namespace datamesh::aws
