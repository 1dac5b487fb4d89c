// Choices that a seed repeats exactly, on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace datamesh::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  /// 0 to `count` - 1. `count` is at least 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  int between(int least, int most) { return least + static_cast<int>(below(static_cast<std::size_t>(most - least + 1))); }
  bool chance(int percent) { return between(1, 100) <= percent; }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  /// Some of `from`, in their order: at least `least`, at most `most`.
  template <class T>
  std::vector<T> some(std::vector<T> from, std::size_t least, std::size_t most) {
    const auto count = static_cast<std::size_t>(between(static_cast<int>(least), static_cast<int>(most)));
    while (from.size() > count) from.erase(from.begin() + static_cast<std::ptrdiff_t>(below(from.size())));
    return from;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace datamesh::sim
