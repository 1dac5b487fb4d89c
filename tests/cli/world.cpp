#include "tests/cli/world.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "controller/cli/program.h"

namespace datamesh::cli {

bool run_due(testing::ManualExecutor& executor, const FakeClock& clock) {
  const auto timer = executor.next_timer();
  const bool due = executor.tasks() > 0 || executor.jobs() > 0 || (timer && *timer <= clock.now());
  if (due) executor.run_ready(1);
  return due;
}

bool skip_to_timer(const testing::ManualExecutor& executor, FakeClock& clock) {
  const auto timer = executor.next_timer();
  if (timer) clock.set(std::max(clock.now(), *timer));
  return timer.has_value();
}

World::World() : clock_(*parse_rfc3339("2026-11-22T08:00:00Z")), schema_(api::SchemaRegistry::builtin()) {
  LocalMeshOptions options;
  options.clock = &clock_;
  options.schema = &schema_;
  options.engine_executor = &executor_;
  options.api_executor = &executor_;
  options.log = &log_;
  options.seed = 7;
  auto mesh = LocalMesh::open(options);
  if (!mesh) throw std::runtime_error(to_string(mesh.error()));
  mesh_ = std::move(*mesh);
  mesh_->engine().start();
  settle();

  environment_.clock = &clock_;
  environment_.schema = &schema_;
  environment_.connect = [this](const std::string&) -> Result<std::unique_ptr<ServerConnection>> {
    return connect_in_process(mesh_->api(), [this] { work(); });
  };
  environment_.sleep = [this](Millis time) { advance(time); };
  environment_.interrupted = [] { return false; };
}

void World::work() {
  if (run_due(executor_, clock_)) return;
  if (!skip_to_timer(executor_, clock_)) throw std::logic_error("the answer never comes: nothing is left to do");
}

void World::settle() {
  if (!executor_.run_ready()) throw std::logic_error("the operator never comes to rest");
}

void World::advance(Millis time) {
  const Time end = clock_.now() + time;
  for (settle(); clock_.now() < end; settle()) clock_.advance(std::min<Millis>(Millis(100), end - clock_.now()));
}

Outcome World::run(const std::vector<std::string>& arguments, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  environment_.in = &in;
  environment_.out = &out;
  environment_.err = &err;
  std::vector<std::string> full = {"--state-dir", "state"};
  full.insert(full.end(), arguments.begin(), arguments.end());
  const int status = cli::run(full, environment_);
  return {status, out.str(), err.str()};
}

namespace {

/// `text` with the values that depend on how often the operator wrote a status put out of sight.
std::string stable(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    for (const std::string name : {"resourceVersion", "uid"}) {
      const std::size_t at = line.find(name);
      const std::size_t value = at == std::string::npos ? at : line.find(": ", at);
      if (value != std::string::npos) line = line.substr(0, value + 2) + "<varies>" + (line.back() == ',' ? "," : "");
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace

std::string World::transcript(const std::vector<std::vector<std::string>>& commands) {
  std::string text;
  const std::string root = source_path("");
  for (const auto& command : commands) {
    std::string line = "$ datamesh";
    for (const std::string& word : command) {
      const std::string shown = word.starts_with(root) ? word.substr(root.size()) : word;
      line += shown.find_first_of(" {") == std::string::npos ? " " + shown : " '" + shown + "'";
    }
    const Outcome outcome = run(command);
    text += line + "\n" + stable(outcome.out) + outcome.err;
    if (outcome.status != 0) text += "[exit status " + std::to_string(outcome.status) + "]\n";
    text += "\n";
  }
  for (std::size_t at = text.find(root); at != std::string::npos; at = text.find(root)) text.erase(at, root.size());
  return text;
}

std::string source_path(const std::string& relative) { return std::string(DATAMESH_SOURCE_DIR) + "/" + relative; }

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = source_path("tests/golden/" + name + ".txt");
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << "tests/golden/" << name << ".txt; UPDATE_GOLDEN=1 accepts the new text";
}

}  // namespace datamesh::cli
