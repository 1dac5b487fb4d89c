// The life behind `simulate`.
#pragma once

#include <memory>
#include <stdexcept>

#include "controller/embedded/faulty_store.h"
#include "tests/sim/chaos_api.h"
#include "tests/sim/hands.h"
#include "tests/sim/mesh_maker.h"
#include "tests/sim/simulation.h"
#include "tests/sim/tags.h"

namespace datamesh::sim {

/// An invariant is broken.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void broken(const std::string& what) { throw Violation(what); }

class Life {
 public:
  Life(std::uint64_t seed, Journal& journal);
  void live();

 private:
  testing::World::Options options(std::uint64_t seed);
  Weather bad_weather();
  embedded::StoreFault store_fault(embedded::StoreOperation operation);

  // what happens
  void begin();
  void something();
  void edit();
  void rescope();
  void declare(const Edit& edit);
  void crash();
  void start();
  void pass_time();
  void run_some(int steps);
  void step();
  void note_declared();
  void note_abandoned(const Declared& before);
  void allow(Rights rights);

  // life_checks.cpp: what must hold
  void look_at_once();
  void check_written();
  void check_nothing_beyond(const Rights& rights);
  void check_hands(const CatalogRef& catalog, const Rights& rights) const;
  void rest();
  void settle_down();
  bool approve_plans();
  void check_withheld();
  bool approve_tables();
  void raise_limits();
  void check_at_rest();
  void check_exact(const CatalogRef& catalog, const Expectation& expected);
  bool may_stay_open(const Right& right, const Expectation& expected) const;
  void check_opt_ins(const CatalogRef& catalog, const Expectation& expected);
  void check_statuses(const Expectation& expected);
  void check_objects();
  void check_tables();
  void check_links(const Expectation& expected);
  void check_leftovers();
  void check_quiet(const Expectation& expected);

  // life_tags.cpp
  void allow_reads(const Declared& declared, const Rights& rights);
  void check_reads();
  bool is_unsettled(const std::string& place) const;
  bool is_tagged_by_hand(std::string place, const std::string& key, const std::set<std::string>& assigned) const;
  void check_tags(const Expectation& expected);
  void check_tag_values(const Expectation& expected);

  // life_gentle.cpp: what nobody may lose
  void begin_gently();
  void end_gently();
  void note_options(const Rights& due);
  void keep(const Rights& due);
  void check_kept(const CatalogRef& catalog, const Rights& rights);
  void check_kept_reads();
  Rights reads_now();

  Random random_;
  Journal& journal_;
  ChaosApi* chaos_ = nullptr;
  testing::World world_;
  MeshMaker maker_;
  Hands hands_;
  int store_faults_ = 0;
  std::optional<int> store_dies_after_;
  Declared declared_;
  Rights window_;                    ///< what any state declared since the last rest gives
  Rights opened_;                    ///< what any state declared so far leaves to IAM
  Rights window_reads_;              ///< what any of them lets be read by tags
  std::set<std::string> unsettled_;  ///< databases and tables whose tags need not be right yet
  bool gentle_ = false;              ///< nothing happens but edits
  Rights kept_;                      ///< what every state declared since the last rest gives, in a gentle round
  Rights kept_options_;              ///< the rights to pass something on that any of them gives
  std::map<CatalogRef, Rights> last_;  ///< what was held at the last look, in a gentle round
  std::map<std::string, Json> kept_tables_;  ///< as declared when the gentle round began
  TagMap kept_tags_;                         ///< the same
  Rights kept_reads_;                        ///< the columns that every state declared since then lets be read
  Rights last_reads_;                        ///< what was read at the last look
  std::set<std::string> revoking_;   ///< accounts that said Revoke since then
  std::set<CatalogRef> written_;     ///< catalogs changed since the last look
  std::optional<std::string> violation_;  ///< found in the middle of a job
};

}  // namespace datamesh::sim
