#include "controller/engine/schedule.h"

#include <algorithm>

#include "reconcilers/reasons.h"

namespace datamesh::engine {

namespace reason = reconcilers::reason;

namespace {

constexpr Millis kPrincipalAppearsWithin = std::chrono::minutes(2);

}  // namespace

/// Source: lake-formation.md 1.2 (error classes)
Reaction reaction_to(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Throttled: return Reaction::RetryCatalog;
    case ErrorKind::Transient:  // the response may have been lost after success
    case ErrorKind::AlreadyExists:
    case ErrorKind::NotFound: return Reaction::ReadAgain;
    case ErrorKind::Conflict:
    case ErrorKind::Gone:
    case ErrorKind::Eventual: return Reaction::RetryEntry;
    case ErrorKind::Expired:
    case ErrorKind::Unavailable:
    case ErrorKind::Cancelled: return Reaction::RetryCatalog;
    case ErrorKind::Invalid:
    case ErrorKind::Denied:
    case ErrorKind::LimitExceeded:
    case ErrorKind::Internal: return Reaction::GiveUp;
  }
  return Reaction::GiveUp;
}

Millis delay_after(const Error& error, int attempts) {
  if (error.retry_after) return *error.retry_after;
  if (reaction_to(error.kind) == Reaction::GiveUp) return std::chrono::minutes(10);
  const int doublings = std::clamp(attempts, 0, 9);
  return std::min<Millis>(Millis(250) * (1 << doublings), std::chrono::minutes(2));
}

std::string_view reason_for(const Error& error, Millis tried) {
  const bool unknown = error.kind == ErrorKind::Eventual && error.message.find("Invalid principal") != std::string::npos;
  if (unknown && tried >= kPrincipalAppearsWithin) return reason::kPrincipalNotFound;
  switch (error.kind) {
    case ErrorKind::Denied: return reason::kAccessDenied;
    case ErrorKind::Invalid: return reason::kInvalidInput;
    case ErrorKind::LimitExceeded: return reason::kLimitExceeded;
    case ErrorKind::Throttled: return reason::kThrottled;
    case ErrorKind::Expired: return reason::kCredentialsExpired;
    default: return reason::kRetrying;
  }
}

namespace {

std::string_view remedy_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Denied:
      return "Allow it to the operator's role (datamesh iam-policy prints all that it needs), or correct spec.connection of "
             "the Account";
    case ErrorKind::Expired: return "Renew the credentials of the operator, or accept or send the invitation again";
    case ErrorKind::LimitExceeded: return "Have the quota raised, or declare less";
    case ErrorKind::Invalid: return "Correct the declaration";
    case ErrorKind::Internal: return "This is a defect of the operator: please report it";
    case ErrorKind::Unavailable: return "Look at the machine that the operator runs on";
    default: return "It is tried again by itself";
  }
}

}  // namespace

std::string with_remedy(const Error& error) {
  std::string out = to_string(error);
  if (!out.ends_with('.')) out += '.';
  return out + " " + std::string(remedy_for(error.kind)) + ".";
}

}  // namespace datamesh::engine
