// `datamesh lake`: one call to the embedded lake, as any principal. The way to be somebody else for a moment.
#include <CLI/CLI.hpp>
#include <istream>
#include <iterator>
#include <ostream>

#include "controller/base/yaml.h"
#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/options.h"

namespace datamesh::cli {
namespace {

struct Options {
  std::string service;
  std::string operation;
  std::string principal;
  std::string region = "us-east-1";
  std::string input = "{}";
  std::string output;
};

Result<int> run(const Options& options, Session& session) {
  std::string text = options.input;
  if (text == "-") {
    text.assign(std::istreambuf_iterator<char>(*session.environment.in), std::istreambuf_iterator<char>());
  }
  const auto input = parse_json(text);
  if (!input) return fail(ErrorKind::Invalid, "--input: " + input.error().message);
  TRY_VALUE(const auto connection, session.connect());
  TRY_VALUE(const Json answer, ApiClient(*connection).lake({{"as", options.principal},
                                                            {"region", options.region},
                                                            {"service", options.service},
                                                            {"operation", options.operation},
                                                            {"input", *input}}));
  if (const Json& error = member(answer, "error"); error.is_object()) {
    return fail(ErrorKind::Denied, options.operation + ": " + string_at(error, "code") + ": " +
                                       string_at(error, "message"));
  }
  const Json& output = member(answer, "output");
  session.out() << (options.output == "yaml" ? to_yaml(output) : pretty(output));
  return exit_status::kOk;
}

}  // namespace

void add_lake(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("lake", "Call the embedded lake as any principal");
  command->add_option("SERVICE", options->service, "The service")
      ->required()
      ->check(CLI::IsMember({"glue", "lakeformation", "ram", "sts"}));
  command->add_option("OPERATION", options->operation, "The operation, as the AWS API spells it: GetTables")->required();
  command->add_option("--as", options->principal, "Who calls: arn:aws:iam::111122223333:role/Admin")
      ->required()
      ->type_name("ARN");
  command->add_option("--region", options->region, "The region")->type_name("REGION")->capture_default_str();
  command->add_option("--input", options->input, "The request as JSON, or - for stdin")
      ->type_name("JSON")
      ->capture_default_str();
  add_output_option(*command, options->output, {"json", "yaml"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
