// Options that several commands have, spelt the same everywhere.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/manifest_files.h"
#include "controller/cli/output.h"

namespace CLI {
class App;
}

namespace datamesh::cli {

/// -o; the text is one of `formats` when parsing succeeded, the first of them by default.
void add_output_option(CLI::App& command, std::string& text, const std::vector<std::string>& formats);
/// -n and -A.
struct NamespaceOptions {
  std::string ns = "default";
  bool all = false;

  /// nullopt: all namespaces.
  std::optional<std::string> wanted() const { return all ? std::nullopt : std::optional(ns); }
};
void add_namespace_options(CLI::App& command, NamespaceOptions& options);
void add_namespace_option(CLI::App& command, std::string& ns);
/// -f, any number of times.
void add_file_option(CLI::App& command, std::vector<std::string>& files);
/// What `explain` and `who-can` are asked beside the action.
struct AccessOptions {
  std::string object;
  std::string row;
  FileSelection files;  ///< where declarations may be found
  bool recursive = false;
  std::string output;
};
/// OBJECT, --row, -f, -n, -R and -o.
void add_access_options(CLI::App& command, AccessOptions& options);
/// -l
void add_selector_option(CLI::App& command, std::string& selector);

}  // namespace datamesh::cli
