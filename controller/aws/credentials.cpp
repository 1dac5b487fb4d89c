#include "controller/aws/credentials.h"

#include "controller/base/read_file.h"

extern char** environ;

namespace datamesh::aws {

std::string Machine::variable(const std::string& name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Machine this_machine() {
  Machine out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (const auto equals = text.find('='); equals != std::string::npos) {
      out.environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  out.read = read_file;
  out.run = run_program;
  return out;
}

Result<Credentials> read_credentials(const Json& object, const CredentialNames& names, const std::string& origin) {
  Credentials out;
  out.keys = {string_at(object, names.access_key), string_at(object, names.secret_key),
              string_at(object, names.token)};
  const auto missing = [&](const char* name) {
    return fail(ErrorKind::Invalid, std::string("the answer has no ") + name, origin);
  };
  if (out.keys.access_key.empty()) return missing(names.access_key);
  if (out.keys.secret_key.empty()) return missing(names.secret_key);
  const Json& until = member(object, names.until);
  if (until.is_number()) {
    out.until = Time(Millis(static_cast<Millis::rep>(until.get<double>() * static_cast<double>(names.unit.count()))));
  } else if (until.is_string()) {
    out.until = parse_rfc3339(until.get<std::string>());
    if (!out.until) return fail(ErrorKind::Invalid, std::string(names.until) + " is no time", origin);
  }
  return out;
}

}  // namespace datamesh::aws
