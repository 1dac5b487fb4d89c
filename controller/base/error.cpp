#include "controller/base/error.h"

namespace datamesh {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::NotFound: return "NotFound";
    case ErrorKind::AlreadyExists: return "AlreadyExists";
    case ErrorKind::Conflict: return "Conflict";
    case ErrorKind::Gone: return "Gone";
    case ErrorKind::Invalid: return "Invalid";
    case ErrorKind::Denied: return "Denied";
    case ErrorKind::Throttled: return "Throttled";
    case ErrorKind::Transient: return "Transient";
    case ErrorKind::Eventual: return "Eventual";
    case ErrorKind::LimitExceeded: return "LimitExceeded";
    case ErrorKind::Expired: return "Expired";
    case ErrorKind::Cancelled: return "Cancelled";
    case ErrorKind::Unavailable: return "Unavailable";
    case ErrorKind::Internal: return "Internal";
  }
  return "Internal";
}

std::string to_string(const Error& error) {
  std::string text;
  for (const std::string* part : {&error.origin, &error.code, &error.message}) {
    if (part->empty()) continue;
    if (!text.empty()) text += ": ";
    text += *part;
  }
  return text.empty() ? std::string(to_string(error.kind)) : text;
}

}  // namespace datamesh
