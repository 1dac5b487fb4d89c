// simulate --seeds N --from K [--verbose]: lives as many lives, and tells of those that broke an invariant.
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/sim/simulation.h"

namespace {

constexpr const char* kUsage =
    "usage: simulate [--seeds N] [--from K] [--verbose]\n\n"
    "Lives N simulated lives of the whole operator, of the seeds K, K+1, and so on (default: 100 from 1).\n"
    "A failure prints its seed and the log of what happened; `--seeds 1 --from SEED --verbose` lives it again aloud.\n"
    "Exit status: 0 when every life went well, 1 when one did not, 2 for a wrong command line.\n";

struct Arguments {
  std::uint64_t seeds = 100;
  std::uint64_t from = 1;
  bool verbose = false;
  bool wrong = false;
  bool help = false;
};

Arguments parse(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--verbose") {
      out.verbose = true;
    } else if (word == "--help" || word == "-h") {
      out.help = true;
    } else if ((word == "--seeds" || word == "--from") && i + 1 < argc) {
      char* end = nullptr;
      const std::uint64_t number = std::strtoull(argv[++i], &end, 10);
      out.wrong = out.wrong || *argv[i] == '\0' || *end != '\0';
      (word == "--seeds" ? out.seeds : out.from) = number;
    } else {
      out.wrong = true;
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace datamesh::sim;
  const Arguments arguments = parse(argc, argv);
  if (arguments.wrong || arguments.help) {
    (arguments.help ? std::cout : std::cerr) << kUsage;
    return arguments.help ? 0 : 2;
  }
  std::uint64_t failed = 0;
  for (std::uint64_t seed = arguments.from; seed < arguments.from + arguments.seeds; ++seed) {
    const Outcome outcome = simulate(seed, arguments.verbose ? Voice::Aloud : Voice::Quiet);
    if (outcome.ok) continue;
    ++failed;
    if (!arguments.verbose) std::cout << outcome.journal;
    std::cout << "SEED " << seed << " FAILED: " << outcome.failure << "\n" << std::flush;
  }
  std::cout << arguments.seeds - failed << " of " << arguments.seeds << " lives went well\n";
  return failed == 0 ? 0 : 1;
}
