// The commands. Each `add_*` describes one to the parser, in the file of its name; when the command line names it,
// `chosen` becomes what it does.
#pragma once

#include "controller/cli/environment.h"

namespace CLI {
class App;
}

namespace datamesh::cli {

void add_up(CLI::App& app, Command& chosen);
void add_run(CLI::App& app, Command& chosen);
void add_install(CLI::App& app, Command& chosen);
void add_apply(CLI::App& app, Command& chosen);
void add_get(CLI::App& app, Command& chosen);
void add_describe(CLI::App& app, Command& chosen);
void add_delete(CLI::App& app, Command& chosen);
void add_plan(CLI::App& app, Command& chosen);
void add_explain(CLI::App& app, Command& chosen);
void add_who_can(CLI::App& app, Command& chosen);
void add_validate(CLI::App& app, Command& chosen);
void add_status(CLI::App& app, Command& chosen);
void add_iam_policy(CLI::App& app, Command& chosen);
void add_preflight(CLI::App& app, Command& chosen);
void add_lake(CLI::App& app, Command& chosen);
void add_version(CLI::App& app, Command& chosen);
void add_completion(CLI::App& app, Command& chosen);

}  // namespace datamesh::cli
