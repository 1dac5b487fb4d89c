#include "controller/base/clock.h"

#include <time.h>

#include <array>
#include <charconv>
#include <cstdio>

namespace datamesh {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Time SystemClock::now() const {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

Time BootClock::now() const {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return Time(std::chrono::duration_cast<Millis>(std::chrono::seconds(time.tv_sec) +
                                                 std::chrono::nanoseconds(time.tv_nsec)));
}

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<seconds>(time - day)};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

namespace {

/// Reads exactly `digits` decimal digits at `at`; -1 when they are not there.
int number(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// The offset from UTC that ends an RFC 3339 time, in minutes; nullopt when malformed.
std::optional<int> zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int hour = number(text, 1, 2);
  const int minute = number(text, 4, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hour * 60 + minute);
}

}  // namespace

std::optional<Time> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const int year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
  const int hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
  if (year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (month < 0 || day < 0 || !date.ok()) return std::nullopt;
  std::size_t at = 19;
  int millis = 0;
  if (text[at] == '.') {
    int scale = 100;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      millis += (text[at] - '0') * scale;
    }
  }
  const auto offset = zone(text.substr(at));
  if (!offset) return std::nullopt;
  return Time(std::chrono::sys_days{date}) + hours(hour) + minutes(minute) + seconds(second) + Millis(millis) -
         minutes(*offset);
}

std::optional<Millis> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Millis total{0};
  while (!text.empty()) {
    long long count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || count < 0 || count > 1'000'000'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with("ms")) {
      total += Millis(count);
      text.remove_prefix(2);
      continue;
    }
    if (text.empty()) return std::nullopt;
    switch (text[0]) {
      case 's': total += seconds(count); break;
      case 'm': total += minutes(count); break;
      case 'h': total += hours(count); break;
      case 'd': total += days(count); break;
      default: return std::nullopt;
    }
    text.remove_prefix(1);
  }
  return total;
}

std::string human_age(Millis age) {
  const long long s = age.count() < 0 ? 0 : age.count() / 1000;
  const long long m = s / 60, h = m / 60, d = h / 24;
  const auto two = [](long long big, char big_unit, long long small, char small_unit) {
    std::string text = std::to_string(big) + big_unit;
    if (small != 0) text += std::to_string(small) + small_unit;
    return text;
  };
  if (s < 120) return std::to_string(s) + "s";
  if (m < 10) return two(m, 'm', s % 60, 's');
  if (m < 180) return std::to_string(m) + "m";
  if (h < 8) return two(h, 'h', m % 60, 'm');
  if (h < 48) return std::to_string(h) + "h";
  if (d < 8) return two(d, 'd', h % 24, 'h');
  if (d < 730) return std::to_string(d) + "d";
  return std::to_string(d / 365) + "y";
}

}  // namespace datamesh
