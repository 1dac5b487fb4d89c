#include "controller/cli/options.h"

#include <CLI/CLI.hpp>

namespace datamesh::cli {

void add_output_option(CLI::App& command, std::string& text, const std::vector<std::string>& formats) {
  text = formats.front();
  command.add_option("-o,--output", text, "Form of the output")
      ->check(CLI::IsMember(formats))
      ->type_name("FORMAT")
      ->capture_default_str();
}

void add_namespace_options(CLI::App& command, NamespaceOptions& options) {
  add_namespace_option(command, options.ns);
  command.add_flag("-A,--all-namespaces", options.all, "Objects of all namespaces");
}

void add_namespace_option(CLI::App& command, std::string& ns) {
  if (ns.empty()) ns = "default";
  command.add_option("-n,--namespace", ns, "Namespace of the objects")->type_name("NAMESPACE")->capture_default_str();
}

void add_file_option(CLI::App& command, std::vector<std::string>& files) {
  command.add_option("-f,--filename", files, "A manifest, a folder of manifests, or - for stdin; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void add_access_options(CLI::App& command, AccessOptions& options) {
  command
      .add_option("OBJECT", options.object,
                  "NAMESPACE/PRODUCT[/TABLE[/COLUMN]], ACCOUNT-ID[@REGION]/DATABASE[/TABLE[/COLUMN]] or s3://BUCKET/PREFIX")
      ->required();
  command.add_option("--row", options.row, "One row of the table: country=de,amount=5 or \"country = 'de' AND amount = 5\"")
      ->type_name("VALUES");
  add_file_option(command, options.files.files);
  add_namespace_option(command, options.files.ns);
  command.add_flag("-R,--recursive", options.recursive, "Look into the folders of folders too");
  add_output_option(command, options.output, {"text", "json"});
}

void add_selector_option(CLI::App& command, std::string& selector) {
  command.add_option("-l,--selector", selector, "Only objects with these labels: team=retail,tier=gold")
      ->type_name("LABELS");
}

}  // namespace datamesh::cli
