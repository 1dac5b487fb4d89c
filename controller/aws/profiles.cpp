#include "controller/aws/profiles.h"

#include "controller/base/text.h"

namespace datamesh::aws {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// Without a comment: " #" or " ;" and what follows.
std::string_view without_comment(std::string_view value) {
  for (std::size_t i = 1; i < value.size(); ++i) {
    const bool after_space = value[i - 1] == ' ' || value[i - 1] == '\t';
    if (after_space && (value[i] == '#' || value[i] == ';')) return trimmed(value.substr(0, i));
  }
  return value;
}

std::string home_of(const Machine& machine) { return machine.variable("HOME"); }

std::string expanded(const Machine& machine, std::string path) {
  return path.starts_with("~/") ? home_of(machine) + path.substr(1) : path;
}

Result<std::map<std::string, Settings>> read_ini(const Machine& machine, const std::string& path) {
  const auto text = machine.read(path);
  if (!text && text.error().kind == ErrorKind::NotFound) return std::map<std::string, Settings>{};
  if (!text) return fail(text.error());
  return parse_ini(*text);
}

void take_line(std::string_view line, std::map<std::string, Settings>& out, Settings*& section) {
  const std::string_view text = trimmed(line);
  const bool indented = !line.empty() && (line.front() == ' ' || line.front() == '\t');
  if (text.empty() || text.front() == '#' || text.front() == ';') return;
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    section = end == std::string_view::npos ? nullptr : &out[std::string(trimmed(text.substr(1, end - 1)))];
    return;
  }
  const std::size_t equals = text.find('=');
  if (section == nullptr || indented || equals == std::string_view::npos) return;
  (*section)[lower(trimmed(text.substr(0, equals)))] = without_comment(trimmed(text.substr(equals + 1)));
}

}  // namespace

bool Profiles::has(const std::string& profile) const {
  return config.contains(profile) || credentials.contains(profile);
}

Settings Profiles::merged(const std::string& profile) const {
  Settings out;
  if (const auto found = credentials.find(profile); found != credentials.end()) out = found->second;
  if (const auto found = config.find(profile); found != config.end()) out.insert(found->second.begin(), found->second.end());
  return out;
}

std::map<std::string, Settings> parse_ini(std::string_view text) {
  std::map<std::string, Settings> out;
  Settings* section = nullptr;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    take_line(text.substr(0, end), out, section);
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return out;
}

std::vector<std::string> shell_words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (quote == 0 && is_space) {
      if (in_word) out.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? 0 : c;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
    } else {
      word += c;
    }
  }
  if (in_word) out.push_back(std::move(word));
  return out;
}

std::string config_file(const Machine& machine) {
  const std::string named = machine.variable("AWS_CONFIG_FILE");
  return named.empty() ? home_of(machine) + "/.aws/config" : expanded(machine, named);
}

std::string credentials_file(const Machine& machine) {
  const std::string named = machine.variable("AWS_SHARED_CREDENTIALS_FILE");
  return named.empty() ? home_of(machine) + "/.aws/credentials" : expanded(machine, named);
}

std::string sso_cache_file(const Machine& machine, const std::string& name) {
  return home_of(machine) + "/.aws/sso/cache/" + name + ".json";
}

Result<Profiles> read_profiles(const Machine& machine) {
  Profiles out;
  TRY_VALUE(out.credentials, read_ini(machine, credentials_file(machine)));
  TRY_VALUE(auto sections, read_ini(machine, config_file(machine)));
  for (auto& [head, settings] : sections) {
    const std::vector<std::string> words = shell_words(head);
    if (words.size() == 1 && words[0] == "default") out.config.try_emplace("default", settings);
    if (words.size() != 2) continue;
    if (words[0] == "profile") out.config[words[1]] = settings;
    if (words[0] == "sso-session") out.sso_sessions[words[1]] = settings;
  }
  return out;
}

std::string profile_name(const Machine& machine) {
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (std::string value = machine.variable(name); !value.empty()) return value;
  }
  return "default";
}

std::string region_of(const Machine& machine) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string value = machine.variable(name); !value.empty()) return value;
  }
  const auto profiles = read_profiles(machine);
  if (!profiles) return {};
  const Settings settings = profiles->merged(profile_name(machine));
  const auto found = settings.find("region");
  return found == settings.end() ? "" : found->second;
}

}  // namespace datamesh::aws
