#include "controller/cli/completion_script.h"

namespace datamesh::cli {
namespace {

std::string spaced(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

/// -f, --filename
std::vector<std::string> spellings(const OptionWord& option) {
  std::vector<std::string> out;
  for (const std::string& name : option.shorts) out.push_back("-" + name);
  for (const std::string& name : option.longs) out.push_back("--" + name);
  return out;
}

std::string command_names(const std::vector<CommandWord>& tree, const char* separator) {
  std::string out;
  for (std::size_t i = 1; i < tree.size(); ++i) out += (out.empty() ? "" : separator) + tree[i].name;
  return out;
}

std::string choices_of(const PositionalWord& positional, const KindNames& kinds) {
  return spaced(positional.name == "KIND" ? kinds : positional.choices);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// ---- bash -------------------------------------------------------------------------------------------------------

/// The cases for the word after an option: "apply:-f|apply:--filename) …".
std::string bash_values(const CommandWord& command, const std::string& prefix) {
  std::string out;
  for (const OptionWord& option : command.options) {
    if (option.value == Value::None) continue;
    std::string pattern;
    for (const std::string& name : spellings(option)) pattern += (pattern.empty() ? "" : "|") + prefix + name;
    std::string words = "-W \"" + spaced(option.choices) + "\"";
    if (option.value == Value::File) words = "-f";
    out += "    " + pattern + ") mapfile -t COMPREPLY < <(compgen " + words + " -- \"$cur\"); return ;;\n";
  }
  return out;
}

std::string bash_words(const CommandWord& command, const KindNames& kinds) {
  std::vector<std::string> words;
  for (const PositionalWord& positional : command.positionals) {
    if (const std::string choices = choices_of(positional, kinds); !choices.empty()) words.push_back(choices);
  }
  for (const OptionWord& option : command.options) {
    for (const std::string& name : option.longs) words.push_back("--" + name);
  }
  return spaced(words);
}

// ---- zsh --------------------------------------------------------------------------------------------------------

/// A text within single quotes in which _arguments gives brackets and colons a meaning.
std::string zsh_text(const std::string& text) {
  return replaced(replaced(replaced(replaced(text, "'", "'\\''"), "[", "\\["), "]", "\\]"), ":", "\\:");
}

std::string zsh_option(const OptionWord& option) {
  std::string value;
  if (option.value == Value::File) value = ":file:_files";
  if (option.value == Value::Text) value = ":value:(" + spaced(option.choices) + ")";
  std::string out;
  for (const std::string& name : spellings(option)) {
    out += " \\\n        '*" + name + "[" + zsh_text(option.description) + "]" + value + "'";
  }
  return out;
}

std::string zsh_case(const CommandWord& command, const KindNames& kinds) {
  std::string out = "    " + command.name + ")\n      _arguments";
  for (const OptionWord& option : command.options) out += zsh_option(option);
  for (const PositionalWord& positional : command.positionals) {
    out += " \\\n        ':" + zsh_text(positional.name) + ":(" + choices_of(positional, kinds) + ")'";
  }
  return out + "\n      ;;\n";
}

// ---- fish -------------------------------------------------------------------------------------------------------

std::string fish_text(const std::string& text) { return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'"; }

std::string fish_option(const OptionWord& option, const std::string& condition) {
  std::string out = "complete -c datamesh" + condition;
  for (const std::string& name : option.shorts) out += " -s " + name;
  for (const std::string& name : option.longs) out += " -l " + name;
  if (option.value == Value::File) out += " -r -F";
  if (option.value == Value::Text) out += " -x";
  if (!option.choices.empty()) out += " -a " + fish_text(spaced(option.choices));
  return out + " -d " + fish_text(option.description) + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<CommandWord>& tree, const KindNames& kinds) {
  std::string out =
      "# bash completion for datamesh; load it with: source <(datamesh completion bash)\n"
      "_datamesh() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" command=\"\" words=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${COMP_WORDS[i]}\" in\n"
      "      " + command_names(tree, "|") + ") command=\"${COMP_WORDS[i]}\"; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$command:$prev\" in\n";
  out += bash_values(tree[0], "*:");
  for (std::size_t i = 1; i < tree.size(); ++i) out += bash_values(tree[i], tree[i].name + ":");
  out += "  esac\n  case \"$command\" in\n";
  out += "    \"\") words=\"" + command_names(tree, " ") + " " + bash_words(tree[0], kinds) + "\" ;;\n";
  for (std::size_t i = 1; i < tree.size(); ++i) {
    out += "    " + tree[i].name + ") words=\"" + bash_words(tree[i], kinds) + "\" ;;\n";
  }
  out += "  esac\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\ncomplete -F _datamesh datamesh\n";
  return out;
}

std::string zsh_completion(const std::vector<CommandWord>& tree, const KindNames& kinds) {
  std::string out =
      "#compdef datamesh\n"
      "# zsh completion for datamesh; load it with: source <(datamesh completion zsh)\n"
      "_datamesh() {\n"
      "  local context state line\n"
      "  typeset -A opt_args\n"
      "  local -a commands=(\n";
  for (std::size_t i = 1; i < tree.size(); ++i) {
    out += "    '" + tree[i].name + ":" + zsh_text(tree[i].description) + "'\n";
  }
  out += "  )\n  _arguments -C";
  for (const OptionWord& option : tree[0].options) out += zsh_option(option);
  out += " \\\n        '1:command:->command' \\\n        '*::argument:->argument'\n"
         "  case \"$state\" in\n"
         "    command) _describe command commands; return ;;\n"
         "    argument) ;;\n"
         "    *) return ;;\n"
         "  esac\n"
         "  case \"$line[1]\" in\n";
  for (std::size_t i = 1; i < tree.size(); ++i) out += zsh_case(tree[i], kinds);
  return out + "  esac\n}\ncompdef _datamesh datamesh\n";
}

std::string fish_completion(const std::vector<CommandWord>& tree, const KindNames& kinds) {
  std::string out =
      "# fish completion for datamesh; load it with: datamesh completion fish | source\n"
      "complete -c datamesh -f\n";
  for (const OptionWord& option : tree[0].options) out += fish_option(option, "");
  for (std::size_t i = 1; i < tree.size(); ++i) {
    const CommandWord& command = tree[i];
    const std::string seen = " -n '__fish_seen_subcommand_from " + command.name + "'";
    out += "complete -c datamesh -n __fish_use_subcommand -a " + command.name + " -d " +
           fish_text(command.description) + "\n";
    for (const OptionWord& option : command.options) out += fish_option(option, seen);
    for (const PositionalWord& positional : command.positionals) {
      if (const std::string choices = choices_of(positional, kinds); !choices.empty()) {
        out += "complete -c datamesh" + seen + " -a " + fish_text(choices) + "\n";
      }
    }
  }
  return out;
}

}  // namespace datamesh::cli
