#include "controller/telemetry/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace datamesh::telemetry {
namespace {

constexpr std::size_t kRemembered = 10'000;    ///< lines
constexpr std::streamoff kReadBack = 1 << 20;  ///< bytes of an old file that are looked at

bool names(const Json& line, const std::string& object) {
  const Json& because = member(line, "because");
  return object.empty() || (because.is_array() && std::find(because.begin(), because.end(), object) != because.end());
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::string& file) {
  std::unique_ptr<AuditLog> log(new AuditLog);
  if (file.empty()) return log;
  std::ifstream old(file, std::ios::binary | std::ios::ate);
  if (old) {
    const std::streamoff size = old.tellg();
    old.seekg(std::max<std::streamoff>(0, size - kReadBack));
    // The first line may be cut, and so may the last one after a crash: both are no JSON then.
    for (std::string text; std::getline(old, text);) {
      if (auto line = parse_json(text)) log->remember(std::move(*line));
    }
  }
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) {
    return fail(ErrorKind::Unavailable, "cannot write " + file + ": " + std::strerror(errno) +
                                            "; make it writable, or choose another folder with --state-dir");
  }
  ::close(made);
  log->file_.open(file, std::ios::binary | std::ios::app);
  return log;
}

bool AuditLog::append(const Json& line) {
  const std::lock_guard lock(mutex_);
  remember(line);
  if (!file_.is_open()) return true;
  file_.clear();  // an earlier failure, such as a full disk, may be over
  file_ << line.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
  return file_.good();
}

void AuditLog::remember(Json line) {
  lines_.push_back(std::move(line));
  if (lines_.size() > kRemembered) lines_.pop_front();
}

Json AuditLog::latest(const std::string& object, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<Json> found;
  for (auto line = lines_.rbegin(); line != lines_.rend() && found.size() < limit; ++line) {
    if (names(*line, object)) found.push_back(*line);
  }
  std::reverse(found.begin(), found.end());
  return {{"lines", found}};
}

}  // namespace datamesh::telemetry
