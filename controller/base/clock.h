// Time as a parameter. Only SystemClock and BootClock read real clocks; tests and the simulation use FakeClock.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace datamesh {

using Millis = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Millis>;

class Clock {
 public:
  virtual ~Clock() = default;
  /// The present, in UTC. Safe to call from any thread.
  virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
};

/// Time since the machine started, sleep included. Nobody can set it, so it is the one to measure spans with; what it
/// says is no time of day.
class BootClock final : public Clock {
 public:
  Time now() const override;
};

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time start) : now_(start.time_since_epoch().count()) {}
  Time now() const override { return Time(Millis(now_.load())); }
  void advance(Millis by) { now_ += by.count(); }
  void set(Time to) { now_ = to.time_since_epoch().count(); }

 private:
  std::atomic<Millis::rep> now_;
};

/// RFC 3339 in UTC to the second: "2026-11-22T08:00:00Z". Fractions of a second are cut off.
std::string to_rfc3339(Time time);
/// Reads RFC 3339 with an optional fraction and any offset; nullopt when malformed.
std::optional<Time> parse_rfc3339(std::string_view text);
/// Reads a Go-style duration ("90s", "5m", "1h30m", "12h", "7d"); nullopt when malformed or negative.
std::optional<Millis> parse_duration(std::string_view text);
/// Age as kubectl prints it: "45s", "3m12s", "5h", "12d".
std::string human_age(Millis age);

}  // namespace datamesh
