// Answers as AWS writes them, per protocol: the output of a call, or an error. Pure.
// Source: lake-formation.md 1.2; the protocol documents of the Smithy specification
#pragma once

#include <string>

#include "controller/aws/protocol.h"
#include "controller/base/clock.h"

namespace datamesh::aws {

/// Why a request is refused before anything is called. Each protocol has a code and a status of its own for it.
enum class Refusal {
  MissingToken,       ///< not signed at all
  Incomplete,         ///< an Authorization header that cannot be read, or does not cover what it must
  UnknownKey,         ///< no such access key, or not with this session token
  ExpiredToken,
  BadSignature,       ///< also: made too long ago, or in the future
  UnknownOperation,
  Unreadable,         ///< the input
  NotServed,          ///< a service that is not here
};

/// The code of `refusal` in that style: "UnrecognizedClientException", "InvalidClientTokenId".
std::string code_of(Refusal refusal, Style style);

/// What every answer carries.
struct AnswerHead {
  std::string request_id;
  Time now;  ///< for the Date header: clients correct their clocks by it
};

http::Response to_answer(const Call& call, const Json& output, const AnswerHead& head);
/// An error of the call itself. Faults of this machine are the service's internal ones.
http::Response to_answer(const Call& call, const Error& error, const AnswerHead& head);
http::Response to_answer(Refusal refusal, Style style, const std::string& message, const AnswerHead& head);

}  // namespace datamesh::aws
