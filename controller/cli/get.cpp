// `datamesh get`: lists objects, and follows them with --watch.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/base/yaml.h"
#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/object_names.h"
#include "controller/cli/options.h"

namespace datamesh::cli {
namespace {

struct Options {
  std::vector<std::string> objects;
  NamespaceOptions namespaces;
  std::string selector;
  std::string output;
  bool watch = false;

  Format format() const { return *parse_format(output); }
};

/// The objects of one kind, in the order asked for.
struct Group {
  const api::KindFacts* kind = nullptr;
  std::vector<Json> objects;
  std::string revision;  ///< to watch from; empty when single objects were read
};

Selection selection_of(const api::KindFacts& kind, const Options& options) {
  const bool namespaced = kind.scope == api::Scope::Namespaced;
  return {&kind, namespaced ? options.namespaces.wanted() : std::nullopt, options.selector};
}

Result<std::vector<Group>> read(const std::vector<ObjectName>& names, const Options& options, ApiClient& client) {
  std::vector<Group> groups;
  for (const ObjectName& name : names) {
    if (groups.empty() || groups.back().kind != name.kind) groups.push_back({name.kind, {}, ""});
    Group& group = groups.back();
    if (name.name.empty()) {
      TRY_VALUE(Listing listing, client.list(selection_of(*name.kind, options)));
      group.objects = std::move(listing.items);
      group.revision = listing.revision;
    } else if (options.namespaces.all) {
      return fail(ErrorKind::Invalid, "a name needs a namespace: write -n instead of -A");
    } else {
      TRY_VALUE(Json object, client.get(*name.kind, options.namespaces.ns, name.name));
      group.objects.push_back(std::move(object));
    }
  }
  return groups;
}

TableOptions table_options(const Group& group, const Options& options, std::size_t groups) {
  const bool shows_namespace = options.namespaces.all && group.kind->scope == api::Scope::Namespaced;
  return {options.format(), shows_namespace ? NamespaceColumn::Shown : NamespaceColumn::Hidden,
          groups > 1 ? NameColumn::WithKind : NameColumn::Plain};
}

void print_tables(const std::vector<Group>& groups, const Options& options, Session& session) {
  bool first = true;
  for (const Group& group : groups) {
    if (group.objects.empty()) continue;
    const TableOptions form = table_options(group, options, groups.size());
    Table table(table_titles(*group.kind, form));
    for (const Json& object : group.objects) {
      table.add(table_row(*group.kind, object, form, session.environment.clock->now()));
    }
    session.out() << (first ? "" : "\n") << table.take(session.style);
    first = false;
  }
}

void print_whole(const std::vector<Group>& groups, bool one_object, Format format, Session& session) {
  std::vector<Json> objects;
  for (const Group& group : groups) objects.insert(objects.end(), group.objects.begin(), group.objects.end());
  const Json value = one_object && objects.size() == 1 ? objects[0] : list_of(objects);
  session.out() << (format == Format::Json ? pretty(value) : to_yaml(value));
}

void print(const std::vector<Group>& groups, bool one_object, const Options& options, Session& session) {
  const Format format = options.format();
  if (format == Format::Json || format == Format::Yaml) return print_whole(groups, one_object, format, session);
  const bool empty = std::all_of(groups.begin(), groups.end(), [](const Group& g) { return g.objects.empty(); });
  if (empty) {
    session.err() << "No objects found"
                  << (options.namespaces.all ? "." : " in namespace " + options.namespaces.ns + ".") << "\n";
  } else if (format == Format::Name) {
    for (const Group& group : groups) {
      for (const Json& object : group.objects) session.out() << display_name(*group.kind, object) << "\n";
    }
  } else {
    print_tables(groups, options, session);
  }
}

/// Prints the objects of a kind as they change, one row for each change.
class Follower {
 public:
  Follower(const api::KindFacts& kind, const Options& options, Session& session)
      : kind_(kind), options_(options), session_(session),
        form_(table_options({&kind, {}, ""}, options, 1)), table_(table_titles(kind, form_)) {}

  Result<void> follow(ApiClient& client) {
    const Selection selection = selection_of(kind_, options_);
    TRY_VALUE(Listing listing, client.list(selection));
    std::string revision = show_listing(listing);
    while (!session_.environment.interrupted()) {
      auto changes = client.watch(selection, revision, std::chrono::seconds(30));
      if (!changes && changes.error().kind == ErrorKind::Gone) {  // the history was compacted: begin again
        TRY_VALUE(listing, client.list(selection));
        revision = show_listing(listing);
        continue;
      }
      if (!changes) return fail(changes.error());
      for (const Change& change : changes->events) show(change.object, change.type);
      revision = changes->revision;
      flush();
    }
    return {};
  }

 private:
  std::string show_listing(const Listing& listing) {
    for (const Json& object : listing.items) show(object, "ADDED");
    flush();
    return listing.revision;
  }

  void show(const Json& object, const std::string& type) {
    switch (options_.format()) {
      case Format::Json: session_.out() << Json{{"type", type}, {"object", object}}.dump() << "\n"; break;
      case Format::Yaml: session_.out() << "---\n" << to_yaml(object); break;
      case Format::Name: session_.out() << display_name(kind_, object) << "\n"; break;
      default: {
        auto row = table_row(kind_, object, form_, session_.environment.clock->now());
        if (type == "DELETED") {
          for (Cell& cell : row) cell.tone = Tone::Dim;
          row.push_back({"(deleted)", Tone::Dim});
        }
        table_.add(std::move(row));
      }
    }
  }

  void flush() {
    if (!table_.empty()) session_.out() << table_.take(session_.style);
    session_.out() << std::flush;
  }

  const api::KindFacts& kind_;
  const Options& options_;
  Session& session_;
  TableOptions form_;
  Table table_;
};

Result<int> run(const Options& options, Session& session) {
  TRY_VALUE(const std::vector<ObjectName> names, parse_object_names(options.objects, session.schema()));
  TRY_VALUE(const auto connection, session.connect());
  ApiClient client(*connection);
  if (options.watch) {
    if (names.size() != 1 || !names[0].name.empty()) {
      return fail(ErrorKind::Invalid, "--watch follows all objects of one kind; narrow them with -n and -l");
    }
    TRY(Follower(*names[0].kind, options, session).follow(client));
    return exit_status::kOk;
  }
  TRY_VALUE(const std::vector<Group> groups, read(names, options, client));
  print(groups, names.size() == 1 && !names[0].name.empty(), options, session);
  return exit_status::kOk;
}

}  // namespace

void add_get(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("get", "List objects");
  command->add_option("KIND", options->objects, "A kind and names, KIND/NAME, several kinds (dp,grants), or all")
      ->required();
  add_namespace_options(*command, options->namespaces);
  add_selector_option(*command, options->selector);
  add_output_option(*command, options->output, {"table", "wide", "yaml", "json", "name"});
  command->add_flag("-w,--watch", options->watch, "Stay, and print every change");
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
