// The whole program in one thread: every command, the local API, and the real embedded parts, on a clock and an
// executor that only move when told to.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "controller/base/executor.h"
#include "controller/base/log.h"
#include "controller/cli/environment.h"
#include "controller/cli/local_mesh.h"

namespace datamesh::cli {

/// Runs everything on the caller's thread, in the order in which it was posted.
class TestExecutor final : public Executor {
 public:
  explicit TestExecutor(FakeClock& clock) : clock_(clock) {}

  void post(Task task) override { tasks_.push_back(std::move(task)); }
  TimerId run_at(Time when, Task task) override;
  void cancel(TimerId timer) override;
  void offload(Job job) override;

  /// Runs what is due now; false when there was nothing.
  bool run_due();
  /// Moves the clock to the next timer. False when there is none.
  bool skip_to_timer();

 private:
  FakeClock& clock_;
  std::deque<Task> tasks_;
  std::map<std::pair<Time, TimerId>, Task> timers_;
  TimerId last_timer_ = 0;
};

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
  TestExecutor executor_{clock_};
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
