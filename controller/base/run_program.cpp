#include "controller/base/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

extern char** environ;

namespace datamesh {
namespace {

constexpr std::size_t kMaxOutput = 1 << 20;

/// Strings as exec wants them.
class CStrings {
 public:
  void add(std::string text) { texts_.push_back(std::move(text)); }
  char** get() {
    pointers_.clear();
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
    return pointers_.data();
  }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

CStrings environment_of(const ProgramCall& call) {
  CStrings out;
  for (const auto& [name, value] : call.environment) out.add(name + "=" + value);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!call.environment.contains(text.substr(0, text.find('=')))) out.add(text);
  }
  return out;
}

/// A program that was started, and the end of the pipe that it writes to. Ended and waited for when it goes.
struct Started {
  pid_t pid = -1;
  int output = -1;

  Started() = default;
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() {
    if (output >= 0) ::close(output);
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }

  /// Its exit status; -1 when a signal ended it.
  int wait() {
    int status = 0;
    ::waitpid(pid, &status, 0);
    pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

Result<void> start(const ProgramCall& call, Started& started) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorKind::Unavailable, std::strerror(errno), call.command);
  started.output = ends[0];
  CStrings arguments;
  arguments.add(call.command);
  for (const std::string& argument : call.arguments) arguments.add(argument);
  CStrings environment = environment_of(call);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int error = ::posix_spawnp(&started.pid, call.command.c_str(), &actions, nullptr, arguments.get(),
                                   environment.get());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error == 0) return {};
  started.pid = -1;
  return fail(error == ENOENT ? ErrorKind::NotFound : ErrorKind::Unavailable, std::strerror(error), call.command);
}

/// Reads until the program closes its output.
Result<std::string> read_all(const Started& started, const ProgramCall& call) {
  const auto deadline = std::chrono::steady_clock::now() + call.timeout;
  std::string out;
  char piece[4096];
  while (true) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now());
    pollfd waiting = {started.output, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return fail(ErrorKind::Transient, "it printed no answer in time", call.command);
    const ssize_t size = ::read(started.output, piece, sizeof piece);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return out;
    out.append(piece, static_cast<std::size_t>(size));
    if (out.size() > kMaxOutput) return fail(ErrorKind::Transient, "it printed more than 1 MiB", call.command);
  }
}

}  // namespace

Result<std::string> run_program(const ProgramCall& call) {
  Started started;
  TRY(start(call, started));
  TRY_VALUE(std::string out, read_all(started, call));
  if (const int status = started.wait(); status != 0) {
    return fail(ErrorKind::Transient, "it failed with exit status " + std::to_string(status), call.command);
  }
  return out;
}

}  // namespace datamesh
