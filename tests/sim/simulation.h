// One seeded life of the whole operator: a random mesh, random edits, faults at every call, crashes, somebody who
// changes catalogs by hand; and the invariants that must hold all along and at the end.
//
//   seed ─► mesh ─► rounds of (edit | meddle | crash | time) and steps of the executor ─► calm ─► everything as declared
//                         after every step: nobody holds what neither the old nor the new declared state gives, by name or by tag,
//                         and in rounds without faults nobody loses what both give
#pragma once

#include <cstdint>
#include <string>

namespace datamesh::sim {

struct Outcome {
  bool ok = true;
  std::string failure;  ///< which invariant broke, and how
  std::string journal;  ///< all that happened
  std::uint64_t seed = 0;
};

enum class Voice { Quiet, Aloud };

/// Lives the life of `seed`. Equal seeds have equal lives.
Outcome simulate(std::uint64_t seed, Voice voice = Voice::Quiet);

}  // namespace datamesh::sim
