#include "controller/cli/program.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "controller/api/schema_problems.h"
#include "controller/cli/commands.h"
#include "controller/cli/state_folder.h"

namespace datamesh::cli {
namespace {

constexpr const char* kFooter =
    "Exit status: 0 success, 1 failure, 2 the answer is no (explain, preflight) or there are changes (plan --exit-code),\n"
    "64 the command line is wrong. docs/cli.md describes every command.";

struct GlobalOptions {
  std::string state_folder;
  std::string color = "auto";
};

void describe_program(CLI::App& app, GlobalOptions& globals, Command& chosen) {
  app.description("Keeps a data mesh on AWS Lake Formation and Glue as its YAML declares.");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  app.option_defaults()->always_capture_default(false);
  app.set_help_flag("-h,--help", "Print this help");
  app.add_option("--state-dir", globals.state_folder,
                 "Where `datamesh up` keeps everything [$DATAMESH_HOME, or ~/.local/state/datamesh]")
      ->type_name("DIR");
  app.add_option("--color", globals.color, "Colours in the output")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN")
      ->capture_default_str();
  for (const auto add : {add_up, add_run, add_install, add_apply, add_get, add_describe, add_delete, add_plan, add_explain, add_who_can,
                         add_validate,
                         add_status, add_iam_policy, add_preflight, add_lake, add_version, add_completion}) {
    add(app, chosen);
  }
}

bool wants_color(const std::string& when, const Environment& environment) {
  if (when != "auto") return when == "always";
  const char* const forbidden = std::getenv("NO_COLOR");
  return environment.out_is_terminal && (forbidden == nullptr || *forbidden == '\0');
}

/// Several lines, such as the problems of manifests, stand below the word "error".
void complain(const Session& session, const Error& error) {
  const bool several = error.message.find('\n') != std::string::npos;
  session.err() << session.style(Tone::Bad, several ? "error:\n" : "error: ") << error.message
                << (error.message.ends_with('\n') ? "" : "\n");
}

/// The first word that is no option, when it is no command either: a slip of which one, perhaps.
std::string unknown_command(const std::vector<std::string>& arguments, const CLI::App& app) {
  std::size_t at = 0;
  while (at < arguments.size() && arguments[at].starts_with('-')) {
    at += arguments[at] == "--state-dir" || arguments[at] == "--color" ? 2 : 1;
  }
  if (at >= arguments.size()) return "";
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == arguments[at]) return "";
    commands.push_back(command->get_name());
  }
  const std::string near = api::nearest(arguments[at], commands);
  return "there is no command \"" + arguments[at] + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?");
}

std::string help_command(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? "datamesh --help" : "datamesh " + parsed[0]->get_name() + " --help";
}

}  // namespace

int run(const std::vector<std::string>& arguments, Environment& environment) {
  CLI::App app("", "datamesh");
  GlobalOptions globals;
  Command chosen;
  describe_program(app, globals, chosen);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e, *environment.out, *environment.err);
    const std::string unknown = unknown_command(arguments, app);
    *environment.err << "error: " << (unknown.empty() ? e.what() : unknown) << "\nSee " << help_command(app) << "\n";
    return exit_status::kUsage;
  }
  Session session{environment, globals.state_folder, Style(wants_color(globals.color, environment))};
  if (session.state_folder.empty()) {
    const auto folder = default_state_folder();
    if (folder) session.state_folder = *folder;
  }
  const auto status = chosen(session);
  if (!status) complain(session, status.error());
  environment.out->flush();
  if (!*environment.out && status) {
    *environment.err << "error: the output could not be written\n";
    return exit_status::kFailure;
  }
  return status ? *status : exit_status::kFailure;
}

int main(int argc, const char* const* argv) {
  std::ios::sync_with_stdio(false);
  const SystemClock clock;
  const api::SchemaRegistry schema = api::SchemaRegistry::builtin();
  Environment environment;
  environment.in = &std::cin;
  environment.out = &std::cout;
  environment.err = &std::cerr;
  environment.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  environment.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  environment.clock = &clock;
  environment.schema = &schema;
  environment.connect = connect_to_state_folder;
  environment.sleep = [](Millis time) { std::this_thread::sleep_for(time); };
  environment.interrupted = [] { return false; };
  return run(std::vector<std::string>(argv + 1, argv + argc), environment);
}

}  // namespace datamesh::cli
