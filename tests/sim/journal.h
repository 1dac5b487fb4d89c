// What happened in one simulated life, for whoever must find out why it went wrong.
#pragma once

#include <iostream>
#include <string>

#include "controller/base/clock.h"

namespace datamesh::sim {

class Journal {
 public:
  explicit Journal(bool aloud) : aloud_(aloud) {}

  void set_clock(const Clock* clock) { clock_ = clock; }
  void note(const std::string& line) {
    std::string stamped = (clock_ == nullptr ? "" : to_rfc3339(clock_->now()) + "  ") + line + "\n";
    if (aloud_) std::cerr << stamped;
    text_ += stamped;
  }
  const std::string& text() const { return text_; }

 private:
  const Clock* clock_ = nullptr;
  bool aloud_;
  std::string text_;
};

}  // namespace datamesh::sim
