// The whole program in one thread: every command, the local API, and the real embedded parts, on a clock and an
// executor that only move when told to.
#pragma once

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "controller/base/log.h"
#include "controller/cli/environment.h"
#include "controller/cli/local_mesh.h"
#include "tests/world/manual_executor.h"

namespace datamesh::cli {

/// Runs one thing that is due; false when there was nothing.
bool run_due(testing::ManualExecutor& executor, const FakeClock& clock);
/// Moves the clock to the next timer. False when there is none.
bool skip_to_timer(const testing::ManualExecutor& executor, FakeClock& clock);

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

class World {
 public:
  World();

  /// Runs a command line: `run({"get", "meshes"})`.
  Outcome run(const std::vector<std::string>& arguments, const std::string& input = {});
  /// The whole of a session as a person would see it: "$ datamesh …", its output, and its exit status unless it is 0.
  std::string transcript(const std::vector<std::vector<std::string>>& commands);

  /// Lets the operator work until it has nothing to do at this moment.
  void settle();
  void advance(Millis time);

  LocalMesh& mesh() { return *mesh_; }
  FakeClock& clock() { return clock_; }
  const api::SchemaRegistry& schema() const { return schema_; }
  Environment& environment() { return environment_; }
  const std::vector<std::string>& log_lines() const { return log_lines_; }

 private:
  void work();

  FakeClock clock_;
  const api::SchemaRegistry schema_;
  testing::ManualExecutor executor_{clock_};
  std::vector<std::string> log_lines_;
  Log log_{clock_, LogLevel::Info, [this](std::string_view line) { log_lines_.emplace_back(line); }};
  std::unique_ptr<LocalMesh> mesh_;
  Environment environment_;
};

/// The path of a file of this project.
std::string source_path(const std::string& relative);

/// Compares `text` with tests/golden/NAME.txt; with UPDATE_GOLDEN=1 in the environment it becomes that file.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace datamesh::cli
