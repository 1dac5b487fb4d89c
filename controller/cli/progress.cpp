#include "controller/cli/progress.h"

#include <ostream>

namespace datamesh::cli {

Progress::Progress(Session& session)
    : session_(session), next_(session.environment.clock->now() + std::chrono::seconds(1)) {}

Progress::~Progress() {
  if (session_.environment.err_is_terminal && !shown_.empty()) session_.err() << "\r\x1b[K" << std::flush;
}

void Progress::show(const std::string& text) {
  const Time now = session_.environment.clock->now();
  if (now < next_ || text == shown_) return;
  shown_ = text;
  if (session_.environment.err_is_terminal) {
    next_ = now + Millis(100);
    session_.err() << "\r\x1b[K" << text << std::flush;
  } else {
    next_ = now + std::chrono::seconds(1);
    session_.err() << text << "\n" << std::flush;
  }
}

}  // namespace datamesh::cli
