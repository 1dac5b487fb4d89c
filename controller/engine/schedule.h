// Which error retries how: the one table. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/base/clock.h"
#include "controller/base/error.h"

namespace datamesh::engine {

/// What an error of one write means for what comes next.
enum class Reaction {
  RetryEntry,    ///< this entry again after a delay that doubles
  RetryCatalog,  ///< the whole catalog rests for a delay that doubles
  ReadAgain,     ///< what we believe of the catalog may be wrong: observe it, then plan anew
  GiveUp,        ///< only a change helps; looked at again slowly
};

Reaction reaction_to(ErrorKind kind);

/// The delay before attempt `attempts` + 1: doubling from 250 ms (entries) up to 2 minutes; give-ups every 10 minutes.
/// A `retry_after` of the other side is kept to.
Millis delay_after(const Error& error, int attempts);

/// The reason that a condition shows for the error, after it has been tried again for `tried`. A principal that is not
/// known may be too new; one that is not known for two minutes does not exist.
/// Source: lake-formation.md 4 (trap T13)
std::string_view reason_for(const Error& error, Millis tried);

/// The error, and what whoever reads the condition does about it: two sentences.
std::string with_remedy(const Error& error);

}  // namespace datamesh::engine
